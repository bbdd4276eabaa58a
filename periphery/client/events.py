"""What a client is told, as values. Prices and quantities are exact Decimals, times ns since 1970."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

from periphery.client.directory import Symbol
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

__all__ = ["ENDED", "DenyEvent", "Event", "Gap", "OrderEvent", "QuoteEvent", "Told", "as_dict"]


class Told(Protocol):
    """An answer as it came, in the core's codes, indices and units."""

    @property
    def seq(self) -> int: ...
    @property
    def time_ns(self) -> int: ...
    @property
    def kind(self) -> int: ...
    @property
    def is_open(self) -> bool:
        """Whether it is of an order that has not ended; a denial is not."""

    @property
    def exec_type(self) -> int: ...
    @property
    def status(self) -> int: ...
    @property
    def reason(self) -> int: ...
    @property
    def side(self) -> int: ...
    @property
    def order_qty(self) -> int: ...
    @property
    def cum_qty(self) -> int: ...
    @property
    def leaves_qty(self) -> int: ...
    @property
    def last_qty(self) -> int: ...
    @property
    def last_px(self) -> int: ...
    @property
    def price(self) -> int: ...
    @property
    def notional(self) -> int: ...
    @property
    def id(self) -> str:
        """The cl_ord_id."""

    @property
    def orig_id(self) -> str:
        """The orig_cl_ord_id; "" where there is none."""


class OrderEvent:
    """One line of an order's life: why it came (`exec_type`) and the state after it (`ord_status`).

    Words and Decimals are made when they are read: a strategy that looks at two fields pays for two. Without
    its order's symbol the numbers are whole units.
    """

    __slots__ = ("_symbol", "_told")

    FIELDS = (
        "seq", "time_ns", "cl_ord_id", "orig_cl_ord_id", "symbol", "side", "exec_type", "ord_status",
        "reason", "order_qty", "cum_qty", "leaves_qty", "last_qty", "last_px", "price", "avg_px",
    )  # fmt: skip

    def __init__(self, told: Told, symbol: Symbol | None) -> None:
        self._told = told
        self._symbol = symbol

    @property
    def seq(self) -> int:
        """This session's count of answers."""
        return self._told.seq

    @property
    def time_ns(self) -> int:
        return self._told.time_ns

    @property
    def cl_ord_id(self) -> str:
        return self._told.id

    @property
    def orig_cl_ord_id(self) -> str | None:
        return self._told.orig_id or None

    @property
    def symbol(self) -> str | None:
        """None where the order isn't this session's own."""
        return None if self._symbol is None else self._symbol.name

    @property
    def side(self) -> str:
        return SIDE_NAMES[self._told.side]

    @property
    def exec_type(self) -> str:
        return EXEC_TYPE_NAMES[self._told.exec_type]

    @property
    def ord_status(self) -> str:
        return STATUS_NAMES[self._told.status]

    @property
    def reason(self) -> str | None:
        return REASON_NAMES[self._told.reason] if self._told.reason else None

    @property
    def order_qty(self) -> Decimal:
        return self._qty(self._told.order_qty)

    @property
    def cum_qty(self) -> Decimal:
        return self._qty(self._told.cum_qty)

    @property
    def leaves_qty(self) -> Decimal:
        return self._qty(self._told.leaves_qty)

    @property
    def last_qty(self) -> Decimal | None:
        """Of a trade, else None."""
        return self._qty(self._told.last_qty) if self._told.exec_type == TRADE else None

    @property
    def last_px(self) -> Decimal | None:
        """Of a trade, else None."""
        return self._px(self._told.last_px) if self._told.exec_type == TRADE else None

    @property
    def price(self) -> Decimal | None:
        """None where there is none."""
        return self._px(self._told.price) if self._told.price else None

    @property
    def avg_px(self) -> Decimal:
        return average(self._told.notional, self._told.cum_qty, self._price_precision)

    @property
    def ended(self) -> bool:
        """Whether the order trades no more."""
        return self._told.status in ENDED_CODES

    @property
    def _price_precision(self) -> int:
        return 0 if self._symbol is None else self._symbol.price_precision

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

    @classmethod
    def of(cls, told: Told, symbol: Symbol | None) -> DenyEvent:
        """From an answer; the symbol where it is known."""
        name = None if symbol is None else symbol.name
        return cls(told.seq, told.time_ns, told.id, told.orig_id or None, name, REASON_NAMES[told.reason])


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
    """Answers or quotes `first` to `last` (counted alike) were overwritten before this client read them.

    For answers: the core doesn't hold them any more either; ask for `orders()` to know where you stand.
    """

    stream: Literal["responses", "quotes"]
    first: int
    last: int

    @property
    def missed(self) -> int:
        """How many."""
        return self.last - self.first + 1


type Event = OrderEvent | DenyEvent | Gap


def as_dict(event: Event) -> dict[str, Any]:
    """Every field of an event by its name."""
    return event.to_dict() if isinstance(event, OrderEvent) else asdict(event)
