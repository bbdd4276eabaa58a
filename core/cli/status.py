"""How a core is, as people read it: `nacre core status` and `nacre core top`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.cli.output import banner, counted, mapping_tables, rows_table, table

if TYPE_CHECKING:
    from rich.console import RenderableType

FIRST_S = 0.1
"""Over which `top` takes its first rate."""

_S = 1_000_000_000


class Looks:
    """Looks at a core, one after the other: what it says, and the rate from each to the next."""

    def __init__(self, ask: Callable[[], dict[str, Any]]) -> None:
        self._ask = ask
        self._last = self._look()
        time.sleep(FIRST_S)

    def _look(self) -> tuple[int, dict[str, Any]]:
        told = self._ask()
        return time.monotonic_ns(), told

    def fetch(self) -> dict[str, Any]:
        """What `top` shows: {name, live, placement, wait, seq, events_per_s, uptime_s, journal, engines,
        sessions, kills, halts}."""
        then, before = self._last
        self._last = now, told = self._look()
        taken_ns = max(now - then, 1)
        return {
            **{key: told[key] for key in ("name", "live", "placement", "wait", "seq")},
            "events_per_s": (told["seq"] - before["seq"]) * _S // taken_ns,
            "uptime_s": told["uptime_ns"] // _S,
            "journal": told["journal"],
            "engines": engines(told),
            "sessions": told["sessions"],
            "kills": told["kills"],
            "halts": told["halts"],
        }


def engines(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row an engine: its process, the last event that it is done with, how far it is behind.

    The sequencer has no cursor: it is where the core is. Nor have venues apart, which are not on the spine.
    """
    rows = []
    for worker in told["workers"]:
        for stage in worker["stages"]:
            seq = told["seq"] if stage == "sequencer" else told["cursors"].get(stage)
            behind = None if seq is None else max(told["seq"] - seq, 0)
            at = {key: worker[key] for key in ("pid", "cpu", "wait")}
            rows.append({"engine": stage, **at, "seq": seq, "behind": behind})
    return rows


def draw_top(told: Mapping[str, Any]) -> Sequence[RenderableType]:
    """What `Looks.fetch` gave: a line, the engines, the sessions and their request rings, the kills and
    halts."""
    line = (
        f"{told['name']}: {told['seq']:,} events, {told['events_per_s']:,}/s, "
        f"up {duration(told['uptime_s'])}, {told['placement']}, wait {told['wait']}, "
        f"journal {told['journal']['bytes'] >> 20:,} MiB"
    )
    parts: list[RenderableType] = [banner(told["live"], line), rows_table(_plain(told["engines"]), "")]
    if told["sessions"]:
        parts.append(_sessions(told["sessions"]))
    if told["kills"]:
        parts.append(rows_table(_kills(told["kills"]), "[bold red]kills in force[/]"))
    if told["halts"]:
        parts.append(rows_table(told["halts"], "[bold red]halted[/]"))
    return parts


def _sessions(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    numbers = ("ring", "requests", "responses", "quotes")
    shown = table("session", *numbers, numbers=numbers, title=counted(len(rows), "session"))
    for row in rows:
        ring = f"{row['waiting']:,} of {row['capacity']:,}" if "capacity" in row else ""
        shown.add_row(_escaped(row["name"]), ring, *(f"{row[key]:,}" for key in numbers[1:]))
    return shown


def draw_status(told: Mapping[str, Any]) -> Sequence[RenderableType]:
    """What the core says of itself."""
    values = {key: value for key, value in told.items() if key not in ("live", "uptime_ns")}
    values |= {"uptime": duration(told["uptime_ns"] // _S), "kills": _kills(told["kills"])}
    values["workers"] = _plain(told["workers"])
    return mapping_tables(_plain([values])[0], banner(told["live"], f"core {told['name']}"))


def _plain(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Process ids as they are typed: without thousands."""
    return [{key: str(value) if key == "pid" else value for key, value in row.items()} for row in rows]


def _kills(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The time of each as a date."""
    return [
        {**{key: value for key, value in row.items() if key != "at_ns"}, "at": _date(row["at_ns"])}
        for row in rows
    ]


def _date(ns: int) -> str:
    return datetime.fromtimestamp(ns // _S, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(seconds: int) -> str:
    """As people say it: "5 s", "2 min 5 s", "3 h 2 min", "4 d 3 h"."""
    for size, unit, part_size, part in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // part_size} {part}"
    return f"{seconds} s"


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
