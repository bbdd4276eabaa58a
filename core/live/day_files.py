"""The files that a trading day begins with: read, checked, compared with those of the day before.

    symbols.jsonl      instrument, venue and fx lines
    accounts.jsonl     account lines, with their cash
    positions.jsonl    open_position lines
    limits.jsonl       limit lines; `group` names a group of accounts
    restricted.jsonl   limit lines of the checks restricted and permission

All five must be there: a list that is empty is said so by an empty file, not by none.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.live.loosening import looser, plain
from core.scenario.declared import Declared
from core.scenario.numbers import Number
from core.scenario.reader import Line, ScenarioError, content
from core.scenario.values import convert, parse_object

FILES: dict[str, tuple[str, ...]] = {
    "symbols": ("instrument", "venue", "fx", "venue_facts", "venue_queue"),
    "accounts": ("account",),
    "positions": ("open_position",),
    "limits": ("limit",),
    "restricted": ("limit",),
}
RESTRICTING = ("restricted", "permission")
SCOPE = ("account", "group", "strategy", "symbol", "venue", "session", "sector")
KEYS: dict[str, tuple[str, ...]] = {
    "instrument": ("symbol",),
    "venue": ("venue",),
    "fx": ("pair",),
    "account": ("account",),
    "open_position": ("account", "symbol"),
    "limit": ("check", "each", *SCOPE),
}
"""What a line is known by from one day to the next."""

type Row = dict[str, Any]


def path_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.jsonl"


def read_day(folder: Path) -> list[Line]:
    """The lines of all files, in the order in which they need each other. ScenarioError, OSError."""
    declared, seen, out = Declared(), set[tuple[Any, ...]](), []
    for name, types in FILES.items():
        file = path_of(folder, name)
        for number, physical in enumerate(file.read_bytes().split(b"\n"), 1):
            try:
                for text in content(physical):
                    line = _line(number, text, declared)
                    _fits(name, types, line, seen)
                    out.append(line)
            except ValueError as error:
                raise ScenarioError(os.fspath(file), number, str(error)) from None
    return out


def _line(number: int, text: str, declared: Declared) -> Line:
    """A line as in a scenario; one of a limit may name a group of accounts, which a scenario has not."""
    values = parse_object(text)
    group = values.pop("group", None) if values.get("type") == "limit" else None
    if group is not None and (not isinstance(group, str) or values.get("account") is not None):
        raise ValueError(f"group: {group!r}: give the name of a group, and no account besides")
    line_type, _, data = convert(values)
    declared.check(line_type, data)
    declared.add(line_type, data)
    return Line(number, 0, line_type, data if line_type != "limit" else {**data, "group": group})


def _fits(name: str, types: Sequence[str], line: Line, seen: set[tuple[Any, ...]]) -> None:
    """ValueError: the line is in the wrong file, or a second one of the same thing."""
    if line.type not in types:
        raise ValueError(f"{line.type}: not in this file, which has {', '.join(types)} lines")
    if line.type == "limit" and (line.data["check"] in RESTRICTING) != (name == "restricted"):
        where = "restricted" if line.data["check"] in RESTRICTING else "limits"
        raise ValueError(f"{line.data['check']}: belongs into {where}.jsonl")
    if line.type in KEYS:
        key = key_of(line.type, line.data)
        if key in seen:
            raise ValueError(f"{' '.join(map(str, key))}: there are two of it")
        seen.add(key)


def key_of(line_type: str, data: Mapping[str, Any]) -> tuple[Any, ...]:
    return (line_type, *(data[key] for key in KEYS[line_type] if data.get(key) is not None))


# ---- compared with the day before ------------------------------------------------------------------------


def compare(before: Iterable[Line], now: Iterable[Line]) -> list[Row]:
    """What is new, gone or changed: what, type, key, from, to; `doubt` where somebody should know why."""
    old, new = _by_key(before), _by_key(now)
    out = []
    for key in (*old, *(key for key in new if key not in old)):
        was, is_ = old.get(key), new.get(key)
        if was == is_:
            continue
        what = "new" if was is None else "gone" if is_ is None else "changed"
        row: Row = {"what": what, "type": key[0], "key": " ".join(map(str, key[1:]))}
        row |= {"from": _differing(was, is_), "to": _differing(is_, was), "doubt": _doubt(key[0], was, is_)}
        out.append(row)
    return out


def _by_key(lines: Iterable[Line]) -> dict[tuple[Any, ...], Row]:
    return {key_of(line.type, line.data): plain(line.data) for line in lines if line.type in KEYS}


def _differing(row: Row | None, other: Row | None) -> str:
    """What of a line isn't as in the other one."""
    if row is None:
        return ""
    kept = {key: value for key, value in row.items() if other is None or other.get(key) != value}
    return ", ".join(f"{key} {value}" for key, value in kept.items())


def _doubt(line_type: str, was: Row | None, is_: Row | None) -> str:
    """Why the difference must be known by who opens trading; "": it needs no word."""
    if line_type == "open_position":
        return "a position isn't what the day before ended with"
    if line_type == "account" and was is not None:
        return "an account is gone" if is_ is None else "cash isn't what the day before ended with"
    if line_type == "instrument" and was is not None and is_ is not None:
        return "an instrument isn't what it was"
    if line_type == "limit" and was is not None:
        return looser(was, is_)
    return ""


def doubts(lines: Sequence[Line], before: Sequence[Line] | None) -> list[Row]:
    """What must be known before trading opens: what the files say oddly, what differs from yesterday."""
    found = list(_odd(lines))
    if before is None:
        return found
    return found + [row for row in compare(before, lines) if row["doubt"]]


def _odd(lines: Sequence[Line]) -> Iterator[Row]:
    lots = {line.data["symbol"]: line.data["lot"] for line in lines if line.type == "instrument"}
    limits = [x.data for x in lines if x.type == "limit" and x.data["check"] not in RESTRICTING]
    has_all = any(data["account"] is None and data["group"] is None for data in limits)
    for line in lines:
        data, said = line.data, ""
        if line.type == "open_position" and _value(data["qty"]) % _value(lots[data["symbol"]]):
            said = "an odd lot"
        elif line.type == "account" and not (
            has_all or any(limit["account"] == data["account"] or limit["group"] for limit in limits)
        ):
            said = "no limit is on the account"
        if said:
            key = " ".join(map(str, key_of(line.type, data)[1:]))
            yield {"what": "odd", "type": line.type, "key": key, "from": "", "to": "", "doubt": said}


def _value(number: Number) -> Decimal:
    return Decimal(number.units).scaleb(-number.digits)


# ---- written at a day's end --------------------------------------------------------------------------------


def write_day(folder: Path, symbols: Path, rows: Mapping[str, Sequence[Row]]) -> list[Line]:
    """Tomorrow's files: `symbols` is copied, the others are these rows. They are read back: their lines.

    ValueError: there is such a folder already. ScenarioError, OSError.
    """
    if folder.exists():
        raise ValueError(f"{folder} is there already: give another folder")
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    shutil.copyfile(path_of(symbols, "symbols"), path_of(fresh, "symbols"))
    for name in FILES:
        if name != "symbols":
            path_of(fresh, name).write_text("".join(json.dumps(row) + "\n" for row in rows[name]))
    lines = read_day(fresh)
    fresh.rename(folder)
    return lines
