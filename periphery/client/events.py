"""What a client is told, as frozen values. Prices and quantities are exact Decimals, times ns since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

ENDED = frozenset({"filled", "canceled", "expired", "rejected", "done_for_day"})
"""Each ord_status after which an order trades no more (a late fill may still come)."""


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One line of an order's life: why it came (`exec_type`) and the state after it (`ord_status`).

    seq: this session's count of answers. symbol: None where the order isn't this session's own.
    last_qty, last_px: of a trade, else None. price: None where there is none.
    """

    seq: int
    time_ns: int
    cl_ord_id: str
    orig_cl_ord_id: str | None
    symbol: str | None
    side: str
    exec_type: str
    ord_status: str
    reason: str | None
    order_qty: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal
    last_qty: Decimal | None
    last_px: Decimal | None
    price: Decimal | None
    avg_px: Decimal

    @property
    def ended(self) -> bool:
        """Whether the order trades no more."""
        return self.ord_status in ENDED


@dataclass(frozen=True, slots=True)
class DenyEvent:
    """Our own risk said no, and why; nothing went to a venue."""

    seq: int
    time_ns: int
    cl_ord_id: str
    orig_cl_ord_id: str | None
    symbol: str | None
    reason: str


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
