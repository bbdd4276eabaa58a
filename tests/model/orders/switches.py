"""Kill, rearm, cancel_all, disconnect, flatten; what venues' states bring about."""

from __future__ import annotations

import math
from fractions import Fraction

from tests.model.orders import algos, held, requests, working
from tests.model.orders.book import Order
from tests.model.orders.desk import Desk, Flatten, Line
from tests.model.orders.market import Market


def in_scope(order: Order, keys: Line) -> bool:
    """Whether the order has all of the keys."""
    own = {**order.line, "session": order.key("session") or "desk"}
    return all(own.get(name) == value for name, value in keys.items() if value is not None)


def cancel_in_scope(desk: Desk, keys: Line) -> None:
    """The core cancels each live order of the scope."""
    for order in list(desk.orders):
        if in_scope(order, keys) and not (order.over or order.pending_cancel or order.expiring):
            working.cancel(desk, order, None)


def on_cancel_all(desk: Desk, line: Line) -> None:
    cancel_in_scope(desk, {key: line.get(key) for key in ("account", "symbol", "session", "strategy")})


def on_disconnect(desk: Desk, line: Line) -> None:
    if line["session"] not in desk.keeps:
        cancel_in_scope(desk, {"session": line["session"]})


def on_connect(desk: Desk, line: Line) -> None:
    keeps = line.get("cancel_on_disconnect") is False
    (desk.keeps.add if keeps else desk.keeps.discard)(line["session"])


def on_kill(desk: Desk, line: Line) -> None:
    """Nothing new in the scope; what works is cancelled; positions are closed if asked."""
    scope, key = line["scope"], line.get("key", "")
    desk.states[scope, key] = "killed"
    desk.say_state(scope, key, "killed", "kill", line["by"])
    if line.get("flatten"):
        desk.flattens.append(Flatten(scope, key, Fraction(line.get("flatten_bps", "50")), desk.number))
    cancel_in_scope(desk, {} if scope == "all" else {scope: key})
    if scope == "venue":
        for child in [child for order in desk.orders if order.worked for child in order.children]:
            if child.venue == key and child.open > 0 and not child.pending_cancel:
                working.ask(desk, child, "cancel")
                child.told = child.asked
    flatten(desk)


def on_rearm(desk: Desk, line: Line) -> None:
    scope, key = line["scope"], line.get("key", "")
    desk.states[scope, key] = "active"
    desk.flattens = [each for each in desk.flattens if (each.scope, each.key) != (scope, key)]
    desk.say_state(scope, key, "active", "rearm", line["by"])


def on_venue_state(desk: Desk, line: Line) -> None:
    """Down holds what is asked; up asks about what lives; closed ends worked day orders."""
    symbols = [line["symbol"]] if line.get("symbol") else list(desk.markets)
    for symbol in symbols:
        market = desk.markets[symbol]
        if line["venue"] in market.venues:
            change_state(desk, market, symbol, line["venue"], line["state"])


def change_state(desk: Desk, market: Market, symbol: str, venue: str, state: str) -> None:
    market.state[venue] = state
    not_up = desk.ledger.marks.not_up
    (not_up.discard if state == "up" else not_up.add)((venue, symbol))
    if state == "down":
        market.was_down.add(venue)
    elif state == "up" and venue in market.was_down:
        market.was_down.discard(venue)
        came_back(desk, symbol, venue)
    elif state == "closed":
        day_is_over(desk, market, symbol, venue)
    auction_turns(desk, symbol, venue, state)
    held.market_moved(desk, symbol)


def came_back(desk: Desk, symbol: str, venue: str) -> None:
    for order in [order for order in desk.orders if order.symbol == symbol]:
        for child in order.children:
            waiting, child_held = child.venue == venue and bool(child.held), child.held
            if child.venue == venue and child.open > 0:
                desk.say_send(child, "status", child.qty, child.price)
            if waiting:
                child.held = []
                desk.say_send(child, child_held[0], *child.wanted)


def day_is_over(desk: Desk, market: Market, symbol: str, venue: str) -> None:
    all_closed = len(market.up("closed")) == len(market.venues)
    for order in [order for order in desk.orders if order.symbol == symbol]:
        bound = order.key("venue")
        over = bound == venue if bound else all_closed
        if order.worked and order.tif in ("day", "opg", "cls") and over:
            working.expire(desk, order)


def auction_turns(desk: Desk, symbol: str, venue: str, state: str) -> None:
    """What waits for an auction goes out; what an auction left over expires when it ends."""
    for order in [order for order in desk.orders if order.symbol == symbol and order.tif in ("opg", "cls")]:
        if order.waits == "auction" and state == "auction":
            held.auction(desk, order)
        elif not order.waits and state == "up" and any(child.venue == venue for child in order.live):
            working.expire(desk, order)
    for order in [order for order in desk.orders if order.symbol == symbol]:
        algos.auction_turns(desk, order, venue, state)


# ---- flatten ------------------------------------------------------------------------------------------


def flatten(desk: Desk) -> None:
    """Once all orders in a kill's scope have ended: its positions are closed, by account, then symbol."""
    for each in list(desk.flattens):
        keys = {} if each.scope == "all" else {each.scope: each.key}
        if any(in_scope(order, keys) and not order.over for order in desk.orders):
            continue
        desk.flattens.remove(each)
        held_now = [
            (account, symbol)
            for account, symbol in sorted(desk.ledger.holdings)
            if each.scope == "all" or each.key == {"account": account, "symbol": symbol}.get(each.scope)
        ]
        n = 0
        for account, symbol in held_now:
            if desk.held_qty(account, symbol):
                n += 1
                close(desk, account, symbol, each, n)


def close(desk: Desk, account: str, symbol: str, each: Flatten, n: int) -> None:
    """An ioc limit at the opposite touch, a little beyond it, to the tick."""
    held_qty, market, tick = desk.held_qty(account, symbol), desk.markets[symbol], desk.tick(symbol)
    buys = held_qty < 0
    line: Line = {
        "cl_ord_id": f"flatten-{each.line}-{n}", "account": account, "symbol": symbol,
        "side": "buy" if buys else "sell", "order_qty": requests.plain(abs(held_qty)), "ord_type": "limit",
        "time_in_force": "ioc", "closes": True,
    }  # fmt: skip
    touch = market.touch(ask=buys)
    if touch is None:
        desk.ids.setdefault(line["cl_ord_id"], None)
        requests.deny(desk, "order", line, ("no_market", "", ""))
        return
    ticks = touch * (1 + (each.bps if buys else -each.bps) / 10_000) / tick
    line["price"] = requests.plain((math.ceil(ticks) if buys else math.floor(ticks)) * tick)
    requests.accept(desk, line)
