"""Bars: against sums of their own, and the same however they are made."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core import messages as m
from core.build import SCHEMA_VERSION, build_id
from core.data.recording import Options, open_all
from core.data.replay import replay
from core_ext.journal import JournalWriter
from periphery.market_data.bars import Bar, Bars
from periphery.market_data.bars_engine import BarsEngine, told
from periphery.service.config import BadConfig, Config
from periphery.service.runner import Runner
from periphery.service.source import JournalSource
from periphery.service.state import read_said
from tests.support import declared, quote
from tests.support_market_data import head

SECOND_NS = 10**9
type Trade = tuple[int, int, int]


def trades(seed: int, count: int = 300) -> list[Trade]:
    """(time, price, quantity): times that stand still and leap."""
    chance = random.Random(seed)
    at, found = 1_700_000_000 * SECOND_NS, []
    for _ in range(count):
        at += chance.choice([0, 1, 10**6, 400 * 10**6, 5 * SECOND_NS])
        found.append((at, 10000 + chance.randint(-50, 50), chance.randint(1, 900)))
    return found


def made(every: str, rows: list[Trade]) -> list[Bar]:
    bars = Bars(every, 2, 1)
    found = [bar for row in rows for bar in bars.add(*row)]
    last = bars.close()
    return found + ([last] if last is not None else [])


def summed(group: list[Trade], start_ns: int, end_ns: int) -> Bar:
    prices = [px for _, px, _ in group]
    volume = sum(qty for _, _, qty in group)
    notional = sum(px * qty for _, px, qty in group)
    return Bar(
        start_ns, end_ns, prices[0], max(prices), min(prices), prices[-1], volume, notional, len(group)
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("every", "span_ns"), [("1s", SECOND_NS), ("500ms", SECOND_NS // 2), ("1m", 60 * SECOND_NS)]
)
def test_bars_of_time_are_the_trades_of_each_span(every: str, span_ns: int, seed: int) -> None:
    rows = trades(seed)
    spans: dict[int, list[Trade]] = {}
    for row in rows:
        spans.setdefault(row[0] // span_ns, []).append(row)
    assert made(every, rows) == [
        summed(group, n * span_ns, (n + 1) * span_ns) for n, group in sorted(spans.items())
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("every", "weight", "most"),
    [
        ("7t", lambda _px, _qty: 1, 7),
        ("120v", lambda _px, qty: qty, 120 * 10),
        ("20000n", lambda px, qty: px * qty, 20000 * 1000),
    ],
)
def test_the_others_end_with_the_trade_that_fills_them(every: str, weight: Any, most: int, seed: int) -> None:
    rows = trades(seed)
    expected, group, sum_ = [], [], 0
    for row in rows:
        group.append(row)
        sum_ += weight(*row[1:])
        if sum_ >= most:
            expected.append(summed(group, group[0][0], row[0]))
            group, sum_ = [], 0
    if group:
        expected.append(summed(group, group[0][0], group[-1][0]))
    assert made(every, rows) == expected


@pytest.mark.parametrize("every", ["", "0s", "5", "1w", "1.5s", "-1t"])
def test_bars_of_nothing_known_are_refused(every: str) -> None:
    with pytest.raises(ValueError, match="bars every"):
        Bars(every, 0, 0)


# ---- the engine --------------------------------------------------------------------------------------------


def engine(journal: Path, place: Path, **params: Any) -> Runner:
    return Runner(BarsEngine, Config(journal=str(journal), state=str(place), params=params))


def test_parts_say_together_what_one_says(tmp_path: Path) -> None:
    journal_of(tmp_path / "journal", trades(5, 60))
    found = []
    for part in ("1/2", "2/2"):
        config = Config(journal=str(tmp_path / "journal"), state=str(tmp_path / part[0]), part=part)
        runner = Runner(BarsEngine, config).catch_up()
        runner.save()
        runner.close()
        found.append([values for _, _, _, values in read_said(tmp_path / part[0] / "outputs")])
    assert sorted(map(len, found)) == [0, len(said(tmp_path / "journal", tmp_path / "whole"))]


def said(journal: Path, place: Path, **params: Any) -> list[dict[str, Any]]:
    runner = engine(journal, place, **params).catch_up()
    runner.save()
    runner.close()
    return [values for _, _, _, values in read_said(place / "outputs")]


def test_a_recording_gives_the_same_bars_offline_and_out_of_a_core(tmp_path: Path) -> None:
    """The events of the file on one side; on the other a core has played them, and the engine its journal."""
    path = head("binance", tmp_path, 8000)
    rows: list[Trade] = []

    def sink(events: Any) -> None:
        for event in events[events["kind"] == m.Kind.TRADE]:
            px = int(event["px"]) * 100 // 10 ** int(event["px_digits"])
            qty = int(event["qty"]) * 10**5 // 10 ** int(event["qty_digits"])
            rows.append((int(event["recv_ts_ns"]), px, qty))

    recordings, _ = open_all([path], Options(), lambda _n: sink)
    recordings[0].run()
    report = replay([path], Options(), tmp_path / "journal")
    assert report["ok"]
    forms = ("10s", "100t", "5v", "250000n")
    found = said(tmp_path / "journal", tmp_path / "bars", every=",".join(forms), symbols="BTCUSDT")
    for every in forms:
        bars = Bars(every, 2, 5)
        expected = [told(bar, 2, 5) for row in rows for bar in bars.add(*row)]
        assert len(expected) > 3
        own = [bar for bar in found if bar["every"] == every]
        assert [{key: bar[key] for key in expected[0]} for bar in own] == expected
    assert {bar["symbol"] for bar in found} == {"BTCUSDT"}


def journal_of(path: Path, rows: list[Trade]) -> None:
    """Trades at two venues in turn, and a quote long after the last one."""
    with JournalWriter(path, schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        run = declared(journal=journal)
        for i, (at, px, qty) in enumerate(rows):
            line = {"type": "trade", "symbol": "AAPL", "venue": ("XNAS", "MANU")[i % 2], "at": at}
            run.feed({**line, "px": f"{px / 100:.2f}", "qty": str(qty)})
        run.feed(quote(at=rows[-1][0] + 3600 * SECOND_NS))


def test_a_quote_after_its_span_ends_a_bar_of_time(tmp_path: Path) -> None:
    rows = trades(1, 40)
    journal_of(tmp_path / "journal", rows)
    found = said(tmp_path / "journal", tmp_path / "state", every="1m")
    assert sum(bar["trades"] for bar in found) == 40
    assert sum(Decimal(bar["volume"]) for bar in found) == sum(qty for _, _, qty in rows)


def test_by_venue_each_has_its_own(tmp_path: Path) -> None:
    rows = trades(2, 60)
    journal_of(tmp_path / "journal", rows)
    found = said(tmp_path / "journal", tmp_path / "state", every="1m,5t", by_venue=True)
    for n, venue in enumerate(("XNAS", "MANU")):
        own = [bar for bar in found if bar["venue"] == venue and bar["every"] == "1m"]
        assert sum(bar["trades"] for bar in own) == 30
        assert sum(Decimal(bar["volume"]) for bar in own) == sum(qty for _, _, qty in rows[n::2])
        assert sum(bar["every"] == "5t" and bar["venue"] == venue for bar in found) == 6


def test_stopped_anywhere_it_says_the_same(tmp_path: Path) -> None:
    journal_of(tmp_path / "journal", trades(3, 60))
    params = {"every": "1s,7t,1000v,1000000n"}
    expected = said(tmp_path / "journal", tmp_path / "undisturbed", **params)
    last = 0
    source = JournalSource(tmp_path / "journal", lambda _raw: None)
    while source.poll():
        last = source.seq
    for stop in range(1, last, 9):
        runner = engine(tmp_path / "journal", tmp_path / "stopped", **params).catch_up(stop)
        runner.save()
        runner.close()
    assert said(tmp_path / "journal", tmp_path / "stopped", **params) == expected
    assert len(expected) > 10


def test_its_parameters_are_checked(tmp_path: Path) -> None:
    journal_of(tmp_path / "journal", trades(4, 2))
    with pytest.raises(ValueError, match="bars every '1x'"):
        said(tmp_path / "journal", tmp_path / "state", every="1m,1x")
    with pytest.raises(BadConfig, match="params"):
        said(tmp_path / "journal", tmp_path / "state2", evry="1m")
