"""What a view says is true is what the core says, and its changes come to the same."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core import messages as m
from core.live import queries
from core.live.shadow import Shadow
from core.recovery.journal import capacity_of
from periphery.service.source import JournalSource
from periphery.view.topics import KINDS, Topic, parse
from periphery.view.view import KEPT, Change, View
from tests.support import Run, declared, order, quote
from tests.unit.periphery.recorder.day import REPORT, live, recorded, traded, writer

MORE: list[dict[str, Any]] = [
    {
        "type": "instrument", "symbol": "BTCEUR", "kind": "perpetual", "price_precision": 1,
        "qty_precision": 3, "tick": "0.1", "lot": "0.001", "multiplier": "1", "currency": "EUR",
    },
    {"type": "venue", "venue": "PERP", "mode": "match", "symbols": ["BTCEUR"], "taker_fee_bps": "2"},
    {"type": "account", "account": "B2", "currency": "USD", "cash": "5000"},
]  # fmt: skip


class Followed:
    """A view of a journal, and what its changes come to."""

    def __init__(self, journal: Path, step: int = 512) -> None:
        self.changes: list[Change] = []
        self.built: dict[Topic, dict[str, Any]] = {}
        self.kind = 0
        self.source = JournalSource(journal, self._page, step=step)
        self.view = View(self.source.book, self._change)

    def _page(self, raw: bytes) -> None:
        self.kind = int.from_bytes(raw[40:42], "little")
        self.view.page(raw)

    def _change(self, change: Change) -> None:
        self.changes.append(change)
        known = self.built.setdefault(change.topic, {})
        known.pop(change.key, None)
        if not change.gone:
            values = change.values
            known[change.key] = self.view.now(change.topic, change.key) if values is None else values

    def all(self) -> Followed:
        while self.source.poll():
            pass
        return self

    def core_positions(self) -> dict[str, Any]:
        """What the core that plays the journal answers."""
        core: Any = SimpleNamespace(core=self.source._replay.core)
        return queries.positions(core, self.source.book)

    def check(self) -> None:
        """Snapshots, changes and the core agree."""
        for topic in self.view.topics:
            if KINDS[topic.kind].latest:
                assert dict(self.view.snapshot(topic)) == self.built[topic], topic
        if self.kind in (m.Kind.ADJUST, m.Kind.ADJUSTED):
            return  # the positions of an instrument are told one by one
        asked = self.core_positions()
        assert self.view.rows("positions") == asked["positions"]
        assert self.view.rows("accounts") == asked["accounts"]


def day(path: Path, seed: int, lines: int) -> None:
    """Quotes, depth, trades, marks, rates, states, splits and orders of two accounts at random."""
    chance = random.Random(seed)
    with writer(path) as journal:
        run = declared(journal=journal)
        run.feed(*MORE, {"type": "fx", "pair": "EUR/USD", "rate": "1.10"})
        for i in range(lines):
            run.feed(_line(chance, i, run) | {"at": (i + 1) * 1_000_000})


def _line(chance: random.Random, i: int, run: Run) -> dict[str, Any]:
    mid = 100 + chance.randrange(-50, 50) / 10
    aapl, perp = {"symbol": "AAPL"}, {"symbol": "BTCEUR", "venue": "PERP"}
    what = chance.randrange(14)
    venue = chance.choice(["XNAS", "MANU"])
    if what < 4:
        return quote(venue, f"{mid - 0.02:.2f}", f"{mid + 0.02:.2f}", str(chance.choice([0, 50, 900])))
    if what < 6:
        return quote("PERP", f"{mid:.1f}", f"{mid + 0.5:.1f}", "5") | {"symbol": "BTCEUR"}
    if what == 6:
        return {"type": "trade", "venue": venue, "px": f"{mid:.2f}", "qty": "7", **aapl}
    if what == 7:
        side = chance.choice(["buy", "sell"])
        return {"type": "depth", **perp, "side": side, "px": f"{mid:.1f}", "qty": chance.choice(["0", "2"])}
    if what == 8:
        return {"type": "venue_state", "venue": venue, "state": chance.choice(["up", "down", "halted"])}
    if what == 9 and i > 60:
        return {"type": "mark", "px": f"{mid:.1f}", "symbol": "BTCEUR"}
    if what == 10 and i % 3 == 0:
        return {"type": "split", "num": "2", "den": "1", **aapl}
    if what == 11:
        return {"type": "fx", "pair": "EUR/USD", "rate": f"1.{chance.randrange(10, 20)}"}
    account = chance.choice(["A1", "B2"])
    if chance.random() < 0.4:
        return order(f"o{i}", chance.choice(["buy", "sell"]), "0.5", account=account, symbol="BTCEUR")
    return order(f"o{i}", chance.choice(["buy", "sell"]), account=account)


@pytest.mark.parametrize("seed", range(4))
def test_positions_and_accounts_are_the_cores(tmp_path: Path, seed: int) -> None:
    day(tmp_path / "journal", seed, 150)
    followed = Followed(tmp_path / "journal", step=7)
    while followed.source.poll():
        followed.check()
    assert len(followed.view.rows("positions")) > 2


def test_open_orders_are_the_cores(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with writer(journal) as written:
        run = declared(journal=written)
        live(run)
        run.feed(*(order(f"w{i}", ord_type="limit", price="99.00", venue="MANU") for i in range(3)))
        run.feed(REPORT | {"child_id": "w1.1", "exec_type": "new"})
        run.feed({"type": "replace", "orig_cl_ord_id": "w1", "cl_ord_id": "w1b", "order_qty": "20"})
        run.feed({"type": "report", "venue": "MANU", "child_id": "w1.1", "exec_type": "replaced"})
        run.feed({"type": "cancel", "orig_cl_ord_id": "w2", "cl_ord_id": "w2x"})
    followed = Followed(journal).all()
    shadow = Shadow(journal, capacity_of(journal))
    shadow.follow()
    asked = queries.orders(shadow, followed.source.book, live_only=True)["orders"]
    assert len(asked) == 4
    own = dict(followed.view.snapshot(Topic("orders", "A1")))
    firsts = {row["children"][0]["child_id"].partition(".")[0]: row for row in asked}
    assert own.keys() == firsts.keys() == {"m1", "w0", "w1", "w2"}
    assert (own["w1"]["cl_ord_id"], own["w2"]["cl_ord_id"]) == ("w1b", "w2x")  # the last event's
    for first, row in firsts.items():
        common = (row.keys() & own[first].keys()) - {"cl_ord_id"}
        assert len(common) >= 10
        assert {key: row[key] for key in common} == {key: own[first][key] for key in common}
    children = [child for row in asked for child in row["children"] if child["leaves_qty"] != "0"]
    working = {child["child_id"] for child in children if not child["ord_status"].startswith("pending")}
    assert working == {child["child_id"] for child in followed.view.rows("children")} != set()


def test_an_order_that_ended_is_told_and_gone(tmp_path: Path) -> None:
    recorded(tmp_path / "journal")
    followed = Followed(tmp_path / "journal").all()
    ended = [each for each in followed.changes if each.topic == ("orders", "A1") and each.key == "x1"]
    assert [each.gone for each in ended] == [False, True]
    assert ended[-1].values is not None
    assert ended[-1].values["ord_status"] == "filled"
    assert "x1" not in dict(followed.view.snapshot(Topic("orders", "A1")))
    (denial,) = followed.view.rows("denials")
    assert denial["account"] == "A1"
    (state,) = followed.view.rows("risk")
    assert (state["state"], state["by_person"]) == ("killed", "ann")


def test_changes_do_not_depend_on_how_much_is_read_at_once(tmp_path: Path) -> None:
    day(tmp_path / "journal", 9, 100)
    assert (
        Followed(tmp_path / "journal", step=1).all().changes == Followed(tmp_path / "journal").all().changes
    )


def test_only_a_position_that_is_held_changes_with_its_mark(tmp_path: Path) -> None:
    with writer(tmp_path / "journal") as journal:
        run = declared(journal=journal)
        run.feed(quote(at=1000), order("b"), quote(bid="101.00", ask="101.02"), order("s", "sell"))
        run.feed(quote(bid="99.00", ask="99.02"))
    followed = Followed(tmp_path / "journal").all()
    moved = [each.told for each in followed.changes if each.topic.kind == "positions"]
    assert moved == [True, False, True]


def test_news_is_kept_to_a_bound(tmp_path: Path) -> None:
    with writer(tmp_path / "journal") as journal:
        run = declared(journal=journal)
        run.feed(quote(at=1000), *(order("same") for _ in range(KEPT + 20)))
    followed = Followed(tmp_path / "journal").all()
    assert len(followed.view.snapshot(Topic("denials", "A1"))) == KEPT
    assert sum(each.topic.kind == "denials" for each in followed.changes) == KEPT + 19


@pytest.mark.parametrize(
    ("text", "topic"),
    [("orders:A1", ("orders", "A1")), ("risk", ("risk", "")), ("quotes:*", ("quotes", "*"))],
)
def test_topics_by_name(text: str, topic: tuple[str, str]) -> None:
    assert parse(text) == topic
    assert str(parse(text)) == text


@pytest.mark.parametrize("text", ["", "order:A1", "orders", "orders:", "quotes"])
def test_no_such_topic_is_named_with_what_there_is(text: str) -> None:
    with pytest.raises(ValueError, match="topic"):
        parse(text)


def test_the_day_of_the_recorder_too(tmp_path: Path) -> None:
    with writer(tmp_path / "journal") as journal:
        run = declared(journal=journal)
        live(run)
        traded(run)
        run.feed({"type": "rearm", "scope": "all", "by": "ann"})
    followed = Followed(tmp_path / "journal", step=1)
    while followed.source.poll():
        followed.check()
    assert followed.view.rows("risk") == []
