"""Random sequences of all that moves a position, each a scenario of its own, through the core and the model.

`python -m tests.model.sequences --count 10000` plays so many, prints what they covered, and stops at the
first difference; `make test` plays some (test_sequences.py).
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.capacity import Capacity
from core.fused import Fused
from core.scenario.reader import read
from core.scenario.runner import Scenario, capacity_for
from tests.model.compare import Difference, first_difference
from tests.model.ledger import shown
from tests.model.random_fills import SYMBOLS, Symbol
from tests.model.reader import Reader
from tests.simulation.tables import Tables
from tests.simulation.violation import Violation

EVENTS = 50
SPLITS = (("2", "1"), ("1", "2"), ("3", "2"), ("2", "3"), ("1", "3"), ("7", "5"), ("1", "10"), ("10", "1"))
VENUES = ("XA", "XB")
ACCOUNTS = ("A1", "A2")
ORDER_LOTS = 10_000_000
COVERED = (
    "fill",
    "flip",
    "partial_close",
    "exact_close",
    "add",
    "trade_cancel",
    "trade_correct",
    "funding",
    "dividend",
    "split",
    "settlement",
    "inverse_flip",
    "inverse_partial_close",
    "maker",
    "rebate",
    "own_fee",
    "amended_split",
    "amended_settlement",
    "amended_funding",
    "part_of_a_lot",
    "opened",
    *{symbol.kind for symbol in SYMBOLS},
)
"""What a run of many sequences must have met, each."""


class Sequence:
    """One instrument, two accounts with an order each way at two venues, then `EVENTS` events or some
    more."""

    def __init__(self, seed: int) -> None:
        """The same seed, the same lines."""
        self.random = random.Random(seed)
        self.symbol: Symbol = SYMBOLS[seed % len(SYMBOLS)]
        self.reader = Reader()
        self.seen: Counter[str] = self.reader.seen
        self.px = Decimal(self.symbol.px)
        self.fills: dict[str, tuple[str, str]] = {}  # exec_id: (venue, child_id) of those that stand
        self.since: dict[str, set[str]] = {}  # what happened to the instrument since that fill
        self.made = 0

    def lines(self) -> Iterator[str]:
        """The scenario's lines."""
        for line in self._declarations():
            yield self._played(line)
        for _ in range(EVENTS + self.random.randint(0, 30)):
            yield self._played(self._event())

    def _played(self, line: dict[str, Any]) -> str:
        self.reader.feed(line)
        return json.dumps(line)

    def _declarations(self) -> Iterator[dict[str, Any]]:
        line = self.symbol.line()
        settle = line.get("settle_currency", line["currency"])
        yield line
        yield {
            "type": "venue",
            "venue": "XA",
            "mode": "manual",
            "symbols": [line["symbol"]],
            "taker_fee_bps": "2.5",
            "maker_fee_bps": "-0.75",
        }
        yield {
            "type": "venue",
            "venue": "XB",
            "mode": "manual",
            "symbols": [line["symbol"]],
            "taker_fee_bps": "10",
            "maker_fee_bps": "-1.25",
            "fee_precision": 6,
        }
        yield {"type": "account", "account": "A1", "currency": settle, "cash": "1000000"}
        yield {"type": "account", "account": "A2", "currency": "CHF", "cash": "1000000.5"}
        yield {"type": "fx", "pair": f"CHF/{settle}", "rate": "3.7"}
        for account in ACCOUNTS:
            if self.random.random() < 0.4:
                self.seen["opened"] += 1
                yield self._opening(account)
        for account in ACCOUNTS:
            for side in ("buy", "sell"):
                for venue in VENUES:
                    yield self._order(account, side, venue)

    def _opening(self, account: str) -> dict[str, Any]:
        qty = Decimal(self.symbol.lot) * self.random.randint(-self.symbol.lots, self.symbol.lots)
        return {
            "type": "open_position",
            "account": account,
            "symbol": self.symbol.symbol,
            "qty": f"{qty:f}",
            "avg_cost": f"{self.px}{'.' * ('.' not in str(self.px))}000123",
        }

    def _order(self, account: str, side: str, venue: str) -> dict[str, Any]:
        qty = Decimal(self.symbol.lot) * ORDER_LOTS
        return {
            "type": "order",
            "cl_ord_id": f"{account}{side}{venue}",
            "account": account,
            "symbol": self.symbol.symbol,
            "side": side,
            "order_qty": f"{qty:f}",
            "ord_type": "limit",
            "price": str(self.px),
            "venue": venue,
        }

    def _event(self) -> dict[str, Any]:
        self._walk()
        roll = self.random.random()
        if roll < 0.10 and self.fills:
            return self._amend("trade_cancel")
        if roll < 0.20 and self.fills:
            return self._amend("trade_correct")
        if roll < 0.40:
            return self._adjust()
        if roll < 0.52:
            return self._market()
        return self._trade()

    def _walk(self) -> None:
        """Up to 1 % up or down, on the tick."""
        tick = Decimal(self.symbol.tick)
        moved = self.px * Decimal(1000 + self.random.randint(-10, 10)) / 1000
        self.px = max(moved // tick, 1) * tick

    def _market(self) -> dict[str, Any]:
        symbol, tick = self.symbol.symbol, Decimal(self.symbol.tick)
        what = self.random.choice(
            ("quote", "trade", "mark", "fx") if self.seen["fill"] > 8 else ("quote", "trade")
        )
        if what == "fx":
            settle = self.reader.ledger.instruments[symbol].settle
            return {"type": "fx", "pair": f"CHF/{settle}", "rate": f"3.{self.random.randint(1, 999)}"}
        if what == "mark":
            return {"type": "mark", "symbol": symbol, "px": str(self.px)}
        venue = self.random.choice(VENUES)
        if what == "trade":
            return {
                "type": "trade",
                "venue": venue,
                "symbol": symbol,
                "px": str(self.px),
                "qty": self.symbol.lot,
            }
        ask = self.px + tick * self.random.randint(0, 3)
        return {
            "type": "quote",
            "venue": venue,
            "symbol": symbol,
            "bid_px": str(self.px),
            "ask_px": str(ask),
            "bid_qty": self.random.choice((self.symbol.lot, "0")),
            "ask_qty": self.symbol.lot,
        }

    def _adjust(self) -> dict[str, Any]:
        """One of the four; a settlement is the rarest, since it closes everything."""
        what = self.random.choice(("funding",) * 4 + ("dividend",) * 2 + ("split",) * 3 + ("settlement",))
        for since in self.since.values():
            since.add(what)
        line: dict[str, Any] = {"type": what, "symbol": self.symbol.symbol}
        if what == "funding":
            return line | {"rate": f"{Decimal(self.random.randint(-40_000, 40_000)) / 10**8:f}"}
        if what == "dividend":
            return line | {"amount": f"{Decimal(self.random.randint(-500, 2_000)) / 10**5:f}"}
        if what == "settlement":
            return line | {"px": str(self.px)}
        return line | dict(zip(("num", "den"), self._ratio(), strict=True))

    def _ratio(self) -> tuple[str, str]:
        """Down where somebody holds a lot already."""
        holdings = self.reader.ledger.holdings.values()
        most = max((abs(holding.position.qty) for holding in holdings), default=Fraction(0))
        large = most > 20 * self.symbol.lots * Fraction(self.symbol.lot)
        num, den = self.random.choice([pair for pair in SPLITS if int(pair[0]) < int(pair[1]) or not large])
        lot = Fraction(self.symbol.lot)
        parts = [abs(holding.position.qty) * int(num) / int(den) % lot for holding in holdings]
        self.seen["part_of_a_lot"] += any(parts)
        return num, den

    def _amend(self, exec_type: str) -> dict[str, Any]:
        exec_id = self.random.choice(sorted(self.fills))
        venue, child_id = self.fills[exec_id]
        self.seen.update(f"amended_{what}" for what in self.since[exec_id])
        if exec_type == "trade_cancel":
            del self.fills[exec_id], self.since[exec_id]
        line = self._report(exec_type, venue, child_id, self.random.randint(1, self.symbol.lots))
        return line | {"exec_ref_id": exec_id}

    def _trade(self) -> dict[str, Any]:
        account, venue = self.random.choice(ACCOUNTS), self.random.choice(VENUES)
        side, lots = self._aim(account)
        line = self._report("trade", venue, f"{account}{side}{venue}.1", lots)
        self.fills[line["exec_id"]] = venue, line["child_id"]
        self.since[line["exec_id"]] = set()
        return line

    def _report(self, exec_type: str, venue: str, child_id: str, lots: int) -> dict[str, Any]:
        self.made += 1
        qty = Decimal(self.symbol.lot) * lots
        line = {
            "type": "report",
            "venue": venue,
            "child_id": child_id,
            "exec_type": exec_type,
            "exec_id": f"e{self.made}",
            "last_qty": f"{qty:f}",
            "last_px": str(self.px),
        }
        if self.random.random() < 0.4:
            line["liquidity"] = "maker"
        if self.random.random() < 0.1:
            line["fee"] = shown(Fraction(self.random.randint(-5_000, 20_000), 10_000), 4)
        return line

    def _aim(self, account: str) -> tuple[str, int]:
        """Side and lots: close exactly, partly, flip what is held, or anything."""
        holding = self.reader.ledger.holdings.get((account, self.symbol.symbol))
        held = int(holding.position.qty / Fraction(self.symbol.lot)) if holding else 0
        side, most = ("sell" if held > 0 else "buy"), self.symbol.lots
        roll = self.random.random()
        if held and roll < 0.15:
            return side, abs(held)
        if abs(held) > 1 and roll < 0.4:
            return side, self.random.randint(1, abs(held) - 1)
        if held and roll < 0.6:
            return side, abs(held) + self.random.randint(1, most)
        return self.random.choice(("buy", "sell")), self.random.randint(1, most)


def difference(seed: int, folder: Path, seen: Counter[str]) -> tuple[Difference | None, str]:
    """The first difference of one sequence, and its file."""
    sequence = Sequence(seed)
    text = "".join(f"{line}\n" for line in sequence.lines())
    file = folder / "sequence.jsonl"
    file.write_text(text)
    lines, printed = read(file), []
    scenario = Scenario("sequence.jsonl", lines, lambda line: printed.append(json.loads(json.dumps(line))))
    scenario.run([scenario.encoder.encode(line) for line in lines])
    seen.update(sequence.seen)
    risk_agrees(scenario.recorded.core, capacity_for(lines), f"seed {seed}")
    return first_difference(text, printed), text


def risk_agrees(core: Fused, capacity: Capacity, where: str) -> None:
    """What risk counts of a position, by orders and otherwise, and its books, are what positions has."""
    try:
        Tables(core, capacity).check_exposure()
    except Violation as violation:
        raise AssertionError(f"{where}: {violation}") from violation


def check(first: int, count: int) -> Counter[str]:
    """Plays `count` sequences from seed `first` on; what they covered. AssertionError: the first
    difference."""
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            found, text = difference(seed, Path(folder), seen)
            assert found is None, f"seed {seed}: {found}\n{text}"
    return seen


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    seen = check(asked.first, asked.count)
    missing = [name for name in COVERED if not seen[name]]
    print(
        json.dumps(
            {"sequences": asked.count, "seen": dict(sorted(seen.items())), "missing": missing}, indent=2
        )
    )
    raise SystemExit(1 if missing else 0)


if __name__ == "__main__":
    main()
