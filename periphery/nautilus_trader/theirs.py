"""NautilusTrader's own classes, of whichever version is installed: both have them by the same names."""

from __future__ import annotations

try:  # 1.231
    from nautilus_trader.common.providers import InstrumentProvider
    from nautilus_trader.execution.reports import (
        ExecutionMassStatus,
        FillReport,
        OrderStatusReport,
        PositionStatusReport,
    )
    from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas, QuoteTick, TradeTick
    from nautilus_trader.model.enums import (
        AccountType,
        AggressorSide,
        AssetClass,
        BookAction,
        BookType,
        CurrencyType,
        LiquiditySide,
        OmsType,
        OrderSide,
        OrderStatus,
        OrderType,
        PositionSide,
        RecordFlag,
        TimeInForce,
        TrailingOffsetType,
        TriggerType,
    )
    from nautilus_trader.model.identifiers import (
        AccountId,
        ClientId,
        ClientOrderId,
        InstrumentId,
        Symbol,
        TradeId,
        Venue,
        VenueOrderId,
    )
    from nautilus_trader.model.instruments import CryptoPerpetual, CurrencyPair, Equity, FuturesContract
    from nautilus_trader.model.objects import AccountBalance, Currency, Money, Price, Quantity
except ModuleNotFoundError:  # 2.0
    from nautilus_trader.live import InstrumentProvider
    from nautilus_trader.model import (
        AccountBalance,
        AccountId,
        AccountType,
        AggressorSide,
        AssetClass,
        BookAction,
        BookOrder,
        BookType,
        ClientId,
        ClientOrderId,
        CryptoPerpetual,
        Currency,
        CurrencyPair,
        CurrencyType,
        Equity,
        ExecutionMassStatus,
        FillReport,
        FuturesContract,
        InstrumentId,
        LiquiditySide,
        Money,
        OmsType,
        OrderBookDelta,
        OrderBookDeltas,
        OrderSide,
        OrderStatus,
        OrderStatusReport,
        OrderType,
        PositionSide,
        PositionStatusReport,
        Price,
        Quantity,
        QuoteTick,
        RecordFlag,
        Symbol,
        TimeInForce,
        TradeId,
        TradeTick,
        TrailingOffsetType,
        TriggerType,
        Venue,
        VenueOrderId,
    )

RAW_DIGITS = 16
"""A price's raw number is in units of 10^-16, so 60000.01 needs 70 bits: Python's integers go there
exactly.
"""

__all__ = [
    "RAW_DIGITS",
    "AccountBalance",
    "AccountId",
    "AccountType",
    "AggressorSide",
    "AssetClass",
    "BookAction",
    "BookOrder",
    "BookType",
    "ClientId",
    "ClientOrderId",
    "CryptoPerpetual",
    "Currency",
    "CurrencyPair",
    "CurrencyType",
    "Equity",
    "ExecutionMassStatus",
    "FillReport",
    "FuturesContract",
    "InstrumentId",
    "InstrumentProvider",
    "LiquiditySide",
    "Money",
    "OmsType",
    "OrderBookDelta",
    "OrderBookDeltas",
    "OrderSide",
    "OrderStatus",
    "OrderStatusReport",
    "OrderType",
    "PositionSide",
    "PositionStatusReport",
    "Price",
    "Quantity",
    "QuoteTick",
    "RecordFlag",
    "Symbol",
    "TimeInForce",
    "TradeId",
    "TradeTick",
    "TrailingOffsetType",
    "TriggerType",
    "Venue",
    "VenueOrderId",
]


def currency_of(code: str) -> Currency:
    """A currency by its code; one that NautilusTrader doesn't know becomes a crypto currency of 8 digits."""
    return Currency.from_str(code)
