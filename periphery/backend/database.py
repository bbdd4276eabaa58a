"""The backend's own store, in one file: users, keys, who did what, what was answered to which key.

It is not the core's: a kill and an order need nothing of it but to know who asks.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from periphery.backend.problems import Refusal
from periphery.recorder.statements import statements

FILE = "backend.db"
VERSION = 2
BUSY_S = 5.0

SCHEMA = """
CREATE TABLE users (
    name TEXT PRIMARY KEY, password TEXT NOT NULL, scopes TEXT NOT NULL, enabled INTEGER NOT NULL DEFAULT 1,
    generation INTEGER NOT NULL DEFAULT 1, totp TEXT NOT NULL DEFAULT '', totp_new TEXT NOT NULL DEFAULT '',
    totp_last INTEGER NOT NULL DEFAULT 0, made_ns INTEGER NOT NULL, accounts TEXT NOT NULL DEFAULT '*'
) STRICT;
CREATE TABLE keys (
    id TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE, name TEXT NOT NULL,
    secret TEXT NOT NULL, scopes TEXT NOT NULL, made_ns INTEGER NOT NULL
) STRICT;
CREATE TABLE idempotency (
    user TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, cl_ord_id TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT '', time_ns INTEGER NOT NULL,
    PRIMARY KEY (user, key)
) STRICT;
CREATE TABLE approvals (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, request TEXT NOT NULL, why TEXT NOT NULL,
    state TEXT NOT NULL, by TEXT NOT NULL, made_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL,
    second TEXT NOT NULL DEFAULT '', decided_ns INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE backtests (
    id INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT NOT NULL, by TEXT NOT NULL, state TEXT NOT NULL,
    made_ns INTEGER NOT NULL, ended_ns INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
    result TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE audit (
    n INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, who TEXT NOT NULL, via TEXT NOT NULL,
    address TEXT NOT NULL, action TEXT NOT NULL, path TEXT NOT NULL, status INTEGER NOT NULL,
    detail TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is only added to'); END;
CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is only added to'); END;
"""
LATER = "ALTER TABLE users ADD COLUMN accounts TEXT NOT NULL DEFAULT '*';"
"""What a file of version 1 lacks."""


class Database:
    """Two connections, each used by one thread at a time: who only reads never waits for who writes."""

    def __init__(self, folder: Path) -> None:
        """Makes folder and file where they aren't there. Refusal (503): it can't be opened."""
        self.path = folder / FILE
        self._lock, self._reading = threading.RLock(), threading.Lock()
        with _told(self.path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.touch(0o600)
            self._db, self._reader = self._connect(), self._connect()
        self._make()

    def _connect(self) -> sqlite3.Connection:
        made = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        made.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            made.execute(f"PRAGMA {pragma}")
        return made

    def _make(self) -> None:
        with self.change() as run:
            (version,) = run("PRAGMA user_version")[0]
            if version > VERSION:
                raise Refusal(
                    503,
                    "newer_store",
                    f"{self.path} is of a newer nacre",
                    hint="install that one",
                    place="backend",
                )
            if version < VERSION:
                for statement in statements(SCHEMA if version == 0 else LATER):
                    run(statement)
                run(f"PRAGMA user_version = {VERSION}")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Of a question. Refusal (503)."""
        with self._reading, _told(self.path):
            return self._reader.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        found = self.rows(sql, values)
        return found[0] if found else None

    @contextmanager
    def change(self) -> Iterator[Any]:
        """Statements that are on the disk together when it ends, or not at all: (sql, values) -> rows."""
        with self._lock, _told(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield lambda sql, values=(): self._db.execute(sql, values).fetchall()
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock, self._reading:
            self._db.close()
            self._reader.close()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """SQLite's errors, and the folder's, as a refusal."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise Refusal(
            503,
            "backend_store",
            f"{path}: {error}",
            place="backend",
            hint="free its disk, or see who holds it; a kill works without it",
        ) from error
