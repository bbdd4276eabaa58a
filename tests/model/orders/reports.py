"""What venues say."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.model.ledger import Fill
from tests.model.orders import lists, working
from tests.model.orders.book import ZERO, Child, Order
from tests.model.orders.desk import TRADES, Desk, Line

ENDS = {"canceled": "canceled", "unknown_order": "canceled", "rejected": "rejected", "expired": "expired"}
RANK = ("canceled", "expired", "rejected", "")


def on_report(desk: Desk, line: Line) -> None:
    """A report of a manual venue."""
    child = find(desk, line)
    trade = line["exec_type"] in TRADES
    key = (line["venue"], line.get("exec_id", ""))
    known = trade and key in desk.execs
    if child is None or (trade and not known and not has_reference(desk, child, line)):
        desk.say("unknown", 0, 0, venue=line["venue"], child_id=line["child_id"], exec_type=line["exec_type"])
        desk.say_alert("halt", "venue_unknown", {"venue": line["venue"]})
        return
    if known:
        repeated(desk, child, line, desk.execs[key])
        return
    apply(desk, child, line)


def find(desk: Desk, line: Line) -> Child | None:
    """The child that was sent to that venue."""
    for order in desk.orders:
        for child in order.children:
            if child.id == line["child_id"] and child.venue == line["venue"]:
                return child
    return None


def has_reference(desk: Desk, child: Child, line: Line) -> bool:
    """Whether a bust or correction is about a fill of that child."""
    if line["exec_type"] == "trade":
        return True
    found = desk.execs.get((line["venue"], line["exec_ref_id"]))
    return found is not None and found["child"] is child


def repeated(desk: Desk, child: Child, line: Line, before: Line) -> None:
    desk.say("duplicate", 0, 0, venue=line["venue"], exec_id=line["exec_id"])
    said = (Fraction(line["last_qty"]), Fraction(line["last_px"]), child, line["exec_type"])
    if said != (before["qty"], before["px"], before["child"], before["exec_type"]):
        desk.say_alert("warn", "exec_id_conflict", {"venue": line["venue"]})


# ---- the report counts --------------------------------------------------------------------------------


def shown_fields(order: Order) -> tuple[Any, ...]:
    return (order.status, order.qty, order.cum, order.leaves, order.price, order.notional, order.id)


def apply(desk: Desk, child: Child, line: Line) -> None:
    """Moves the child, then its order; prints what changed."""
    order, exec_type = child.order, line["exec_type"]
    before, cum_before = shown_fields(order), order.cum
    was_ended, was_asked, was_replacing = child.ended, child.asked, child.pending_replace
    was_ours = child.pending_replace and child.ours
    move_child(desk, child, line)
    desk.say_child(child, "canceled" if exec_type == "unknown_order" else exec_type)
    text = line.get("text") or ""
    if order.worked:
        order.rejected += bool(child.ended == "rejected" and not was_ended)
        said = replace_first(desk, child, exec_type, was_ours, text) or answer_worked(desk, child, text)
        ids = None
        unasked = bool(child.ended and not was_ended and not was_asked)
    else:
        said, unasked = False, False
        ids = mirror(child, exec_type, was_replacing)
    if not said and (exec_type in (*TRADES, "cancel_rejected") or shown_fields(order) != before):
        kind = "canceled" if exec_type == "unknown_order" else exec_type
        desk.say_order(order, kind, ids, line, child, text)
    if exec_type in TRADES:
        book(desk, child, line)
    consequences(desk, child, line, order.cum - cum_before, unasked)


def consequences(desk: Desk, child: Child, line: Line, change: Fraction, unasked: bool) -> None:
    """The order's list, the router, and what was owed."""
    order, exec_type = child.order, line["exec_type"]
    if exec_type in ("trade", "trade_correct") and order.cum > order.qty:
        overfill(desk, order)
    if exec_type in TRADES:
        lists.filled(desk, order, change, exec_type == "trade")
    if unasked:
        order.left_out.add(child.venue)
    if not order.worked:
        if order.ended:
            lists.ended(desk, order)
        if not order.pending and order.owed:
            owed, order.owed = order.owed, Fraction(0)
            working.resize(desk, order, owed)
        return
    if order.pegs and exec_type in ("replaced", "restated", "cancel_rejected"):
        working.held.follow(desk, order)
    working.settle(desk, order, route=unasked)


def move_child(desk: Desk, child: Child, line: Line) -> None:
    """The child after the report; its fills count in the order."""
    exec_type = line["exec_type"]
    if exec_type in TRADES:
        trade(desk, child, line)
    elif exec_type in ("new", "replaced", "restated"):
        if exec_type != "new":
            replaced(child, line)
        child.acked = True
        child.done_for_day = child.suspended = child.stopped = False
    elif exec_type in ENDS:
        child.ended = min(child.ended, ENDS[exec_type], key=RANK.index)
    elif exec_type == "cancel_rejected":
        refused(child)
    else:
        setattr(child, exec_type, True)
    if child.ended:
        child.end(child.ended)
        child.own = child.ours = False
    if not child.pending:
        child.held = []


def refused(child: Child) -> None:
    """The older request is answered first."""
    if child.pending_replace:
        if child.own:
            child.order.refused_px = child.wanted[1]
        child.pending_replace = child.own = child.ours = False
    else:
        child.pending_cancel, child.refused = False, True


def replaced(child: Child, line: Line) -> None:
    """The venue's own quantity and price win; else what was asked for."""
    if line["exec_type"] == "replaced" and child.pending_replace:
        if child.ours:
            child.qty, child.price = child.wanted
        elif child.own:
            child.price = child.wanted[1]
        child.pending_replace = child.own = child.ours = False
    if line.get("order_qty") is not None:
        child.qty = Fraction(line["order_qty"])
    if line.get("price") is not None and child.price is not None:
        child.price = Fraction(line["price"])
    child.qty = max(child.qty, child.cum)


def trade(desk: Desk, child: Child, line: Line) -> None:
    """A fill, or one that is taken out or put right."""
    exec_type, order = line["exec_type"], child.order
    qty, px = Fraction(line["last_qty"]), Fraction(line["last_px"])
    record = {"qty": qty, "px": px, "child": child, "exec_type": exec_type}
    key = (line["venue"], line["exec_id"])
    fills = []
    if exec_type == "trade":
        child.acked, child.done_for_day = True, False
        record["base"] = record["now"] = [qty, px, key]
        fills = [(qty, px)]
        if order.line["ord_type"] == "market_to_limit" and order.kind == "market_to_limit":
            order.price = px
            order.wanted = (order.wanted[0], px, order.wanted[2])  # a replace that pends leaves it
    else:
        now = desk.execs[(line["venue"], line["exec_ref_id"])]["now"]
        fills = [(-now[0], now[1])]
        now[0], now[1] = (qty if exec_type == "trade_correct" else Fraction(0)), px
        record["now"] = now
        if exec_type == "trade_correct":
            fills.append((qty, px))
    desk.execs[key] = record
    order.fills += fills
    child.cum += sum(part for part, _ in fills)
    order.cum += sum(part for part, _ in fills)


def mirror(child: Child, exec_type: str, was_replacing: bool) -> tuple[str, str] | None:
    """A direct order is what its child is; the ids of the client's request that was answered."""
    order, ids = child.order, None
    if exec_type == "replaced" and order.pending_replace and order.replace:
        order.id, ids = order.replace[0], order.replace
    elif exec_type == "cancel_rejected":
        ids = order.replace if was_replacing else order.cancel
    elif exec_type in ("canceled", "unknown_order") and order.pending_cancel:
        ids = order.cancel
    for name in (
        "acked",
        "done_for_day",
        "stopped",
        "suspended",
        "ended",
        "pending_cancel",
        "pending_replace",
    ):
        setattr(order, name, getattr(child, name))
    order.qty, order.price = child.qty, child.price
    if not order.pending_replace:
        order.replace = None
    if not order.pending_cancel:
        order.cancel = None
    return ids


def replace_first(desk: Desk, child: Child, exec_type: str, was_ours: bool, text: str) -> bool:
    """A cancel came while the order's children shrink: the replace is answered before it."""
    order = child.order
    if not (order.pending_cancel and order.pending_replace and was_ours and child.asked):
        return False
    if exec_type == "cancel_rejected":
        order.pending_replace = False
        desk.say_order(order, "cancel_rejected", order.replace, reason=text)
        let_go(desk, child)
        return True
    if exec_type != "replaced" or any(other.pending_replace for other in order.live):
        return False
    if not working.decide_replace(desk, order, text):
        return False
    let_go(desk, child)
    return True


def let_go(desk: Desk, child: Child) -> None:
    """Where it filled before the cancel came nobody asks it for more: the last one ends the order."""
    if child.pending or child.open > 0:
        return
    child.asked = False
    if not working.waiting(child.order):
        working.finish(desk, child.order, "")


def answer_worked(desk: Desk, child: Child, text: str) -> bool:
    """Whether the child's answer was the last that the order waited for, and its line is printed."""
    order = child.order
    if not child.asked:
        return False
    if not child.told and not child.pending and child.open > 0:
        working.ask_part(desk, child)  # the peg's replace is answered: now what the order asks
        return False
    if not (child.ended or not child.pending):
        return False
    child.asked = False
    return False if working.waiting(order) else working.finish(desk, order, text)


# ---- money --------------------------------------------------------------------------------------------


def book(desk: Desk, child: Child, line: Line) -> None:
    """The account's fills of the symbol, and its position line."""
    order, exec_type = child.order, line["exec_type"]
    holding = desk.ledger.holding(order.account, order.symbol)
    key: Any = (line["venue"], line["exec_id"])
    if exec_type != "trade":
        key = desk.execs[(line["venue"], line["exec_ref_id"])]["now"][2]
    if exec_type == "trade_cancel":
        holding.correct(key, Fill(ZERO, Fraction(line["last_px"]), ZERO))  # it keeps its place
    else:
        fill = priced(desk, order, line)
        if exec_type == "trade":
            holding.add(key, fill)
        else:
            holding.correct(key, fill)
        desk.ledger.marks.fills[order.symbol] = fill.px
    desk.say("position", order.index, 0, **desk.ledger.position_line(order.account, order.symbol))


def priced(desk: Desk, order: Order, line: Line) -> Fill:
    qty, px = Fraction(line["last_qty"]), Fraction(line["last_px"])
    fees = desk.fees[line["venue"]]
    bps = fees.maker if line.get("liquidity") == "maker" else fees.taker
    fee = desk.ledger.instruments[order.symbol].fee(qty, px, bps, fees.digits)
    if line.get("fee") is not None:
        fee = Fraction(line["fee"])
    return Fill(qty if order.buys else -qty, px, fee)


def overfill(desk: Desk, order: Order) -> None:
    """More was filled than was ordered: who did it is halted."""
    strategy = order.key("strategy")
    scope, key = ("strategy", strategy) if strategy else ("account", order.account)
    desk.say_alert("halt", "overfill", {scope: key}, desk.qty(order, order.qty), desk.qty(order, order.cum))
    if desk.states.get((scope, key), "active") in ("active", "reducing"):
        desk.states[scope, key] = "halted"
        desk.say_state(scope, key, "halted", "overfill", "")
