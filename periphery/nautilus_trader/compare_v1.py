"""Plays quotes through NautilusTrader 1.231's BacktestEngine, where that package is installed; by its path.

Nothing of this project is imported but compare_strategies, which lies beside it. Standard input has
{"quotes": [[time_ns, bid, ask], ...], "fee": "0.00002", "money": "1000000", "digits": 5} and "plan":
[[row, side, qty], ...] or "ema": {"fast", "slow", "qty"}; standard output has fills, balance, and how long
the engine ran.
"""

import json
import sys
import time
from decimal import Decimal
from typing import Any

from compare_strategies import EmaCross, Planned
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, TimeInForce
from nautilus_trader.model.events import OrderFilled
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Currency, Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

SHOWN = 1_000_000_000


def pair(given: dict[str, Any]) -> CurrencyPair:
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


class Sender(Strategy):
    """Sends market orders."""

    def __init__(self, instrument: CurrencyPair) -> None:
        super().__init__()
        self.instrument = instrument

    def on_start(self) -> None:
        self.subscribe_quote_ticks(self.instrument.id)

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
    """All of them, also what closed at the stop, which a strategy isn't told of any more."""
    fills = [
        event for order in engine.cache.orders() for event in order.events if isinstance(event, OrderFilled)
    ]
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
    strategy: Any = (EmaSender if "ema" in given else PlannedSender)(instrument)
    strategy.begin(given)
    engine.add_strategy(strategy)
    began = time.perf_counter()
    engine.run()
    seconds = time.perf_counter() - began
    balance = engine.cache.account_for_venue(Venue("SIM")).balance_total(USD)
    told = {"fills": fills_of(engine), "balance": str(balance.as_decimal()), "seconds": seconds}
    print(json.dumps(told))
    engine.dispose()


main()
