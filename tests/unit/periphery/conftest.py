"""A core to talk to, for the client and the desk's commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support_session import TOKEN, FakeCore


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCore]:
    """A core with rings of 64 slots, at NACRE_SOCKET, its token in NACRE_TOKEN."""
    with FakeCore(tmp_path) as core:
        monkeypatch.setenv("NACRE_SOCKET", str(core.address))
        monkeypatch.setenv("NACRE_TOKEN", TOKEN)
        yield core
