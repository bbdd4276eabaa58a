"""Search in the audit: who did what, when, from where, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from periphery.backend.database import Database

EXACT = ("who", "via", "address", "action")
REFUSED = 400


def search(db: Database, wanted: Mapping[str, Any], before: int | None, most: int) -> list[dict[str, Any]]:
    """Rows that are all of what is wanted, the newest first.

    wanted: who, via, address, action, path and text (a part of it), since_ns, until_ns, refused (whether it
    was); what is None counts for nothing. before: only rows before this one.
    """
    tests, values = _tests(wanted)
    if before is not None:
        tests, values = [*tests, "n < ?"], [*values, before]
    where = f"WHERE {' AND '.join(tests)}" if tests else ""
    rows = db.rows(f"SELECT * FROM audit {where} ORDER BY n DESC LIMIT ?", (*values, most))
    return [dict(row) | {"detail": json.loads(row["detail"])} for row in rows]


def _tests(wanted: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    tests, values = [], []
    given = {key: value for key, value in wanted.items() if value is not None}
    for key, value in given.items():
        if key in EXACT:
            tests.append(f"{key} = ?")
        elif key == "path":
            tests.append("instr(path, ?) > 0")
        elif key == "text":
            tests.append("instr(detail, ?) > 0")
        elif key == "refused":
            tests.append(f"status {'>=' if value else '<'} ?")
            value = REFUSED
        else:
            tests.append("time_ns >= ?" if key == "since_ns" else "time_ns < ?")
        values.append(value)
    return tests, values
