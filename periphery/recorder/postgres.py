"""A store in PostgreSQL: rows go in by binary COPY, a partition a UTC day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, cast

import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool, PoolTimeout

from periphery.recorder import migrations
from periphery.recorder.store import (
    DAY_NS,
    Batch,
    Elsewhere,
    StoreDown,
    StoreError,
    columns_of,
    days_before,
)
from periphery.recorder.tables import BY_NAME, VIEWS, Row, Table
from periphery.service.mark import BEGIN, Mark

ANSWER_S = 15.0
READERS = 4
LOCK = 0x6E61637265  # "nacre": who migrates holds this advisory lock
TYPES = {"int": "int8", "number": "numeric", "text": "text"}


class PostgresStore:
    """The store in a database. The writer has a connection of its own, made anew when it broke."""

    def __init__(self, address: str) -> None:
        """address: postgresql://USER@HOST/NAME. StoreDown: nobody answers there."""
        self.address = _without_password(address)
        self._given = address
        self._writer: psycopg.Connection[tuple[Any, ...]] | None = None
        self._days: set[tuple[str, int]] = set()
        self._pool = ConnectionPool(address, min_size=0, max_size=READERS, open=False, timeout=ANSWER_S)
        self._connection()
        self._pool.open()

    def migrate(self) -> list[str]:
        with self._transaction() as db:
            db.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            db.execute(f"CREATE TABLE IF NOT EXISTS {migrations.TABLE} (name text PRIMARY KEY)")
            taken = [name for (name,) in db.execute(f"SELECT name FROM {migrations.TABLE}")]
            steps = migrations.lacking("postgres", taken, self.address)
            for name, step in steps.items():
                db.execute(step)
                db.execute(f"INSERT INTO {migrations.TABLE} VALUES (%s)", (name,))
        return list(steps)

    def progress(self, source: str) -> Mark:
        with self._transaction() as db:
            row = db.execute("SELECT seq, digest FROM progress WHERE source = %s", (source,)).fetchone()
        return Mark(row[0], bytes(row[1])) if row else BEGIN

    # ---- writing -------------------------------------------------------------------------------------------

    def write(self, source: str, batch: Batch) -> None:
        with self._transaction() as db:
            self._advance(db, source, batch)
            for name, rows in batch.rows.items():
                if rows:
                    self._copy(db, BY_NAME[name], source, rows)

    def _advance(self, db: psycopg.Connection[Any], source: str, batch: Batch) -> None:
        db.execute("INSERT INTO progress VALUES (%s, 0, '') ON CONFLICT DO NOTHING", (source,))
        done = db.execute(
            "UPDATE progress SET seq = %s, digest = %s WHERE source = %s AND seq = %s",
            (*batch.through, source, batch.after),
        )
        if done.rowcount != 1:
            raise Elsewhere(
                f"{self.address}: {source} isn't at event {batch.after}: another recorder writes it"
            )

    def _copy(self, db: psycopg.Connection[Any], table: Table, source: str, rows: list[Row]) -> None:
        at = list(table.columns).index("time_ns")
        for day in sorted({days_before(cast(int, row[at])) for row in rows}):
            self._partition(db, table.name, day)
        numbers = [i for i, kind in enumerate(table.columns.values()) if kind == "number"]
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
            sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, ("source", *table.columns)))
        )  # by name: a newer version's columns stay empty
        with db.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(["text", *("int4" if c == "n" else TYPES[k] for c, k in table.columns.items())])
            for row in rows:
                cells: list[Any] = list(row)
                for i in numbers:
                    cells[i] = None if cells[i] is None else Decimal(str(cells[i]))
                copy.write_row((source, *cells))

    def _partition(self, db: psycopg.Connection[Any], name: str, day: int) -> None:
        """The partition of a day. It may be made again after a transaction that was rolled back."""
        if (name, day) in self._days:
            return
        db.execute(
            sql.SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                sql.Identifier(f"{name}_{day // DAY_NS}"), sql.Identifier(name), day, day + DAY_NS
            )
        )
        self._made.append((name, day))

    # ---- reading -------------------------------------------------------------------------------------------

    def read(
        self, name: str, where: Mapping[str, Any] | None = None, after_seq: int = 0, most: int = 1000
    ) -> list[dict[str, Any]]:
        if name not in BY_NAME and name not in VIEWS:
            raise StoreError(f"no table {name!r}; there is {', '.join((*BY_NAME, *VIEWS))}")
        with _told(self.address), self._pool.connection() as db:
            head = db.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(name))).description
            known = [column.name for column in head or ()]
            columns_of(name, known, where or {})
            test = sql.SQL("").join(
                sql.SQL(" AND {} = {}").format(sql.Identifier(column), value)
                for column, value in (where or {}).items()
            )
            found = db.execute(
                sql.SQL("SELECT * FROM {} WHERE seq > {}{} ORDER BY seq, n LIMIT {}").format(
                    sql.Identifier(name), after_seq, test, most
                )
            )
            return [dict(zip(known, map(_cell, row), strict=True)) for row in found]

    def purge(self, before_ns: int) -> dict[str, int]:
        """Whole partitions."""
        last = days_before(before_ns) // DAY_NS
        gone = dict.fromkeys(BY_NAME, 0)
        with self._transaction() as db:
            for name in BY_NAME:
                for partition in self._partitions(db, name):
                    if int(partition.rpartition("_")[2]) < last:
                        counted = db.execute(
                            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(partition))
                        )
                        gone[name] += (counted.fetchone() or (0,))[0]
                        db.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(partition)))
        self._days.clear()
        return gone

    def _partitions(self, db: psycopg.Connection[Any], name: str) -> list[str]:
        found = db.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass",
            (name,),
        )
        return [partition for (partition,) in found]

    # ---- connections ---------------------------------------------------------------------------------------

    def close(self) -> None:
        self._pool.close()
        if self._writer is not None:
            self._writer.close()

    def _connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._writer is None or self._writer.closed:
            with _told(self.address):
                self._writer = psycopg.connect(self._given, autocommit=True, connect_timeout=int(ANSWER_S))
                self._writer.execute(f"SET statement_timeout = {int(ANSWER_S * 1000)}")
        return self._writer

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """All of it, or nothing."""
        db = self._connection()
        self._made: list[tuple[str, int]] = []
        with _told(self.address), db.transaction():
            yield db
        self._days.update(self._made)


def _cell(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value


def _without_password(address: str) -> str:
    """What may be shown and logged."""
    given = psycopg.conninfo.conninfo_to_dict(address)
    parts = (f"{key}={given[key]}" for key in ("host", "port", "dbname", "user") if given.get(key))
    return f"postgresql ({', '.join(parts)})"


@contextmanager
def _told(address: str) -> Iterator[None]:
    """The database's errors, as a store's."""
    try:
        yield
    except psycopg.errors.UndefinedTable as error:
        raise StoreError(f"{address}: {_first(error)}: run `nacre recorder migrate`") from error
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise StoreDown(f"{address}: {_first(error)}") from error
    except psycopg.Error as error:
        raise StoreError(f"{address}: {_first(error)}") from error


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
