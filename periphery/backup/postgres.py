"""A recorder's store in PostgreSQL: each table by binary COPY, all of one moment, put back by the
recorder's own steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from periphery.backup.manifest import BLOCK, BackupError, StorePart
from periphery.recorder import migrations
from periphery.recorder.store import DAY_NS
from periphery.recorder.tables import TABLES

PROGRESS = "progress"
PARTITIONED = tuple(table.name for table in TABLES)

type Db = psycopg.Connection[tuple[Any, ...]]


def copy(address: str, to: Path) -> StorePart:
    """A file a table. BackupError."""
    to.mkdir(parents=True)
    with _connected(address) as db, db.transaction():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = _describe(db)
        for name in found.rows:
            _copy_out(db, name, to / f"{name}.copy")
    return found


def _copy_out(db: Db, name: str, file: Path) -> None:
    statement = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT BINARY)").format(sql.Identifier(name))
    with file.open("wb") as take, db.cursor() as cursor, cursor.copy(statement) as rows:
        for block in rows:
            take.write(block)


def _describe(db: Db) -> StorePart:
    """Of tables that a later step makes, there are none yet."""
    taken = [name for (name,) in db.execute(f"SELECT name FROM {migrations.TABLE} ORDER BY name")]
    known = {name for (name,) in db.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')")}
    tables = [name for name in (PROGRESS, *PARTITIONED) if name in known]
    rows = {name: _count(db, name) for name in tables}
    return StorePart("postgres", rows, taken, {name: _days(db, name) for name in tables if name != PROGRESS})


def _count(db: Db, name: str) -> int:
    found = db.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
    return int(found[0]) if found else 0


def _days(db: Db, name: str) -> list[int]:
    """The UTC days, counted from 1970, that have a partition."""
    found = db.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = %s::regclass",
        (name,),
    )
    return sorted(int(partition.rpartition("_")[2]) for (partition,) in found)


def compare(address: str, wanted: StorePart) -> list[str]:
    """What is otherwise than in the manifest."""
    with _connected(address) as db:
        found = _describe(db)
    return [
        f"{_shown(address)}: {name} has {found.rows.get(name, 0)} rows, had {count}"
        for name, count in wanted.rows.items()
        if found.rows.get(name) != count
    ]


def restore(backup: Path, address: str, part: StorePart) -> None:
    """Into a database without a recorder's tables; steps that are newer than the backup are taken
    afterwards. BackupError.
    """
    known = migrations.steps("postgres")
    strange = [name for name in part.migrations if name not in known]
    if strange:
        raise BackupError(f"{backup}: is of a newer nacre (step {strange[0]}): restore it with that one")
    with _connected(address) as db, db.transaction():
        if db.execute("SELECT to_regclass(%s)", (migrations.TABLE,)).fetchone() != (None,):
            raise BackupError(
                f"{_shown(address)}: has a recorder's tables already: restore into an empty database"
            )
        _make(db, part, known)
        for name in part.rows:
            _copy_in(db, name, backup / f"{name}.copy")
    from periphery.recorder.postgres import PostgresStore

    store = PostgresStore(address)
    try:
        store.migrate()
    finally:
        store.close()


def _make(db: Db, part: StorePart, known: dict[str, str]) -> None:
    """The tables as they were, with the partitions that they had."""
    db.execute(f"CREATE TABLE {migrations.TABLE} (name text PRIMARY KEY)")
    for step in part.migrations:
        db.execute(known[step])
        db.execute(f"INSERT INTO {migrations.TABLE} VALUES (%s)", (step,))
    for name, days in part.days.items():
        for day in days:
            db.execute(
                sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                    sql.Identifier(f"{name}_{day}"), sql.Identifier(name), day * DAY_NS, (day + 1) * DAY_NS
                )
            )


def _copy_in(db: Db, name: str, file: Path) -> None:
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(sql.Identifier(name))
    with file.open("rb") as give, db.cursor() as cursor, cursor.copy(statement) as rows:
        for block in _blocks(give):
            rows.write(block)


def _blocks(file: Any) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _shown(address: str) -> str:
    """Without the password."""
    given = psycopg.conninfo.conninfo_to_dict(address)
    parts = (f"{key}={given[key]}" for key in ("host", "port", "dbname", "user") if given.get(key))
    return f"postgresql ({', '.join(parts)})"


@contextmanager
def _connected(address: str) -> Iterator[Db]:
    try:
        with psycopg.connect(address, connect_timeout=15, autocommit=True) as db:
            yield db
    except psycopg.errors.UndefinedTable as error:
        raise BackupError(f"{_shown(address)}: has no recorder's tables: {error}") from error
    except psycopg.Error as error:
        raise BackupError(
            f"{_shown(address)}: {(str(error).splitlines() or [type(error).__name__])[0]}"
        ) from error
