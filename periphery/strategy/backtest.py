"""A strategy on recordings: the core's own engines, simulated venues, and what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import messages as m
from core.backtest.bars import BarBuilder
from core.backtest.playback import Playback
from core.build import SCHEMA_VERSION, build_id
from core.capacity import Capacity
from core.data.instruments import Listing, declare, scan
from core.data.play import Player
from core.data.recording import BadRecording, Options, open_all, run_merged
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
from periphery.client.shared_memory import SharedOrderEvent
from periphery.client.stream import Follower
from periphery.client.units import Number, from_units
from periphery.strategy.strategy import Strategy, handlers_of

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
NO_SIZES = ("lean_quotes", "truefx")
"""Formats whose quotes have no sizes: each then shows `Terms.quote_qty`."""

type Advance = Callable[[int], object]
type Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Terms:
    """What recordings don't say: the account, the venues' terms. Decimal strings.

    currency: of the account; None: that in which the first instrument is settled. quote_qty: what a quote
    shows on each side where the recording has no sizes. max_orders: beyond so many the core denies more.
    declare: lines of a scenario that come before anything else; an instrument, venue or account among them
    takes the place of the one made up here.
    """

    account: str = "A1"
    currency: str | None = None
    cash: str = "1000000"
    taker_fee_bps: str = "0"
    maker_fee_bps: str = "0"
    fee_precision: int = 8
    latency_us: str = "0"
    quote_qty: str = "1000000000"
    max_orders: int = 1 << 20
    declare: tuple[Mapping[str, Any], ...] = ()

    def capacity(self, places: int) -> Capacity:
        """Of a core with that many (symbol, venue) pairs: memory that no order comes to costs nothing."""
        most = self.max_orders
        return Capacity(
            orders=most, more_children=most, ids=2 * most, fills=2 * most, depths=max(256, places)
        )


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
    ) -> None:
        """journal: a new or empty folder for one, verified and replayed afterwards. advance: told of bytes
        read. BadRecording, ValueError (terms)."""
        self.strategy = strategy
        self.paths = paths
        self.options = options or Options()
        self.terms = terms or Terms()
        self.folder = journal
        self.listing = self._listed()
        self.book = Book("backtest")
        self._journal = _journal(journal)
        capacity = self.terms.capacity(sum(len(i.venues) for i in self.listing.instruments.values()))
        self.core = Playback(capacity, self._journal)
        self._advance = advance
        self.logged: list[dict[str, Any]] = []
        self._declare()
        self.session = self._connect()
        self.players: dict[int, Player] = {}
        self.readers: list[Reader] = []

    def _listed(self) -> Listing:
        """What is traded where: the recordings are read once for it."""
        return declare(scan(self.paths, self.options))

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
        rings = _Rings(self.core)
        session = Session(hello, rings, name, prefix=f"{name}-")
        handlers = handlers_of(self.strategy)
        assert isinstance(session.port, Port)
        self.core.attach(
            session.port, rings.requests, session.index, handlers, session.directory.symbols, self._places(),
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
        self.strategy.on_start()
        self.core.settle()
        run_merged(self.readers)
        self._stop()
        run_ns = time.perf_counter_ns() - began_ns
        return self._told(run_ns)

    def _sink(self, n: int) -> Callable[[Events], None]:
        def take(events: Events) -> None:
            self._player(n, self.readers[n]).play(events)

        return take

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
        return [self._fill(row) for row in self.core.fill_rows()]

    def _fill(self, row: np.void) -> dict[str, Any]:
        d = self.book.directory
        symbol = d.symbol_list[row["symbol"]]
        qty = int(row["qty"])
        fee = (int(row["fee_high"]) << 64) | int(row["fee_low"])
        return {
            "time_ns": int(row["time_ns"]),
            "account": d.account_list[row["account"]].name,
            "symbol": symbol.name,
            "venue": d.venue_list[row["venue"]],
            "side": "buy" if qty > 0 else "sell",
            "qty": str(from_units(abs(qty), symbol.qty_precision)),
            "px": str(from_units(int(row["px"]), symbol.price_precision)),
            "fee": format(Decimal(fee).scaleb(-16).normalize(), "f"),
            "liquidity": "maker" if row["maker"] else "taker",
        }

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
        return self.core.now_ns

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


class _Rings:
    """A session's transport in this process."""

    def __init__(self, core: Playback) -> None:
        self.requests = plain_ring(REQUESTS, INPUT_SIZE)
        self.responses = core.core.egress.responses

    def follow_quotes(self) -> Follower:
        """Nobody does: the market comes by handlers."""
        return Follower(self.responses, 1)

    def port(self, prefix: str, directory: Directory) -> Port[SharedOrderEvent]:
        names = directory.symbols, directory.account_indices(), directory.venue_indices()
        return Port(self.requests, self.responses, prefix, *names, SharedOrderEvent)


def declarations(listing: Listing, terms: Terms) -> list[dict[str, Any]]:
    """The lines that come before the first row: those of `terms.declare`, and what they don't name."""
    given = [dict(line) for line in terms.declare]
    named = {(line["type"], line.get(line["type"]) or line.get("symbol")) for line in given}
    made = []
    for line in listing.lines:
        if line["type"] == "venue":
            line = line | {
                "mode": "match",
                "taker_fee_bps": terms.taker_fee_bps,
                "maker_fee_bps": terms.maker_fee_bps,
                "fee_precision": terms.fee_precision,
                "latency_us": terms.latency_us,
            }
        name = line["venue"] if line["type"] == "venue" else line["symbol"]
        if (line["type"], name) not in named:
            made.append(line)
    first = next(iter(listing.instruments.values()), None)
    currency = terms.currency or (first.line()["currency"] if first else "USD")
    account = {"type": "account", "account": terms.account, "currency": currency, "cash": terms.cash}
    made += [account] if ("account", terms.account) not in named else []
    order = {"instrument": 0, "venue": 1, "account": 2}
    return sorted(made + given, key=lambda line: order.get(line["type"], 3))


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
