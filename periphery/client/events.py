"""What a client is told, as values. Prices and quantities are exact Decimals, times ns since 1970."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from periphery.client.units import average, from_units
from periphery.client.words import (
    ENDED,
    ENDED_CODES,
    EXEC_TYPE_NAMES,
    REASON_NAMES,
    SIDE_NAMES,
    STATUS_NAMES,
    TRADE,
)

__all__ = ["ENDED", "DenyEvent", "Event", "Gap", "OrderEvent", "QuoteEvent", "as_dict"]


class OrderEvent:
    """One line of an order's life: why it came (`exec_type`) and the state after it (`ord_status`).

    Words and Decimals are made when they are read: a strategy that looks at two fields pays for two. Where
    the symbol isn't known, the numbers are whole units. What it reads from, codes and units, is what the
    answers of core.session.port have, and those of `codec`.
    """

    __slots__ = ()

    FIELDS = (
        "seq", "time_ns", "cl_ord_id", "orig_cl_ord_id", "symbol", "side", "exec_type", "ord_status",
        "reason", "order_qty", "cum_qty", "leaves_qty", "last_qty", "last_px", "price", "avg_px",
    )  # fmt: skip

    if TYPE_CHECKING:
        _symbol: Any

        @property
        def seq(self) -> int:
            """This session's count of answers."""

        @property
        def event(self) -> int:
            """The event on the core's spine that it tells of."""

        @property
        def order(self) -> int:
            """The order's index in the core."""

        @property
        def time_ns(self) -> int: ...
        @property
        def cl_ord_id(self) -> str: ...
        @property
        def orig_cl_ord_id(self) -> str | None: ...

        @property
        def is_plain(self) -> bool:
            """Of an order whose symbol is known and that has not ended."""

        @property
        def is_denial(self) -> bool:
            """To be told as a DenyEvent."""

        @property
        def exec_code(self) -> int: ...
        @property
        def status_code(self) -> int: ...
        @property
        def reason_code(self) -> int: ...
        @property
        def side_code(self) -> int: ...
        @property
        def order_units(self) -> int: ...
        @property
        def cum_units(self) -> int: ...
        @property
        def leaves_units(self) -> int: ...
        @property
        def last_units(self) -> int: ...
        @property
        def last_px_units(self) -> int: ...
        @property
        def price_units(self) -> int: ...

        @property
        def notional(self) -> int:
            """Of all fills, in units of price times quantity."""

    @property
    def symbol(self) -> str | None:
        """None where the order isn't this session's own."""
        return None if self._symbol is None else str(self._symbol.name)

    @property
    def side(self) -> str:
        return SIDE_NAMES[self.side_code]

    @property
    def exec_type(self) -> str:
        return EXEC_TYPE_NAMES[self.exec_code]

    @property
    def ord_status(self) -> str:
        return STATUS_NAMES[self.status_code]

    @property
    def reason(self) -> str | None:
        return REASON_NAMES[self.reason_code] if self.reason_code else None

    @property
    def order_qty(self) -> Decimal:
        return self._qty(self.order_units)

    @property
    def cum_qty(self) -> Decimal:
        return self._qty(self.cum_units)

    @property
    def leaves_qty(self) -> Decimal:
        return self._qty(self.leaves_units)

    @property
    def last_qty(self) -> Decimal | None:
        """Of a trade, else None."""
        return self._qty(self.last_units) if self.exec_code == TRADE else None

    @property
    def last_px(self) -> Decimal | None:
        """Of a trade, else None."""
        return self._px(self.last_px_units) if self.exec_code == TRADE else None

    @property
    def price(self) -> Decimal | None:
        """None where there is none."""
        return self._px(self.price_units) if self.price_units else None

    @property
    def avg_px(self) -> Decimal:
        return average(self.notional, self.cum_units, self._price_precision)

    @property
    def ended(self) -> bool:
        """Whether the order trades no more."""
        return self.status_code in ENDED_CODES

    @property
    def _price_precision(self) -> int:
        return 0 if self._symbol is None else int(self._symbol.price_precision)

    def _px(self, units: int) -> Decimal:
        return from_units(units, self._price_precision)

    def _qty(self, units: int) -> Decimal:
        return from_units(units, 0 if self._symbol is None else self._symbol.qty_precision)

    def to_dict(self) -> dict[str, Any]:
        """Every field by its name."""
        return {name: getattr(self, name) for name in self.FIELDS}

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, OrderEvent) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.seq, self.cl_ord_id))

    def __repr__(self) -> str:
        return f"OrderEvent({', '.join(f'{name}={value!r}' for name, value in self.to_dict().items())})"


@dataclass(frozen=True, slots=True)
class DenyEvent:
    """Our own risk said no, and why; nothing went to a venue."""

    seq: int
    time_ns: int
    cl_ord_id: str
    orig_cl_ord_id: str | None
    symbol: str | None
    reason: str
    event: int = field(default=0, compare=False, repr=False)

    @classmethod
    def of(cls, told: OrderEvent) -> DenyEvent:
        """From an answer that is a denial."""
        reason = REASON_NAMES[told.reason_code]
        return cls(
            told.seq, told.time_ns, told.cl_ord_id, told.orig_cl_ord_id, told.symbol, reason, told.event
        )


@dataclass(frozen=True, slots=True)
class QuoteEvent:
    """The best bid and offer of one venue; a quantity of 0 is an empty side."""

    seq: int
    time_ns: int
    symbol: str
    venue: str
    bid_px: Decimal
    bid_qty: Decimal
    ask_px: Decimal
    ask_qty: Decimal


@dataclass(frozen=True, slots=True)
class Gap:
    """Answers or quotes `first` to `last` (counted alike) were overwritten before this client read them, or
    answers that were made before its session had its seat.

    For answers: the core doesn't hold them any more either; ask for `orders()` to know where you stand.
    """

    stream: Literal["responses", "quotes"]
    first: int
    last: int
    is_plain: ClassVar[bool] = False

    @property
    def missed(self) -> int:
        """How many."""
        return self.last - self.first + 1


type Event = OrderEvent | DenyEvent | Gap


def as_dict(event: Event) -> dict[str, Any]:
    """Every field of an event by its name."""
    if isinstance(event, OrderEvent):
        return event.to_dict()
    return {name: value for name, value in asdict(event).items() if name != "event"}
