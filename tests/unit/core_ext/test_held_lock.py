"""The held lock: exclusive, asked about without taking it, gone with its object."""

import os
from pathlib import Path

import pytest

from core_ext.held_lock import HeldLock, is_locked


def locked(path: Path) -> bool:
    fd = os.open(path, os.O_RDWR)
    try:
        return is_locked(fd)
    finally:
        os.close(fd)


def test_it_is_exclusive_and_can_be_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = HeldLock(str(path))
    assert (lock.held, locked(path), lock.names_its_path()) == (True, True, True)
    with pytest.raises(BlockingIOError, match="held by a living process"):
        HeldLock(str(path))
    assert locked(path)
    lock.release()
    lock.release()
    assert (lock.held, locked(path)) == (False, False)


def test_it_goes_with_its_object(tmp_path: Path) -> None:
    lock = HeldLock(str(tmp_path / "lock"))
    del lock
    HeldLock(str(tmp_path / "lock")).release()


def test_it_knows_when_its_path_leads_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = HeldLock(str(path))
    path.unlink()
    assert not lock.names_its_path()
    path.touch()
    assert not lock.names_its_path()
    lock.release()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        HeldLock(str(tmp_path / "none"), os.O_RDWR)
