"""Plays quotes through NautilusTrader 2.0's BacktestEngine, where that package is installed; by its path.

What it is given and what it tells: compare_v1.
"""

import json
import sys
import time
from decimal import Decimal
from typing import Any

from compare_strategies import EmaCross, Planned
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType,
    Currency,
    CurrencyPair,
    InstrumentId,
    Money,
    OmsType,
    OrderFilled,
    OrderSide,
    Price,
    Quantity,
    QuoteTick,
    Symbol,
    TimeInForce,
    Venue,
)
from nautilus_trader.trading import Strategy

SHOWN = 1_000_000_000


def pair(digits: int) -> CurrencyPair:
    """The instrument of the quotes. Fees are the venue's."""
    return CurrencyPair(
        instrument_id=InstrumentId(Symbol("EUR/USD"), Venue("SIM")),
        raw_symbol=Symbol("EUR/USD"),
        base_currency=Currency.from_str("EUR"),
        quote_currency=Currency.from_str("USD"),
        price_precision=digits,
        size_precision=0,
        price_increment=Price(10**-digits, digits),
        size_increment=Quantity(1, 0),
        lot_size=Quantity(1, 0),
        margin_init=Decimal("0.01"),
        margin_maint=Decimal("0.01"),
        ts_event=0,
        ts_init=0,
    )


class Sender(Strategy):
    """Sends market orders."""

    def __init__(self, instrument: CurrencyPair) -> None:
        super().__init__()
        self.instrument = instrument

    def on_start(self) -> None:
        self.subscribe_quotes(self.instrument.id)

    def send(self, side: str, qty: int) -> None:
        order = self.order_factory.market(
            self.instrument.id,
            OrderSide.BUY if side == "buy" else OrderSide.SELL,
            Quantity(qty, 0),
            time_in_force=TimeInForce.IOC,
        )
        self.submit_order(order)


class PlannedSender(Planned, Sender):
    """Of random orders."""


class EmaSender(EmaCross, Sender):
    """Of two averages."""


def fills_of(engine: BacktestEngine) -> list[dict[str, Any]]:
    """All of them, also what closed at the stop."""
    fills = [e for order in engine.cache.orders() for e in order.events() if isinstance(e, OrderFilled)]
    fills.sort(key=lambda event: (event.ts_event, int(event.client_order_id.value.rsplit("-", 1)[1])))
    return [
        {
            "time_ns": event.ts_event,
            "side": "buy" if event.order_side == OrderSide.BUY else "sell",
            "qty": str(event.last_qty),
            "px": str(event.last_px),
            "fee": str(event.commission.as_decimal()),
        }
        for event in fills
    ]


def main() -> None:
    given = json.load(sys.stdin)
    digits, fee, usd = given["digits"], Decimal(given["fee"]), Currency.from_str("USD")
    instrument = pair(digits)
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(bypass_logging=True)))
    engine.add_venue(
        venue=Venue("SIM"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=usd,
        starting_balances=[Money(float(given["money"]), usd)],
        fee_model=MakerTakerFeeModel(fee, fee),
    )
    engine.add_instrument(instrument)
    size = Quantity(SHOWN, 0)
    engine.add_data(
        [
            QuoteTick(
                instrument.id, Price.from_str(f"{bid:.{digits}f}"), Price.from_str(f"{ask:.{digits}f}"),
                size, size, at, at,
            )
            for at, bid, ask in given["quotes"]
        ]
    )  # fmt: skip
    strategy: Any = (EmaSender if "ema" in given else PlannedSender)(instrument)
    strategy.begin(given)
    engine.add_strategy(strategy)
    began = time.perf_counter()
    engine.run()
    seconds = time.perf_counter() - began
    balance = engine.cache.account_for_venue(Venue("SIM")).balance_total(usd)
    told = {"fills": fills_of(engine), "balance": str(balance.as_decimal()), "seconds": seconds}
    print(json.dumps(told))
    engine.dispose()


main()
