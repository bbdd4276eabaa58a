"""What clients ask: denied for a reason, or taken."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.model.ledger import shown
from tests.model.orders import algos, held, lists, working
from tests.model.orders.book import ONCE, PRICED, STOPS, ZERO, Child, Order
from tests.model.orders.desk import Desk, Line, List

Denial = tuple[str, str, str] | None  # reason, limit, value
NATIVE = ("market", "limit")


def digits(text: str) -> int:
    return len(text.partition(".")[2])


def number(line: Line, key: str) -> Fraction | None:
    return Fraction(line[key]) if line.get(key) is not None else None


def deny(desk: Desk, request: str, line: Line, denial: tuple[str, str, str]) -> None:
    """A request is refused: the order stays as it was."""
    values = {"request": request, "cl_ord_id": line["cl_ord_id"]}
    if request != "order":
        values["orig_cl_ord_id"] = line["orig_cl_ord_id"]
    else:
        desk.denied += 1
    desk.say("deny", 0, 0, **values, reason=denial[0], limit=denial[1], value=denial[2], scope={})


# ---- a new order --------------------------------------------------------------------------------------


def on_order(desk: Desk, line: Line) -> None:
    """An order of a client's."""
    used, name = line["cl_ord_id"] in desk.ids, line.get("list_id")
    denial: Denial = ("duplicate_cl_ord_id", "", "") if used else wrong_order(desk, line)
    desk.ids.setdefault(line["cl_ord_id"], None)
    if denial:
        if not used and line.get("contingency") == "oto" and name and name not in desk.lists:
            desk.lists[name] = List(dead=True)
        deny(desk, "order", line, denial)
        return
    accept(desk, line)


def accept(desk: Desk, line: Line) -> Order:
    """The order lives: a direct one is sent, a worked one is held or routed."""
    order = Order(Fraction(line["order_qty"]), number(line, "price"), index=len(desk.orders), line=line)
    order.first_id = order.id = line["cl_ord_id"]
    order.ids.append(order.id)
    desk.ids[order.id] = order
    desk.orders.append(order)
    order.kind = line["ord_type"]
    order.stop_px = number(line, "stop_px")
    entry = lists.join(desk, order)
    order.worked = entry is not None or not direct(line)
    if not order.worked:
        desk.say_order(order, "pending_new")
        child = Child(
            order.qty, order.price, n=1, venue=line["venue"], ord_type=order.kind, tif=order.tif, order=order
        )
        order.children.append(child)
        desk.say_send(child, "new", child.qty, child.price)
        return order
    order.acked = True
    desk.say_order(order, "new")
    if order.tif == "gtd":
        desk.later(line["expire_at"], lambda: working.expire(desk, order))
    working.start(desk, order, waits_for_entry=entry is not None)
    if entry is not None:
        lists.entered(desk, order)
    return order


def direct(line: Line) -> bool:
    """A venue is named, and it has the type, the time in force and all that is asked."""
    own = line.get("algo") or line.get("max_floor") is not None
    return bool(
        line.get("venue") and not own and line["ord_type"] in NATIVE
        and line.get("time_in_force", "day") not in ("opg", "cls")
    )  # fmt: skip


def wrong_order(desk: Desk, line: Line) -> Denial:
    """The first of what is always on that fails."""
    unknown = unknown_names(desk, line)
    if unknown:
        return unknown, "", ""
    if unsupported(desk, line):
        return "unsupported", "", ""
    if missing(line):
        return "missing_price", "", ""
    return (
        wrong_numbers(desk, line, line["symbol"])
        or wrong_states(desk, line)
        or no_market(desk, line)
        or wrong_reduction(desk, line["account"], line["symbol"], line, Fraction(line["order_qty"]), ZERO)
    )


def unknown_names(desk: Desk, line: Line) -> str:
    if line["account"] not in desk.ledger.accounts:
        return "unknown_account"
    if line["symbol"] not in desk.instruments:
        return "unknown_instrument"
    if line.get("venue") and line["venue"] not in desk.markets[line["symbol"]].venues:
        return "unknown_venue"
    return ""


def unsupported(desk: Desk, line: Line) -> bool:
    """Combinations that mean nothing."""
    kind, tif = line["ord_type"], line.get("time_in_force", "day")
    given = {key for key in line if line[key] is not None and line[key] is not False}
    rests = kind in (*PRICED, "pegged") and tif not in ONCE
    return any((
        "price" in given and kind not in (*PRICED, "pegged"),
        "stop_px" in given and (kind not in STOPS or kind == "trailing_stop"),
        "trail" in given and (kind != "trailing_stop" or Fraction(line["trail"]) <= 0),
        line.get("trail_unit") == "ticks" and Fraction(line.get("trail") or 0) % 1 != 0,
        ("peg" in given) != (kind == "pegged"),
        "peg_offset" in given and kind != "pegged",
        kind == "pegged" and tif in ONCE,
        "post_only" in given and not rests,
        "max_floor" in given and not (rests and kind != "pegged"),
        tif in ("opg", "cls") and kind not in NATIVE,
        (tif == "gtd") != ("expire_at" in given),
        ("contingency" in given) != ("list_id" in given),
        line.get("contingency") == "oto" and line["list_id"] in desk.lists,
        algos.unsound(line, given),
    ))  # fmt: skip


def missing(line: Line) -> bool:
    kind = line["ord_type"]
    return (
        (kind in PRICED and line.get("price") is None)
        or (kind == "trailing_stop" and line.get("trail") is None)
        or (kind in STOPS and kind != "trailing_stop" and line.get("stop_px") is None)
    )


def wrong_numbers(desk: Desk, line: Line, symbol: str) -> Denial:
    """Positive, within the instrument's digits, on its grid."""
    instrument = desk.instruments[symbol]
    sizes = [line[key] for key in ("order_qty", "max_floor") if line.get(key) is not None]
    params = line.get("params") or {}
    sizes += [params["display_qty"]] if "display_qty" in params else []
    least_sent = [params["min_qty"]] if "min_qty" in params else []
    prices = [line[key] for key in ("price", "stop_px") if line.get(key) is not None]
    money = prices + [line[key] for key in ("peg_offset",) if line.get(key) is not None]
    if line.get("trail") is not None and line.get("trail_unit", "price") == "price":
        money.append(line["trail"])
    money += [params["offset"]] if "offset" in params else []
    places = instrument["price_precision"], instrument["qty_precision"]
    fits = [size for size in sizes if digits(size) <= places[1]]
    if any(Fraction(size) <= 0 for size in fits):
        return "bad_qty", "", ""
    for texts, most in ((money, places[0]), ([*sizes, *least_sent], places[1])):
        if any(digits(text) > most for text in texts):
            return "precision", str(most), ""
    for name, texts, most in (("tick", prices, places[0]), ("lot", sizes, places[1])):
        step = Fraction(instrument[name])
        off = [text for text in texts if Fraction(text) % step]
        if off:
            return name, shown(step, most), shown(Fraction(off[0]), most)
    least = Fraction(instrument.get("min_qty", instrument["lot"]))
    small = [size for size in sizes if Fraction(size) < least]
    return ("min_qty", shown(least, places[1]), shown(Fraction(small[0]), places[1])) if small else None


def wrong_states(desk: Desk, line: Line) -> Denial:
    """Killed, halted, or the venue isn't open."""
    scopes = [("all", "")]
    scopes += [(key, line.get(key) or "") for key in ("account", "symbol", "strategy", "venue")]
    scopes.append(("session", line.get("session", "desk")))
    states = [desk.states.get(scope, "active") for scope in scopes]
    for state in ("killed", "halted"):
        if state in states:
            return state, "", ""
    market, venue = desk.markets[line["symbol"]], line.get("venue")
    auctions = line.get("time_in_force") in ("opg", "cls") or line.get("algo") == "close"
    open_states = ("up", "auction") if venue or auctions else ("up",)
    if venue:
        state = desk.venue_state(venue, line["symbol"])
    else:
        state = (
            "up"
            if market.up(*open_states)
            else market.state.get(market.venues[0], "up")
            if market.venues
            else "down"
        )
    reasons = {"down": "venue_down", "closed": "venue_closed"}
    return None if state in open_states else (reasons.get(state, "venue_halted"), "", "")


def no_market(desk: Desk, line: Line) -> Denial:
    """A routed market order needs somebody on the other side; all need a rate into the account's currency."""
    plain = line["ord_type"] in ("market", "market_to_limit") and line.get("time_in_force") not in (
        "opg",
        "cls",
    )
    plain = plain and line.get("algo") != "close"
    routed = plain and not line.get("venue") and not lists.awaits_entry(desk, line)
    if routed and desk.markets[line["symbol"]].touch(ask=line["side"] == "buy") is None:
        return "no_market", "", ""
    return no_rate(desk, line)


def no_rate(desk: Desk, line: Line) -> Denial:
    own = desk.ledger.accounts[line["account"]][0]
    settle = desk.ledger.instruments[line["symbol"]].settle
    return ("no_fx_rate", "", "") if desk.ledger.rates.of(settle, own) is None else None


def wrong_reduction(
    desk: Desk, account: str, symbol: str, line: Line, qty: Fraction, own: Fraction
) -> Denial:
    """A reduce-only order may not exceed what is open, less what others already reduce. own: its old self."""
    if not line.get("reduce_only"):
        return None
    buys = line["side"] == "buy"
    held = desk.held_qty(account, symbol)
    free = max(-held if buys else held, ZERO) + own
    for order in desk.orders:
        same = (order.account, order.symbol, order.buys) == (account, symbol, buys)
        if same and order.key("reduce_only"):
            free -= at_work(order)
    free = max(free, ZERO)
    most = desk.instruments[symbol]["qty_precision"]
    return ("reduce_only", shown(free, most), shown(qty, most)) if qty > free else None


def at_work(order: Order) -> Fraction:
    """What of an order may still fill, worst case."""
    if order.ended:
        return ZERO
    wanted = max(order.qty, order.wanted[0]) if order.pending_replace else order.qty
    return max(wanted - order.cum, ZERO)


# ---- replace and cancel -------------------------------------------------------------------------------


def on_replace(desk: Desk, line: Line) -> None:
    """A client changes quantity, price or trigger."""
    order = desk.ids.get(line["orig_cl_ord_id"])
    used = line["cl_ord_id"] in desk.ids
    denial: Denial = ("duplicate_cl_ord_id", "", "") if used else wrong_request(order, line, replaces=True)
    desk.ids.setdefault(line["cl_ord_id"], None)
    if not denial and order:
        denial = wrong_replace(desk, order, line)
    if denial or order is None:
        deny(desk, "replace", line, denial or ("unknown_order", "", ""))
        return
    desk.ids[line["cl_ord_id"]] = order
    order.ids.append(line["cl_ord_id"])
    ids = (line["cl_ord_id"], line["orig_cl_ord_id"])
    qty = number(line, "order_qty")
    price, stop_px = number(line, "price"), number(line, "stop_px")
    wanted = (
        order.qty if qty is None else qty,
        order.price if price is None else price,
        order.stop_px if stop_px is None else stop_px,
    )
    working.replace(desk, order, wanted, ids)


def wrong_request(order: Order | None, line: Line, replaces: bool) -> Denial:
    """What the state of the order forbids."""
    if order is None:
        return "unknown_order", "", ""
    if replaces and line["orig_cl_ord_id"] != order.id:
        return "stale_cl_ord_id", "", ""
    if order.over:
        return "too_late", "", ""
    if replaces and order.pending_replace:
        return "pending_replace", "", ""
    return ("pending_cancel", "", "") if order.pending_cancel or order.expiring else None


def wrong_replace(desk: Desk, order: Order, line: Line) -> Denial:
    """The whole order that is asked for is tested as if new."""
    changes = {key: line[key] for key in ("order_qty", "price", "stop_px") if line.get(key) is not None}
    kind = order.line["ord_type"]
    if "price" in changes and kind not in (*PRICED, "pegged"):
        return "unsupported", "", ""
    if "stop_px" in changes and (order.waits != "trigger" or kind == "trailing_stop"):
        return "unsupported", "", ""
    qty = Fraction(changes.get("order_qty", 0)) or order.qty
    whole: Line = {**order.line, "order_qty": plain(order.qty), **changes}
    if order.price is not None and "price" not in changes:
        whole["price"] = plain(order.price)
    return (
        wrong_numbers(desk, whole, order.symbol)
        or wrong_states(desk, order.line)
        or no_rate(desk, order.line)
        or wrong_reduction(desk, order.account, order.symbol, order.line, qty, at_work(order))
    )


def plain(amount: Fraction) -> str:
    return shown(amount, 12)


def on_cancel(desk: Desk, line: Line) -> None:
    """A client cancels."""
    order = desk.ids.get(line["orig_cl_ord_id"])
    used = line["cl_ord_id"] in desk.ids
    denial: Denial = ("duplicate_cl_ord_id", "", "") if used else wrong_request(order, line, replaces=False)
    desk.ids.setdefault(line["cl_ord_id"], None)
    if denial or order is None:
        deny(desk, "cancel", line, denial or ("unknown_order", "", ""))
        return
    working.cancel(desk, order, (line["cl_ord_id"], line["orig_cl_ord_id"]))


# ---- algo ---------------------------------------------------------------------------------------------


def on_algo(desk: Desk, line: Line) -> None:
    """Pause, resume or stop."""
    order: Any = desk.ids.get(line["cl_ord_id"])
    if order is None or not order.key("algo") or order.over or order.pending_cancel or order.expiring:
        return
    if line["action"] == "stop":
        working.cancel(desk, order, None)
    elif line["action"] == "pause" and not order.suspended:
        order.suspended = True
        desk.say_order(order, "suspended")
    elif line["action"] == "resume" and order.suspended:
        order.suspended = False
        desk.say_order(order, "restated")
        if order.pegs:
            held.follow(desk, order)
        working.settle(desk, order, route=True)
