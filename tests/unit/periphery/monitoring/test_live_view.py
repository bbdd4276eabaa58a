"""`nacre top` under textual's pilot: what it draws, and each key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot
from textual.widgets import DataTable, Static

from periphery.monitoring.live_view import Top


def told(seq: int, **more: Any) -> dict[str, Any]:
    kill = {"epoch": 3, "scope": "account", "key": "A1", "by": "anna", "at_ns": 0}
    halt = {"scope": "venue", "key": "V1", "state": "halted", "reason": "overfill"}
    engine = {"pid": 7, "cpu": 1, "wait": "spin", "seq": seq, "behind": 0}
    session = {"waiting": 0, "capacity": 1024, "requests": 0, "responses": 0, "quotes": 0, "lapped": 0}
    return {
        "name": "[core]",
        "live": False,
        "placement": "pinned",
        "wait": "sleep",
        "seq": seq,
        "events_per_s": 5,
        "uptime_s": 61,
        "kills": [kill],
        "halts": [halt],
        "engines": [
            engine | {"engine": "risk"},
            engine | {"engine": "journal", "pid": 8, "cpu": None, "seq": seq - 9, "behind": 9},
        ],
        "sessions": [
            session | {"name": name, "busy": n, "waiting": n} for n, name in enumerate(("mine", "yours"))
        ],
    } | more


class Core:
    """What is asked, and how often."""

    def __init__(self) -> None:
        self.asked = 0
        self.gone = False

    def fetch(self) -> dict[str, Any]:
        self.asked += 1
        if self.gone:
            raise RuntimeError("no core there")
        return told(1000 + self.asked)


def run(play: Callable[[Top, Core, Pilot[None]], Awaitable[None]]) -> None:
    async def played() -> None:
        core = Core()
        app = Top(core.fetch, every_s=60)
        async with app.run_test(size=(140, 30)) as pilot:
            await play(app, core, pilot)

    asyncio.run(played())


def rows(app: Top) -> list[list[str]]:
    table: DataTable[str] = app.query_one("#rows", DataTable)
    return [table.get_row_at(at) for at in range(table.row_count)]


def head(app: Top) -> str:
    return str(app.query_one("#head", Static).render())


def test_it_shows_engines_sessions_kills_and_halts() -> None:
    async def play(app: Top, _core: Core, pilot: Pilot[None]) -> None:
        assert head(app).startswith("SIM [core]: 1,001 events, 5/s, up 1 min 1 s, pinned, wait sleep, 2 sess")
        assert [row[0] for row in rows(app)] == ["journal", "risk"]
        await pilot.press("s")
        assert [row[0] for row in rows(app)] == ["mine", "yours"]
        await pilot.press("k")
        assert rows(app) == [["3", "account", "A1", "anna"]]
        await pilot.press("h")
        assert rows(app) == [["venue", "V1", "halted", "overfill"]]
        await pilot.press("e")
        assert rows(app)[0] == ["journal", "8", "", "spin", "992", "9"]

    run(play)


def test_it_orders_by_each_column_in_turn() -> None:
    async def play(app: Top, _core: Core, pilot: Pilot[None]) -> None:
        await pilot.press("s", "o")
        assert [row[0] for row in rows(app)] == ["yours", "mine"], "the longest queue first"
        for _ in range(7):
            await pilot.press("o")
        assert [row[0] for row in rows(app)] == ["mine", "yours"], "round to the name again"

    run(play)


def test_it_pauses_and_changes_its_pace() -> None:
    async def play(app: Top, core: Core, pilot: Pilot[None]) -> None:
        await pilot.press("p")
        app.look()
        assert (core.asked, "PAUSED" in head(app)) == (1, True)
        await pilot.press("p")
        app.look()
        assert core.asked == 2
        await pilot.press("minus")
        assert app.every_s == 5.0
        await pilot.press("plus", "plus")
        assert app.every_s == 10.0

    run(play)


def test_a_core_that_is_gone_is_said_and_asked_again() -> None:
    async def play(app: Top, core: Core, _pilot: Pilot[None]) -> None:
        core.gone = True
        app.look()
        assert head(app) == "no core there"
        assert rows(app), "what was known last"
        core.gone = False
        app.look()
        assert head(app).startswith("SIM")

    run(play)


def test_q_quits() -> None:
    async def play(app: Top, _core: Core, pilot: Pilot[None]) -> None:
        await pilot.press("q")
        assert not app.is_running

    run(play)
