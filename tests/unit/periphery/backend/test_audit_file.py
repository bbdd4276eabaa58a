"""The audit's chain, checked from outside: each way of changing it is seen."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli import root
from periphery.backend.audit import Audit
from periphery.backend.audit_file import NoAudit, anchor_of, verify
from periphery.backend.database import FILE, Database

ROWS = 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    db = Database(tmp_path)
    audit = Audit(db, lambda *_what, **_more: None)
    for i in range(ROWS):
        audit.add("ann", "http", "127.0.0.1", "limit", f"/risk/{i}", 200, {"value": i, "password": "hidden"})
    db.close()
    return tmp_path


def change(folder: Path, statement: str) -> None:
    """As somebody does who has the file, and takes its triggers out of the way."""
    db = sqlite3.connect(folder / FILE)
    db.execute("DROP TRIGGER audit_stays")
    db.execute("DROP TRIGGER audit_keeps")
    db.execute(statement)
    db.commit()
    db.close()


def test_what_was_written_is_whole(folder: Path) -> None:
    told = verify(folder)
    assert (told["ok"], told["rows"], told["broken_at"]) == (True, ROWS, 0)
    assert verify(folder / FILE, (ROWS, told["last_hash"]))["ok"]
    assert b"hidden" not in (folder / FILE).read_bytes(), "secrets are in no audit"


@pytest.mark.parametrize(
    ("statement", "at"),
    [
        ("UPDATE audit SET who = 'bob' WHERE n = 3", 3),
        ("UPDATE audit SET status = 403 WHERE n = 1", 1),
        ("UPDATE audit SET detail = '{}' WHERE n = 5", 5),
        ("UPDATE audit SET hash = '' WHERE n = 4", 4),
        ("DELETE FROM audit WHERE n = 2", 3),
        ("UPDATE audit SET n = 9 WHERE n = 5", 9),
    ],
)
def test_a_row_that_was_changed_taken_out_or_moved_is_seen(folder: Path, statement: str, at: int) -> None:
    change(folder, statement)
    told = verify(folder)
    assert (told["ok"], told["broken_at"]) == (False, at)


def test_what_was_cut_off_at_the_end_is_seen_by_an_anchor(folder: Path) -> None:
    told = verify(folder)
    change(folder, "DELETE FROM audit WHERE n = 5")
    assert verify(folder)["ok"], "what is left is a whole chain"
    again = verify(folder, anchor_of(f"{told['rows']}:{told['last_hash']}"))
    assert (again["ok"], again["anchored"]) == (False, False)


def test_the_command_tells_and_fails(folder: Path) -> None:
    run = CliRunner().invoke(root, ["audit", "verify", str(folder), "-o", "json"])
    assert (run.exit_code, json.loads(run.output)["rows"]) == (0, ROWS)
    change(folder, "DELETE FROM audit WHERE n = 1")
    assert CliRunner().invoke(root, ["audit", "verify", str(folder)]).exit_code == 1
    assert CliRunner().invoke(root, ["audit", "verify", str(folder), "--anchor", "x"]).exit_code == 2


def test_a_file_without_an_audit_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoAudit, match="no such file"):
        verify(tmp_path)
    (tmp_path / FILE).write_bytes(b"not a database, though it has its name")
    with pytest.raises(NoAudit, match=FILE):
        verify(tmp_path)
