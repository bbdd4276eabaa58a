"""Lists: an entry's fills make its legs live; legs cancel or shrink each other."""

from __future__ import annotations

from fractions import Fraction

from tests.model.orders import working
from tests.model.orders.book import ZERO, Order
from tests.model.orders.desk import Desk, Line, List


def awaits_entry(desk: Desk, line: Line) -> bool:
    """Whether the order is a leg of a list that has an entry."""
    found = desk.lists.get(line.get("list_id") or "")
    leg = line.get("contingency") in ("oco", "ouo")
    return bool(leg and found and (found.entry or found.dead))


def join(desk: Desk, order: Order) -> List | None:
    """Puts the order into its list; the list, where it is a leg that an entry holds back."""
    name, contingency = order.key("list_id"), order.key("contingency")
    if not contingency:
        return None
    waits = awaits_entry(desk, order.line)
    found = desk.lists.setdefault(name, List())
    if contingency == "oto":
        found.entry = order
        return None
    found.legs.append(order)
    return found if waits else None


def entered(desk: Desk, leg: Order) -> None:
    """A leg that comes after its entry's fills or end."""
    found = desk.lists[leg.key("list_id")]
    entry = found.entry
    if found.dead or (entry and entry.ended and not entry.cum):
        working.cancel(desk, leg, None)
    elif entry and entry.cum:
        live(desk, found, [leg], entry.cum)


def others(desk: Desk, order: Order) -> list[Order]:
    if order.key("contingency") not in ("oco", "ouo"):
        return []
    return [leg for leg in desk.lists[order.key("list_id")].legs if leg is not order]


def live(desk: Desk, found: List, legs: list[Order], qty: Fraction) -> None:
    """The entry's first fill: the legs are live with its quantity, all of them before one of them fires."""
    legs = [leg for leg in legs if not (leg.over or leg.pending_cancel or leg.expiring)]
    for leg in legs:
        if leg.qty != qty:
            leg.qty = qty
            desk.say_order(leg, "restated")
    found.begins = True
    for leg in legs:
        working.start(desk, leg)
    found.begins = False
    fires, found.fires = found.fires, []
    for leg in fires:
        fired(desk, leg)


def is_to_go(desk: Desk, order: Order) -> bool:
    """Whether another leg fired, and the cancel of this one comes next."""
    leg = order.key("contingency") in ("oco", "ouo")
    return leg and bool(desk.lists[order.key("list_id")].fires)


def filled(desk: Desk, order: Order, change: Fraction, is_trade: bool) -> None:
    """A fill, bust or correction of an order of a list."""
    contingency = order.key("contingency")
    if contingency == "oto":
        found = desk.lists[order.key("list_id")]
        held = [leg for leg in found.legs if leg.waits == "entry"]
        for leg in found.legs:
            if change and leg not in held:
                working.resize(desk, leg, change)
        if order.cum > 0:
            live(desk, found, held, order.cum)
    elif is_trade and contingency == "oco":
        fired(desk, order)
    elif is_trade and contingency == "ouo":
        for leg in others(desk, order):
            if not leg.over and leg.waits != "entry":
                working.resize(desk, leg, -change)


def fired(desk: Desk, order: Order) -> None:
    """A fill or trigger of an oco leg cancels the others."""
    if order.key("contingency") != "oco":
        return
    found = desk.lists[order.key("list_id")]
    if found.begins:
        found.fires.append(order)
        return
    for leg in others(desk, order):
        if not (leg.over or leg.pending_cancel or leg.expiring):
            working.cancel(desk, leg, None)


def ended(desk: Desk, order: Order) -> None:
    """An entry that ends unfilled takes its legs with it."""
    if order.key("contingency") != "oto" or order.cum > ZERO:
        return
    for leg in desk.lists[order.key("list_id")].legs:
        if not (leg.over or leg.pending_cancel):
            working.cancel(desk, leg, None)
