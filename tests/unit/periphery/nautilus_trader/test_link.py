"""The link: one session for the clients of a node; it comes back, and hands on what it hears in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

import pytest

from core.enums import Kind
from periphery.client.codec import MarketRow
from periphery.client.errors import NoCore
from periphery.client.events import DenyEvent, Gap
from periphery.nautilus_trader.link import Address, Link, fee_of

PATIENCE_S = 60.0


def row(kind: Kind, c: int = 0, d: int = 0) -> MarketRow:
    return MarketRow(1, 0, 0, kind.value, 0, 0, c, d, 5)


class Core:
    """What the link sees of a session."""

    def __init__(self, session: int = 0) -> None:
        self.session = session
        self.says: deque[Any] = deque()
        self.is_hung_up = False
        self.closed = False

    def hear(self) -> Any:
        return self.says.popleft() if self.says else None

    def request(self, op: str, **values: Any) -> dict[str, Any]:
        if op == "names":
            return {"names": ["nt"]}
        return {"seq": 40, "asked": values, "orders": [], "fills": []}

    def close(self) -> None:
        self.closed = True


class Linked(Link):
    """Connects to what a test gives it."""

    def __init__(self) -> None:
        super().__init__(Address())
        self.cores: deque[Core] = deque()

    def _connect(self, name: str, *, hears_all: bool) -> Any:
        if not hears_all:
            return Core()
        if not self.cores:
            raise NoCore("nobody there")
        return self.cores.popleft()


class Told:
    def __init__(self) -> None:
        self.said: list[Any] = []

    def up(self, client: Any, told: Mapping[str, Any]) -> None:
        self.said.append(("up", told["asked"]["since"]))

    def down(self, why: str) -> None:
        self.said.append(("down", why))

    def row(self, row: MarketRow) -> None:
        self.said.append(("row", row.kind))

    def answer(self, event: Any) -> None:
        self.said.append(("answer", event.event))

    def gap(self, gap: Gap, told: Mapping[str, Any] | None) -> None:
        self.said.append(("gap", gap.stream, told is not None))


async def until(told: Told, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(told.said) < count:
            await asyncio.sleep(0.001)


def test_what_is_heard_goes_on_in_its_order_and_a_lost_core_comes_back() -> None:
    async def run() -> list[Any]:
        link, told, first, second = Linked(), Told(), Core(), Core()
        link.cores.append(first)
        await link.use(told, PATIENCE_S)
        first.says += [row(Kind.QUOTE), DenyEvent(1, 1, "o", None, None, "lot", 7), Gap("responses", 1, 2)]
        await until(told, 4)
        link.cores.append(second)
        first.is_hung_up = True
        await until(told, 6)
        await link.leave(told)
        assert first.closed
        assert second.closed
        return told.said

    said = asyncio.run(run())
    assert said[:4] == [("up", 0), ("row", Kind.QUOTE.value), ("answer", 7), ("gap", "responses", True)]
    assert said[4] == ("down", "the core hung up")
    assert said[5] == ("up", 40)


def test_no_core_in_time_says_why() -> None:
    with pytest.raises(TimeoutError, match="nobody there"):
        asyncio.run(Linked().use(Told(), 0.3))


def test_a_listener_that_can_not_take_it_is_told_to_who_waits() -> None:
    class Broken(Told):
        def up(self, client: Any, told: Mapping[str, Any]) -> None:
            raise KeyError("no such currency")

    async def run() -> None:
        link = Linked()
        link.cores.append(Core())
        await link.use(Broken(), PATIENCE_S)

    with pytest.raises(KeyError, match="currency"):
        asyncio.run(run())


def test_a_fee_is_of_a_fill_of_one_s_own() -> None:
    assert fee_of(row(Kind.REPORT, 3, 17), 3) == 17
    assert fee_of(row(Kind.REPORT, 4, 17), 3) is None
    assert fee_of(row(Kind.QUOTE, 3, 17), 3) is None
