"""Networks for the tests of market data over multicast."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.multicast.hall import Hall
from tests.integration.network import why_not


@pytest.fixture(scope="session")
def _networks() -> None:
    """Namespaces, devices and Aeron; without them these tests are left out, unless REQUIRE_ALL=1: then it is
    Aeron alone that may be missing, since it is an extra.
    """
    if importlib.util.find_spec("pyaeron") is None:
        pytest.skip("no pyaeron here: `make aeron` installs it")
    why = why_not()
    if why:
        assert os.environ.get("REQUIRE_ALL") != "1", f"no network namespaces: {why}"
        pytest.skip(f"no network namespaces here: {why}")


@pytest.fixture
def hall(tmp_path: Path, _networks: None) -> Iterator[Hall]:
    """A publisher's host and two receivers'."""
    made = Hall(tmp_path)
    try:
        yield made
    finally:
        made.end()
