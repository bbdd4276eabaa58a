"""Signals of a file: what another process would have sent, at the times at which it would have."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

from periphery.strategy.market import Signal

COLUMNS = ("time", "name", "value")


class BadSignals(ValueError):
    """A line that is no signal; the message says which, and what there must be."""


def read_signals(path: Path) -> list[Signal]:
    """CSV with the columns time (ns since 1970, or ISO 8601), name, value, and symbol or not. BadSignals."""
    with path.open(newline="") as lines:
        rows = csv.DictReader(lines)
        lacking = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if lacking:
            raise BadSignals(
                f"{path}: no column {lacking[0]}: there must be time, name, value; symbol may be"
            )
        return [_signal(f"{path}, line {rows.line_num}", row) for row in rows]


def _signal(where: str, row: dict[str, str]) -> Signal:
    try:
        time_ns, value = read_time(row["time"]), float(row["value"])
    except (ValueError, TypeError) as error:
        raise BadSignals(f"{where}: {error}") from error
    if not row["name"]:
        raise BadSignals(f"{where}: a signal without a name")
    return Signal(time_ns, row["name"], value, row.get("symbol") or None, time_ns)


def read_time(text: str) -> int:
    """Of ns since 1970, or ISO 8601 with an offset (exact to the microsecond). ValueError."""
    if text.isdigit():
        return int(text)
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"time {text!r} has no offset: add Z or +01:00")
    whole = int(at.replace(microsecond=0).timestamp())
    return whole * 10**9 + at.microsecond * 1000
