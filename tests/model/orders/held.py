"""What the core holds: stops until they trigger, pegs, orders for an auction."""

from __future__ import annotations

import math
from fractions import Fraction

from tests.model.orders import lists, working
from tests.model.orders.book import AFTER_TRIGGER, ZERO, Order
from tests.model.orders.desk import Desk

TOUCHED = ("market_if_touched", "limit_if_touched")


def market_moved(desk: Desk, symbol: str) -> None:
    """After each event of the symbol's market: stops, then pegs, in the order of acceptance."""
    for order in [order for order in desk.orders if order.symbol == symbol]:
        if order.waits == "trigger" and not order.over:
            look(desk, order)
        elif order.pegs and order.worked and not order.waits:
            follow(desk, order)


# ---- stops --------------------------------------------------------------------------------------------


def look(desk: Desk, order: Order) -> None:
    """Whether the order triggers."""
    px = desk.markets[order.symbol].trigger(order.key("trigger") or "last", order.buys)
    if px is None or order.pending or order.expiring or order.over or lists.is_to_go(desk, order):
        return
    upward = order.buys
    level = order.stop_px
    if order.line["ord_type"] == "trailing_stop":
        better = order.best is None or (px < order.best if order.buys else px > order.best)
        order.best = px if better else order.best
        level = trailed(desk, order)
    elif order.line["ord_type"] in TOUCHED:
        upward = not upward
    if level is not None and (px >= level if upward else px <= level):
        trigger(desk, order)


def trailed(desk: Desk, order: Order) -> Fraction:
    """Where a trailing stop stands now."""
    best, trail = order.best or ZERO, Fraction(order.key("trail"))
    unit = order.key("trail_unit") or "price"
    away = {"price": trail, "ticks": trail * desk.tick(order.symbol), "bps": best * trail / 10_000}[unit]
    return best + away if order.buys else best - away


def trigger(desk: Desk, order: Order) -> None:
    """It goes on as a market or limit order."""
    order.waits = ""
    order.kind = AFTER_TRIGGER[order.kind]
    desk.say_order(order, "triggered")
    lists.fired(desk, order)
    working.settle(desk, order, route=True)


# ---- pegs ---------------------------------------------------------------------------------------------


def peg_price(desk: Desk, order: Order) -> Fraction | None:
    """Its side, the other side, or mid, + offset, to the tick away from the market, within the limit."""
    market, buys = desk.markets[order.symbol], order.buys
    params = order.key("params") or {}
    peg = params.get("peg", "primary") if order.algo else order.key("peg")
    offset = params.get("offset", "0") if order.algo else order.key("peg_offset") or 0
    base = market.mid() if peg == "mid" else market.touch(ask=buys if peg == "market" else not buys)
    if base is None:
        return None
    tick = desk.tick(order.symbol)
    ticks = (base + Fraction(offset)) / tick
    px = (math.floor(ticks) if buys else math.ceil(ticks)) * tick
    if order.price is None:
        return px
    return min(px, order.price) if buys else max(px, order.price)


def follow(desk: Desk, order: Order) -> None:
    """The child is moved when the peg has moved; where there is none, one is sent."""
    stands = order.pending or order.expiring or order.no_route or order.over or order.suspended
    px = peg_price(desk, order)
    if stands or px is None:
        return
    if px != order.refused_px:
        order.refused_px = None
    for child in order.live:
        if child.price != px and order.refused_px is None and not child.pending:
            child.wanted, child.own = (child.qty, px), True
            working.ask(desk, child, "replace")
    working.settle(desk, order, route=True)


# ---- auctions -----------------------------------------------------------------------------------------


def auction(desk: Desk, order: Order) -> None:
    """opg and cls go out while a venue of theirs collects."""
    if order.over or order.pending or order.expiring:
        return
    if working.visible(desk, order, "auction"):
        order.waits = ""
        working.settle(desk, order, route=True)
