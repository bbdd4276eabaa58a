"""A state that is kept beside its engine: nobody waits for it, one at a time, and what goes wrong is told."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from periphery.service.keeping import Keeping
from periphery.service.state import Said

PATIENCE_S = 90.0


class Slow(Said):
    """Its disk waits for somebody's word."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.may = threading.Event()

    def sync(self) -> int:
        assert self.may.wait(PATIENCE_S)
        return super().sync()


def test_who_begins_goes_on_and_another_waits(tmp_path: Path) -> None:
    said = Slow(tmp_path / "outputs")
    keeping = Keeping(tmp_path / "state", said)
    keeping.begin(b"one")
    assert keeping.is_busy
    assert not (tmp_path / "state").exists()
    said.may.set()
    keeping.wait()
    assert not keeping.is_busy
    assert (tmp_path / "state").read_bytes() == b"one"
    keeping.keep(b"two")
    assert (tmp_path / "state").read_bytes() == b"two"
    said.close()


def test_a_disk_that_does_not_take_it_is_told_at_the_next_look(tmp_path: Path) -> None:
    said = Said(tmp_path / "outputs")
    keeping = Keeping(tmp_path / "nowhere" / "state", said)
    keeping.begin(b"one")
    with pytest.raises(FileNotFoundError):
        keeping.wait()
    assert not keeping.is_busy
    said.close()
