"""What the body knows of an order, and what it tells a shim of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from periphery.client import OrderEvent


@dataclass(slots=True)
class Known:
    """An order of the shim's. tag: whatever the shim wants with it."""

    cl_ord_id: str
    symbol: str
    ord_type: str
    strategy: str | None
    side: str
    tag: Any
    qty: Decimal
    price: Decimal | None
    stop_px: Decimal | None
    current: str
    """The core's id of the order now: another after each replace."""
    post_only: bool = False
    order: int | None = None
    """Its index in the core."""
    accepted: bool = False
    ended: bool = False
    cum_qty: Decimal = Decimal(0)
    fills: set[int] = field(default_factory=set)
    """Their events on the spine."""
    asked: dict[str, tuple[str, Decimal | None]] = field(default_factory=dict)
    """cancel or replace, and the stop price that was asked for, by the id of the request."""

    @property
    def order_id(self) -> str:
        """What NautilusTrader calls the venue's order id."""
        return "" if self.order is None else order_id(self.order)


@dataclass(frozen=True, slots=True)
class Fill:
    """fee: in `currency`, None where it isn't known. maker: None where it isn't known."""

    event: int
    time_ns: int
    qty: Decimal
    px: Decimal
    fee: Decimal | None
    currency: str
    maker: bool | None = None

    @property
    def trade_id(self) -> str:
        return trade_id(self.event)


class Teller(Protocol):
    """What a shim makes events of. Times are ns since 1970."""

    def submitted(self, order: Known, time_ns: int) -> None: ...
    def denied(self, order: Known, reason: str) -> None: ...
    def rejected(self, order: Known, reason: str, time_ns: int) -> None: ...
    def accepted(self, order: Known, time_ns: int) -> None: ...
    def triggered(self, order: Known, time_ns: int) -> None: ...
    def updated(self, order: Known, time_ns: int) -> None: ...
    def filled(self, order: Known, fill: Fill) -> None: ...
    def canceled(self, order: Known, time_ns: int) -> None: ...
    def expired(self, order: Known, time_ns: int) -> None: ...
    def cancel_rejected(self, order: Known, reason: str, time_ns: int) -> None: ...
    def modify_rejected(self, order: Known, reason: str, time_ns: int) -> None: ...
    def busted(self, order: Known, event: OrderEvent) -> None: ...


def order_id(index: int) -> str:
    """Of the order with that index in the core, from 1."""
    return str(index + 1)


def trade_id(event: int) -> str:
    return f"E{event}"


def fill_of(row: Mapping[str, Any]) -> Fill:
    """A row of `executions`."""
    return Fill(
        int(row["event"]), int(row["time_ns"]), Decimal(row["qty"]), Decimal(row["px"]), Decimal(row["fee"]),
        row["currency"], bool(row["maker"]),
    )  # fmt: skip
