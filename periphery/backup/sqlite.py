"""Databases that are one file: copied by SQLite itself while others write, and put back as a file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from periphery.backup.manifest import BackupError, StorePart
from periphery.recorder.migrations import TABLE

FILE = "database.db"


def copy(database: Path, to: Path, kind: str) -> StorePart:
    """All of it as it is at one moment. BackupError."""
    if not database.is_file():
        raise BackupError(f"{database}: no such database")
    to.mkdir(parents=True)
    try:
        with (
            closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
            closing(_new(to / FILE)) as copied,
        ):
            source.backup(copied)
            copied.execute(
                "PRAGMA journal_mode = DELETE"
            )  # one file, without the log that may stand beside it
        return describe(to / FILE, kind)
    except sqlite3.Error as error:
        raise BackupError(f"{database}: {error}") from error


def _new(file: Path) -> sqlite3.Connection:
    file.touch(0o600)
    return sqlite3.connect(file)


def describe(database: Path, kind: str) -> StorePart:
    """sqlite3.Error; BackupError: it is damaged."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        if (told := db.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            raise BackupError(f"{database}: {told}")
        names = [
            name
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        tables = [name for name in names if not name.startswith("sqlite_")]
        rows = {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
        taken = (
            [name for (name,) in db.execute(f"SELECT name FROM {TABLE} ORDER BY name")]
            if TABLE in rows
            else []
        )
    return StorePart(kind, rows, taken)


def compare(database: Path, wanted: StorePart) -> list[str]:
    """What is otherwise than in the manifest."""
    try:
        found = describe(database, wanted.kind)
    except (BackupError, sqlite3.Error) as error:
        return [f"{database}: {error}"]
    names = sorted(wanted.rows.keys() | found.rows.keys())
    return [
        f"{database}: {name} has {found.rows.get(name, 0)} rows, had {wanted.rows.get(name, 0)}"
        for name in names
        if found.rows.get(name) != wanted.rows.get(name)
    ]


def restore(backup: Path, database: Path) -> None:
    """To a place where no file is. BackupError."""
    if database.exists():
        raise BackupError(f"{database}: is there already: move it away first")
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    database.touch(0o600)
    with (backup / FILE).open("rb") as give, database.open("wb") as take:
        while block := give.read(1 << 20):
            take.write(block)
        take.flush()
        os.fsync(take.fileno())
