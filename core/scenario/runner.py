"""Feeds a file of events to the core, fused, on the file's own time, and prints what the engines do."""

from __future__ import annotations

import io
import json
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO

from core import messages as m
from core.backtest.recorded import Recorded
from core.capacity import Capacity
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder, Event
from core.scenario.money import Rates, Statement
from core.scenario.printer import Printer
from core.scenario.reader import Line, ScenarioError, read

EXIT_OK = 0
EXIT_BAD_FILE = 2
FEED = {"quote", "trade", "depth", "mark", "reference"}


def capacity_for(lines: list[Line]) -> Capacity:
    """Tables large enough for all that the file can make the core do; small files start fast."""
    kinds = Counter(line.type for line in lines)
    orders = kinds["order"] + 16
    children = 64 * orders + 16 * kinds["quote"] + 1024
    return Capacity(
        symbols=kinds["instrument"] + 1,
        accounts=kinds["account"] + 1,
        strategies=len(lines) + 1,
        sessions=len(lines) + 2,
        orders=orders,
        more_children=children,
        ids=orders + kinds["replace"] + kinds["cancel"] + 16,
        fills=kinds["report"] + 32 * children + 1024 if kinds["venue"] else 1024,
        positions=min(orders + kinds["open_position"], (kinds["instrument"] + 1) * (kinds["account"] + 1))
        + 1,
        lists=orders,
        limits=kinds["limit"] + 1,
        counters=kinds["limit"] * (orders + 1) + 16,
        cells=kinds["limit"] * (orders + 1) + 16,
        depths=kinds["depth"] + kinds["book_order"] + 1,
        book_orders=kinds["book_order"] + 1,
        facts=kinds["venue_facts"] * kinds["instrument"] + kinds["venue_queue"] + 1,
        adjustments=sum(kinds[name] for name in ("funding", "dividend", "split", "settlement")) + 1,
    )


class Scenario:
    """One run of one file."""

    def __init__(self, file: str, lines: list[Line], write: Any, journal: Any = None) -> None:
        self.file = file
        self.lines = lines
        self.write = write
        self.directory = Directory()
        self.encoder = Encoder(file, self.directory)
        self.rates = Rates()
        self.recorded = Recorded(capacity_for(lines), journal, self._page)
        core = self.recorded.core
        self.printer = Printer(self.directory, core.egress.id_bytes, self.write)

    def _named(self, line: Line, parts: list[Event]) -> list[Event]:
        """The line's events; about an order that the core made they are read again, its symbol known."""
        name = line.data.get("child_id", "").rpartition(".")[0] or line.data.get("orig_cl_ord_id", "")
        if not name.startswith("flatten-"):
            return parts
        symbol = self.printer.symbol_of(name)
        return parts if symbol is None or not self.encoder.learn(name, symbol) else self.encoder.encode(line)

    def _page(self, raw: bytes) -> None:
        self.printer.page(raw)

    def run(self, events: list[list[Event]]) -> None:
        """Feeds every line, and prints the end."""
        for line, parts in zip(self.lines, events, strict=True):
            self.printer.line = line.number
            if line.type == "fx":
                rate = line.data["rate"]
                self.rates.set(line.data["pair"], Fraction(rate.units, 10**rate.digits))
            for event in self._named(line, parts):
                source = 1 if line.type in FEED else 0
                self.recorded.feed(event.kind, line.at, event.request, event.session, source)
            self.printer.flush()
        self._end()

    def _end(self) -> None:
        core = self.recorded.core
        marks = {symbol.index: core.risk.mark2_of(symbol.index) for symbol in self.directory.symbol_list}
        statement = Statement(self.directory, core.positions.rows(), marks)
        base = {
            "at": self.lines[-1].at if self.lines else 0,
            "line": self.lines[-1].number if self.lines else 0,
            "seq": core.sequencer.seq,
        }
        accounts, lacking = statement.accounts(self.rates)
        for account in lacking:
            self.write(
                {
                    "type": "alert",
                    **base,
                    "level": "warn",
                    "reason": "no_fx_rate",
                    "check": "",
                    "scope": {"account": account},
                    "limit": "",
                    "value": "",
                }
            )
        orders = Counter(m.OrdStatus(status).name.lower() for status in self.printer.statuses.values())
        if self.printer.denied:
            orders["denied"] = self.printer.denied
        self.write(
            {
                "type": "end",
                **base,
                "events": len(self.lines),
                "orders": dict(sorted(orders.items())),
                "positions": statement.positions(),
                "accounts": accounts,
                "state_hash": core.state_hash(),
            }
        )


def run(source: str | Path, out: TextIO, err: TextIO, journal: Any = None) -> int:
    """Runs the file (`-`: standard input): JSON lines on `out`, on `err` what is bad. The exit code."""
    name = str(source)
    try:
        lines = read(source, name)
        scenario = Scenario(
            name,
            lines,
            lambda line: print(json.dumps(line, ensure_ascii=False, separators=(",", ":")), file=out),
            journal,
        )
        events = [scenario.encoder.encode(line) for line in lines]
    except ScenarioError as error:
        print(error, file=err)
        return EXIT_BAD_FILE
    scenario.run(events)
    return EXIT_OK


def run_text(source: str | Path) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of one file."""
    out, err = io.StringIO(), io.StringIO()
    return run(source, out, err), out.getvalue(), err.getvalue()
