"""Plays quotes and a plan of orders through NautilusTrader's BacktestEngine, where that package is installed.

Nothing of this project is imported. Standard input has {"quotes": [[time_ns, bid, ask], ...], "plan": [[row,
side, qty], ...], "fee": "0.00002", "money": "1000000", "digits": 5}, standard output fills and balance.
"""

import json
import sys
from decimal import Decimal

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Currency, Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

SHOWN = 1_000_000_000


def pair(given: dict) -> CurrencyPair:
    """The instrument of the quotes."""
    digits = given["digits"]
    fee = Decimal(given["fee"])
    return CurrencyPair(
        instrument_id=InstrumentId(Symbol("EUR/USD"), Venue("SIM")),
        raw_symbol=Symbol("EUR/USD"),
        base_currency=Currency.from_str("EUR"),
        quote_currency=USD,
        price_precision=digits,
        size_precision=0,
        price_increment=Price(10**-digits, digits),
        size_increment=Quantity(1, 0),
        lot_size=Quantity(1, 0),
        max_quantity=None,
        min_quantity=None,
        max_notional=None,
        min_notional=None,
        max_price=None,
        min_price=None,
        margin_init=Decimal("0.01"),
        margin_maint=Decimal("0.01"),
        maker_fee=fee,
        taker_fee=fee,
        ts_event=0,
        ts_init=0,
    )


class Planned(Strategy):
    """Sends what the plan says after each quote."""

    def __init__(self, instrument: CurrencyPair, plan: list) -> None:
        super().__init__()
        self.instrument = instrument
        self.plan = {row: (side, qty) for row, side, qty in plan}
        self.row = 0
        self.fills: list[dict] = []

    def on_start(self) -> None:
        self.subscribe_quote_ticks(self.instrument.id)

    def on_quote_tick(self, _tick: QuoteTick) -> None:
        if self.row in self.plan:
            side, qty = self.plan[self.row]
            order = self.order_factory.market(
                self.instrument.id,
                OrderSide.BUY if side == "buy" else OrderSide.SELL,
                Quantity(qty, 0),
                time_in_force=TimeInForce.IOC,
            )
            self.submit_order(order)
        self.row += 1

    def on_order_filled(self, event) -> None:
        self.fills.append(
            {
                "time_ns": event.ts_event,
                "side": "buy" if event.order_side == OrderSide.BUY else "sell",
                "qty": str(event.last_qty),
                "px": str(event.last_px),
                "fee": str(event.commission.as_decimal()),
            }
        )


def main() -> None:
    given = json.load(sys.stdin)
    instrument = pair(given)
    engine = BacktestEngine(config=BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=Venue("SIM"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(given["money"], USD)],
    )
    engine.add_instrument(instrument)
    digits = given["digits"]
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
    strategy = Planned(instrument, given["plan"])
    engine.add_strategy(strategy)
    engine.run()
    balance = engine.cache.account_for_venue(Venue("SIM")).balance_total(USD)
    print(json.dumps({"fills": strategy.fills, "balance": str(balance.as_decimal())}))
    engine.dispose()


main()
