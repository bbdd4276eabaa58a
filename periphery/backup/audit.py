"""The backend's audit, read from a copy of its database: is each row what was written?"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from periphery.backend.audit import BEGIN, COLUMNS, link_hash


def broken_at(database: Path) -> int:
    """The first row that isn't; 0: none."""
    before = BEGIN
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        for n, link, *entry in db.execute(f"SELECT n, hash, {', '.join(COLUMNS)} FROM audit ORDER BY n"):
            if link != link_hash(before, n, tuple(entry)):
                return int(n)
            before = link
    return 0
