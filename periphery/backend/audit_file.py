"""The audit as it lies on a disk, checked without the backend: by whoever has a copy of the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from periphery.backend.audit import BEGIN, COLUMNS, link_hash
from periphery.backend.database import FILE

HASH_CHARS = 64


class NoAudit(ValueError):
    """No file, or one without an audit; the message names it."""


def verify(path: Path, anchor: tuple[int, str] | None = None) -> dict[str, Any]:
    """Every row against the one before. anchor: a row's number and hash of before: what was cut off at the
    end, or written anew as a whole, is seen by it alone. `ok`, `rows`, `broken_at` (0: nowhere), `anchored`,
    `last_hash`.
    """
    before, rows, broken_at, met = BEGIN, 0, 0, anchor is None
    for n, entry, found in _rows(path):
        rows += 1
        if not broken_at and (n != rows or found != link_hash(before, n, entry)):
            broken_at = n
        met = met or (n, found) == anchor
        before = found
    return {
        "ok": not broken_at and met,
        "rows": rows,
        "broken_at": broken_at,
        "anchored": met,
        "last_hash": before,
    }


def _rows(path: Path) -> Iterator[tuple[int, tuple[Any, ...], str]]:
    """(number, entry, hash), the oldest first."""
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise NoAudit(f"{file}: no such file: give the backend's folder, or a copy of its {FILE}")
    try:
        with sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True) as db:
            found = db.execute(f"SELECT n, {', '.join(COLUMNS)}, hash FROM audit ORDER BY n").fetchall()
    except sqlite3.Error as error:
        raise NoAudit(f"{file}: {error}") from None
    finally:
        if "db" in locals():
            db.close()
    for n, *entry, hash_ in found:
        yield n, tuple(entry), hash_


def anchor_of(text: str) -> tuple[int, str]:
    """ROW:HASH, as a check before has told. ValueError."""
    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != HASH_CHARS:
        raise ValueError(f"{text!r}: give ROW:HASH, as `rows` and `last_hash` of an earlier check")
    return int(number), digest
