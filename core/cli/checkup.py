"""What is wrong with a core and what belongs to it, in findings like those of the machine, each with its
remedy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.cli.health_watch import read_status
from core.host import Finding
from core.live.ask import NoCore, ask
from core.live.health import SILENT_NS
from core.recovery import verify

DISK_COSTS = 0.7
DISK_BROKEN = 0.9
WELL = ("ready", "running")


def of_core(socket: Path) -> list[Finding]:
    """The core that listens there: whether it answers, its processes, its kills, its sends, its journal's
    disk.
    """
    try:
        told = ask(socket, "status")
    except (NoCore, RuntimeError) as error:
        return [
            Finding(
                "core", str(error), "broken", "nothing is traded, and cancels don't pass",
                "see its output; `nacre core run` with the same journal goes on. Kill without it: `nacre "
                "kill all`",
            )
        ]  # fmt: skip
    return [
        Finding("core", f"{told['name']}, at event {told['seq']:,}", "ok"),
        *_processes(told),
        _kills(told),
        _halts(told),
        _sends(told),
        of_disk(Path(told["journal"]["path"])),
    ]


def _processes(told: dict[str, Any]) -> Iterator[Finding]:
    for row in told["workers"]:
        name = f"engine {', '.join(row['stages'])}"
        if row["going"] and row["silent_ns"] <= SILENT_NS:
            continue
        found = "has ended" if not row["going"] else f"takes no turns for {row['silent_ns'] / 1e9:.0f} s"
        yield Finding(
            name, found, "broken", "events wait for it: nothing passes the path",
            "the supervisor brings it back within seconds; where it doesn't, see the core's output and "
            "stop the core",
        )  # fmt: skip
    count = told["restarts"]["count"]
    if count:
        yield Finding(
            "restarts", f"{count} since the core began", "costs", "the path stood still each time",
            "see the core's output for what ended; the journal replays to the same state (`nacre journal "
            "replay`)",
        )  # fmt: skip


def _kills(told: dict[str, Any]) -> Finding:
    if not told["kills"]:
        return Finding("kills", "none", "ok")
    return Finding(
        "kills", f"{len(told['kills'])} in force", "costs", "what they name doesn't trade",
        "`nacre core top --once` says who and since when; `nacre rearm` where it is settled",
    )  # fmt: skip


def _halts(told: dict[str, Any]) -> Finding:
    rows = told["halts"]
    if not rows:
        return Finding("halts", "none", "ok")
    named = ", ".join(" ".join(filter(None, (row["scope"], row["key"], row["reason"]))) for row in rows)
    broken = any(row["reason"] for row in rows)
    return Finding(
        "halts", named, "broken" if broken else "costs", "nothing new is sent for what they name",
        "a venue with a reason broke with the core: ask it, book what is true (`nacre order fill`, `bust`, "
        "`close`), then `nacre rearm venue NAME`; else `nacre risk status`",
    )  # fmt: skip


def _sends(told: dict[str, Any]) -> Finding:
    unknown = told["sends"]["unknown"]
    if not unknown:
        return Finding("sends", f"{told['sends']['intents']:,}, all accounted for", "ok")
    return Finding(
        "sends", f"{unknown} of unknown fate", "broken", "they count against limits until their venue "
        "answers",
        "`nacre order list`; ask the venue, then `nacre order fill` or `nacre order close`",
    )  # fmt: skip


def of_disk(path: Path) -> Finding:
    """Of the file system that the journal is on."""
    name = "journal's disk"
    try:
        stat = os.statvfs(path)
    except OSError as error:
        return Finding(name, f"{path}: {error.strerror}", "broken", "nothing can be recorded", "mount it")
    used = 1 - stat.f_bavail / (stat.f_blocks or 1)
    if used < DISK_COSTS:
        return Finding(name, f"{used:.0%} full", "ok")
    return Finding(
        name, f"{used:.0%} full", "broken" if used >= DISK_BROKEN else "costs",
        "when it is full new orders are denied `journal_full`; cancels and reports have a reserve",
        "`nacre backup take`, then `nacre backup prune --journals`; or a larger disk",
    )  # fmt: skip


def of_journal(path: Path) -> Finding:
    """Every record of it."""
    try:
        found = verify(path)
    except (OSError, ValueError) as error:
        return Finding(
            "journal", f"{path}: {error}", "broken", "no core comes back from it", "restore a backup"
        )
    if found["ok"]:
        return Finding("journal", f"{found['records']:,} records, whole", "ok")
    problem = found["problems"][0]
    place = f"{problem['file']}, offset {problem['offset']}, sequence {problem['sequence']}"
    if problem["what"].startswith("torn"):
        return Finding(
            "journal", f"torn at {place}", "costs", "an event that nobody was told of was cut off by a crash",
            "nothing: a core that goes on cuts it",
        )  # fmt: skip
    return Finding(
        "journal", f"{problem['what']} ({place})", "broken", "no core comes back from it",
        "`nacre backup restore` into an empty folder; what came after the backup is with the venues and "
        "the recorder",
    )  # fmt: skip


def of_services(folder: Path) -> Iterator[Finding]:
    """The processes of a `nacre up --local`. ValueError: there is none."""
    rows = read_status(folder)
    for row in rows:
        if row["state"] not in WELL:
            yield Finding(
                f"service {row['name']}", row["state"], "broken", "what it tells or keeps is old",
                "it is started again by itself; its own lines say why it ends: the output of `nacre up "
                "--local`",
            )  # fmt: skip
    well = sum(row["state"] in WELL for row in rows)
    yield Finding("services", f"{well} of {len(rows)} well", "ok" if well == len(rows) else "costs")
