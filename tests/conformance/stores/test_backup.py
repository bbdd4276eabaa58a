"""A store is backed up and comes back, row for row, whichever it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from periphery.backup.manifest import BackupError
from periphery.backup.take import Places, restore, take, verify
from periphery.recorder.recorder import Recorder
from periphery.recorder.store import Store
from periphery.recorder.stores import open_store
from periphery.recorder.tables import BY_NAME
from tests.unit.periphery.recorder.day import recorded


def _rows(store: Store) -> dict[str, list[dict[str, object]]]:
    return {name: store.read(name, most=100_000) for name in BY_NAME}


def test_what_comes_back_is_what_was_there(
    store: Store, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    recorded(tmp_path / "journal")
    Recorder(tmp_path / "journal", store).catch_up()
    kept, mark = _rows(store), store.progress("core")
    is_file = store.address.startswith("sqlite")
    source = store.address if is_file else request.getfixturevalue("database")
    made = take(tmp_path / "backups", Places(store=source))
    assert verify(made) == []
    with pytest.raises(BackupError, match="already"):
        restore(made, Places(store=source))
    if is_file:
        target = f"sqlite:///{tmp_path / 'other' / 'store.db'}"
    else:
        target = request.getfixturevalue("second_database")
    assert restore(made, Places(store=target)) == []
    back = open_store(target, make=False)
    try:
        assert _rows(back) == kept
        assert back.progress("core") == mark
        assert back.migrate() == []
        Recorder(tmp_path / "journal", back).catch_up()
        assert _rows(back) == kept
    finally:
        back.close()
