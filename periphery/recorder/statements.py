"""The statements of an SQL text, for SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator


def statements(sql: str) -> Iterator[str]:
    """One at a time: sqlite3's executescript would end the transaction."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
