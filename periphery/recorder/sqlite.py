"""A store in one file, for one machine without a database server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from periphery.recorder import migrations
from periphery.recorder.statements import statements
from periphery.recorder.store import (
    Batch,
    Elsewhere,
    StoreDown,
    StoreError,
    columns_of,
    days_before,
)
from periphery.recorder.tables import BY_NAME, VIEWS
from periphery.service.mark import BEGIN, Mark

BUSY_S = 5.0


class SqliteStore:
    """The store in a file."""

    def __init__(self, path: Path, make: bool = True) -> None:
        """make: the file, where it isn't there. StoreDown: it can't be opened."""
        self.address = f"sqlite:///{path}"
        with _told(self.address):
            place = f"file:{quote(str(path))}?mode={'rwc' if make else 'rw'}"
            self._db = sqlite3.connect(place, timeout=BUSY_S, isolation_level=None, uri=True)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")

    def migrate(self) -> list[str]:
        with self._transaction():
            self._db.execute(f"CREATE TABLE IF NOT EXISTS {migrations.TABLE} (name TEXT PRIMARY KEY) STRICT")
            taken = [name for (name,) in self._db.execute(f"SELECT name FROM {migrations.TABLE}")]
            steps = migrations.lacking("sqlite", taken, self.address)
            for name, sql in steps.items():
                for statement in statements(sql):
                    self._db.execute(statement)
                self._db.execute(f"INSERT INTO {migrations.TABLE} VALUES (?)", (name,))
        return list(steps)

    def progress(self, source: str) -> Mark:
        with _told(self.address):
            row = self._db.execute("SELECT seq, digest FROM progress WHERE source = ?", (source,)).fetchone()
        return Mark(*row) if row else BEGIN

    def write(self, source: str, batch: Batch) -> None:
        with self._transaction():
            self._advance(source, batch)
            for name, rows in batch.rows.items():
                names = ("source", *BY_NAME[name].columns)  # a newer version's columns stay empty
                words = f"INSERT INTO {name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
                self._db.executemany(words, ((source, *row) for row in rows))

    def _advance(self, source: str, batch: Batch) -> None:
        self._db.execute("INSERT OR IGNORE INTO progress VALUES (?, 0, x'')", (source,))
        done = self._db.execute(
            "UPDATE progress SET seq = ?, digest = ? WHERE source = ? AND seq = ?",
            (*batch.through, source, batch.after),
        )
        if done.rowcount != 1:
            raise Elsewhere(
                f"{self.address}: {source} isn't at event {batch.after}: another recorder writes it"
            )

    def read(
        self, name: str, where: Mapping[str, Any] | None = None, after_seq: int = 0, most: int = 1000
    ) -> list[dict[str, Any]]:
        if name not in BY_NAME and name not in VIEWS:
            raise StoreError(f"no table {name!r}; there is {', '.join((*BY_NAME, *VIEWS))}")
        with _told(self.address):
            known = [row[1] for row in self._db.execute(f"PRAGMA table_info({name})")]
            columns_of(name, known, where or {})
            test = "".join(f" AND {column} = ?" for column in where or ())
            found = self._db.execute(
                f"SELECT * FROM {name} WHERE seq > ?{test} ORDER BY seq, n LIMIT ?",
                (after_seq, *(where or {}).values(), most),
            )
            return [dict(zip(known, row, strict=True)) for row in found]

    def purge(self, before_ns: int) -> dict[str, int]:
        day = days_before(before_ns)
        with self._transaction():
            return {
                name: self._db.execute(f"DELETE FROM {name} WHERE time_ns < ?", (day,)).rowcount
                for name in BY_NAME
            }

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it, or nothing."""
        with _told(self.address):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


@contextmanager
def _told(address: str) -> Iterator[None]:
    """The database's errors, as a store's."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            raise StoreError(f"{address}: {error}: run `nacre recorder migrate`") from error
        raise StoreDown(f"{address}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{address}: {error}") from error
