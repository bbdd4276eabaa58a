"""Worked orders: what is sent for them, what their children are asked, and how that ends."""

from __future__ import annotations

from fractions import Fraction

from tests.model.orders import algos, held, lists
from tests.model.orders.book import STOPS, ZERO, Child, Order
from tests.model.orders.desk import Desk
from tests.model.orders.market import one_venue, sweep

Ids = tuple[str, str] | None
Wanted = tuple[Fraction, Fraction | None, Fraction | None]


# ---- it begins ----------------------------------------------------------------------------------------


def start(desk: Desk, order: Order, waits_for_entry: bool = False) -> None:
    """An accepted order, or a leg that its entry's first fill made live: it waits, or is routed."""
    if waits_for_entry:
        order.waits = "entry"
        return
    order.waits = ""
    if order.kind in STOPS:
        order.waits = "trigger"
        held.look(desk, order)
    elif order.tif in ("opg", "cls"):
        order.waits = "auction"
        held.auction(desk, order)
    elif order.key("algo"):
        order.algo = algos.begin(desk, order)
        algos.start(desk, order)
    else:
        settle(desk, order, route=True)


# ---- routing ------------------------------------------------------------------------------------------


def settle(desk: Desk, order: Order, route: bool = False) -> None:
    """After each event of a worked order: sends what may go; ends what can't rest and has nothing left."""
    if not order.worked:
        return
    alone = not order.live
    one_by_one = order.display is not None or order.pegs
    if (
        order.kind == "market_to_limit"
        and alone
        and order.price is not None
        and order.routable
        and not order.once
    ):
        order.kind, route = "limit", True
    if route or (one_by_one and alone):
        send_what_may(desk, order)
    waits_for_slice = order.algo is not None and not order.algo.spent
    if order.routable and not order.live and not order.rests and not waits_for_slice:
        give_up(desk, order)


def give_up(desk: Desk, order: Order) -> None:
    all_rejected = order.cum == 0 and order.rejected > 0 and order.rejected == order.sent
    order.end("rejected" if all_rejected else "canceled")
    desk.say_order(order, order.ended, reason="venue_rejects" if all_rejected else "no_liquidity")
    lists.ended(desk, order)


def killed(desk: Desk, order: Order) -> bool:
    """Whether a kill stands over the order; what closes a position after one is sent all the same."""
    own = {"session": "desk", **order.line}
    keys = [("all", ""), *((scope, own.get(scope)) for scope in ("account", "strategy", "symbol", "session"))]
    return not order.key("closes") and any(desk.states.get(key) == "killed" for key in keys)


def visible(desk: Desk, order: Order, *states: str) -> list[str]:
    """The venues that the order may use now."""
    market = desk.markets[order.symbol]
    return [
        venue
        for venue in market.up(*states)
        if venue not in order.left_out
        and desk.states.get(("venue", venue)) != "killed"
        and order.key("venue") in (None, venue)
    ]


def send_what_may(desk: Desk, order: Order) -> None:
    """Children for what is unsent."""
    if not order.routable or (order.once and order.sent) or killed(desk, order):
        return
    if order.pegs or order.display is not None:
        price = held.peg_price(desk, order) if order.pegs else order.price
        if not order.live and price is not None:
            post(desk, order, at_once(desk, order), price)
    elif order.hides:
        algos.snipe(desk, order)
    elif order.key("venue") or in_auction(order):
        post(desk, order, order.unsent, order.price)
    else:
        spread(desk, order)


def at_once(desk: Desk, order: Order) -> Fraction:
    """What of the unsent one child may show."""
    if order.display is None:
        return order.unsent
    unit = Fraction(1, 10 ** desk.instruments[order.symbol]["qty_precision"])
    shown = order.algo.shown(order.sent + 1, unit) if order.algo else order.display
    return min(shown, order.unsent)


def in_auction(order: Order) -> bool:
    """Whether it goes to venues that collect, and to no others."""
    return order.tif in ("opg", "cls") or (order.algo is not None and order.algo.closing)


def post(desk: Desk, order: Order, qty: Fraction, price: Fraction | None) -> None:
    """One child: at the order's venue, else where posting costs least."""
    auction = in_auction(order)
    states = ("auction",) if auction else ("up", "auction") if order.key("venue") else ("up",)
    venues = visible(desk, order, *states)
    if not venues:
        return
    venue = min(venues, key=lambda name: (desk.fees[name].maker, desk.fees[name].place))
    kind = "market" if order.kind in ("market", "market_to_limit") else "limit"
    if order.algo is not None:
        order.algo.venue = venue
    send_child(desk, order, venue, qty, price, kind, "day" if auction else order.tif)


def spread(desk: Desk, order: Order) -> None:
    """The policy `sweep`."""
    market, venues = desk.markets[order.symbol], visible(desk, order)
    limit = None if order.kind in ("market", "market_to_limit") else order.price
    if order.tif == "fok":
        leg = one_venue(market, desk.fees, venues, order.buys, limit, order.unsent)
        if leg:
            send_child(desk, order, leg.venue, leg.qty, leg.price, "limit", "fok")
        return
    rest = order.unsent
    if not order.key("post_only") and not (order.rests and order.line["ord_type"] == "market_to_limit"):
        legs, rest = sweep(market, desk.fees, venues, order.buys, limit, rest)
        for leg in legs:
            send_child(desk, order, leg.venue, leg.qty, leg.price, "limit", "ioc")
    if rest > 0 and order.rests:
        post(desk, order, rest, order.price)


def send_child(
    desk: Desk, order: Order, venue: str, qty: Fraction, price: Fraction | None, kind: str, tif: str
) -> None:
    """A new child."""
    order.sent += 1
    child = Child(qty, price, n=order.sent, venue=venue, ord_type=kind, tif=tif, order=order)
    order.children.append(child)
    desk.say_send(child, "new", qty, price)


# ---- children are asked -------------------------------------------------------------------------------


def ask(desk: Desk, child: Child, action: str) -> None:
    """A cancel or replace goes out, or waits for the venue."""
    child.told = True
    down = desk.venue_state(child.venue, child.order.symbol) == "down"
    if action == "cancel":
        if "replace" in child.held:  # all of it goes: the replace that waits is spared
            child.pending_replace = child.own = child.ours = False
        child.pending_cancel = True
    else:
        child.pending_replace = True
        child.ours = not child.own
    if down:
        child.held = [action]
    else:
        desk.say_send(child, action, *child.wanted)


def ask_all(desk: Desk, order: Order) -> None:
    """A cancel for each live child by number."""
    for child in order.children:
        child.refused = False
        if child.open > 0:
            child.asked = True
            if not child.pending_cancel:
                ask(desk, child, "cancel")
            child.told = True


def waiting(order: Order) -> bool:
    return any(child.asked for child in order.children)


def cancel(desk: Desk, order: Order, ids: Ids) -> None:
    """A client's cancel, or the core's own (without ids)."""
    order.pending_cancel, order.cancel = True, ids
    if not order.worked:
        ask(desk, order.children[0], "cancel")
    else:
        ask_all(desk, order)
        if not waiting(order):
            finish(desk, order)
            return
    desk.say_order(order, "pending_cancel", ids)


def replace(desk: Desk, order: Order, wanted: Wanted, ids: Ids) -> None:
    """A client's replace, or the core's own (without ids)."""
    order.pending_replace, order.replace, order.wanted = True, ids, wanted
    qty, price, _ = wanted
    if not order.worked:
        order.children[0].wanted = (qty, price)
        ask(desk, order.children[0], "replace")
    else:
        if price != order.price:
            ask_all(desk, order)
        elif qty < order.qty:
            cut(desk, order, order.cum + order.open - qty)
        if not waiting(order):
            finish(desk, order)
            return
    desk.say_order(order, "pending_replace", ids)


def cut(desk: Desk, order: Order, surplus: Fraction) -> None:
    """Takes what is too much from the youngest child back."""
    for child in reversed(order.children):
        part = min(child.open, surplus)
        if part > 0 and not child.asked:
            surplus -= part
            child.asked, child.told = True, False
            child.part = child.qty - part
            if not child.pending:
                ask_part(desk, child)  # else once what pends is answered


def ask_part(desk: Desk, child: Child) -> None:
    child.wanted = (child.part, child.price)
    ask(desk, child, "replace" if child.part > child.cum else "cancel")


def resize(desk: Desk, order: Order, change: Fraction) -> None:
    """The core changes a leg's quantity: at once where no child need be asked."""
    if order.ended or order.pending_cancel or order.expiring:
        return
    if order.pending_replace:
        order.owed += change
        return
    qty = order.qty + change
    if qty <= order.cum and change < 0:
        if not order.full:
            cancel(desk, order, None)
    elif order.worked and order.cum + order.open <= qty:
        order.qty = qty
        desk.say_order(order, "restated")
        settle(desk, order, route=change > 0)
    elif change < 0:
        replace(desk, order, (qty, order.price, order.stop_px), None)


def expire(desk: Desk, order: Order) -> None:
    """The core ends a worked order whose time is over: first its children."""
    if order.over or order.expiring or order.pending_cancel:
        return
    order.expiring = True
    ask_all(desk, order)
    if not waiting(order):
        finish(desk, order)


# ---- all have answered --------------------------------------------------------------------------------


def finish(desk: Desk, order: Order, text: str = "") -> bool:
    """The order's own cancel, expiry or replace is decided; whether its line was printed."""
    if (order.pending_cancel or order.expiring) and again(desk, order):
        return False
    if order.pending_cancel:
        return finish_cancel(desk, order, text)
    if order.expiring:
        return finish_expiry(desk, order, text)
    return order.pending_replace and finish_replace(desk, order, text)


def again(desk: Desk, order: Order) -> bool:
    """A child that lives and wasn't refused its cancel is asked once more: nothing is decided yet."""
    found = [child for child in order.live if not child.refused]
    for child in found:
        child.asked = child.told = True
        if not child.pending_cancel:
            ask(desk, child, "cancel")
    return bool(found)


def finish_cancel(desk: Desk, order: Order, text: str) -> bool:
    order.pending_cancel = order.pending_replace = False
    if not order.live and not order.over:
        order.end("canceled")
        desk.say_order(order, "canceled", order.cancel, reason=text)
        lists.ended(desk, order)
    else:
        order.no_route = True
        desk.say_order(order, "cancel_rejected", order.cancel, reason=text)
    return True


def finish_expiry(desk: Desk, order: Order, text: str) -> bool:
    order.expiring = order.pending_replace = False
    if order.live:
        order.no_route = True
        return False
    if order.over:
        return False
    order.end("expired")
    desk.say_order(order, "expired", reason=text)
    lists.ended(desk, order)
    return True


def finish_replace(desk: Desk, order: Order, text: str) -> bool:
    decide_replace(desk, order, text)
    after_replace(desk, order)
    return True


def decide_replace(desk: Desk, order: Order, text: str) -> bool:
    """Replaced where its children allow it; else refused."""
    order.pending_replace = False
    wanted, price, stop_px = order.wanted
    qty = max(wanted, order.cum)
    if order.cum + order.open > qty or (price != order.price and order.live):
        desk.say_order(order, "cancel_rejected", order.replace, reason=text)
    else:
        order.qty, order.price, order.stop_px, order.no_route = qty, price, stop_px, False
        if order.replace:
            order.id = order.replace[0]
        desk.say_order(order, "replaced", order.replace)
    return True


def after_replace(desk: Desk, order: Order) -> None:
    """What waited for the replace: a change of the core's own, a trigger at its new price, the router."""
    owed, order.owed = order.owed, ZERO
    if owed:
        resize(desk, order, owed)
    if order.waits == "trigger":
        held.look(desk, order)
    else:
        settle(desk, order, route=True)
