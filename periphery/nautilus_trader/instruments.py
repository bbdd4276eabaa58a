"""The core's instruments as NautilusTrader's, of one venue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from periphery.client import directory as ours
from periphery.client.units import from_units
from periphery.nautilus_trader.names import currencies_of
from periphery.nautilus_trader.theirs import (
    RAW_DIGITS,
    AssetClass,
    CryptoPerpetual,
    CurrencyPair,
    Equity,
    FuturesContract,
    InstrumentId,
    InstrumentProvider,
    Price,
    Quantity,
    Symbol,
    Venue,
    currency_of,
)

NO_MARGIN = Decimal(0)
"""The core's risk counts margins; the node's portfolio need not."""
FAR_NS = 4_102_444_800_000_000_000  # 2100: of a contract whose expiry the core doesn't know


class Numbers:
    """Prices and quantities of one instrument from whole units, exactly: raw units there are
    10^-RAW_DIGITS.
    """

    def __init__(self, instrument: Any) -> None:
        self.instrument = instrument
        self.id = instrument.id
        self.price_precision: int = instrument.price_precision
        self.size_precision: int = instrument.size_precision
        self._price_scale = 10 ** (RAW_DIGITS - self.price_precision)
        self._size_scale = 10 ** (RAW_DIGITS - self.size_precision)

    def price(self, units: int) -> Price:
        return Price.from_raw(units * self._price_scale, self.price_precision)

    def quantity(self, units: int) -> Quantity:
        return Quantity.from_raw(units * self._size_scale, self.size_precision)

    def price_of(self, value: Decimal | None) -> Price | None:
        return None if value is None else Price.from_str(f"{value:.{self.price_precision}f}")

    def quantity_of(self, value: Decimal) -> Quantity:
        return Quantity.from_str(f"{value:.{self.size_precision}f}")


class NacreInstrumentProvider(InstrumentProvider):
    """All of a core's instruments, at one venue. They are there once a session is: `load`."""

    def __init__(self, venue: Venue) -> None:
        super().__init__()
        self.venue = venue
        self.numbers: dict[str, Numbers] = {}
        self.by_index: dict[int, Numbers] = {}

    def load_directory(self, directory: ours.Directory, venue: str | None, now_ns: int) -> None:
        """Those that trade at the core's `venue`, None for all."""
        for symbol in directory.symbols:
            if venue is None or venue in symbol.venues:
                numbers = Numbers(instrument_of(symbol, self.venue, now_ns))
                self.numbers[symbol.name] = self.by_index[symbol.index] = numbers
                self.add(numbers.instrument)

    async def load_all_async(self, filters: dict[str, Any] | None = None) -> None:
        """They came with the session."""

    async def load_ids_async(self, instrument_ids: list[InstrumentId], filters: Any = None) -> None:
        """They came with the session."""

    async def load_async(self, instrument_id: InstrumentId, filters: Any = None) -> None:
        """They came with the session."""


def instrument_of(symbol: ours.Symbol, venue: Venue, now_ns: int) -> Any:
    """Of the kind that the core says."""
    tick = Price.from_str(f"{from_units(symbol.tick, symbol.price_precision):.{symbol.price_precision}f}")
    lot = Quantity.from_str(f"{from_units(symbol.lot, symbol.qty_precision):.{symbol.qty_precision}f}")
    multiplier = Quantity.from_str(str(from_units(symbol.multiplier, symbol.multiplier_precision)))
    base, quote = currencies_of(symbol.name, symbol.currency)
    said: dict[str, Any] = {
        "instrument_id": InstrumentId(Symbol(symbol.name), venue),
        "raw_symbol": Symbol(symbol.name),
        "price_precision": symbol.price_precision,
        "price_increment": tick,
        "ts_event": now_ns,
        "ts_init": now_ns,
        "margin_init": NO_MARGIN,
        "margin_maint": NO_MARGIN,
    }
    if symbol.kind == "equity" and symbol.qty_precision == 0:
        return Equity(**said, currency=currency_of(symbol.currency), lot_size=lot)
    if symbol.kind == "future" and symbol.qty_precision == 0:
        return FuturesContract(
            **said, asset_class=AssetClass.INDEX, currency=currency_of(symbol.currency),
            multiplier=multiplier,
            lot_size=lot, underlying=symbol.name, activation_ns=0, expiration_ns=FAR_NS,
        )  # fmt: skip
    said |= {"size_precision": symbol.qty_precision, "size_increment": lot, "multiplier": multiplier}
    said |= {"base_currency": currency_of(base), "quote_currency": currency_of(quote)}
    if symbol.kind in ("perpetual", "future"):
        settle = currency_of(symbol.settle_currency)
        return CryptoPerpetual(**said, settlement_currency=settle, is_inverse=symbol.inverse)
    return CurrencyPair(**said, lot_size=lot)
