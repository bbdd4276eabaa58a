"""What a strategy is: handlers that it fills in, and verbs that it trades with."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

if TYPE_CHECKING:
    from core.backtest.bars import Bar
    from core.session.market import Level, Quote, Trade
    from periphery.client.directory import Symbol
    from periphery.client.events import DenyEvent, OrderEvent
    from periphery.client.units import Number
    from periphery.strategy.host import Host
    from periphery.strategy.market import Signal

AtStop = Literal["close", "cancel", "keep"]
_ROUNDING = {"nearest": ROUND_HALF_EVEN, "down": ROUND_FLOOR, "up": ROUND_CEILING}


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of a strategy's parameters: typed fields with defaults, bounds by msgspec.Meta."""


class BadParams(ValueError):
    """A parameter that isn't there, or whose value isn't of its type or bounds; the message says which."""


class BadState(ValueError):
    """A state that a strategy can't keep, or can't go on from; the message says what to do."""


class Strategy:
    """Subclass it in a file, fill in the handlers that you need, and run the file with `nacre backtest`.

    Prices and quantities of requests are text, Decimal or int, never floats: `price` makes one of a float.
    A handler is called with what it is named for; nothing that it sees is later than `time_ns`.
    """

    Params: ClassVar[type[Parameters]] = Parameters
    state_version: ClassVar[int] = 1
    """Of what `save` gives: count it up when that changes, and `migrate` the older ones."""
    at_stop: ClassVar[AtStop] = "close"
    """At the end: "close" cancels what is open and closes what is held, "cancel" cancels, "keep" neither."""

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        """params: by name, as values or as text. BadParams."""
        self.params: Any = convert_params(type(self).Params, params or {})
        self._host: Host | None = None

    # ---- what it is told: fill in what you need ------------------------------------------------------------

    def on_start(self) -> None:
        """Before the first event: timers, bars."""

    def on_live(self) -> None:
        """History and state are told, orders are taken from here on. Without history it follows on_start."""

    def on_quote(self, quote: Quote) -> None:
        """The best bid and offer of a venue."""

    def on_trade(self, trade: Trade) -> None:
        """A trade at a venue, anybody's."""

    def on_depth(self, level: Level) -> None:
        """A level of a venue's book has another quantity."""

    def on_bar(self, bar: Bar) -> None:
        """A bar that `bars` asked for is over."""

    def on_order(self, order: OrderEvent) -> None:
        """A step of an own order's life, fills too."""

    def on_fill(self, order: OrderEvent) -> None:
        """A fill of an own order: last_qty at last_px. It comes after on_order."""

    def on_position(self, symbol: str) -> None:
        """What is held of a symbol has changed. It comes after on_fill."""

    def on_deny(self, denial: DenyEvent) -> None:
        """Our own risk said no; nothing went to a venue."""

    def on_timer(self, name: str, due_ns: int) -> None:
        """A timer that `timer` set is due."""

    def on_signal(self, signal: Signal) -> None:
        """A value that another process sent by its name."""

    def on_params(self, before: Any) -> None:
        """`params` are others than before."""

    def on_stop(self) -> None:
        """After the last event; then comes what `at_stop` says."""

    # ---- what it keeps -------------------------------------------------------------------------------------

    def save(self) -> Any:
        """What the next run is to know, as JSON can say it; None: nothing. Live it is asked at the end, and
        as often as the command says."""
        return None

    def load(self, state: Any) -> None:
        """What `save` gave in an earlier run; after on_start, before anything else."""

    def migrate(self, state: Any, version: int) -> Any:
        """A state of an older version as one of this. NotImplementedError: the older one is refused."""
        raise NotImplementedError

    # ---- what it knows -------------------------------------------------------------------------------------

    @property
    def host(self) -> Host:
        """Where it runs. RuntimeError before it does."""
        if self._host is None:
            raise RuntimeError(f"{type(self).__name__} isn't running yet: trade in on_start or later")
        return self._host

    @property
    def time_ns(self) -> int:
        """Now, by the events' clock: ns since 1970."""
        return self.host.time_ns

    @property
    def warming(self) -> bool:
        """Whether this is history that comes before it goes live: orders are refused, on_deny says so."""
        return self.host.warming

    @property
    def symbols(self) -> list[str]:
        """All instruments."""
        return [symbol.name for symbol in self.host.directory.symbols]

    def instrument(self, symbol: str) -> Symbol:
        """Precisions, tick, lot, venues. BadRequest: an unknown symbol."""
        return self.host.directory.symbol(symbol)

    def position(self, symbol: str, account: str | None = None) -> Decimal:
        """What is held, signed; 0 where nothing is. account: None is the only one."""
        return self.host.position(symbol, account)

    def orders(self, symbol: str | None = None) -> list[OrderEvent]:
        """The last event of each open order."""
        return self.host.orders(symbol)

    def price(
        self, symbol: str, value: float | Decimal, to: Literal["nearest", "down", "up"] = "nearest"
    ) -> Decimal:
        """A number as a price that the instrument takes: a multiple of its tick."""
        tick = self.host.tick(symbol)
        return (Decimal(value) / tick).to_integral_value(_ROUNDING[to]) * tick

    # ---- what it does --------------------------------------------------------------------------------------

    def submit(
        self,
        symbol: str,
        side: str,
        qty: Number,
        ord_type: str = "market",
        price: Number | None = None,
        account: str | None = None,
        venue: str | None = None,
        time_in_force: str = "day",
        post_only: bool = False,
        cl_ord_id: str | None = None,
        expire_ns: int | None = None,
    ) -> str:
        """Send an order; its cl_ord_id. What became of it comes by on_order, on_fill and on_deny.

        side: buy, sell, sell_short. ord_type: market, limit; others by `send`. venue: None is the router's
        choice. BadRequest says what can't be said.
        """
        return self.host.submit(
            symbol, side, qty, ord_type, price, account, venue, time_in_force, post_only, cl_ord_id, expire_ns
        )  # a host puts its own in this one's place: a frame less

    def buy(self, symbol: str, qty: Number, price: Number | None = None, **more: Any) -> str:
        """A market order, or with a price a limit order, otherwise as `submit`."""
        return self.submit(symbol, "buy", qty, "market" if price is None else "limit", price, **more)

    def sell(self, symbol: str, qty: Number, price: Number | None = None, **more: Any) -> str:
        """As `buy`."""
        return self.submit(symbol, "sell", qty, "market" if price is None else "limit", price, **more)

    def send(self, **line: Any) -> str:
        """An order of any kind, as the order line of a scenario says it: stops, pegs, lists, algos.

        cl_ord_id and account may be left out. Its cl_ord_id. BadRequest.
        """
        return self.host.send(line)

    def replace(self, orig_cl_ord_id: str, qty: Number | None = None, price: Number | None = None) -> str:
        """Another total quantity or price; the request's cl_ord_id, which the order then has."""
        return self.host.replace(orig_cl_ord_id, qty, price)

    def cancel(self, orig_cl_ord_id: str) -> str:
        """Ask to cancel; the request's cl_ord_id."""
        return self.host.cancel(orig_cl_ord_id)

    def cancel_all(self, symbol: str | None = None, account: str | None = None) -> None:
        """Ask to cancel all open orders."""
        self.host.cancel_all(symbol, account)

    def close(self, symbol: str, account: str | None = None) -> str | None:
        """A market order that closes what is held; None where nothing is."""
        held = self.position(symbol, account)
        if not held:
            return None
        return self.submit(symbol, "sell" if held > 0 else "buy", abs(held), account=account)

    def bars(self, symbol: str, every: str, of: Literal["quotes", "trades"] = "quotes") -> None:
        """on_bar from now on: every "1m", "10s", "1h" of time, "100t" events, "5000v" volume.

        of: trades, or the middles of quotes.
        """
        self.host.bars(symbol, every, of)

    def timer(self, name: str, at_ns: int | None = None, in_s: float | None = None) -> None:
        """on_timer(name, due_ns) at a time, or in so many seconds; set it again for another."""
        if (at_ns is None) == (in_s is None):
            raise ValueError(f"timer {name}: give at_ns or in_s")
        due_ns = at_ns if at_ns is not None else self.time_ns + round((in_s or 0.0) * 1e9)
        self.host.timer(name, due_ns)

    def log(self, message: str, **values: Any) -> None:
        """A line in the strategy's log, with the event's time."""
        self.host.log(message, values)

    def set_params(self, changes: Mapping[str, Any]) -> None:
        """Other parameters from now on; on_params is called. BadParams: nothing has changed."""
        before = self.params
        self.params = convert_params(type(before), msgspec.structs.asdict(before) | dict(changes))
        self.on_params(before)


def convert_params(kind: type[Parameters], given: Mapping[str, Any]) -> Parameters:
    """Values or texts as the typed parameters. BadParams."""
    unknown = given.keys() - {field.name for field in msgspec.structs.fields(kind)}
    if unknown:
        known = ", ".join(field.name for field in msgspec.structs.fields(kind)) or "none"
        raise BadParams(f"parameter {sorted(unknown)[0]}: there is {known}")
    try:
        return msgspec.convert(dict(given), kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadParams(_wrong_value(given, error)) from error


def _wrong_value(given: Mapping[str, Any], error: msgspec.ValidationError) -> str:
    """The parameter, the value that it can't have, and what it takes."""
    what, at, name = str(error).partition(" - at `$.")
    name = name.rstrip("`")
    if not at or name not in given:
        return f"parameters: {error}"
    takes = what.removeprefix("Expected ").partition(", got ")[0].replace("`", "")
    return f"parameter {name}: {given[name]!r}: give {takes}"


HANDLERS = (
    "on_quote",
    "on_trade",
    "on_depth",
    "on_bar",
    "on_order",
    "on_fill",
    "on_deny",
    "on_position",
    "on_timer",
    "on_signal",
)


def handlers_of(strategy: Strategy) -> dict[str, Any]:
    """Those that its class fills in: the others cost nothing."""
    return {
        name: getattr(strategy, name)
        for name in HANDLERS
        if getattr(type(strategy), name) is not getattr(Strategy, name)
    }
