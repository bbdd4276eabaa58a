"""What is swept: folders of drivers that are gone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from core_ext.held_lock import HeldLock
from periphery.aeron.driver import OLD_S, PREFIX, sweep


def folder(room: Path, name: str, *, old: bool, lock: bool) -> Path:
    place = room / f"{PREFIX}{name}"
    (place / "driver").mkdir(parents=True)
    if lock:
        (place / "lock").touch()
    at = time.time() - (2 * OLD_S if old else 0)
    os.utime(place, (at, at))
    return place


@pytest.mark.parametrize("lock", [True, False])
def test_what_nobody_holds_is_removed_once_it_is_old(tmp_path: Path, lock: bool) -> None:
    gone, kept = folder(tmp_path, "old", old=True, lock=lock), folder(tmp_path, "new", old=False, lock=lock)
    sweep(tmp_path)
    assert not gone.exists()
    assert kept.exists()


def test_what_lives_stays_however_old(tmp_path: Path) -> None:
    place = folder(tmp_path, "lives", old=True, lock=True)
    lock = HeldLock(os.fspath(place / "lock"))
    sweep(tmp_path)
    assert place.exists()
    lock.release()
    sweep(tmp_path)
    assert not place.exists()
