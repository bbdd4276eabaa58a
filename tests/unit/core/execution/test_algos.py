"""Algorithms within their bounds, on random days and in every placement; and back after a restart."""

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from core.build import SCHEMA_VERSION, build_id
from core.recovery.replayed import replay
from core.scenario.algos import PARAMS, Unsound, asked
from core.scenario.reader import read
from core.scenario.runner import Scenario
from core_ext.journal import JournalWriter
from tests.model.orders.random_day import RandomDay

DAYS = 150
EVENTS = 80
SCENARIOS = Path(__file__).parents[3] / "scenarios" / "algo"
ALGO_CASES = sorted(SCENARIOS.glob("*.jsonl"))


class AlgoDay(RandomDay):
    """A day on which algorithms work most orders, and much trades."""

    def _more(self, line: dict[str, Any], kind: str, symbol: str) -> None:
        if kind in ("limit", "market") and line.get("time_in_force") not in ("ioc", "fok", "opg", "cls"):
            names = list(PARAMS) if kind == "limit" else ["twap", "vwap", "pov", "is", "close"]
            line["algo"] = self.random.choice(names)
            line["params"] = self._params(line["algo"], symbol)

    def trade(self) -> None:
        symbol = self.symbol()
        px = self._even(self.px(), symbol)
        self.say("trade", venue=self.venue(symbol), symbol=symbol, px=px, qty="80")


def played(text: str, journal: JournalWriter | None = None) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    scenario = Scenario("day", read(io.StringIO(text), "day"), lines.append, journal)
    scenario.run([scenario.encoder.encode(line) for line in scenario.lines])
    return lines


class Bounds:
    """What each order's children have come to, from what was printed alone."""

    def __init__(self, given: list[dict[str, Any]]) -> None:
        self.given = given
        self.orders = {line["cl_ord_id"]: line for line in given if line["type"] == "order"}
        self.qty: dict[str, Fraction] = {}
        self.began: dict[str, int] = {}
        self.parts: dict[str, dict[str, Fraction]] = {}
        self.first: dict[str, str] = {}
        self.sends = 0

    def hear(self, line: dict[str, Any]) -> None:
        if line["type"] == "order":
            name = self.first.setdefault(
                line["cl_ord_id"], self.first.get(line.get("orig_cl_ord_id", ""), line["cl_ord_id"])
            )
            self.qty[name] = Fraction(line["order_qty"])
            self.began.setdefault(name, line["line"])
        elif line["type"] == "child":
            over = line["ord_status"] in ("canceled", "rejected", "expired", "filled")
            part = Fraction(line["cum_qty"]) + (0 if over else Fraction(line["leaves_qty"]))
            self.parts.setdefault(line["child_id"].rpartition(".")[0], {})[line["child_id"]] = part
        elif line["type"] == "send" and line["action"] == "new":
            self._sent(line)

    def _sent(self, line: dict[str, Any]) -> None:
        name = line["child_id"].rpartition(".")[0]
        parts = self.parts.setdefault(name, {})
        parts[line["child_id"]] = Fraction(line["order_qty"])
        total = sum(parts.values())
        assert total <= self.qty[name], f"{name}: {total} of {self.qty[name]}"
        order = self.orders.get(name, {})  # none: the core's own, after a kill
        rate = (order.get("params") or {}).get("participation_bps")
        if not order.get("algo") or not rate:
            return
        self.sends += 1
        most = Fraction(rate) / 10_000 * self._traded(name, line["line"])
        in_auction = order["algo"] == "close" and self._collecting(line)
        assert in_auction or total <= most, f"{name}: {total}, where {most} may be"

    def _traded(self, name: str, until: int) -> Fraction:
        """What the market has traded of the order's symbol since it came."""
        symbol = self.orders[name]["symbol"]
        inside = self.given[self.began[name] : until]
        return sum(
            (Fraction(t["qty"]) for t in inside if t["type"] == "trade" and t["symbol"] == symbol),
            Fraction(0),
        )

    def _collecting(self, line: dict[str, Any]) -> bool:
        """Whether the child's venue was in an auction when it was sent."""
        turns = [
            turn["state"]
            for turn in self.given[: line["line"]]
            if turn["type"] == "venue_state"
            and turn["venue"] == line["venue"]
            and turn.get("symbol") in (None, line["symbol"])
        ]
        return turns[-1:] == ["auction"]


def test_children_never_exceed_their_order_nor_its_share_of_the_volume() -> None:
    """Fills that venues make up count as they come; what is sent stays within, at every send."""
    sends = 0
    for seed in range(DAYS):
        day = AlgoDay(seed)
        day.wild = 0.0
        text = day.make(EVENTS)
        bounds = Bounds([json.loads(line) for line in text.splitlines()])
        for line in played(text):
            if line["type"] in ("order", "child", "send"):
                bounds.hear(line)
        sends += bounds.sends
    assert sends > DAYS / 2


@pytest.mark.parametrize("path", ALGO_CASES, ids=lambda path: path.stem)
@pytest.mark.parametrize("part", [0.4, 0.7, 1.0])
def test_what_works_comes_back_from_the_journal(tmp_path: Path, path: Path, part: float) -> None:
    """A core that lives through the journal up to any point has the same algorithms, timers and draws."""
    whole = path.read_text().splitlines(keepends=True)
    text = "".join(whole[: int(len(whole) * part)])
    with JournalWriter(tmp_path / "journal", schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        lines = played(text, journal)
    again = replay(tmp_path / "journal")
    assert again["ok"], again
    assert again["state_hash"] == lines[-1]["state_hash"]


@pytest.mark.parametrize(
    ("algo", "params", "order", "tail"),
    [
        ("twap", {"horizon_s": "1.5", "slices": "3"}, {"horizon_ns": 1_500_000_000, "slices": 3}, {}),
        ("vwap", {"horizon_s": "2", "curve": ["1", "2"]}, {"slices": 2}, {"weights": 2}),
        ("pov", {"participation_bps": "2500"}, {}, {"participation_bps": 2500}),
        ("is", {"horizon_s": "2", "slices": "2", "urgency": "0"}, {"slices": 2}, {"weights": 2}),
        ("close", {}, {}, {"auction_bps": 10_000}),
        ("peg", {"peg": "market"}, {"peg": 3}, {}),
    ],
)
def test_params_become_integers(
    algo: str, params: dict[str, Any], order: dict[str, int], tail: dict[str, int]
) -> None:
    found = asked(algo, params)
    assert order.items() <= found.order.items()
    assert tail.items() <= found.tail.items()


@pytest.mark.parametrize(
    ("algo", "params"),
    [("magic", {}), ("sniper", {"slices": "1"}), ("vwap", {"horizon_s": "x"}), ("peg", {"peg": "moon"})],
)
def test_params_that_make_no_sense(algo: str, params: dict[str, Any]) -> None:
    with pytest.raises(Unsound):
        asked(algo, params)
