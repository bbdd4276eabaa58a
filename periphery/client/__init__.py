"""The client library: a strategy's or a tool's session with the core on this host.

    from periphery.client import connect

    with connect(name="mine") as core:
        sent = core.submit("AAPL", "buy", 100, ord_type="limit", price="190.02")
        for event in core.events(timeout=1.0):
            print(event)

Importing it needs nothing compiled; connecting by shared memory does.
"""

from typing import TYPE_CHECKING, Any

from periphery.client.client import Client, connect
from periphery.client.errors import (
    BadRequest,
    Busy,
    ClientError,
    HangUp,
    NoAnswer,
    NoCore,
    Refused,
    VersionMismatch,
    WrongToken,
)
from periphery.client.events import DenyEvent, Event, Gap, OrderEvent, QuoteEvent

if TYPE_CHECKING:
    from periphery.client.aio import AsyncClient, connect_async

__all__ = [
    "AsyncClient",
    "BadRequest",
    "Busy",
    "Client",
    "ClientError",
    "DenyEvent",
    "Event",
    "Gap",
    "HangUp",
    "NoAnswer",
    "NoCore",
    "OrderEvent",
    "QuoteEvent",
    "Refused",
    "VersionMismatch",
    "WrongToken",
    "connect",
    "connect_async",
]


def __getattr__(name: str) -> Any:
    """The asyncio client when it is asked for: asyncio alone is a third of a desk command's time."""
    if name in ("AsyncClient", "connect_async"):
        from periphery.client import aio

        return getattr(aio, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
