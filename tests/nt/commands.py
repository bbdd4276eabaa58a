"""What a strategy can ask for, and what it can be told: a case each, the same for both versions.

A `Desk` is one version's node with a strategy. An order that ends here is named by its client order id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, Protocol

RESTING = ["Submitted", "Accepted"]


class Desk(Protocol):
    """ticks: above the bid. A name: of an order, by its client order id."""

    def limit(self, ticks: int, **more: Any) -> Any: ...
    def submit(self, order: Any) -> None: ...
    def bracket(self) -> list[Any]:
        """An entry that rests and its two legs, submitted."""

    def modify(self, order: Any, qty: int) -> None: ...
    def cancel(self, order: Any) -> None: ...
    def cancel_all(self) -> None: ...
    def cancel_batch(self, orders: list[Any]) -> None: ...
    def names(self, order: Any) -> list[str]:
        """Its events so far, without Initialized."""

    def reason(self, order: Any) -> str:
        """Of its last event."""

    def cached(self, order: Any) -> Any: ...
    async def until(self, true: Callable[[], Any], what: str) -> Any: ...
    async def order_reports(self, open_only: bool) -> list[Any]: ...
    async def order_report(self, order: Any) -> Any: ...
    async def fill_reports(self) -> list[Any]: ...
    async def position_reports(self) -> list[Any]: ...
    async def mass_status(self) -> Any: ...
    def balance(self) -> Decimal:
        """In USD."""

    async def forget_account(self) -> None:
        """Ask for the account anew, and wait for the answer."""

    async def limit_orders(self, most: str | None) -> None:
        """The core's `max_order_qty`; None takes it away."""

    async def rate(self, most: str | None) -> None:
        """The core's `order_rate`, orders a second; None takes it away."""


type Case = Callable[[Desk], Awaitable[None]]


def must(true: object, why: object) -> None:
    if not true:
        raise AssertionError(why)


async def comes(d: Desk, order: Any, *names: str) -> None:
    wanted = list(names)
    await d.until(
        lambda: d.names(order) == wanted, f"{order.client_order_id}: {wanted}, not {d.names(order)}"
    )


async def rests(d: Desk, ticks: int = -500) -> Any:
    order = d.limit(ticks)
    d.submit(order)
    await comes(d, order, *RESTING)
    return order


async def submit(d: Desk) -> None:
    order = d.limit(50)
    d.submit(order)
    await d.until(lambda: d.names(order)[-1:] == ["Filled"], "filled")
    must(d.names(order)[:2] == RESTING, d.names(order))
    must(d.cached(order).filled_qty.as_decimal() == 1000, d.cached(order))


async def modify(d: Desk) -> None:
    order = await rests(d)
    d.modify(order, 700)
    await d.until(lambda: "Updated" in d.names(order), "updated")
    must(d.cached(order).quantity.as_decimal() == 700, d.cached(order))
    d.cancel(order)
    await d.until(lambda: d.names(order)[-1] == "Canceled", "canceled")


async def cancel(d: Desk) -> None:
    order = await rests(d)
    d.cancel(order)
    await d.until(lambda: d.names(order)[-1] == "Canceled", "canceled")


async def cancel_all(d: Desk) -> None:
    orders = [await rests(d, -500 - n) for n in range(3)]
    d.cancel_all()
    for order in orders:
        await d.until(lambda order=order: d.names(order)[-1] == "Canceled", "canceled")


async def batch(d: Desk) -> None:
    orders = [await rests(d, -500 - n) for n in range(3)]
    d.cancel_batch(orders[:2])
    for order in orders[:2]:
        await d.until(lambda order=order: d.names(order)[-1] == "Canceled", "canceled")
    must(d.names(orders[2])[-1] == "Accepted", d.names(orders[2]))
    d.cancel(orders[2])
    await d.until(lambda: d.names(orders[2])[-1] == "Canceled", "canceled")


async def order_list(d: Desk) -> None:
    """Its legs wait for the entry; who cancels the entry cancels the list."""
    orders = d.bracket()
    for order in orders:
        await d.until(lambda order=order: d.names(order)[-1:] == ["Accepted"], "accepted")
    d.cancel(orders[0])
    for order in orders:
        await d.until(lambda order=order: d.names(order)[-1] == "Canceled", "canceled")


async def order_reports(d: Desk) -> None:
    order = await rests(d)
    name = order.client_order_id
    one = await d.order_report(order)
    must(one.client_order_id == name and one.order_status.name == "ACCEPTED", one)
    must(one.quantity.as_decimal() == 1000 and one.price == order.price, one)
    works = {each.client_order_id for each in await d.order_reports(open_only=True)}
    must(name in works, works)
    d.cancel(order)
    await d.until(lambda: d.names(order)[-1] == "Canceled", "canceled")
    works = {each.client_order_id for each in await d.order_reports(open_only=True)}
    must(name not in works, works)
    ended = {each.client_order_id: each for each in await d.order_reports(open_only=False)}
    must(ended[name].order_status.name == "CANCELED", ended[name])


async def expiry_reported(d: Desk) -> None:
    """Without its time an order that expires can't be made from its report: it would work unseen."""
    order = d.limit(-500, expires=True)
    d.submit(order)
    await comes(d, order, *RESTING)
    report = await d.order_report(order)
    must(report.time_in_force.name == "GTD" and report.expire_time, report)
    d.cancel(order)
    await d.until(lambda: d.names(order)[-1] == "Canceled", "canceled")


async def fill_reports(d: Desk) -> None:
    order = d.limit(50)
    d.submit(order)
    await d.until(lambda: d.names(order)[-1:] == ["Filled"], "filled")
    mine = [each for each in await d.fill_reports() if each.client_order_id == order.client_order_id]
    must(sum(each.last_qty.as_decimal() for each in mine) == 1000, mine)
    trades = {each.trade_id for each in mine}
    must(trades == set(d.cached(order).trade_ids), (trades, d.cached(order)))
    must(all(each.commission.as_decimal() > 0 for each in mine), mine)


async def position_reports(d: Desk) -> None:
    fills = await d.fill_reports()
    net = sum(
        each.last_qty.as_decimal() * (1 if each.order_side.name == "BUY" else -1)
        for each in fills
        if each.instrument_id.symbol.value == "EURUSD"
    )
    found = [p for p in await d.position_reports() if p.instrument_id.symbol.value == "EURUSD"]
    must(len(found) == 1 and abs(net) == found[0].quantity.as_decimal(), (net, found))
    side = "LONG" if net > 0 else "SHORT" if net else "FLAT"
    must(found[0].position_side.name == side, (net, found))


async def mass_status(d: Desk) -> None:
    """Orders, fills and positions of one moment."""
    order = await rests(d)
    told = await d.mass_status()
    orders = {each.client_order_id for each in told.order_reports.values()}
    must(order.client_order_id in orders, orders)
    fills = [each for some in told.fill_reports.values() for each in some]
    must({each.trade_id for each in fills} == {each.trade_id for each in await d.fill_reports()}, fills)
    must(told.position_reports, told)
    d.cancel(order)
    await d.until(lambda: d.names(order)[-1] == "Canceled", "canceled")


async def account_state(d: Desk) -> None:
    """A fill's fee is in the balance; asked for, it comes again."""
    before = d.balance()
    order = d.limit(50)
    d.submit(order)
    await d.until(lambda: d.names(order)[-1:] == ["Filled"], "filled")
    await d.until(lambda: d.balance() < before, "the fee is paid")
    await d.forget_account()
    must(d.balance() < before, before)


async def denied_by_the_core(d: Desk) -> None:
    await d.limit_orders("999")
    try:
        order = d.limit(-500)
        d.submit(order)
        await comes(d, order, "Submitted", "Rejected")
        must("max_order_qty" in d.reason(order), d.reason(order))
    finally:
        await d.limit_orders(None)


async def throttled_by_the_core(d: Desk) -> None:
    """Of ten at once two pass, and the others are told so, each."""
    await d.rate("2")
    try:
        orders = [d.limit(-500 - n) for n in range(10)]
        for order in orders:
            d.submit(order)
        last = lambda: [d.names(order)[-1:] for order in orders]  # noqa: E731
        await d.until(lambda: all(each in (["Accepted"], ["Rejected"]) for each in last()), f"{last()}")
        denied = [order for order in orders if d.names(order)[-1] == "Rejected"]
        must(denied and all("order_rate" in d.reason(order) for order in denied), last())
    finally:
        await d.rate(None)
        d.cancel_all()
        await asyncio.sleep(0)


async def not_on_the_list(d: Desk) -> None:
    """What can't be said is denied, not lost: a hidden order."""
    order = d.limit(-500, hidden=True)
    d.submit(order)
    await d.until(lambda: d.names(order)[-1:] == ["Denied"], "denied")
    must("display_qty" in d.reason(order), d.reason(order))


CASES: dict[str, Case] = {
    each.__name__: each
    for each in (
        submit, modify, cancel, cancel_all, batch, order_list, order_reports, expiry_reported, fill_reports,
        position_reports, mass_status, account_state, denied_by_the_core, throttled_by_the_core,
        not_on_the_list,
    )
}  # fmt: skip


async def throttled_by_the_node(d: Desk) -> None:
    """In a node of its own, which lets two a minute pass: it tells each that it doesn't send."""
    orders = [d.limit(-500 - n) for n in range(6)]
    for order in orders:
        d.submit(order)
    last = lambda: [d.names(order)[-1:] for order in orders]  # noqa: E731
    await d.until(lambda: all(each in (["Accepted"], ["Denied"]) for each in last()), f"{last()}")
    must(last().count(["Denied"]) == 4, last())
    d.cancel_all()
