"""Backups: whole or none, verified to the last byte, restored on a host that has nothing."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.recovery import replay
from core_ext.journal import JournalReader
from periphery.backend.audit import Audit
from periphery.backend.database import Database
from periphery.backup import journals, manifest
from periphery.backup.manifest import BackupError
from periphery.backup.take import Places, restore, take, verify
from periphery.recorder.recorder import Recorder
from periphery.recorder.sqlite import SqliteStore
from tests.support import declared
from tests.unit.periphery.recorder.day import live, recorded, traded, writer

SECRET = "a secret that nobody may find"


def kept(tmp_path: Path) -> Places:
    """A host with everything."""
    recorded(tmp_path / "journal")
    store = SqliteStore(tmp_path / "store.db")
    store.migrate()
    Recorder(tmp_path / "journal", store).catch_up()
    store.close()
    database = Database(tmp_path / "backend")
    audit = Audit(database, lambda *_, **__: None)
    for i in range(3):
        audit.add("ann", "token", "127.0.0.1", "POST", f"/orders/{i}", 201, {"password": SECRET})
    database.close()
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "core.key").write_text(SECRET)
    (keys / "core.key").chmod(0o600)
    return Places(tmp_path / "journal", f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "backend", [keys])


def empty(folder: Path) -> Places:
    return Places(folder / "journal", f"sqlite:///{folder / 'store.db'}", folder / "backend")


def test_all_comes_back_on_an_empty_host(tmp_path: Path) -> None:
    made = take(tmp_path / "backups", kept(tmp_path))
    assert verify(made) == []
    assert manifest.is_verified(made)
    other = tmp_path / "other"
    assert restore(made, empty(other)) == []
    found = manifest.read(made)
    assert found.journal is not None
    assert replay(other / "journal")["state_hash"] == replay(tmp_path / "journal")["state_hash"]
    assert replay(other / "journal")["state_hash"] == found.journal.state_hash
    assert list(JournalReader(other / "journal")) == list(JournalReader(tmp_path / "journal"))
    with closing(sqlite3.connect(other / "backend" / "backend.db")) as db:
        assert db.execute("SELECT count(*) FROM audit").fetchone() == (3,)
    assert (other / "backend" / "backend.db").stat().st_mode & 0o077 == 0


def test_no_secret_is_in_it(tmp_path: Path) -> None:
    made = take(tmp_path / "backups", kept(tmp_path))
    for path in made.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
    (key,) = manifest.read(made).keys
    assert (Path(key.path).name, key.mode, len(key.fingerprint)) == ("core.key", 0o600, 32)


def test_a_journal_is_copied_while_it_is_written(tmp_path: Path) -> None:
    with writer(tmp_path / "journal") as journal:
        run = declared(journal=journal)
        live(run)
        made = take(tmp_path / "backups", Places(tmp_path / "journal"))
        traded(run)
        later = take(tmp_path / "backups", Places(tmp_path / "journal"))
    first, second = manifest.read(made).journal, manifest.read(later).journal
    assert first is not None
    assert second is not None
    assert 0 < first.last_sequence < second.last_sequence
    assert second.state_hash == run.state_hash
    assert verify(made) == verify(later) == []


def test_a_record_that_was_half_written_is_left_out(tmp_path: Path) -> None:
    recorded(tmp_path / "journal")
    (segment,) = (tmp_path / "journal").glob("*.nacre")
    whole = list(JournalReader(tmp_path / "journal"))
    os.truncate(segment, segment.stat().st_size - 24)
    made = take(tmp_path / "backups", Places(tmp_path / "journal"))
    assert list(JournalReader(made / "journal")) == whole[: len(list(JournalReader(tmp_path / "journal")))]
    assert verify(made) == []


def test_a_journal_that_is_damaged_is_refused(tmp_path: Path) -> None:
    recorded(tmp_path / "journal")
    (segment,) = (tmp_path / "journal").glob("*.nacre")
    flip(segment, 4000)
    with pytest.raises(BackupError, match="mend it first"):
        take(tmp_path / "backups", Places(tmp_path / "journal"))
    assert list((tmp_path / "backups").iterdir()) == []


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 1]))


def damage_journal(made: Path) -> None:
    flip(next((made / "journal").glob("*.nacre")), 3000)


def lose_store(made: Path) -> None:
    (made / "stores" / "store" / "database.db").unlink()


def change_manifest(made: Path) -> None:
    """Every digest is right; what was counted isn't."""
    text = json.loads((made / "manifest.json").read_bytes())
    text["journal"]["state_hash"] = "0" * 64
    (made / "manifest.json").write_text(json.dumps(text))


def forge_audit(made: Path) -> None:
    """A row is changed by somebody who mends the digests, too."""
    file = made / "stores" / "backend" / "database.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute("DROP TRIGGER audit_stays")
        db.execute("UPDATE audit SET who = 'bob' WHERE n = 2")
        db.commit()
    text = json.loads((made / "manifest.json").read_bytes())
    for entry in text["files"]:
        if entry["path"] == "stores/backend/database.db":
            entry |= {"size": file.stat().st_size, "sha256": manifest.digest(file)}
    (made / "manifest.json").write_text(json.dumps(text))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (damage_journal, "isn't what was written"),
        (lose_store, "is missing"),
        (change_manifest, "state_hash"),
        (forge_audit, "row 2 of audit"),
    ],
)
def test_harm_is_found_and_nothing_is_restored(
    tmp_path: Path, harm: Callable[[Path], None], words: str
) -> None:
    made = take(tmp_path / "backups", kept(tmp_path))
    assert verify(made) == []
    harm(made)
    (problem,) = verify(made)
    assert words in problem
    with pytest.raises(BackupError, match=words):
        restore(made, empty(tmp_path / "other"))
    assert not (tmp_path / "other").exists()


def test_a_place_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    places = kept(tmp_path)
    made = take(tmp_path / "backups", places)
    with pytest.raises(BackupError, match="isn't empty"):
        restore(made, Places(journal=places.journal))
    with pytest.raises(BackupError, match="is there already"):
        restore(made, Places(store=places.store))
    with pytest.raises(BackupError, match="has no store"):
        restore(take(tmp_path / "few", Places(places.journal)), Places(store="sqlite:///x.db"))


def test_secrets_that_are_gone_or_other_are_told(tmp_path: Path) -> None:
    made = take(tmp_path / "backups", kept(tmp_path))
    key = tmp_path / "keys" / "core.key"
    key.chmod(0o644)
    (problem,) = restore(made, Places(journal=tmp_path / "a"))
    assert "chmod 600" in problem
    key.write_text("another")
    (problem,) = restore(made, Places(journal=tmp_path / "b"))
    assert "another key" in problem
    key.unlink()
    (problem,) = restore(made, Places(journal=tmp_path / "c"))
    assert "is missing" in problem


def test_one_that_was_not_finished_is_no_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = kept(tmp_path)

    def dies(*_: Any) -> None:
        raise OSError(28, "No space left on device", "manifest")

    monkeypatch.setattr(manifest, "write", dies)
    with pytest.raises(OSError, match="space"):
        take(tmp_path / "backups", places)
    assert list((tmp_path / "backups").iterdir()) == []
    (tmp_path / "backups" / "backup-x").mkdir()
    with pytest.raises(BackupError, match="wasn't finished"):
        verify(tmp_path / "backups" / "backup-x")


def test_a_copy_that_met_a_record_half_way_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(tmp_path / "journal")
    tries = []

    def copies(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes())
        tries.append(target)
        if len(tries) == 1:
            flip(target, 3000)

    monkeypatch.setattr(journals, "_copy_sparse", copies)
    part = journals.copy(tmp_path / "journal", tmp_path / "copy")
    assert len(tries) == 2
    assert part.records == len(list(JournalReader(tmp_path / "journal")))
