"""A fused core on recorded time, behind the two verbs that a run needs: feed quotes, tell the figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core import messages as m
from core.backtest.demo import CoreSummary, JournalCheck, Latency, OnQuote, Pnl, Position, VenueFills
from core.backtest.fx_ticks import Quotes
from core.backtest.recorded import Recorded
from core.backtest.setup import CoreSetup
from core.build import SCHEMA_VERSION, build_id
from core.capacity import Capacity
from core.fused import Fused
from core.recovery import replay, verify
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder
from core.scenario.money import Rates, Statement
from core.scenario.numbers import format_units
from core.scenario.reader import Line
from core.scenario.values import convert
from core_ext.journal import JournalWriter

SOURCE_DESK = 0
SIDES = {"buy": m.Side.BUY, "sell": m.Side.SELL}


def open_core(setup: CoreSetup) -> FusedCore:
    """A core with the setup's declarations done and its journal open."""
    return FusedCore(setup)


class FusedCore:
    """The engines on one thread, a journal on disk, simulated venues."""

    def __init__(self, setup: CoreSetup) -> None:
        self.setup = setup
        self.directory = Directory()
        self.recorded = self._open()
        self._encoder = Encoder("setup", self.directory)
        self._orders = 0
        self._template = np.zeros((), m.ORDER_EVENT)
        for number, declared in enumerate(setup.lines(), 1):
            line_type, at, data = convert(json.loads(json.dumps(declared)))
            for event in self._encoder.encode(Line(number, at or 0, line_type, data)):
                self.recorded.feed(event.kind, at or 0, event.request, event.session, SOURCE_DESK)

    def _open(self) -> Recorded:
        self.journal = JournalWriter(
            self.setup.journal, schema_version=SCHEMA_VERSION, build_id=build_id(), helper=True
        )
        return Recorded(Capacity(), self.journal, timed=True)

    def _end(self) -> tuple[Fused, str]:
        """Closes the journal: a core to read figures from, and the hash that this one came to."""
        self.journal.close()
        return self.recorded.core, self.recorded.core.state_hash()

    def feed(
        self, rows: Quotes, venues: list[str], symbol: str, on_quote: OnQuote, progress: Callable[[int], None]
    ) -> None:
        """Plays the quotes; what on_quote returns is submitted at the quote's time, before the next one."""
        index = self.directory.symbols[symbol].index
        ranks = [self.directory.venues[venue] for venue in venues]
        quantities = {self.directory.venues[venue.name]: venue.quote_qty for venue in self.setup.venues}
        table = np.empty((len(rows), 4), np.int64)
        table[:, 0] = rows["ts_ns"]
        table[:, 1] = np.asarray(ranks, np.int64)[rows["venue"]]
        table[:, 2] = rows["bid_px"]
        table[:, 3] = rows["ask_px"]
        sizes = np.array([quantities[i] for i in range(len(quantities))], np.int64)
        self._begin_orders(symbol)

        def submit(ts_ns: int, bid_px: int, ask_px: int) -> None:
            for side, qty in on_quote(ts_ns, bid_px, ask_px):
                self._submit(ts_ns, side, qty)

        self.recorded.play_quotes(table, index, sizes, submit, progress)

    def _begin_orders(self, symbol: str) -> None:
        order = self._template
        order["account"] = self.directory.accounts[self.setup.account.name].index
        order["symbol"] = self.directory.symbols[symbol].index
        order["strategy"] = m.NONE
        order["venue"] = m.NONE16
        order["ord_type"] = m.OrdType.MARKET
        order["time_in_force"] = m.TimeInForce.DAY
        order["flags"] = m.OrderFlag.HAS_QTY

    def _submit(self, ts_ns: int, side: str, qty: int) -> None:
        """A worked market order."""
        self._orders += 1
        self._template["cl_ord_id"] = np.void(self.directory.field(str(self._orders)))
        self._template["side"] = SIDES[side]
        self._template["qty"] = qty
        self.recorded.feed(m.Kind.ORDER, ts_ns, self._template.tobytes())

    def finish(self) -> CoreSummary:
        """Lets what is under way arrive, closes the journal, verifies it, replays it into a fresh core, and
        tells the figures.
        """
        self.recorded.settle()
        core, state_hash = self._end()
        checked = verify(self.setup.journal)
        replayed: dict[str, Any] = (
            replay(self.setup.journal) if checked["ok"] else {"ok": False, "state_hash": ""}
        )
        problems = tuple(checked["problems"])
        if "problem" in replayed:
            problems += ({"what": replayed["problem"]},)
        by_status, children = core.orders.life.statuses()
        orders = _named(by_status)
        if core.egress.denials:
            orders["denied"] = core.egress.denials
        statement = Statement(
            self.directory,
            core.positions.rows(),
            {symbol.index: core.risk.mark2_of(symbol.index) for symbol in self.directory.symbol_list},
        )
        return CoreSummary(
            events=core.sequencer.seq,
            orders=orders,
            children=_named(children),
            denials={m.Reason(k).name.lower(): n for k, n in core.egress.denials_by_reason().items()},
            fills=self._fills(core),
            positions=tuple(Position(**position) for position in statement.positions()),
            pnl=self._pnl(statement),
            latency={name: _latency(figures) for name, figures in core.latency().items()},
            state_hash=state_hash,
            replay_hash=str(replayed["state_hash"]),
            journal=JournalCheck(
                path=str(self.setup.journal),
                records=checked["records"],
                bytes=checked["bytes"],
                ok=checked["ok"] and replayed["ok"],
                problems=problems,
            ),
        )

    def _fills(self, core: Fused) -> dict[str, VenueFills]:
        found = core.positions.fills_by_venue()
        precision = self.directory.symbols[self.setup.instrument.symbol].qty_precision
        out = {}
        for name, index in self.directory.venues.items():
            fills, qty = found.get(index, (0, 0))
            out[name] = VenueFills(fills, format_units(qty, precision))
        return out

    def _pnl(self, statement: Statement) -> Pnl:
        accounts, _ = statement.accounts(Rates())
        account: dict[str, Any] = accounts[0]
        return Pnl(
            currency=account["currency"],
            realized_pnl=account["realized_pnl"],
            unrealized_pnl=account["unrealized_pnl"],
            fees=account["fees"],
            equity=account["equity"],
        )


def _named(counts: Mapping[int, int]) -> dict[str, int]:
    return {m.OrdStatus(status).name.lower(): n for status, n in counts.items()}


def _latency(figures: Mapping[str, int]) -> Latency:
    return Latency(figures["count"], figures["p50"], figures["p99"], figures["p999"], figures["max"])
