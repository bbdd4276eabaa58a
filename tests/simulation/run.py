"""One core, spoken to line by line, and checked after every event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.backtest.recorded import Recorded
from core.capacity import Capacity
from core.scenario.declared import Declared
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder
from core.scenario.printer import Printer
from core.scenario.reader import Line
from core.scenario.runner import FEED
from core.scenario.values import convert, parse_object

from .checkers import Checker
from .tables import PENDING_CANCEL, PENDING_REPLACE, Tables
from .violation import require

PENDING = PENDING_CANCEL | PENDING_REPLACE
CAPACITY = Capacity(
    symbols=8,
    venues=64,
    accounts=8,
    strategies=64,
    sessions=64,
    orders=512,
    more_children=8192,
    ids=4096,
    fills=16384,
    positions=64,
    limits=64,
    counters=256,
    cells=512,
    rate_times=4096,
    depths=32,
    facts=64,
)


class CheckedPrinter(Printer):
    """Hands each complete event's lines on."""

    on_event: Callable[[list[dict[str, Any]]], None]

    def flush(self) -> None:
        lines = [line for *_, line in sorted(self._group, key=lambda entry: entry[:3])]
        super().flush()
        if lines:
            self.on_event(lines)


class Run:
    """Takes a scenario's lines one by one. `printed` has all lines so far, `checker` what they add up to."""

    def __init__(self, capacity: Capacity = CAPACITY) -> None:
        self.texts: list[str] = []
        self.printed: list[dict[str, Any]] = []
        self.declared = Declared()
        self.directory = Directory()
        self.encoder = Encoder("simulation", self.directory)
        self.at = 0
        self.recorded = Recorded(capacity, None, self._page)
        core = self.recorded.core
        self.printer = CheckedPrinter(self.directory, core.egress.id_bytes, self.printed.append)
        self.checker = Checker(self.directory, Tables(core, capacity))
        self.printer.on_event = self.checker.event

    def _page(self, raw: bytes) -> None:
        if hasattr(self, "printer"):
            self.printer.page(raw)
            self.checker.page(raw)

    def take(self, text: str) -> list[dict[str, Any]]:
        """Feeds one line of the file; what it printed. Raises Violation or CoreFault."""
        before = len(self.printed)
        line = self.parse(text)
        self.texts.append(text)
        self.printer.line = line.number
        for event in self.encoder.encode(line):
            source = 1 if line.type in FEED else 0
            self.recorded.feed(event.kind, line.at, event.request, event.session, source)
        self.printer.flush()
        self.checker.settled()
        return self.printed[before:]

    def parse(self, text: str) -> Line:
        """One line of the file, checked against those before it."""
        line_type, at, data = convert(parse_object(text))
        self.at = self.at if at is None else at
        self.declared.check(line_type, data)
        self.declared.add(line_type, data)
        return Line(len(self.texts) + 1, self.at, line_type, data)

    def check_end(self) -> None:
        """Positions as they stand are the sum of the fills."""
        book = self.checker.book
        for row in self.recorded.core.positions.rows():
            symbol = self.directory.symbol_list[row["symbol"]]
            account = self.directory.account_list[row["account"]].name
            total = self.checker.opening.get((account, symbol.name), 0)
            for order in book.orders.values():
                if (order.account, order.symbol) == (account, symbol.name):
                    total += order.sign * order.cum
            require(row["qty"] == total * 10**symbol.qty_precision, "position_is_fills", row)

    def check_drained(self) -> None:
        """Once everything was answered, nothing waits any more."""
        hung = self.hung()
        require(not hung, "hung", hung)

    def hung(self) -> list[str]:
        """Orders that wait for an answer although nothing is asked any more."""
        found = []
        rows = self.checker.tables.orders()
        for index, order in self.checker.accepted.items():
            row = rows[index]
            if int(row["bits"]) & PENDING or row["awaiting"]:
                found.append(f"{order.cl_ord_id}: {order.status}, awaiting {row['awaiting']}")
        return found


def replay(texts: list[str]) -> Run:
    """The lines again, checked; raises what they raise."""
    run = Run()
    for text in texts:
        run.take(text)
    run.check_end()
    return run
