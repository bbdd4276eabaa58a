"""Orders of NautilusTrader in the core's words."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from periphery.nautilus_trader.names import currencies_of, venue_of
from periphery.nautilus_trader.requests import Unsayable, line_of, submit_of


def read(**more: Any) -> Any:
    usual: dict[str, Any] = {
        "cl_ord_id": "o", "symbol": "S", "strategy": "X-1", "side": "BUY", "ord_type": "LIMIT",
        "time_in_force": "GTC", "contingency": "NO_CONTINGENCY", "qty": Decimal("1E+1"),
        "is_quote_quantity": False, "post_only": False, "reduce_only": False, "price": Decimal("1.50"),
        "stop_px": None, "activation_px": None, "max_floor": None, "expire_ns": 0, "trail": None,
        "trail_unit": None, "trigger": None,
    }  # fmt: skip
    return SimpleNamespace(**(usual | more))


def test_a_plain_order() -> None:
    said = submit_of(read(), "last", None, {}, "V")
    assert said.is_plain
    line = line_of(said, "A")
    assert line == {
        "cl_ord_id": "o", "account": "A", "symbol": "S", "side": "buy", "order_qty": "10",
        "ord_type": "limit",
        "time_in_force": "gtc", "price": "1.50", "strategy": "X-1", "venue": "V",
    }  # fmt: skip


def test_a_trailing_stop_and_a_leg() -> None:
    more = {
        "ord_type": "TRAILING_STOP_MARKET",
        "price": None,
        "trail": Decimal(20),
        "trail_unit": "BASIS_POINTS",
    }
    said = submit_of(read(**more, trigger="DEFAULT", contingency="OUO"), "mid", "L", {}, None)
    line = line_of(said, "A")
    assert not said.is_plain
    assert (line["trail"], line["trail_unit"], line["trigger"]) == ("20", "bps", "mid")
    assert (line["list_id"], line["contingency"]) == ("L", "ouo")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"ord_type": "TRAILING_STOP_LIMIT"}, "order type TRAILING_STOP_LIMIT"),
        ({"is_quote_quantity": True}, "quote currency"),
        ({"max_floor": Decimal(0)}, "hidden"),
        ({"activation_px": Decimal(1)}, "activation_price"),
        ({"ord_type": "STOP_MARKET", "trigger": "INDEX_PRICE"}, "trigger type INDEX_PRICE"),
    ],
)
def test_what_can_not_be_said(more: dict[str, Any], why: str) -> None:
    with pytest.raises(Unsayable, match=why):
        submit_of(read(**more), "last", None, {}, None)


@pytest.mark.parametrize(
    ("symbol", "pair"),
    [
        ("EURUSD", ("EUR", "USD")),
        ("EUR/USD", ("EUR", "USD")),
        ("BTC-USDT", ("BTC", "USD")),
        ("AAPL", ("AAPL", "USD")),
    ],
)
def test_currencies_by_name(symbol: str, pair: tuple[str, str]) -> None:
    assert currencies_of(symbol, "USD") == pair


def test_venues() -> None:
    assert venue_of("NACRE") is None
    assert venue_of("XNAS") == "XNAS"
