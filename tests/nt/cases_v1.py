"""NautilusTrader's conformance cases (ExecTester, DataTester) on a core, one JSON line a case.

    ENV/bin/python -m tests.nt.cases_v1 SOCKET  the core declares tests.nt.desk.DECLARED

Run by `python -m tests.nt.run`; the ids are those of NautilusTrader's developer guide.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import CancelOrder
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import OrderSide, OrderStatus, OrderType, TimeInForce, TrailingOffsetType
from nautilus_trader.test_kit.strategies.tester_data import DataTester, DataTesterConfig
from nautilus_trader.test_kit.strategies.tester_exec import ExecTester, ExecTesterConfig

from periphery.client import connect
from tests.nt.desk import Feed
from tests.nt.frozen import frozen
from tests.nt.node_v1 import BTCUSD, EURUSD, Node

QTY = Decimal(1000)
TAKEN = ["Initialized", "Submitted", "Accepted", "Filled"]
RESTING = TAKEN[:3]
type Case = Callable[["Session"], Awaitable[None]]
CASES: dict[str, Case] = {}


class Skip(Exception):
    """Why a case can't be run here."""


def case(
    *ids: str, **config: Any
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., Awaitable[None]]]:
    """What the case of each id runs."""

    def add(run: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        for each in ids:
            CASES[each] = run
        return run

    return add


class Session:
    """A node, the feed, and one tester at a time."""

    def __init__(self, node: Node, feed: Feed) -> None:
        self.node = node
        self.feed = feed
        self.count = 0
        self.tester: Any = None

    async def exec(self, **config: Any) -> ExecTester:
        """An ExecTester that runs."""
        self.count += 1
        usual = {
            "enable_limit_buys": False,
            "enable_limit_sells": False,
            "log_data": False,
            "subscribe_trades": False,
        }
        tester = ExecTester(
            ExecTesterConfig(
                instrument_id=EURUSD, order_qty=QTY, order_id_tag=f"{self.count:03}", **(usual | config)
            )
        )
        self.node.node.trader.add_strategy(tester)
        self.node.node.trader.start_strategy(tester.id)
        self.tester = tester
        return tester

    async def data(self, kind: type[DataTester] = DataTester, **config: Any) -> Any:
        self.count += 1
        config = {"instrument_ids": [EURUSD], "log_data": False} | config
        tester = kind(DataTesterConfig(component_id=f"DataTester-{self.count:03}", **config))
        self.node.node.trader.add_actor(tester)
        self.node.node.trader.start_actor(tester.id)
        self.tester = tester
        return tester

    def orders(self) -> list[Any]:
        """Of the tester, the oldest first."""
        return sorted(
            self.node.cache.orders(strategy_id=self.tester.id),
            key=lambda order: order.init_id.value and order.ts_init,
        )

    async def order(self, n: int = 0) -> Any:
        await self.node.until(lambda: len(self.orders()) > n, f"order {n + 1} is made")
        return self.orders()[n]

    async def comes(self, order: Any, *names: str) -> None:
        """All events of an order, in order; fills may be many."""
        wanted = list(names)

        def is_so() -> bool:
            return _folded(self.node.names(order.client_order_id.value)) == wanted

        await self.node.until(is_so, f"{order.client_order_id}: {wanted}")

    async def stop(self) -> None:
        """The tester stops; what it does then is over when nothing of it is open."""
        tester = self.tester
        if isinstance(tester, ExecTester):
            if tester.is_running:
                self.node.node.trader.stop_strategy(tester.id)
            await self.node.until(lambda: not self.open_orders(), "no order is open")
        elif tester is not None and tester.is_running:
            self.node.node.trader.stop_actor(tester.id)

    def open_orders(self) -> list[Any]:
        cache, of = self.node.cache, self.tester.id
        return list(cache.orders_open(strategy_id=of)) + list(cache.orders_inflight(strategy_id=of))

    def net(self) -> Decimal:
        """Of the tester's positions."""
        return sum(
            (p.signed_decimal_qty() for p in self.node.cache.positions_open(strategy_id=self.tester.id)),
            Decimal(0),
        )

    async def flat(self) -> None:
        await self.node.until(lambda: self.net() == 0, "the tester is flat")

    def manual(self, order: Any) -> None:
        self.tester.submit_order(order)

    def limit(self, ticks: int, **more: Any) -> Any:
        """Of the tester, `ticks` above the bid."""
        price = self.tester.cache.instrument(EURUSD).make_price(self.feed.bid + ticks * Decimal("0.00001"))
        qty = self.tester.cache.instrument(EURUSD).make_qty(QTY)
        return self.tester.order_factory.limit(EURUSD, OrderSide.BUY, qty, price, **more)


def _folded(names: list[str]) -> list[str]:
    return [name for i, name in enumerate(names) if name != "Filled" or i == 0 or names[i - 1] != "Filled"]


def must(what: bool, why: object) -> None:
    if not what:
        raise AssertionError(why)


# ---- 1: market orders ------------------------------------------------------------


def _opens(qty: Decimal, tif: TimeInForce = TimeInForce.GTC) -> Case:
    async def run(s: Session) -> None:
        await s.exec(open_position_on_start_qty=qty, open_position_time_in_force=tif)
        order = await s.order()
        await s.comes(order, *TAKEN)
        must(order.filled_qty.as_decimal() == abs(qty), order)
        must(s.net() == qty, s.net())
        must(abs(Decimal(str(order.avg_px)) - s.feed.bid) < Decimal("0.0001"), order.avg_px)
        must(any(c.as_decimal() > 0 for c in order.commissions()), order.commissions())
        await s.stop()
        await s.flat()
        closing = await s.order(1)
        await s.comes(closing, *TAKEN)
        must(closing.side != order.side, closing)

    return run


CASES |= {
    "TC-E01": _opens(QTY),
    "TC-E02": _opens(-QTY),
    "TC-E03": _opens(QTY, TimeInForce.IOC),
    "TC-E04": _opens(QTY, TimeInForce.FOK),
    "TC-E06": _opens(QTY),
    "TC-E80": _opens(QTY),
    "TC-E82": _opens(-QTY),
}


# ---- 2, 3, 7: orders that rest ------------------------------------------------------------


def _rests(**config: Any) -> Case:
    """One order a side that is enabled; on stop they are cancelled."""

    async def run(s: Session) -> None:
        await s.exec(**config)
        sides = sum(
            bool(config.get(f"enable_{each}"))
            for each in ("limit_buys", "limit_sells", "stop_buys", "stop_sells")
        )
        for n in range(sides):
            order = await s.order(n)
            await s.comes(order, *RESTING)
            must(order.status == OrderStatus.ACCEPTED and order.is_open, order)
            must(order.venue_order_id is not None, order)
        held = await s.node.client.held()
        told = {each.cl_ord_id: each for each in held.orders}
        for order in s.orders():
            row = told[order.client_order_id.value]
            must(row.qty == order.quantity.as_decimal(), row)
            must(not order.has_price or row.price == order.price.as_decimal(), row)
            must(not order.has_trigger_price or row.stop_px == order.trigger_price.as_decimal(), row)
            must(row.post_only == order.is_post_only, row)
        await s.stop()
        for order in s.orders():
            must(order.status == OrderStatus.CANCELED, order)
            must(s.node.names(order.client_order_id.value)[-1] == "Canceled", s.node.told())

    return run


def _stops(side: str, kind: OrderType, **config: Any) -> Case:
    return _rests(**{f"enable_stop_{side}s": True}, stop_order_type=kind, **config)


CASES |= {
    "TC-E10": _rests(enable_limit_buys=True),
    "TC-E11": _rests(enable_limit_sells=True),
    "TC-E12": _rests(enable_limit_buys=True, enable_limit_sells=True),
    "TC-E17": _rests(enable_limit_buys=True, order_expire_time_delta_mins=60),
    "TC-E19": _rests(enable_limit_buys=True, limit_time_in_force=TimeInForce.DAY),
    "TC-E20": _stops("buy", OrderType.STOP_MARKET),
    "TC-E21": _stops("sell", OrderType.STOP_MARKET),
    "TC-E22": _stops("buy", OrderType.STOP_LIMIT, stop_limit_offset_ticks=10),
    "TC-E23": _stops("sell", OrderType.STOP_LIMIT, stop_limit_offset_ticks=10),
    "TC-E24": _stops("buy", OrderType.MARKET_IF_TOUCHED),
    "TC-E25": _stops("sell", OrderType.MARKET_IF_TOUCHED),
    "TC-E26": _stops("buy", OrderType.LIMIT_IF_TOUCHED, stop_limit_offset_ticks=10),
    "TC-E27": _stops("sell", OrderType.LIMIT_IF_TOUCHED, stop_limit_offset_ticks=10),
    "TC-E40": _rests(enable_limit_buys=True),
    "TC-E41": _rests(enable_limit_buys=True, enable_limit_sells=True),
    "TC-E42": _rests(enable_limit_buys=True, enable_limit_sells=True, use_individual_cancels_on_stop=True),
    "TC-E43": _rests(enable_limit_buys=True, enable_limit_sells=True, use_batch_cancel_on_stop=True),
    "TC-E60": _rests(enable_limit_buys=True, use_post_only=True),
    "TC-E62": _rests(enable_limit_buys=True, order_display_qty=Decimal(100)),
    "TC-E63": _rests(enable_limit_buys=True, order_params={"venue": "V1"}),
    "TC-E81": _rests(enable_limit_buys=True, enable_limit_sells=True),
}


def _at_once(ticks: int, tif: TimeInForce, *names: str) -> Case:
    async def run(s: Session) -> None:
        await s.exec()
        await s.node.until(lambda: s.node.cache.quote_tick(EURUSD), "a quote")
        order = s.limit(ticks, time_in_force=tif)
        s.manual(order)
        await s.comes(order, *RESTING, *names)
        await s.stop()
        await s.flat()

    return run


CASES |= {
    "TC-E13": _at_once(50, TimeInForce.IOC, "Filled"),
    "TC-E14": _at_once(-500, TimeInForce.IOC, "Canceled"),
    "TC-E15": _at_once(50, TimeInForce.FOK, "Filled"),
    "TC-E16": _at_once(-500, TimeInForce.FOK, "Canceled"),
}


@case("TC-E18")
async def gtd_expires(s: Session) -> None:
    await s.exec(cancel_orders_on_stop=False)
    expire = s.tester.clock.utc_now() + timedelta(seconds=1)
    order = s.limit(-500, time_in_force=TimeInForce.GTD, expire_time=expire)
    s.manual(order)
    await s.comes(order, *RESTING, "Expired")
    await s.stop()


# ---- 4: modification ------------------------------------------------------------


def _modifies(side: str, ticks: int) -> Case:
    async def run(s: Session) -> None:
        await s.exec(**{f"enable_limit_{side}s": True}, modify_orders_to_maintain_tob_offset=True)
        order = await s.order()
        await s.node.until(lambda: order.status == OrderStatus.ACCEPTED, "accepted")
        before = order.price
        s.feed.move(ticks)
        await s.node.until(lambda: "Updated" in s.node.names(order.client_order_id.value), "updated")
        await s.node.until(lambda: order.price != before and not order.is_pending_update, "another price")
        must("ModifyRejected" not in s.node.names(order.client_order_id.value), s.node.told())
        await s.stop()

    return run


def _replaces(**config: Any) -> Case:
    async def run(s: Session) -> None:
        await s.exec(**config)
        order = await s.order()
        await s.node.until(lambda: order.status == OrderStatus.ACCEPTED, "accepted")
        s.feed.move(-20 if config.get("enable_limit_sells") else 20)
        await s.node.until(lambda: order.status == OrderStatus.CANCELED, "the first is canceled")
        other = await s.order(1)
        await s.node.until(
            lambda: "Accepted" in s.node.names(other.client_order_id.value), "the other is accepted"
        )
        await s.stop()

    return run


_STOPS = {"enable_stop_buys": True, "stop_order_type": OrderType.STOP_MARKET}
CASES |= {
    "TC-E30": _modifies("buy", 20),
    "TC-E31": _modifies("sell", -20),
    "TC-E32": _replaces(enable_limit_buys=True, cancel_replace_orders_to_maintain_tob_offset=True),
    "TC-E33": _replaces(enable_limit_sells=True, cancel_replace_orders_to_maintain_tob_offset=True),
    "TC-E35": _replaces(**_STOPS, cancel_replace_stop_orders_to_maintain_offset=True),
}


@case("TC-E34")
async def modify_stop(s: Session) -> None:
    await s.exec(**_STOPS, modify_stop_orders_to_maintain_offset=True)
    order = await s.order()
    await s.node.until(lambda: order.status == OrderStatus.ACCEPTED, "accepted")
    before = order.trigger_price
    s.feed.move(20)
    await s.node.until(lambda: order.trigger_price != before, "another trigger price")
    must("Updated" in s.node.names(order.client_order_id.value), s.node.told())
    await s.stop()


@case("TC-E44")
async def cancel_canceled(s: Session) -> None:
    """The node applies no event to an order that is over, and says so in its log: the client's word
    counts.
    """
    await s.exec(enable_limit_buys=True)
    order = await s.order()
    await s.node.until(lambda: order.status == OrderStatus.ACCEPTED, "accepted")
    await s.stop()
    must(order.status == OrderStatus.CANCELED, order)
    said: list[str] = []
    events = s.node.client._events
    before = events.cancel_rejected
    events.cancel_rejected = lambda known, reason, time_ns: said.append(reason)
    try:
        s.node.client.cancel_order(
            CancelOrder(
                s.tester.trader_id,
                s.tester.id,
                EURUSD,
                order.client_order_id,
                order.venue_order_id,
                UUID4(),
                0,
            )
        )
        await s.node.until(lambda: said, "the cancel is refused")
    finally:
        events.cancel_rejected = before
    must(said == ["too_late"], said)


# ---- 6: brackets ------------------------------------------------------------


def _bracket(side: str, **config: Any) -> Case:
    async def run(s: Session) -> None:
        await s.exec(**{f"enable_limit_{side}s": True}, enable_brackets=True, **config)
        for n in range(3):
            await s.comes(await s.order(n), *RESTING)
        must(
            {order.order_type for order in s.orders()} == {OrderType.LIMIT, OrderType.STOP_MARKET}, s.orders()
        )
        await s.stop()
        for order in s.orders():
            must(order.status == OrderStatus.CANCELED, order)

    return run


CASES |= {
    "TC-E50": _bracket("buy"),
    "TC-E51": _bracket("sell"),
    "TC-E53": _bracket("buy", use_post_only=True),
}


@case("TC-E52")
async def bracket_fills(s: Session) -> None:
    """The entry's fill lets the legs go to the venue; one leg's fill takes the other."""
    await s.exec(enable_limit_buys=True, enable_brackets=True, tob_offset_ticks=20, bracket_offset_ticks=100)
    for n in range(3):
        await s.node.until(lambda n=n: len(s.orders()) > n and s.orders()[n].is_open, "accepted")
    entry = next(order for order in s.orders() if order.side == OrderSide.BUY)
    legs = [order for order in s.orders()[:3] if order.side == OrderSide.SELL]
    s.feed.move(-40)
    await s.node.until(lambda: entry.status == OrderStatus.FILLED, "the entry is filled")
    rows = {each["first_cl_ord_id"]: each for each in (await s.node.client._link.executions(0))["orders"]}
    limit = next(leg for leg in legs if leg.order_type == OrderType.LIMIT)
    await s.node.until(lambda: limit.is_open, "the profit leg is open")
    must(len(rows[limit.client_order_id.value]["children"]) == 1, rows[limit.client_order_id.value])
    s.feed.move(40)
    await s.stop()
    await s.flat()


# ---- 7, 8: flags, rejections ------------------------------------------------------------


@case("TC-E61")
async def reduce_only_close(s: Session) -> None:
    await s.exec(open_position_on_start_qty=QTY, reduce_only_on_stop=True)
    await s.comes(await s.order(), *TAKEN)
    await s.stop()
    await s.flat()
    closing = await s.order(1)
    must(closing.is_reduce_only and closing.status == OrderStatus.FILLED, closing)


@case("TC-E70")
async def post_only_rejected(s: Session) -> None:
    await s.exec(enable_limit_buys=True, test_reject_post_only=True, use_post_only=True)
    order = await s.order()
    await s.node.until(lambda: order.status == OrderStatus.REJECTED, "rejected")
    event = s.node.events[order.client_order_id.value][-1]
    must(event.due_post_only and "post_only" in event.reason, event)
    await s.stop()


@case("TC-E71")
async def reduce_only_rejected(s: Session) -> None:
    await s.exec(open_position_on_start_qty=QTY, test_reject_reduce_only=True)
    order = await s.order()
    await s.comes(order, "Initialized", "Submitted", "Rejected")
    must("reduce_only" in s.node.events[order.client_order_id.value][-1].reason, s.node.told())
    await s.stop()


@case("TC-E72")
async def unsupported_type(s: Session) -> None:
    await s.exec()
    instrument = s.tester.cache.instrument(EURUSD)
    order = s.tester.order_factory.trailing_stop_limit(
        EURUSD, OrderSide.BUY, instrument.make_qty(QTY), limit_offset=Decimal("0.001"),
        trailing_offset=Decimal("0.001"), price=instrument.make_price(2),
        trigger_price=instrument.make_price(2),
        trailing_offset_type=TrailingOffsetType.PRICE,
    )  # fmt: skip
    s.manual(order)
    await s.comes(order, "Initialized", "Denied")
    must("TRAILING_STOP_LIMIT" in s.node.events[order.client_order_id.value][-1].reason, s.node.told())
    await s.stop()


@case("TC-E74")
async def ambiguous_submit(s: Session) -> None:
    """The core stands still: nothing is said of the order, which is neither rejected nor sent again."""
    await s.exec()
    before, order = s.limit(-500), s.limit(-500)
    s.manual(before)  # the core learns the strategy's name with its first order
    await s.comes(before, *RESTING)
    with frozen(s.node.client._nacre.address):
        s.manual(order)
        await asyncio.sleep(0.3)
        must(s.node.names(order.client_order_id.value) == ["Initialized", "Submitted"], s.node.told())
    await s.comes(order, *RESTING)
    await s.stop()


def _ambiguous(ask: Callable[[Session, Any], None], *names: str) -> Case:
    async def run(s: Session) -> None:
        await s.exec()
        order = s.limit(-500)
        s.manual(order)
        await s.comes(order, *RESTING)
        with frozen(s.node.client._nacre.address):
            ask(s, order)
            await asyncio.sleep(0.3)
            must(s.node.names(order.client_order_id.value) == [*RESTING, names[0]], s.node.told())
        await s.comes(order, *RESTING, *names)
        await s.stop()

    return run


CASES |= {
    "TC-E75": _ambiguous(lambda s, order: s.tester.cancel_order(order), "PendingCancel", "Canceled"),
    "TC-E76": _ambiguous(
        lambda s, order: s.tester.modify_order(order, quantity=order.quantity.__class__.from_int(500)),
        "PendingUpdate", "Updated",
    ),
    "TC-E77": _ambiguous(lambda s, order: s.tester.cancel_orders([order]), "PendingCancel", "Canceled"),
}  # fmt: skip


# ---- data ------------------------------------------------------------


class Heard(DataTester):
    """Counts what comes."""

    def __init__(self, config: DataTesterConfig) -> None:
        super().__init__(config)
        self.heard: dict[str, list[Any]] = {}

    def _add(self, what: str, data: Any) -> None:
        self.heard.setdefault(what, []).append(data)

    def on_quote_tick(self, tick: Any) -> None:
        self._add("quote", tick)

    def on_trade_tick(self, tick: Any) -> None:
        self._add("trade", tick)

    def on_order_book_deltas(self, deltas: Any) -> None:
        super().on_order_book_deltas(deltas)
        self._add("deltas", deltas)

    def on_order_book(self, book: Any) -> None:
        self._add("book", book)

    def on_bar(self, bar: Any) -> None:
        self._add("bar", bar)

    def on_instrument(self, instrument: Any) -> None:
        self._add("instrument", instrument)

    def on_instruments(self, instruments: Any) -> None:
        self._add("instruments", instruments)


def _hears(
    what: str, count: int = 1, check: Callable[[Session, Any], None] | None = None, **config: Any
) -> Case:
    async def run(s: Session) -> None:
        tester = await s.data(Heard, **config)
        await s.node.until(lambda: len(tester.heard.get(what, ())) >= count, f"{count} of {what}")
        if check is not None:
            check(s, tester)
        await s.stop()
        # a book of one's own begins with the subscription of the first who wants it
        engine = s.node.node.kernel.data_engine
        await s.node.until(lambda: BTCUSD not in engine.subscribed_order_book_deltas(), "nobody listens")

    return run


def _exact(s: Session, tester: Any) -> None:
    """A price whose raw number doesn't fit 63 bits, a size of eight digits."""
    trade = tester.heard["trade"][-1]
    must(trade.price.as_decimal() == Decimal("60000.01") and trade.price.raw > 1 << 63, trade)
    must(trade.size.as_decimal() == Decimal("0.00000003"), trade)
    must(trade.ts_event > 10**16 and trade.ts_init > 10**16, trade)


def _near(s: Session, tester: Any) -> None:
    quote = tester.heard["quote"][-1]
    must(abs(quote.bid_price.as_decimal() - s.feed.bid) < Decimal("0.001"), quote)
    must(quote.ask_price > quote.bid_price and quote.ts_event > 10**16, quote)


def _levels(s: Session, tester: Any) -> None:
    book = tester._books.get(BTCUSD) or s.node.cache.order_book(BTCUSD)
    must(book.best_ask_price().as_decimal() == Decimal("60000.01"), book)
    must(book.best_ask_size().as_decimal() == Decimal("1.00000001"), book)
    must(len(list(book.bids())) == 2, book)


_ONE = {"instrument_ids": [BTCUSD]}
_BAR = BarType.from_str("EURUSD.NACRE-1-SECOND-BID-INTERNAL")
CASES |= {
    "TC-D01": _hears("instrument", 2, request_instruments=True),
    "TC-D02": _hears("instrument", subscribe_instrument=True),
    "TC-D10": _hears("deltas", 5, _levels, **_ONE, subscribe_book_deltas=True),
    "TC-D11": _hears("book", 2, _levels, **_ONE, subscribe_book_at_interval=True, book_interval_ms=200),
    "TC-D14": _hears("deltas", 5, _levels, **_ONE, subscribe_book_deltas=True, manage_book=True),
    "TC-D20": _hears("quote", 5, _near, subscribe_quotes=True),
    "TC-D30": _hears("trade", 2, _exact, **_ONE, subscribe_trades=True),
    "TC-D40": _hears("bar", 2, subscribe_bars=True, bar_types=[_BAR]),
    "TC-D71": _hears("quote", 2, _near, subscribe_quotes=True, subscribe_params={"speed": 100}),
}  # fmt: skip


@case("TC-D03")
async def one_instrument(s: Session) -> None:
    found = s.node.cache.instrument(BTCUSD)
    must(found is not None and str(found.price_increment) == "0.01", found)


@case("TC-D70", "TC-E83")
async def unsubscribes(s: Session) -> None:
    tester = await s.data(Heard, subscribe_quotes=True)
    await s.node.until(lambda: len(tester.heard.get("quote", ())) > 2, "quotes")
    await s.stop()
    await asyncio.sleep(0.2)
    before = len(tester.heard["quote"])
    await asyncio.sleep(0.3)
    must(len(tester.heard["quote"]) == before, "quotes after the stop")


# ---- 9: from one node to the next ------------------------------------------------------------


async def leave(s: Session) -> dict[str, Any]:
    """A long position, and an order that works: what the next node must find."""
    await s.exec(
        open_position_on_start_qty=QTY, enable_limit_buys=True, cancel_orders_on_stop=False,
        close_positions_on_stop=False,
    )  # fmt: skip
    taken, rests = await s.order(), await s.order(1)
    await s.comes(taken, *TAKEN)
    await s.comes(rests, *RESTING)
    s.node.node.trader.stop_strategy(s.tester.id)
    return {
        "taken": taken.client_order_id.value, "rests": rests.client_order_id.value, "price": rests.price,
        "avg_px": taken.avg_px, "trade_ids": [each.value for each in taken.trade_ids],
        "commission": [str(each) for each in taken.commissions()],
    }  # fmt: skip


async def find(node: Node, left: dict[str, Any]) -> dict[str, str]:
    """Cases 84 to 86: {case: what is wrong, or nothing}."""
    cache, wrong = node.cache, {}
    rests = next((o for o in cache.orders_open() if o.client_order_id.value == left["rests"]), None)
    fine = rests is not None and rests.price == left["price"] and rests.status == OrderStatus.ACCEPTED
    wrong["TC-E84"] = "" if fine else f"{left['rests']} is not open: {cache.orders_open()}"
    taken = next((o for o in cache.orders_closed() if o.client_order_id.value == left["taken"]), None)
    told = None if taken is None else [each.value for each in taken.trade_ids]
    fees = [] if taken is None else [str(each) for each in taken.commissions()]
    fine = told == left["trade_ids"] and fees == left["commission"]
    wrong["TC-E85"] = "" if fine else f"{told} {fees}, it was {left}"
    net = sum((p.signed_decimal_qty() for p in cache.positions_open(instrument_id=EURUSD)), Decimal(0))
    opens = [p.avg_px_open for p in cache.positions_open(instrument_id=EURUSD)]
    fine = net == left.get("net", QTY) and opens == [left["avg_px"]]
    wrong["TC-E86"] = "" if fine else f"{net} at {opens}, it was {QTY} at {left['avg_px']}"
    return wrong


def tell(case: str, outcome: str, why: str = "") -> None:
    print(json.dumps({"case": case, "outcome": outcome, "why": why}), flush=True)


async def run_one(name: str, s: Session) -> None:
    try:
        await CASES[name](s)
    except Skip as why:
        tell(name, "skipped", str(why))
    except Exception as wrong:  # whatever it is, it is the case's
        where = traceback.extract_tb(wrong.__traceback__)[-1]
        tell(name, "failed", f"{type(wrong).__name__}: {wrong} ({where.name}:{where.lineno})")
        await asyncio.wait_for(asyncio.gather(s.stop(), return_exceptions=True), 30)
    else:
        tell(name, "passed")


async def main(address: str, only: list[str]) -> None:
    with connect(address, name="feed") as client:
        feed = Feed(client)
        feed.start()
        try:
            await _all(address, feed, only)
        finally:
            feed.stop()


async def _all(address: str, feed: Feed, only: list[str]) -> None:
    node = Node(address)
    await node.start()
    session = Session(node, feed)
    for name in sorted(CASES, key=lambda each: (each[3], int(each[4:]))):
        if not only or name in only:
            await run_one(name, session)
    if not only or "TC-E84" in only:
        await _again(address, node, session)
    else:
        await node.stop()


async def _again(address: str, node: Node, session: Session) -> None:
    """The position is long, then short: each is found by a node that knows nothing."""
    left = await leave(session)
    await node.stop()
    for case, turn in (("TC-E86", -2 * QTY), ("TC-E87", None)):
        node = Node(address)
        await node.start()
        wrong = await find(node, left)
        if case == "TC-E87":
            wrong = {case: wrong["TC-E86"]}
        for name, why in wrong.items():
            tell(name, "failed" if why else "passed", why)
        if turn is not None:
            session = Session(node, session.feed)
            session.count = 900
            await session.exec(
                open_position_on_start_qty=turn, cancel_orders_on_stop=False, close_positions_on_stop=False
            )
            await session.comes(await session.order(), *TAKEN)
            left |= {"net": -QTY, "avg_px": session.orders()[0].avg_px}
        await node.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
