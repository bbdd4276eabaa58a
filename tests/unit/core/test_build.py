"""The build's name comes back from a journal as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core import build
from core_ext.journal import JournalWriter, info


class Zeros:
    """A digest that ends in zeros, as one of 256 does."""

    def __init__(self, digest_size: int) -> None:
        self.digest_size = digest_size

    def update(self, _data: bytes) -> None:
        pass

    def digest(self) -> bytes:
        return bytes(self.digest_size)


@pytest.mark.parametrize("digest", [None, Zeros])
def test_a_journal_gives_it_back_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digest: Any) -> None:
    if digest is not None:
        monkeypatch.setattr(build.hashlib, "blake2b", digest)
    name = build.build_id.__wrapped__()
    with JournalWriter(tmp_path, schema_version=1, build_id=name) as writer:
        writer.append_bytes(1, b"x")
    assert len(name) == 32
    assert info(tmp_path)[0].build_id == name
