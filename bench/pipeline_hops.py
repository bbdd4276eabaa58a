"""Of `bench pipeline`: how long each hop took, out of the journal's times and those of the process that
heard; and what must have come of it, reckoned once more from the journal's text alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from bench.pipeline_trader import LOT, WEIGHT, lots
from core import messages as m
from core.enums import SignalWhat
from core.live.book import DECLARING, Book
from core.recovery.journal import capacity_of
from core.recovery.replay import Replay
from core_ext.journal import JournalReader

QUANTILES = {"p50_ms": 50, "p99_ms": 99, "max_ms": 100}
MARKET = frozenset((int(m.Kind.QUOTE), int(m.Kind.TRADE), int(m.Kind.DEPTH)))
_KEPT = frozenset((int(m.Kind.SIGNAL), int(m.Kind.ORDER), int(m.Kind.REPORT)))
_REQUEST = m.HEADER.itemsize


@dataclass(slots=True)
class Said:
    """A signal's value in the journal."""

    seq: int
    session: str
    name: str
    symbol: str
    value: float


@dataclass(slots=True)
class Order:
    """What the strategy asked for. fills: sequences of what filled it. canceled: the rest of it was."""

    seq: int
    symbol: str
    change: int
    fills: list[int] = field(default_factory=list)
    canceled: bool = False


class Journal:
    """What a core wrote. time_ns: of each event, by its sequence; market: sequences of what was fed."""

    def __init__(self, folder: Path) -> None:
        self.book = Book()
        self.time_ns: list[int] = [0]
        self.market: list[int] = []
        self.signals: list[Said] = []
        self.orders: dict[int, Order] = {}
        self.held: dict[str, int] = defaultdict(int)
        """Of each symbol, what its fills add up to, in the instrument's units."""
        replay = Replay(capacity_of(folder))
        replay.on_page = self._page
        replay.play(JournalReader(folder))

    def _page(self, raw: bytes) -> None:
        kind = int.from_bytes(raw[40:42], "little")
        self.time_ns.append(int.from_bytes(raw[8:16], "little"))
        if kind in MARKET:
            self.market.append(len(self.time_ns) - 1)
        elif kind in DECLARING:
            length = int.from_bytes(raw[42:44], "little")
            self.book.take(kind, raw[_REQUEST : _REQUEST + length])
        elif kind in _KEPT:
            self._keep(kind, np.frombuffer(raw, m.PAGE)[0], raw)

    def _keep(self, kind: int, page: Any, raw: bytes) -> None:
        seq, directory = int(page["header"]["seq"]), self.book.directory
        symbols = directory.symbol_list
        if kind == m.Kind.SIGNAL:
            row = np.frombuffer(raw, m.SIGNAL_EVENT, 1, _REQUEST)[0]
            if row["what"] == SignalWhat.VALUE and row["symbol"] != m.NONE:
                session = directory.space_lists[m.Space.SESSION][int(page["header"]["session"])]
                name = directory.space_lists[m.Space.SIGNAL][int(row["name"])]
                value = Decimal(int(row["mantissa"])).scaleb(int(row["exponent"]))
                self.signals.append(Said(seq, session, name, symbols[row["symbol"]].name, float(value)))
        elif kind == m.Kind.ORDER:
            row = np.frombuffer(raw, m.ORDER_EVENT, 1, _REQUEST)[0]
            symbol = symbols[row["symbol"]]
            change = int(Decimal(int(row["qty"])).scaleb(-symbol.qty_precision) / LOT)
            change *= 1 if row["side"] == m.Side.BUY else -1
            self.orders[int(page["resolved"]["order"])] = Order(seq, symbol.name, change)
        elif m.counts(page, "booking") and page["booking"]["flags"] & m.BookingFlag.BOOKED:
            row = np.frombuffer(raw, m.REPORT_EVENT, 1, _REQUEST)[0]
            order = self.orders[int(page["resolved"]["order"])]
            order.fills.append(seq)
            self.held[order.symbol] += int(row["last_qty"]) * (1 if order.change > 0 else -1)

        elif kind == m.Kind.REPORT:
            row = np.frombuffer(raw, m.REPORT_EVENT, 1, _REQUEST)[0]
            self.orders[int(page["resolved"]["order"])].canceled |= row["exec_type"] == m.ExecType.CANCELED

    def of(self, session: str) -> list[Said]:
        """Signals of one session, in their order."""
        return [each for each in self.signals if each.session == session]


def expected_orders(weights: Iterable[Said]) -> list[tuple[Said, str, int]]:
    """(the weight, symbol, lots) of each order that the strategy must send; reckoned without it."""
    held: dict[str, int] = {}
    found = []
    for each in weights:
        wanted = lots(each.value)
        if each.name == WEIGHT and wanted != held.get(each.symbol, 0):
            found.append((each, each.symbol, wanted - held.get(each.symbol, 0)))
            held[each.symbol] = wanted
    return found


def hops(journal: Journal, heard: dict[str, Any], due_ns: Sequence[int]) -> dict[str, dict[str, float]]:
    """By hop: its latencies."""
    at = journal.time_ns
    events: dict[int, int] = {seq: when for seqs, when in heard["events"] for seq in seqs}
    outputs: dict[str, list[tuple[int, str, int]]] = heard["outputs"]
    found = {
        "tick_to_core": [at[seq] - due for seq, due in zip(journal.market, due_ns, strict=False)],
        "core_to_stream": [when - at[seq] for seq, when in events.items()],
    }
    for name, topic in (("features", "feature"), ("ml", "prediction"), ("portfolio", "target"),
                        ("risk", "risk"), ("analytics", "performance")):  # fmt: skip
        found[f"event_to_{topic}"] = [when - at[seq] for seq, said, when in outputs[name] if said == topic]
    for name in ("ml", "portfolio"):
        causes = [seq for seq, topic, _ in outputs[name] if topic == "signal"]
        signals = journal.of(f"engine.{name}")
        found[f"{name}_to_core"] = [
            at[each.seq] - at[cause] for cause, each in zip(causes, signals, strict=False)
        ]
    found |= _of_orders(journal, events, [seq for seq, topic, _ in outputs["portfolio"] if topic == "signal"])
    return {name: _told(np.array(values)) for name, values in found.items()}


def _of_orders(journal: Journal, events: dict[int, int], causes: list[int]) -> dict[str, list[int]]:
    """From a weight to what is held."""
    at, weights = journal.time_ns, journal.of("engine.portfolio")
    caused = {each.seq: cause for each, cause in zip(weights, causes, strict=False)}
    pairs = list(zip(expected_orders(weights), journal.orders.values(), strict=False))
    filled = [(weight, order.fills[0]) for (weight, *_), order in pairs if order.fills]
    return {
        "signal_to_order": [at[order.seq] - at[weight.seq] for (weight, *_), order in pairs],
        "order_to_fill": [at[order.fills[0]] - at[order.seq] for _, order in pairs if order.fills],
        "fill_to_position": [events[fill] - at[fill] for _, fill in filled],
        "tick_to_position": [events[fill] - at[caused[weight.seq]] for weight, fill in filled],
    }


def _told(ns: Any) -> dict[str, float]:
    if not len(ns):
        return {"count": 0} | dict.fromkeys(QUANTILES, 0.0)
    found = {name: round(float(np.percentile(ns, q)) / 1e6, 3) for name, q in QUANTILES.items()}
    return {"count": len(ns), **found}
