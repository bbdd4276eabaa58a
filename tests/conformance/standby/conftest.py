"""Networks and transports for the tests of a standby."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.standby.pair import Pair
from tests.integration.network import why_not


@pytest.fixture(scope="session")
def _networks() -> None:
    """Namespaces and devices; without them these tests are left out, unless REQUIRE_ALL=1."""
    why = why_not()
    if why:
        assert os.environ.get("REQUIRE_ALL") != "1", f"no network namespaces: {why}"
        pytest.skip(f"no network namespaces here: {why}")


KINDS = ["tcp", *(["aeron"] if importlib.util.find_spec("pyaeron") else [])]
"""Aeron is an extra: `make aeron` installs it and runs these."""


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest, tmp_path: Path, _networks: None) -> Iterator[Pair]:
    """Two hosts and a witness, over ZeroMQ and over Aeron."""
    made = Pair(tmp_path, request.param)
    try:
        yield made
    finally:
        made.end()
