"""A strategy on the stream of a core, live or out of a journal: what comes is told to it in its order.

All that a strategy sees and does is a function of that stream from its own BEGIN on: quotes, trades, levels,
what is held, signals and its answers, each with its place on the spine. Timers and bars come due by the times
of what comes; where nothing comes, the live host sends itself a TICK. A parameter and the stop are signals
too. So a journal has all that it takes to live through a session again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any

from core.enums import Kind, SignalWhat
from periphery.client.codec import MarketRow
from periphery.client.directory import NONE, Directory
from periphery.client.errors import BadRequest
from periphery.client.events import DenyEvent, Event, Gap, OrderEvent
from periphery.client.session import Session, base36, short
from periphery.client.units import Number, from_units
from periphery.client.words import TRADE
from periphery.strategy.denials import FirstDenials
from periphery.strategy.market import Bar, BarBuilder, Level, Place, Quote, Signal, Trade
from periphery.strategy.state import Kept
from periphery.strategy.strategy import BadParams, Strategy, handlers_of

WARMING = "warming_up"
STOPPING = "stopping"
_QUOTE, _TRADE, _DEPTH, _REPORT, _SIGNAL = (
    kind.value for kind in (Kind.QUOTE, Kind.TRADE, Kind.DEPTH, Kind.REPORT, Kind.SIGNAL)
)
_TOLD_BY = {_QUOTE: "on_quote", _TRADE: "on_trade", _DEPTH: "on_depth"}


class Streamed(ABC):
    """The `Host` of a strategy that lives on a core's stream: `hear` takes what comes next."""

    def __init__(self, strategy: Strategy, session: Session, own: int) -> None:
        """own: the strategy's index in the core."""
        self.strategy = strategy
        self.session = session
        self.own = own
        self.time_ns = 0
        self.warming = False
        self.warm_after: int | None = None  # history came from the core's journal up to this event
        self.kept: Kept | None = None  # the state that it goes on from
        self.started = self.begun = False
        self.stops_at_once = False  # it was told to before it had begun
        self.stopping = ""  # "", "stop", "cancel", "close": how far the stop has come
        self.done = False
        self.missed = 0
        self.counts = dict.fromkeys(("events", "orders", "fills", "denied", "params"), 0)
        self.held: dict[tuple[int, int], int] = {}
        self._open: dict[int, OrderEvent] = {}
        self._unanswered: set[str] = set()
        self._refused: list[DenyEvent] = []
        self._first_denials = FirstDenials(self.log)
        self._bars: dict[int, list[BarBuilder]] = {}
        self._alarms: list[tuple[int, int, str | BarBuilder]] = []
        self._alarms_set = self._ids = 0
        self._prefix = ""
        self._places: dict[tuple[int, int], Place] = {}
        self._on: dict[str, Callable[..., Any]] = handlers_of(strategy)
        strategy._host = self

    # ---- what it is fed with -------------------------------------------------------------------------------

    def hear(self, heard: MarketRow | Event) -> None:
        """What comes next. What a handler raises goes on up."""
        if isinstance(heard, MarketRow):
            self._hear_row(heard)
        elif isinstance(heard, Gap):
            self._hear_gap(heard)
        elif self.begun:
            self._hear_answer(heard)
        self.tell_refused()
        if self.stopping:
            self._go_on_stopping()

    def _hear_gap(self, gap: Gap) -> None:
        if self.warming and self.warm_after is None:
            return  # history has it, or nobody would have heard it
        self.missed += gap.missed
        self.log("missed", {"stream": gap.stream, "count": gap.missed})

    def _hear_row(self, row: MarketRow) -> None:
        if row.kind == _REPORT:
            self._hear_position(row)
        elif row.kind == _SIGNAL:
            self._hear_signal(row)
        elif self.warming:
            if self.warm_after is not None and row.event > self.warm_after:
                self.warm(row)
        elif self.begun and not self.stopping and row.event:
            self.counts["events"] += 1
            self.pass_time(row.time_ns)
            self._hear_market(row)

    def warm(self, row: MarketRow) -> None:
        """A row of history. What the state knows isn't told again."""
        if not self.started:
            self.start(row.time_ns)
        if self.kept is not None and self.kept.knows(row.event, row.time_ns):
            return
        self.pass_time(row.time_ns)
        self._hear_market(row)
        self.tell_refused()

    def breathe(self) -> None:  # noqa: B027  a hook
        """Between two rows of history, which may be long."""

    def _hear_market(self, row: MarketRow) -> None:
        if not self._bars and _TOLD_BY.get(row.kind) not in self._on:
            return  # nobody would hear it
        place = self._place(row)
        if row.kind == _QUOTE:
            self.tell_quote(Quote(place, row.time_ns, row.a, row.b, row.c, row.d))
        elif row.kind == _TRADE:
            self.tell_trade(Trade(place, row.time_ns, row.a, row.b, row.c))
        elif row.kind == _DEPTH:
            self.tell_level(Level(place, row.time_ns, row.a, row.b, row.c))

    def _place(self, row: MarketRow) -> Place:
        key = row.symbol, row.venue
        place = self._places.get(key)
        if place is None:
            symbol = self.directory.symbols[row.symbol]
            venue = self.directory.venues[row.venue]
            place = Place(symbol.name, venue, symbol.price_precision, symbol.qty_precision)
            self._places[key] = place
        return place

    def tell_quote(self, quote: Quote) -> None:
        """A quote, after its time has come."""
        self._add_to_bars(quote.symbol, quote.time_ns, False, quote.mid, 0.0)
        if "on_quote" in self._on:
            self._on["on_quote"](quote)

    def tell_trade(self, trade: Trade) -> None:
        """A trade, after its time has come."""
        self._add_to_bars(trade.symbol, trade.time_ns, True, trade.price, trade.size)
        if "on_trade" in self._on:
            self._on["on_trade"](trade)

    def tell_level(self, level: Level) -> None:
        """A level of a book, after its time has come."""
        if "on_depth" in self._on:
            self._on["on_depth"](level)

    # ---- time ----------------------------------------------------------------------------------------------

    def pass_time(self, until_ns: int) -> None:
        """It is so late: timers and bars that are over come first, each at its own time."""
        while self._alarms and self._alarms[0][0] <= until_ns:
            due_ns, _, what = heappop(self._alarms)
            self.time_ns = max(due_ns, self.time_ns)
            if self.stopping:
                continue
            if isinstance(what, BarBuilder):
                self._pass_bar(what.close())
            elif "on_timer" in self._on:
                self._on["on_timer"](what, due_ns)
        self.time_ns = max(until_ns, self.time_ns)

    @property
    def next_due_ns(self) -> int | None:
        """When the next timer or bar is over; None: none is set."""
        return self._alarms[0][0] if self._alarms else None

    def _set_alarm(self, due_ns: int, what: str | BarBuilder) -> None:
        self._alarms_set += 1
        heappush(self._alarms, (due_ns, self._alarms_set, what))

    def _add_to_bars(self, symbol: str, time_ns: int, is_trade: bool, price: float, size: float) -> None:
        if not self._bars:
            return
        for builder in self._bars.get(self.directory.symbol(symbol).index, ()):
            if builder.of_trades != is_trade:
                continue
            begins = builder.bar is None
            bar = builder.add(symbol, time_ns, price, size)
            if bar is not None:
                self._pass_bar(bar)
            elif begins and builder.span_ns and builder.bar is not None:
                self._set_alarm(builder.bar.end_ns, builder)

    def _pass_bar(self, bar: Bar | None) -> None:
        if bar is not None and "on_bar" in self._on:
            self._on["on_bar"](bar)

    # ---- signals -------------------------------------------------------------------------------------------

    def _hear_signal(self, row: MarketRow) -> None:
        what, by = row.venue, row.d >> 32 & NONE
        if what == SignalWhat.BEGIN:
            if not self.begun and by == self.session.index:
                self._begin(row)
            return
        if not self.begun:
            self.stops_at_once |= what == SignalWhat.STOP
            return
        self.counts["events"] += 1
        self.pass_time(row.time_ns)
        if what == SignalWhat.VALUE and not self.stopping and "on_signal" in self._on:
            self._on["on_signal"](self._signal(row))
        elif what == SignalWhat.TICK:
            self.on_tick()
        elif what == SignalWhat.PARAM:
            self._set_param(self.signal_name(row.d & NONE))
        elif what == SignalWhat.STOP and not self.stopping:
            self._stop()

    def _signal(self, row: MarketRow) -> Signal:
        symbol = None if row.symbol == NONE else self.directory.symbols[row.symbol].name
        name = self.signal_name(row.d & NONE)
        return Signal(row.time_ns, name, float(row.value), symbol, row.c or row.time_ns)

    def _set_param(self, said: str) -> None:
        """NAME=VALUE; a wrong one changes nothing, and the log says so."""
        name, _, value = said.partition("=")
        try:
            self.strategy.set_params({name: value})
        except BadParams as error:
            self.log("parameter refused", {"said": said, "why": str(error)})
            return
        self.counts["params"] += 1
        self.log("parameter changed", {name: value})

    @abstractmethod
    def signal_name(self, index: int) -> str:
        """Of a signal."""

    # ---- the beginning and the end -------------------------------------------------------------------------

    def start(self, time_ns: int) -> None:
        """on_start, then the state of an earlier run."""
        self.time_ns = time_ns
        self.started = True
        self.strategy.on_start()
        self.kept = self.load()

    @abstractmethod
    def load(self) -> Kept | None:
        """Gives the strategy what it kept in an earlier run; what that was."""

    def _begin(self, row: MarketRow) -> None:
        """From here on it lives. Its orders' ids begin with this event: no other run has them."""
        self._prefix = f"{short(self.session.name)}-{base36(row.event)}-"
        if self.warming:
            self.pass_time(row.time_ns)  # timers of the history come as history
            self.tell_refused()
            self.warming = False
        self.begun = True
        if not self.started:
            self.start(row.time_ns)
        self.on_begun(row.event)
        self.strategy.on_live()
        if self.stops_at_once:
            self._stop()

    def on_begun(self, event: int) -> None:  # noqa: B027  a hook
        """It has begun, at that event of the spine."""

    def on_tick(self) -> None:  # noqa: B027  a hook
        """Time has been told."""

    def _stop(self) -> None:
        self.strategy.on_stop()
        self.stopping = "stop"

    def _go_on_stopping(self) -> None:
        """What `at_stop` says, each step once the one before has been answered."""
        at_stop = self.strategy.at_stop
        if self.stopping == "stop" and not self._unanswered:
            if at_stop != "keep":
                self.session.cancel_all(None, None, self.own)
            self.stopping = "cancel"
        if self.stopping == "cancel" and (at_stop == "keep" or self.is_settled):
            if at_stop == "close":
                self._close_all()
            self.stopping = "close"
        if self.stopping == "close" and not self._unanswered and (at_stop == "keep" or self.is_settled):
            self.done = True

    @property
    def is_settled(self) -> bool:
        """No order is open, none is without an answer."""
        return not self._open and not self._unanswered

    def _close_all(self) -> None:
        for account in self.directory.accounts:
            for symbol in self.directory.symbols:
                self.strategy.close(symbol.name, account)

    # ---- answers -------------------------------------------------------------------------------------------

    def _hear_answer(self, event: OrderEvent | DenyEvent) -> None:
        self.counts["events"] += 1
        self.pass_time(event.time_ns)
        self._unanswered.discard(event.cl_ord_id)
        if isinstance(event, DenyEvent):
            self.tell_denial(event)
            return
        if event.ended:
            self._open.pop(event.order, None)
        else:
            self._open[event.order] = event
        if "on_order" in self._on:
            self._on["on_order"](event)
        if event.exec_code == TRADE:
            self.counts["fills"] += 1
            if "on_fill" in self._on:
                self._on["on_fill"](event)
            if "on_position" in self._on:
                self._on["on_position"](event.symbol)

    def tell_denial(self, denial: DenyEvent) -> None:
        """Our own risk, or this host, said no."""
        self.counts["denied"] += 1
        self._first_denials.hear(denial)
        if "on_deny" in self._on:
            self._on["on_deny"](denial)

    def _hear_position(self, row: MarketRow) -> None:
        """What is held, whoever traded; of an own order the answer comes next, and on_position with it."""
        self.held[row.a, row.symbol] = row.b
        if self.begun and row.c != self.session.index:
            self.pass_time(row.time_ns)
            if "on_position" in self._on and not self.stopping:
                self._on["on_position"](self.directory.symbols[row.symbol].name)

    # ---- as its strategy sees it ---------------------------------------------------------------------------

    @property
    def directory(self) -> Directory:
        return self.session.directory

    def tick(self, symbol: str) -> Decimal:
        found = self.directory.symbol(symbol)
        return from_units(found.tick, found.price_precision)

    def position(self, symbol: str, account: str | None) -> Decimal:
        found = self.directory.symbol(symbol)
        units = self.held.get((self.directory.account(account), found.index), 0)
        return from_units(units, found.qty_precision)

    def orders(self, symbol: str | None) -> list[OrderEvent]:
        return [each for each in self._open.values() if symbol is None or each.symbol == symbol]

    def bars(self, symbol: str, every: str, of: str) -> None:
        builders = self._bars.setdefault(self.directory.symbol(symbol).index, [])
        builders.append(BarBuilder(every, of == "trades"))

    def timer(self, name: str, due_ns: int) -> None:
        self._set_alarm(due_ns, name)

    @abstractmethod
    def log(self, message: str, values: Mapping[str, Any]) -> None:
        """A line, with the event's time."""

    # ---- what it asks for ----------------------------------------------------------------------------------

    def submit(
        self, symbol: str, side: str, qty: Number, ord_type: str = "market", price: Number | None = None,
        account: str | None = None, venue: str | None = None, time_in_force: str = "day",
        post_only: bool = False, cl_ord_id: str | None = None, expire_ns: int | None = None,
    ) -> str:  # fmt: skip
        said = (
            symbol, side, qty, ord_type, price, account, venue, time_in_force, self.own, post_only,
            cl_ord_id or self._new_id(), expire_ns,
        )  # fmt: skip
        if self._refuses(said[10], symbol):
            return said[10]
        port, session = self.session.port, self.session
        return self._ask(said[10], lambda: port.order(*said) or session.order(*said))

    def send(self, line: Mapping[str, Any]) -> str:
        cl_ord_id = str(line.get("cl_ord_id") or self._new_id())
        symbol = self.directory.symbol(str(line.get("symbol")))
        if self._refuses(cl_ord_id, symbol.name):
            return cl_ord_id
        account = line.get("account") or self.directory.only_account()
        told = {
            key: value if isinstance(value, bool | dict | str) else str(value) for key, value in line.items()
        }
        own = {"cl_ord_id": cl_ord_id, "account": account, "strategy": self.session.name}
        self.session.port.known.setdefault(cl_ord_id, symbol)
        return self._ask(cl_ord_id, lambda: self.send_line(told | own))

    @abstractmethod
    def send_line(self, line: Mapping[str, Any]) -> str:
        """An order as a scenario's line says it; its cl_ord_id."""

    def replace(self, orig_cl_ord_id: str, qty: Number | None, price: Number | None) -> str:
        cl_ord_id, port, session = self._new_id(), self.session.port, self.session
        if self._refuses(cl_ord_id, None, orig_cl_ord_id):
            return cl_ord_id
        said = orig_cl_ord_id, qty, price, cl_ord_id
        return self._ask(cl_ord_id, lambda: port.replace(*said) or session.replace(*said))

    def cancel(self, orig_cl_ord_id: str) -> str:
        cl_ord_id, port, session = self._new_id(), self.session.port, self.session
        if self._refuses(cl_ord_id, None, orig_cl_ord_id):
            return cl_ord_id
        said = orig_cl_ord_id, cl_ord_id
        return self._ask(cl_ord_id, lambda: port.cancel(*said) or session.cancel(*said))

    def cancel_all(self, symbol: str | None, account: str | None) -> None:
        if not self.warming:
            self.session.cancel_all(account, symbol, self.own)

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self._prefix}{self._ids}"

    def _ask(self, cl_ord_id: str, ask: Callable[[], str]) -> str:
        """Sends a request that will have an answer. BadRequest, Busy, TypeError: nothing was sent."""
        self._unanswered.add(cl_ord_id)
        try:
            self.patiently(ask)
        except BaseException:
            self._unanswered.discard(cl_ord_id)
            raise
        self.counts["orders"] += 1
        return cl_ord_id

    def patiently[T](self, ask: Callable[[], T]) -> T:
        """Asks; where the ring is full, a host may wait for room."""
        return ask()

    def _refuses(self, cl_ord_id: str, symbol: str | None, orig: str | None = None) -> bool:
        """Before it lives, nothing is sent: on_deny tells, after the handler."""
        if not self.warming and not self.done:
            if not self.begun:
                raise BadRequest(f"{type(self.strategy).__name__} trades from on_start on, not before")
            return False
        reason = WARMING if self.warming else STOPPING
        self._refused.append(DenyEvent(0, self.time_ns, cl_ord_id, orig, symbol, reason))
        return True

    def tell_refused(self) -> None:
        """on_deny for what this host refused."""
        while self._refused:
            refused, self._refused = self._refused, []
            for denial in refused:
                self.tell_denial(denial)
