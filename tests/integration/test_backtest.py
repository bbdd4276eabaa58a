"""Strategies on recordings: what they are told and when, what comes of their orders, a peer's result."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.cli import root
from core.data.recording import Options
from periphery.client.errors import BadRequest
from periphery.strategy import Strategy
from periphery.strategy.backtest import Backtest, Terms
from periphery.strategy.loading import load_strategy

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "periphery" / "strategy" / "samples"
SHARED = Path(os.environ.get("NACRE_DATA", ROOT.parent / "shared" / "data"))
OANDA = SHARED / "fx" / "oanda_eurusd_tick_20140502.zip"
REFERENCE = SHARED.parent / "reference" / "nautilustrader_1.231.0_ema_oanda_eurusd_20140502.json"
S = 10**9
T0_NS = 1_700_000_000 * S
QUOTES = Options(symbol="X", venue="V")

type Row = tuple[float, str, int, str, int]


def recording(folder: Path, rows: Iterable[Row]) -> Path:
    """Quotes: time in seconds, bid and its size, ask and its size."""
    path = folder / "quotes.csv"
    lines = [
        f"{T0_NS + round(at * S)},{bid},{bid_qty},{ask},{ask_qty}" for at, bid, bid_qty, ask, ask_qty in rows
    ]
    path.write_text("ts,bid_px,bid_qty,ask_px,ask_qty\n" + "\n".join(lines) + "\n")
    return path


def steady(count: int, every_s: float = 1.0) -> list[Row]:
    """Quotes that go up a tick each."""
    return [(1 + i * every_s, f"{100 + i}.00", 50, f"{101 + i}.00", 50) for i in range(count)]


def second(time_ns: int) -> float:
    """Since the recording's beginning."""
    return (time_ns - T0_NS) / S


def run(strategy: Strategy, path: Path, **terms: Any) -> tuple[Backtest, dict[str, Any]]:
    test = Backtest(strategy, [path], QUOTES, Terms(**terms))
    return test, test.run()


class Told(Strategy):
    """Remembers what it is told."""

    at_stop = "keep"

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Any] = []


class Everything(Told):
    def on_start(self) -> None:
        self.told.append("start")

    def on_quote(self, quote: Any) -> None:
        self.told.append(
            ("quote", second(quote.time_ns), quote.bid, str(quote.ask_px), self.time_ns == quote.time_ns)
        )
        if len(self.told) == 2:
            self.sent = self.buy("X", 30)

    def on_order(self, order: Any) -> None:
        self.told.append(("order", order.cl_ord_id == self.sent, order.exec_type, order.ord_status))

    def on_fill(self, order: Any) -> None:
        self.told.append(("fill", order.last_qty, order.last_px, self.position("X")))

    def on_position(self, symbol: str) -> None:
        self.told.append(("position", symbol))

    def on_stop(self) -> None:
        self.told.append("stop")


def test_what_a_strategy_is_told_in_its_order(tmp_path: Path) -> None:
    strategy = Everything()
    _, report = run(strategy, recording(tmp_path, steady(2)))
    assert strategy.told == [
        "start",
        ("quote", 1, 100.0, "101", True),
        ("order", True, "new", "new"),
        ("order", True, "trade", "filled"),
        ("fill", Decimal(30), Decimal("101.00"), Decimal(30)),
        ("position", "X"),
        ("quote", 2, 101.0, "102", True),
        "stop",
    ]
    assert (report["orders"], report["fills"], report["unrealized_pnl"]) == (1, 1, "15")


class Resting(Told):
    """A limit order below the market, moved once, filled when the market comes."""

    def on_quote(self, quote: Any) -> None:
        at = second(quote.time_ns)
        if at == 1:
            self.first = self.buy("X", 10, "95.00", venue="V")
        elif at == 2:
            (order,) = self.orders("X")
            self.told.append((order.cl_ord_id == self.first, order.ord_status, order.leaves_qty))
            self.moved = self.replace(self.first, qty=20, price="96.00")
        elif at == 3:
            self.told += [each.cl_ord_id == self.moved for each in self.orders()]

    def on_fill(self, order: Any) -> None:
        self.told.append((second(self.time_ns), order.last_qty, order.last_px, self.orders()))


def test_a_resting_order_is_moved_and_filled_when_the_market_comes(tmp_path: Path) -> None:
    rows: list[Row] = [(at, "99.00", 50, "100.00", 50) for at in (1, 2, 3)]
    rows.append((4, "94.00", 50, "95.00", 50))
    strategy = Resting()
    run(strategy, recording(tmp_path, rows))
    assert strategy.told == [
        (True, "new", Decimal(10)),
        True,
        (4, Decimal(20), Decimal("96.00"), []),
    ]


class Timed(Told):
    def on_start(self) -> None:
        self.bars("X", "2s")
        self.bars("X", "3t")
        self.timer("early", at_ns=T0_NS + 1 * S)
        self.timer("late", at_ns=T0_NS + 3_500_000_000)

    def on_bar(self, bar: Any) -> None:
        self.told.append(
            (
                bar.every,
                second(bar.start_ns),
                bar.open,
                bar.high,
                bar.low,
                bar.close,
                bar.count,
                second(self.time_ns),
            )
        )

    def on_timer(self, name: str, due_ns: int) -> None:
        self.told.append((name, second(due_ns), second(self.time_ns)))


def test_bars_and_timers_come_at_their_time_before_the_next_row(tmp_path: Path) -> None:
    strategy = Timed()
    run(strategy, recording(tmp_path, steady(6)))
    assert strategy.told == [
        ("early", 1.0, 1.0),
        ("2s", 0, 100.5, 100.5, 100.5, 100.5, 1, 2.0),
        ("3t", 1, 100.5, 102.5, 100.5, 102.5, 3, 3.0),
        ("late", 3.5, 3.5),
        ("2s", 2, 101.5, 102.5, 101.5, 102.5, 2, 4.0),
        ("2s", 4, 103.5, 104.5, 103.5, 104.5, 2, 6.0),
        ("3t", 4, 103.5, 105.5, 103.5, 105.5, 3, 6.0),
    ]


class Denied(Told):
    def on_quote(self, quote: Any) -> None:
        if not self.told:
            self.buy("X", 1000)
            with pytest.raises(BadRequest, match="unknown symbol Y"):
                self.buy("Y", 1)
            with pytest.raises(TypeError, match="is a float"):
                self.buy("X", 1, 99.5)  # type: ignore[arg-type]

    def on_deny(self, denial: Any) -> None:
        self.told.append((denial.reason, denial.symbol))


def test_risk_says_no_and_what_cant_be_said_is_an_error(tmp_path: Path) -> None:
    limit = {"type": "limit", "check": "max_order_qty", "value": "100", "account": "A1"}
    strategy = Denied()
    test, report = run(strategy, recording(tmp_path, steady(2)), declare=(limit,))
    assert strategy.told == [("max_order_qty", "X")]
    assert report["orders_by_status"] == {"denied": 1}
    (line,) = test.logged
    assert (line["symbol"], line["reason"]) == ("X", "max_order_qty")
    assert "nacre risk" in line["look_at"]


class DeafToDenials(Told):
    def on_quote(self, quote: Any) -> None:
        self.buy("X", 1000)
        self.buy("X", 1, cl_ord_id="same")


def test_each_reason_is_logged_once_for_one_that_hears_no_denials(tmp_path: Path) -> None:
    limit = {"type": "limit", "check": "max_order_qty", "value": "100", "account": "A1"}
    test, report = run(DeafToDenials(), recording(tmp_path, steady(5)), declare=(limit,))
    assert report["orders_by_status"]["denied"] == 9
    assert [line["reason"] for line in test.logged] == ["max_order_qty", "duplicate_cl_ord_id"]


class Stopped(Told):
    at_stop = "close"

    def on_quote(self, quote: Any) -> None:
        if second(quote.time_ns) == 1:
            self.sell("X", 7)
            self.buy("X", 5, "90.00", venue="V")
            self.send(
                symbol="X", side="buy", order_qty="3", ord_type="stop", stop_px="500", trigger="bid_ask"
            )


@pytest.mark.parametrize(
    ("at_stop", "qty", "statuses"),
    [
        ("keep", "-7", {"filled": 1, "new": 2}),
        ("cancel", "-7", {"filled": 1, "canceled": 2}),
        ("close", "0", {"filled": 2, "canceled": 2}),
    ],
)
def test_what_is_open_at_the_end_goes_by_the_strategys_word(
    tmp_path: Path, at_stop: Any, qty: str, statuses: dict[str, int]
) -> None:
    strategy = Stopped()
    vars(strategy)["at_stop"] = at_stop
    _, report = run(strategy, recording(tmp_path, steady(3)))
    assert report["positions"][0]["qty"] == qty
    assert report["orders_by_status"] == statuses


def named(base: type[Strategy]) -> type[Strategy]:
    """The session's name goes into the state."""
    return type("Same", (base,), {})


class Looking(Strategy):
    def on_quote(self, quote: Any) -> None: ...


def test_rows_that_nobody_waits_for_come_to_the_same_state(tmp_path: Path) -> None:
    path = recording(tmp_path, steady(200, 0.01))
    _, looked = run(named(Looking)(), path)
    _, silent = run(named(Strategy)(), path)
    assert looked["state_hash"] == silent["state_hash"]
    assert looked["events"] == silent["events"] > 200


def test_a_run_is_the_same_again_and_so_is_its_journal(tmp_path: Path) -> None:
    path = recording(tmp_path, steady(40))
    hashes = set()
    for i in range(2):
        test = Backtest(Everything(), [path], QUOTES, Terms(), tmp_path / f"journal{i}")
        report = test.run()
        assert report["ok"]
        assert report["replay_equal"]
        hashes.add(report["state_hash"])
    assert len(hashes) == 1


def test_the_other_engines_result_fill_by_fill() -> None:
    if not REFERENCE.exists():
        pytest.skip("no reference results here")
    known = json.loads(REFERENCE.read_text())
    strategy = load_strategy(SAMPLES / "ema_cross.py")()
    test = Backtest(strategy, [OANDA], None, Terms(taker_fee_bps="0.2", fee_precision=2))
    report = test.run()
    found = [(f["time_ns"], f["side"].upper(), f["qty"], f["px"], Decimal(f["fee"])) for f in test.fills]
    wanted = [
        (f["ts_event"], f["side"], f["qty"], f["px"], Decimal(f["commission"].split()[0]))
        for f in known["fills"]
    ]
    assert found == wanted
    assert Decimal(report["balance"]) == Decimal(known["final_balance"])
    assert realized(test.fills) == [Decimal(p["realized_pnl"].split()[0]) for p in known["positions"]]


def realized(fills: list[dict[str, Any]]) -> list[Decimal]:
    """Of each round trip, less its two fees."""
    out = []
    for opened, closed in zip(fills[::2], fills[1::2], strict=True):
        sign = 1 if opened["side"] == "buy" else -1
        gain = sign * Decimal(opened["qty"]) * (Decimal(closed["px"]) - Decimal(opened["px"]))
        out.append(gain - Decimal(opened["fee"]) - Decimal(closed["fee"]))
    return out


def invoke(*words: str) -> Any:
    return CliRunner().invoke(root, ["backtest", *words])


def test_the_command_tells_the_figures_and_writes_the_fills(tmp_path: Path) -> None:
    path = recording(tmp_path, steady(300))
    fills = tmp_path / "fills.csv"
    done = invoke(
        str(SAMPLES / "ema_cross.py"), "--data", str(path), "--symbol", "X", "--venue", "V",
        "--param", "slow=20",
        "--param", "fast=5", "--param", "qty=10", "--fills", str(fills), "-o", "json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    for key in ("events", "orders", "fills", "pnl", "balance", "state_hash", "events_per_s"):
        assert key in report
    assert len(fills.read_text().splitlines()) == report["fills"] + 1 == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--param", "slow"), "give NAME=VALUE"),
        (("--param", "slw=1"), "parameter slw: there is fast, slow, qty"),
        (("--strategy", "B"), "no strategy B: there is EmaCross"),
        (("--declare", "README.md"), "--declare, line"),
    ],
)
def test_wrong_words_are_told(
    tmp_path: Path, words: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    path = recording(tmp_path, steady(3))
    done = invoke(str(SAMPLES / "ema_cross.py"), "--data", str(path), "--symbol", "X", *words)
    assert done.exit_code == 2
    assert says in done.stderr
