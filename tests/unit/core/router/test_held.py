"""Held orders in numbers: many stops of one quote, a storm of replaces, a restart in between."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.build import SCHEMA_VERSION, build_id
from core.recovery.replayed import replay
from core.scenario.reader import read
from core.scenario.runner import Scenario
from core_ext.journal import JournalWriter

STOPS = 1000
DECLARED = (
    {
        "type": "instrument", "symbol": "AAPL", "kind": "equity", "price_precision": 2, "qty_precision": 0,
        "tick": "0.01", "lot": "1", "currency": "USD",
    },
    {"type": "venue", "venue": "XNAS", "mode": "manual", "symbols": ["AAPL"]},
    {"type": "account", "account": "A1", "currency": "USD", "cash": "1000000"},
)  # fmt: skip
DERIVED_MOST = 20
"""That one event may derive in one engine here: eight triggers and the rest."""


def stop(n: int, px: str, **more: Any) -> dict[str, Any]:
    order = {"type": "order", "cl_ord_id": str(n), "account": "A1", "symbol": "AAPL", "side": "buy"}
    return {**order, "order_qty": "1", "ord_type": "stop", "stop_px": px, "trigger": "bid_ask", **more}


def quote(bid: str, ask: str) -> dict[str, Any]:
    line = {"type": "quote", "venue": "XNAS", "symbol": "AAPL", "bid_px": bid, "ask_px": ask}
    return {**line, "bid_qty": "5000", "ask_qty": "5000"}


class Counted(Scenario):
    """Counts how many events each event derived in each engine."""

    derived: Counter[tuple[int, int]]

    def _page(self, raw: bytes) -> None:
        header = np.frombuffer(raw, m.HEADER, 1)[0]
        if header["flags"] & m.HeaderFlag.DERIVED:
            self.derived[int(header["cause"]), int(header["engine"])] += 1
        super()._page(raw)


class Played:
    """A file through the core: its lines, and what was derived."""

    def __init__(self, *lines: dict[str, Any], journal: Any = None) -> None:
        text = "".join(f"{json.dumps(line)}\n" for line in (*DECLARED, *lines))
        self.lines: list[dict[str, Any]] = []
        self.derived: Counter[tuple[int, int]] = Counter()
        scenario = Counted("held", read(io.StringIO(text), "held"), self.lines.append, journal)
        scenario.derived = self.derived
        scenario.run([scenario.encoder.encode(line) for line in scenario.lines])
        self.state_hash = self.lines[-1]["state_hash"]

    def of(self, kind: str, exec_type: str = "") -> list[dict[str, Any]]:
        lines = [each for each in self.lines if each["type"] == kind]
        return [each for each in lines if exec_type in ("", each.get("exec_type"))]


def test_a_thousand_stops_of_one_quote_go_in_the_order_of_acceptance_within_the_bounds() -> None:
    """Whatever their stop_px: all are triggered by the one event, eight at a time."""
    stops = [stop(n, f"{100 + (n * 7) % 50 / 100:.2f}") for n in range(STOPS)]
    played = Played(quote("99", "99.01"), *stops, quote("100.49", "100.50"))
    triggered = played.of("order", "triggered")
    assert [line["cl_ord_id"] for line in triggered] == [str(n) for n in range(STOPS)]
    assert {line["line"] for line in triggered} == {len(DECLARED) + STOPS + 2}
    assert len(played.of("send")) == STOPS
    assert max(played.derived.values()) <= DERIVED_MOST


def test_stops_beyond_the_market_cost_a_quote_nothing() -> None:
    """A quote that triggers none derives none."""
    stops = [stop(n, "101") for n in range(50)]
    played = Played(quote("99", "99.01"), *stops, quote("100", "100.01"), quote("100.98", "100.99"))
    assert not played.derived


def test_a_storm_of_replaces_leaves_one_stop_at_its_last_price() -> None:
    """Two thousand new prices, the last of which triggers."""
    replaces = [
        {"type": "replace", "orig_cl_ord_id": f"r{n}" if n else "0", "cl_ord_id": f"r{n + 1}", "stop_px": px}
        for n, px in enumerate(f"{101 + n % 90 / 100:.2f}" for n in range(2000))
    ]
    final = {"type": "replace", "orig_cl_ord_id": "r2000", "cl_ord_id": "last", "stop_px": "100.5"}
    played = Played(
        quote("99", "99.01"),
        stop(0, "105"),
        *replaces,
        final,
        quote("100.40", "100.49"),
        quote("100.4", "100.5"),
    )
    assert len(played.of("order", "replaced")) == 2001
    assert [line["cl_ord_id"] for line in played.of("order", "triggered")] == ["last"]
    assert played.of("order", "triggered")[0]["line"] == len(DECLARED) + 2005


@pytest.mark.parametrize("cut", [3, 6, 9])
def test_what_is_held_comes_back_from_the_journal(tmp_path: Path, cut: int) -> None:
    """A core that lives through the journal has the same stops, pegs, slices and lists, bit for bit."""
    lines = (
        quote("99", "99.01"),
        stop(1, "101"),
        stop(2, "99", side="sell", ord_type="trailing_stop", stop_px=None, trail="1"),
        stop(3, "1", ord_type="pegged", stop_px=None, peg="primary"),
        stop(4, "1", ord_type="limit", stop_px=None, price="98", max_floor="1", order_qty="3"),
        {**stop(5, "1", ord_type="limit", stop_px=None, price="98", order_qty="4"), "algo": "twap",
         "params": {"horizon_s": "40", "slices": "4"}},
        stop(6, "1", ord_type="limit", stop_px=None, price="98", contingency="oto", list_id="L"),
        stop(7, "97", side="sell", contingency="oco", list_id="L"),
        {"type": "time", "at": 10_000_000_000},
        quote("100", "100.01"),
    )  # fmt: skip
    folder = tmp_path / "journal"
    given = [{key: value for key, value in line.items() if value is not None} for line in lines[: cut + 1]]
    with JournalWriter(folder, schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        played = Played(*given, journal=journal)
    again = replay(folder)
    assert again["ok"], again
    assert again["state_hash"] == played.state_hash
