"""A strategy on recordings: the core's own engines, simulated venues, and what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import messages as m
from core.backtest.bars import NEVER_NS, BarBuilder
from core.backtest.playback import Playback
from core.build import SCHEMA_VERSION, build_id
from core.data.instruments import Listing, declare, scan
from core.data.play import Player
from core.data.recording import NO_SIZES, BadRecording, Options, open_all, run_merged
from core.fused import plain_ring
from core.live.book import Book
from core.recovery import replay, verify
from core.scenario.encoder import Event
from core.scenario.money import Statement
from core.scenario.reader import Line
from core.scenario.values import convert
from core.session.market import Place
from core.session.port import Port
from core_ext.journal import JournalWriter
from periphery.client.codec import INPUT_SIZE
from periphery.client.events import DenyEvent, OrderEvent
from periphery.client.session import Session
from periphery.client.units import Number, from_units
from periphery.strategy.denials import FirstDenials
from periphery.strategy.market import Signal
from periphery.strategy.results import SAMPLES, Marks, fill_lines
from periphery.strategy.rings import OwnRings
from periphery.strategy.strategy import Strategy, handlers_of
from periphery.strategy.terms import Terms as Terms, declarations
from periphery.strategy.vector import Change, VectorStrategy, changes

if TYPE_CHECKING:
    from core.data.reader import Events, Reader
    from periphery.client.directory import Directory

SOURCE_DESK = 0
REQUESTS = 4096  # that a strategy may send in one handler
NAME_LENGTH = 20
SLOT_HEAD = np.dtype(
    [("time_ns", "<i8"), ("source_seq", "<u8"), ("kind", "<u2"), ("length", "<u2"), ("rest", "V28")]
)
ON_MARKS = ("daily_loss", "drawdown", "losing_streak")  # limits that are tested after each mark

type Advance = Callable[[int], object]
type Report = dict[str, Any]


class Backtest:
    """One run of a strategy over recordings; it is the strategy's `Host`."""

    def __init__(
        self,
        strategy: Strategy,
        paths: Sequence[Path],
        options: Options | None = None,
        terms: Terms | None = None,
        journal: Path | None = None,
        advance: Advance | None = None,
        signals: Sequence[Signal] = (),
        window: tuple[int, int] | None = None,
        batch_rows: int | None = None,
    ) -> None:
        """journal: a new or empty folder for one, verified and replayed afterwards. advance: told of bytes
        read. signals: what other processes would send, at their times. window: (first, end) in ns of the
        rows that are played, the end not included; None: all. batch_rows: the most that a VectorStrategy sees
        at once; None: as many as come. BadRecording, ValueError (terms)."""
        self.strategy = strategy
        self.paths = paths
        self.options = options or Options()
        self.terms = terms or Terms()
        self.folder = journal
        self.signals = signals
        self.window = window
        self.batch_rows = batch_rows
        self._advance = advance
        self.marks = Marks(0)
        self.first_ns = 0
        self.listing = self._listed()
        self.book = Book("backtest")
        self._journal = _journal(journal)
        capacity = self.terms.capacity(sum(len(i.venues) for i in self.listing.instruments.values()))
        self.core = Playback(capacity, self._journal)
        self.logged: list[dict[str, Any]] = []
        self._first_denials = FirstDenials(self.log)
        self._declare()
        self.session = self._connect()
        self.players: dict[int, Player] = {}
        self.readers: list[Reader] = []

    def _listed(self) -> Listing:
        """What is traded where: the recordings are read once for it."""
        readers = scan(self.paths, self.options, self._advance)
        first = min((reader.first for reader in readers if reader.rows), default=0)
        last = max((reader.last for reader in readers if reader.rows), default=0)
        if self.window is not None:
            first, last = max(first, self.window[0]), min(last, self.window[1] - 1)
        self.first_ns = first
        self.marks = Marks(max((last - first) // SAMPLES, 1) if last > first else 0)
        return declare(readers)

    # ---- the core ------------------------------------------------------------------------------------------

    def _declare(self) -> None:
        for line in declarations(self.listing, self.terms):
            self._feed(line)

    def _feed(self, values: Mapping[str, Any]) -> None:
        line_type, at, data = convert(json.loads(json.dumps(values)))
        self._take(self.book.events(Line(0, at or 0, line_type, data)))

    def _take(self, events: Sequence[Event]) -> None:
        for event in events:
            self.book.declarations.append(event)
            self.book.note(event.kind, event.request)
            self.core.feed(event.kind, 0, event.request, event.session, SOURCE_DESK)

    def _connect(self) -> Session:
        """The strategy's session: the same that a client has, over rings of this process."""
        name = type(self.strategy).__name__[:NAME_LENGTH]
        self._feed({"type": "connect", "session": name, "cancel_on_disconnect": False})
        self._strategy_index, events = self.book.begin().name(m.Space.STRATEGY, name)
        self._take(events)
        hello = {
            "session": self.book.directory.spaces[m.Space.SESSION][name],
            "epoch": 0,
            "live": False,
            "directory": self.book.told(),
            "accounts": [account.name for account in self.book.directory.account_list],
        }
        requests = plain_ring(REQUESTS, INPUT_SIZE)
        rings = OwnRings(requests, self.core.core.egress.responses)
        session = Session(hello, rings, name, prefix=f"{name}-")
        handlers = handlers_of(self.strategy)
        handlers |= {"on_timer": self._due, "on_deny": self._denied}
        if isinstance(self.strategy, VectorStrategy):
            handlers.pop("on_quote")
        assert isinstance(session.port, Port)
        self.core.attach(
            session.port, requests, session.index, handlers, session.directory.symbols, self._places(),
            DenyEvent.of, self._watches_marks(),
        )  # fmt: skip
        return session

    def _watches_marks(self) -> bool:
        """Whether a limit may act on a mark alone."""
        return any(line["check"] in ON_MARKS for line in self.book.limit_lines())

    def _places(self) -> dict[tuple[int, int], Place]:
        d = self.book.directory
        return {
            (symbol.index, index): Place(symbol.name, venue, symbol.price_precision, symbol.qty_precision)
            for symbol in d.symbol_list
            for venue, index in d.venues.items()
        }

    # ---- the run -------------------------------------------------------------------------------------------

    def run(self) -> Report:
        """Plays all and tells what came of it."""
        recordings, _ = open_all(self.paths, self.options, self._sink, None, self._advance)
        self.readers = [reader for recording in recordings for reader in recording.readers]
        self.take_over()
        began_ns = time.perf_counter_ns()
        self._set_timers()
        self.strategy.on_start()
        self.strategy.on_live()
        self.core.settle()
        run_merged(self.readers)
        self._stop()
        if self.marks.period_ns:
            self._mark()
        run_ns = time.perf_counter_ns() - began_ns
        return self._told(run_ns)

    def _set_timers(self) -> None:
        """The signals, and the first look at the marks."""
        first, end = self.window or (0, NEVER_NS)
        for signal in (each for each in self.signals if first <= each.time_ns < end):
            self.core.set_timer(signal.time_ns, signal)
        if self.marks.period_ns:
            self.core.set_timer(self.first_ns + self.marks.period_ns, self.marks)

    def _due(self, what: object, due_ns: int) -> None:
        """A timer of the strategy, a signal, or time to look at the marks."""
        if isinstance(what, Signal):
            self.strategy.on_signal(what)
        elif what is self.marks:
            self._mark()
            self.core.set_timer(due_ns + self.marks.period_ns, what)
        else:
            self.strategy.on_timer(str(what), due_ns)

    def _denied(self, denial: DenyEvent) -> None:
        self._first_denials.hear(denial)
        self.strategy.on_deny(denial)

    def _mark(self) -> None:
        mark2_of = self.core.core.risk.mark2_of
        marks = [mark2_of(symbol.index) for symbol in self.book.directory.symbol_list]
        self.marks.take(self.core.now_ns, marks)

    def _sink(self, n: int) -> Callable[[Events], None]:
        def take(events: Events) -> None:
            if self.window is not None:
                times = events["recv_ts_ns"]
                events = events[(times >= self.window[0]) & (times < self.window[1])]
            if isinstance(self.strategy, VectorStrategy):
                self._play_batches(self.strategy, n, events)
            else:
                self._player(n, self.readers[n]).play(events)

        return take

    def _play_batches(self, strategy: VectorStrategy, n: int, events: Events) -> None:
        """Each batch is shown whole; what is to be held changes after the row that it follows from."""
        reader, player = self.readers[n], self._player(n, self.readers[n])
        most = self.batch_rows or max(len(events), 1)
        for first in range(0, len(events), most):
            rows = events[first : first + most]
            begun = 0
            for end, name, target in self._changes(strategy, reader, rows):
                player.play(rows[begun:end])
                begun = end
                strategy.hold(name, target)
                self.core.settle()
            player.play(rows[begun:])

    def _changes(self, strategy: VectorStrategy, reader: Reader, rows: Events) -> list[Change]:
        return changes(
            strategy, rows, lambda i: self.listing.name(reader, reader.streams.all[i].symbol),
            self.listing.venue(reader),
        )  # fmt: skip

    def _player(self, n: int, reader: Reader) -> Player:
        """The reader's player; its table grows where symbols have come."""
        player = self.players.get(n)
        if player is None or len(player.symbols) < len(reader.streams.all):
            venue = self.book.directory.venues[self.listing.venue(reader)]
            made = Player(self.core, self._symbols(reader), venue)
            if player is None:
                player = self.players[n] = made
            player.symbols = made.symbols
            player.shown_qty = self._shown_qty(reader)
        return player

    def _symbols(self, reader: Reader) -> Any:
        table = np.zeros((max(len(reader.streams.all), 1), 3), np.int64)
        for row, stream in enumerate(reader.streams.all):
            symbol = self.book.directory.symbols[self.listing.name(reader, stream.symbol)]
            table[row] = symbol.index, symbol.price_precision, symbol.qty_precision
        return table

    def _shown_qty(self, reader: Reader) -> int:
        """In units of the reader's first instrument: such files have one."""
        if reader.format not in NO_SIZES or not reader.streams.all:
            return 0
        symbol = self.book.directory.symbols[self.listing.name(reader, reader.streams.all[0].symbol)]
        return int(Decimal(self.terms.quote_qty).scaleb(symbol.qty_precision))

    def _stop(self) -> None:
        """on_stop, then what `at_stop` says."""
        self.strategy.on_stop()
        self.core.settle()
        if self.strategy.at_stop == "keep":
            return
        self.cancel_all(None, None)
        self.core.settle()
        if self.strategy.at_stop == "close":
            for account in self.directory.accounts:
                for symbol in self.directory.symbols:
                    self.strategy.close(symbol.name, account)
            self.core.settle()

    # ---- what came of it -----------------------------------------------------------------------------------

    def _told(self, run_ns: int) -> Report:
        core = self.core.core
        accounts, lacking = self.statement.accounts(self.book.rates)
        account = next(row for row in accounts if row["account"] == self.terms.account)
        events = core.sequencer.seq
        state_hash = core.state_hash()
        statuses = {
            m.OrdStatus(status).name.lower(): n for status, n in core.orders.life.statuses()[0].items()
        }
        if core.egress.denials:
            statuses["denied"] = core.egress.denials
        unfit = sum(player.unfit for player in self.players.values())
        errors = sum(reader.errors for reader in self.readers)
        return {
            "ok": unfit == 0 and errors == 0 and not lacking,
            "strategy": type(self.strategy).__name__,
            "events": events,
            "rows": self.core.rows,
            "orders": sum(statuses.values()),
            "orders_by_status": statuses,
            "fills": len(self.fills),
            "pnl": _net(account),
            "realized_pnl": account["realized_pnl"],
            "unrealized_pnl": account["unrealized_pnl"],
            "fees": account["fees"],
            "balance": account["cash"].get(account["currency"]),
            "equity": account["equity"],
            "currency": account["currency"],
            "positions": self.statement.positions(),
            "accounts": accounts,
            "state_hash": state_hash,
            "run_ns": run_ns,
            "events_per_s": events * 1_000_000_000 // max(run_ns, 1),
            "malformed": errors,
            "unfit": unfit,
        } | self._journaled(state_hash)

    @property
    def statement(self) -> Statement:
        """Positions and accounts as they are now."""
        core = self.core.core
        marks = {s.index: core.risk.mark2_of(s.index) for s in self.book.directory.symbol_list}
        return Statement(self.book.directory, core.positions.rows(), marks)

    @property
    def fills(self) -> list[dict[str, Any]]:
        """Every fill, in the order in which they were booked: numbers as decimal strings."""
        return fill_lines(self.core.fill_rows(), self.book.directory)

    def _journaled(self, state_hash: str) -> Report:
        """Closes the journal, verifies it and plays it into a fresh core."""
        if self._journal is None or self.folder is None:
            return {}
        self._journal.close()
        checked = verify(self.folder)
        replayed: dict[str, Any] = replay(self.folder) if checked["ok"] else {"state_hash": ""}
        same = replayed["state_hash"] == state_hash
        return {"journal": str(self.folder), "replay_hash": replayed["state_hash"], "replay_equal": same}

    # ---- as its strategy sees it ---------------------------------------------------------------------------

    @property
    def directory(self) -> Directory:
        return self.session.directory

    @property
    def time_ns(self) -> int:
        return self.core.now_ns or self.first_ns  # before the first row it is that row's time

    @property
    def warming(self) -> bool:
        return False

    def tick(self, symbol: str) -> Decimal:
        found = self.directory.symbol(symbol)
        return from_units(found.tick, found.price_precision)

    def position(self, symbol: str, account: str | None) -> Decimal:
        found = self.directory.symbol(symbol)
        return from_units(self.core.qty(self.directory.account(account), found.index), found.qty_precision)

    def orders(self, symbol: str | None) -> list[OrderEvent]:
        return [each for each in self.core.orders() if symbol is None or each.symbol == symbol]

    def take_over(self) -> None:
        """From now on the strategy trades here.

        Its `submit` goes straight to the session's port, which writes what is plain into the ring; the rest,
        and what is wrong, is the session's.
        """
        port = self.session.port
        assert isinstance(port, Port)
        port.trade_for(self._strategy_index, self.session.order)
        self.strategy._host = self
        self.submit = port.submit
        # not by vars(): an instance whose dict was looked at is slow to write to, for ever
        object.__setattr__(self.strategy, "submit", port.submit)

    def send(self, line: Mapping[str, Any]) -> str:
        cl_ord_id = line.get("cl_ord_id") or self.session.port.new_id()
        own = {
            "type": "order",
            "cl_ord_id": cl_ord_id,
            "account": line.get("account") or self._only_account(),
            "strategy": self.session.name,
            "session": self.session.name,
        }
        told = {
            key: value if isinstance(value, bool | dict | str) else str(value) for key, value in line.items()
        }
        line_type, _, data = convert(told | own)
        for event in self.book.events(Line(0, 0, line_type, data)):
            if event.kind == m.Kind.ORDER:
                self._push(event)
            else:
                self._take([event])
        self.session.port.known.setdefault(cl_ord_id, self.directory.symbol(data["symbol"]))
        return str(cl_ord_id)

    def _push(self, event: Event) -> None:
        head = np.zeros((), SLOT_HEAD)
        head["source_seq"], head["kind"] = self.session.port.sent + 1, event.kind
        head["length"] = len(event.request)
        self.session._push((head.tobytes() + event.request).ljust(INPUT_SIZE, b"\0"))

    def _only_account(self) -> str:
        return self.book.directory.account_list[self.directory.account(None)].name

    def replace(self, orig_cl_ord_id: str, qty: Number | None, price: Number | None) -> str:
        sent = self.session.port.replace(orig_cl_ord_id, qty, price, None)
        return sent or self.session.replace(orig_cl_ord_id, qty, price, None)

    def cancel(self, orig_cl_ord_id: str) -> str:
        sent = self.session.port.cancel(orig_cl_ord_id, None)
        return sent or self.session.cancel(orig_cl_ord_id, None)

    def cancel_all(self, symbol: str | None, account: str | None) -> None:
        self.session.cancel_all(account, symbol, self._strategy_index)

    def bars(self, symbol: str, every: str, of: str) -> None:
        self.core.add_bars(self.directory.symbol(symbol).index, BarBuilder(every, of == "trades"))

    def timer(self, name: str, due_ns: int) -> None:
        self.core.set_timer(due_ns, name)

    def log(self, message: str, values: Mapping[str, Any]) -> None:
        self.logged.append({"time_ns": self.time_ns, "message": message, **values})


def _net(account: Mapping[str, Any]) -> str | None:
    """Profit less fees."""
    parts = [account[key] for key in ("realized_pnl", "unrealized_pnl", "fees")]
    if None in parts:
        return None
    realized, gain, fees = map(Decimal, parts)
    return format((realized + gain - fees).normalize() + 0, "f")


def _journal(folder: Path | None) -> JournalWriter | None:
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BadRecording(f"--journal {folder}: not empty; a journal is never overwritten")
    return JournalWriter(folder, schema_version=SCHEMA_VERSION, build_id=build_id(), helper=True)
