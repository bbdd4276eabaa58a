"""Conformance cases of data with 2.0's built-in DataTester: what it subscribes to is in the node's cache."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from nautilus_trader.model import BarType, ClientId
from nautilus_trader.testkit import DataTesterConfig

from tests.nt.node_v2 import BTCUSD, EURUSD, Node
from tests.nt.tell import tell

BAR = BarType.from_str("EURUSD.NACRE-1-SECOND-BID-INTERNAL")
MOST = 1 << 63


def instruments(cache: Any) -> object:
    found = cache.instrument(EURUSD), cache.instrument(BTCUSD)
    return all(found) and str(found[1].price_increment) == "0.01"


def quotes(cache: Any) -> object:
    found = cache.quotes(EURUSD) or []
    return len(found) >= 5 and found[0].ask_price > found[0].bid_price and found[0].ts_event > 10**16


def trades(cache: Any) -> object:
    """A price whose raw number doesn't fit 63 bits, a size of eight digits."""
    found = cache.trades(BTCUSD) or []
    return len(found) >= 2 and (
        found[0].price.as_decimal() == Decimal("60000.01")
        and found[0].price.raw > MOST
        and found[0].size.as_decimal() == Decimal("0.00000003")
    )


def book(cache: Any) -> object:
    found = cache.order_book(BTCUSD)
    return found is not None and found.best_ask_price() is not None and (
        found.best_ask_price().as_decimal() == Decimal("60000.01")
        and found.best_ask_size().as_decimal() == Decimal("1.00000001")
        and len(list(found.bids())) == 2
    )  # fmt: skip


def bars(cache: Any) -> object:
    return cache.bar_count(BAR) >= 2


_BTC = {"instrument_ids": [BTCUSD]}
CASES: dict[str, tuple[dict[str, Any], Callable[[Any], object]]] = {
    "TC-D01": ({"request_instruments": True}, instruments),
    "TC-D02": ({"subscribe_instrument": True}, instruments),
    "TC-D03": ({}, instruments),
    "TC-D10": (_BTC | {"subscribe_book_deltas": True, "manage_book": True}, book),
    "TC-D11": (_BTC | {"subscribe_book_at_interval": True, "book_interval_ms": 200}, book),
    "TC-D14": (_BTC | {"subscribe_book_deltas": True, "manage_book": True}, book),
    "TC-D20": ({"subscribe_quotes": True}, quotes),
    "TC-D30": (_BTC | {"subscribe_trades": True}, trades),
    "TC-D40": ({"subscribe_bars": True, "bar_types": [BAR]}, bars),
}


async def data(address: str, only: list[str]) -> None:
    """A node each: another tester's subscription would be in the same cache."""
    for number, (name, (config, comes)) in enumerate(CASES.items(), 1):
        if only and name not in only:
            continue
        told: dict[str, Any] = {"instrument_ids": [EURUSD], "client_id": ClientId("NACRE"), "log_data": False}
        node = Node(address, None, (), (DataTesterConfig(**(told | config)),), trader=f"DATA-{number:03}")
        await node.start()
        try:
            await node.until(lambda comes=comes, node=node: comes(node.cache), name)
        except Exception as wrong:  # whatever it is, it is the case's
            tell(name, "failed", f"{type(wrong).__name__}: {wrong}")
        else:
            tell(name, "passed")
        finally:
            await node.stop()
