"""What executions cost, figured out once more from text: exported events and printed lines.

One pass in the order of events keeps the market as plain dictionaries; every figure is then a loop over what
it noted down.
"""

from __future__ import annotations

import statistics
from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any

Row = dict[str, Any]
MARKOUTS = {
    "10ms": 10**7,
    "100ms": 10**8,
    "1s": 10**9,
    "5s": 5 * 10**9,
    "10s": 10**10,
    "1min": 6 * 10**10,
    "5min": 3 * 10**11,
}
ALGOS = ("(none)", "twap", "vwap", "pov", "is", "iceberg", "sniper", "peg", "close")
OVER = ("canceled", "expired", "rejected")
HAS_FEE = 1
NONE = 4294967295


@dataclass
class Order:
    id: str
    seq: int
    at: int
    asked: Row
    arrival: float | None
    book: list[tuple[float, float, float]]  # px, qty, taker fee in bps
    qty: float = 0.0
    cum: float = 0.0
    first: float | None = None
    sent: bool = False
    gone: bool = False
    direct: bool = False
    end: tuple[int, int, float | None] | None = None


@dataclass
class Child:
    order: Order
    venue: str
    at: int
    seq: int
    qty: float
    px: float | None
    ahead: float
    posted: bool
    cum: float = 0.0
    answered: int | None = None
    filled: int | None = None
    ended: str = ""


@dataclass
class Fill:
    order: Order
    child: Child
    venue: str
    at: int
    seq: int
    qty: float
    px: float
    mid: float | None
    maker: bool
    fee: float


@dataclass
class World:
    """What was noted down, and the market as it is."""

    symbols: dict[int, Row] = field(default_factory=dict)
    venues: dict[int, Row] = field(default_factory=dict)
    listed: dict[int, list[int]] = field(default_factory=dict)
    texts: dict[tuple[int, int], str] = field(default_factory=dict)  # (space, index)
    accounts: dict[int, str] = field(default_factory=dict)
    quotes: dict[tuple[int, int], Row] = field(default_factory=dict)
    depth: dict[tuple[int, int], dict[tuple[int, int], int]] = field(default_factory=dict)
    states: dict[tuple[int, int], int] = field(default_factory=dict)
    mids: dict[int, list[tuple[int, int, float | None]]] = field(default_factory=dict)  # seq, at, mid
    prints: dict[int, list[tuple[int, int, int, int]]] = field(default_factory=dict)  # seq, venue, px, qty
    orders: dict[str, Order] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # any id of an order -> its first
    children: dict[str, Child] = field(default_factory=dict)
    fills: dict[tuple[str, str], Fill] = field(default_factory=dict)
    reports: dict[tuple[str, str], Row] = field(default_factory=dict)
    seq: int = 0
    at: int = 0

    # ---- the market ----------------------------------------------------------------------------------------

    def levels(self, symbol: int, venue: int, ask: bool) -> list[tuple[int, int]]:
        """(px, qty) of one side at a venue, best first."""
        if (symbol, venue) in self.depth:
            side = [(px, qty) for (s, px), qty in self.depth[symbol, venue].items() if s == ask]
            return sorted(side, reverse=not ask)
        quote = self.quotes.get((symbol, venue))
        name = "ask" if ask else "bid"
        return [(quote[f"{name}_px"], quote[f"{name}_qty"])] if quote and quote[f"{name}_qty"] > 0 else []

    def up(self, symbol: int) -> list[int]:
        return [venue for venue in self.listed.get(symbol, []) if self.states.get((symbol, venue), 0) == 0]

    def mid(self, symbol: int) -> float | None:
        best = [
            [side[0][0] for venue in self.up(symbol) if (side := self.levels(symbol, venue, ask))]
            for ask in (False, True)
        ]
        return None if not all(best) else (max(best[0]) + min(best[1])) / 2 * self.px(symbol)

    def px(self, symbol: int) -> float:
        return float(10.0 ** -self.symbols[symbol]["price_precision"])

    def lots(self, symbol: int) -> float:
        return float(10.0 ** -self.symbols[symbol]["qty_precision"])

    def moved(self, row: Row) -> None:
        """A row of the journal that may move the market."""
        kind, r = row["kind"], row.get("request", {})
        if kind == "quote":
            self.quotes[r["symbol"], r["venue"]] = r
        elif kind == "depth":
            side = self.depth.setdefault((r["symbol"], r["venue"]), {})
            side.pop((r["side"], r["px"]), None)
            if r["qty"]:
                side[r["side"], r["px"]] = r["qty"]
        elif kind == "trade":
            self.prints.setdefault(r["symbol"], []).append((row["seq"], r["venue"], r["px"], r["qty"]))
        elif kind == "venue_state":
            for symbol in self.listed if r["symbol"] == NONE else [r["symbol"]]:
                if r["venue"] in self.listed[symbol]:
                    self.states[symbol, r["venue"]] = r["state"]
        for symbol in self.listed if kind in ("quote", "depth", "venue_state") else ():
            self.mids.setdefault(symbol, []).append((row["seq"], row["time_ns"], self.mid(symbol)))

    def declared(self, row: Row) -> None:
        kind, r = row["kind"], row.get("request", {})
        if kind == "instrument":
            self.symbols[r["symbol"]] = r
            self.listed.setdefault(r["symbol"], [])
        elif kind == "venue":
            self.venues[r["venue"]] = r
        elif kind == "listing":
            self.listed[r["symbol"]].append(r["venue"])
        elif kind == "account":
            self.accounts[r["account"]] = r["text"]
        elif kind == "name":
            self.texts[r["space"], r["index"]] = r["text"]


# ---- one pass ---------------------------------------------------------------------------------------------


def noted(rows: list[Row], lines: list[Row]) -> World:
    """The world after all events. rows: `nacre journal export`; lines: what the core printed, with seq."""
    world = World()
    by_seq: dict[int, list[Row]] = {}
    for line in lines:
        if "seq" in line:
            by_seq.setdefault(line["seq"], []).append(line)
    asked: dict[str, Row] = {}
    for row in rows:
        world.seq, world.at = row["seq"], row["time_ns"]
        r = row.get("request", {})
        if row["kind"] == "order":
            told = r.get("order", r)
            asked.setdefault(told["cl_ord_id"], told)
        if row["kind"] == "report":
            world.reports[world.venues[r["venue"]]["text"], r["exec_id"]] = r
        world.declared(row)
        world.moved(row)
        for kind in ("order", "child", "send"):  # a send belongs to an order that is printed with it
            for line in (each for each in by_seq.get(row["seq"], []) if each["type"] == kind):
                HANDLERS[kind](world, line, asked)
    return world


def on_order(world: World, line: Row, asked: dict[str, Row]) -> None:
    first = world.names.get(line["cl_ord_id"]) or world.names.get(line.get("orig_cl_ord_id", ""))
    if first is None:
        first = line["cl_ord_id"]
        begin(world, line, asked[first])
        world.orders[first].direct = line["exec_type"] == "pending_new"
    world.names[line["cl_ord_id"]] = first
    order = world.orders[first]
    order.qty, order.cum = float(line["order_qty"]), float(line["cum_qty"])
    # for good, also where it is shown as done for the day
    order.gone = order.gone or line["ord_status"] in OVER or line["exec_type"] in OVER
    settle(world, order)
    if line["exec_type"] in ("trade", "trade_correct", "trade_cancel"):
        filled(world, line, order)


def settle(world: World, order: Order) -> None:
    """Notes when it ended; a bust lets one that was filled live again."""
    over = order.gone or order.cum >= order.qty
    if over and order.end is None:
        order.end = (world.seq, world.at, world.mid(order.asked["symbol"]))
    elif not over:
        order.end = None


def begin(world: World, line: Row, asked: Row) -> None:
    symbol, ask = asked["symbol"], asked["side"] == 0
    book = [
        (px * world.px(symbol), qty * world.lots(symbol), world.venues[venue]["taker_fee"] / 10**8)
        for venue in world.up(symbol)
        for px, qty in world.levels(symbol, venue, ask)
    ]
    world.orders[line["cl_ord_id"]] = Order(
        line["cl_ord_id"], world.seq, world.at, asked, world.mid(symbol), book
    )


def filled(world: World, line: Row, order: Order) -> None:
    report = world.reports[line["venue"], line["exec_id"]]
    if line["exec_type"] == "trade":
        fill = Fill(
            order, world.children[line["child_id"]], line["venue"], world.at, world.seq, 0.0, 0.0,
            world.mid(order.asked["symbol"]), bool(report["maker"]), 0.0,
        )  # fmt: skip
        world.fills[line["venue"], line["exec_id"]] = fill
        if fill.child.filled is None:
            fill.child.filled = world.at
    else:
        old = (line["venue"], line["exec_ref_id"])
        fill = world.fills[old]
        world.fills[line["venue"], line["exec_id"]] = fill
    if line["exec_type"] == "trade_cancel":
        fill.qty = fill.fee = 0.0
        return
    fill.qty, fill.px = float(line["last_qty"]), float(line["last_px"])
    fill.fee = fee_of(world, report, order.asked["symbol"])


def fee_of(world: World, report: Row, symbol: int) -> float:
    """The report's own, or the venue's rate of the value, half to even at its digits."""
    if report["flags"] & HAS_FEE:
        return float(Decimal(report["fee"]) / 10**16)
    venue, instrument = world.venues[report["venue"]], world.symbols[symbol]
    px = Decimal(report["last_px"]).scaleb(-instrument["price_precision"])
    qty = Decimal(report["last_qty"]).scaleb(-instrument["qty_precision"])
    size = Decimal(instrument["multiplier"]).scaleb(-instrument["multiplier_precision"])
    value = qty * size / px if instrument["inverse"] else qty * size * px
    rate = Decimal(venue["maker_fee" if report["maker"] else "taker_fee"]).scaleb(-12)
    step = Decimal(1).scaleb(-venue["fee_precision"])
    return float((abs(value) * rate).quantize(step, ROUND_HALF_EVEN))


def on_child(world: World, line: Row, asked: dict[str, Row]) -> None:
    child = world.children[line["child_id"]]
    child.cum, child.qty = float(line["cum_qty"]), float(line["order_qty"])
    if child.answered is None and line["exec_type"] != "rejected":
        child.answered = world.at
    ends = line["exec_type"] in (*OVER, "unknown_order")
    if ends and child.order.direct:  # it ends likewise; nothing is printed of one that is done for the day
        child.order.gone = True
        settle(world, child.order)
    over = ends or child.cum >= float(line["order_qty"])
    if over and not child.ended:
        child.ended = line["exec_type"]


def on_send(world: World, line: Row, asked: dict[str, Row]) -> None:
    if line["action"] != "new":
        return
    order = world.orders[line["child_id"].rpartition(".")[0]]
    symbol, buys = order.asked["symbol"], order.asked["side"] == 0
    venue = next(index for index, row in world.venues.items() if row["text"] == line["venue"])
    px = round(float(line["price"]) / world.px(symbol)) if line["ord_type"] == "limit" else None
    other, own = world.levels(symbol, venue, buys), world.levels(symbol, venue, not buys)
    met = px is None or bool(other and (other[0][0] <= px if buys else other[0][0] >= px))
    ahead = 0 if met else dict(own).get(px or 0, 0)
    world.children[line["child_id"]] = Child(
        order, line["venue"], world.at, world.seq, float(line["order_qty"]),
        None if px is None else px, ahead * world.lots(symbol), not met,
    )  # fmt: skip
    if not order.sent:
        order.sent, order.first = True, world.mid(symbol)


HANDLERS = {"order": on_order, "child": on_child, "send": on_send}


# ---- prices at a time -------------------------------------------------------------------------------------


def mid_at(world: World, symbol: int, at: int) -> float | None:
    """The mid at a time; None after the last event."""
    mids = world.mids.get(symbol, [])
    i = bisect_right(mids, at, key=lambda row: row[1]) - 1
    return mids[i][2] if i >= 0 and at <= world.at else None


def benchmark(world: World, order: Order, name: str) -> float | None:
    """A price that fills are held against."""
    symbol = order.asked["symbol"]
    end_seq, end_at, _ = order.end or (world.seq, world.at, None)
    mids = world.mids.get(symbol, [])
    if name == "arrival":
        return order.arrival
    if name == "close":
        known = [mid for _, _, mid in mids if mid is not None]
        return known[-1] if known else None
    if name == "vwap":
        prints = world.prints.get(symbol, [])
        inside = prints[
            bisect_right(prints, order.seq, key=lambda r: r[0]) : bisect_right(
                prints, end_seq, key=lambda r: r[0]
            )
        ]
        volume = sum(qty for _, _, _, qty in inside)
        return sum(px * qty for _, _, px, qty in inside) / volume * world.px(symbol) if volume else None
    inside_mids = mids[
        bisect_right(mids, order.seq, key=lambda r: r[0]) : bisect_right(mids, end_seq, key=lambda r: r[0])
    ]
    points = [(order.at, order.arrival), *((at, mid) for _, at, mid in inside_mids), (end_at, None)]
    spans = [(later[0] - now[0], now[1]) for now, later in pairwise(points) if now[1] is not None]
    time = sum(span for span, _ in spans)
    return sum(span * mid for span, mid in spans if mid is not None) / time if time else order.arrival


# ---- money ------------------------------------------------------------------------------------------------


def value(world: World, symbol: int, qty: float, px: float) -> float:
    instrument = world.symbols[symbol]
    size = float(instrument["multiplier"] / 10 ** instrument["multiplier_precision"])
    return qty * size / px if instrument["inverse"] else qty * size * px


def cost(world: World, order: Order, qty: float, px: float, against: float) -> float:
    """What it costs to trade at px and not at the other price."""
    symbol = order.asked["symbol"]
    worse = value(world, symbol, qty, px) - value(world, symbol, qty, against)
    bought = 1 if order.asked["side"] == 0 else -1
    return bought * (-worse if world.symbols[symbol]["inverse"] else worse)


def shortfall(world: World, order: Order, fills: list[Fill]) -> dict[str, float] | None:
    """The four parts in money; None where a price is missing that one of them needs."""
    start = order.first if order.first is not None else order.arrival
    left = max(order.qty - order.cum, 0.0)
    end = order.end[2] if order.end else mid_at(world, order.asked["symbol"], world.at)
    if order.arrival is None or start is None or (left and end is None):
        return None
    return {
        "delay": cost(world, order, order.cum, start, order.arrival) if order.cum else 0.0,
        "execution": sum(cost(world, order, fill.qty, fill.px, start) for fill in fills),
        "opportunity": cost(world, order, left, end, order.arrival) if left and end is not None else 0.0,
        "fees": sum(fill.fee for fill in fills),
    }


def regret(world: World, order: Order, fills: list[Fill]) -> float | None:
    """Against the cheapest way to take as much from what was shown when it came."""
    symbol = order.asked["symbol"]
    sign = 1 if order.asked["side"] == 0 else -1
    if world.symbols[symbol]["inverse"]:
        sign = -sign
    unit = sorted(
        (sign * value(world, symbol, 1, px) + value(world, symbol, 1, px) * bps / 1e4, qty)
        for px, qty, bps in order.book
    )
    left, best = order.cum, 0.0
    for each, qty in unit:
        best += each * min(qty, left)
        left -= min(qty, left)
    ours = sum(sign * value(world, symbol, fill.qty, fill.px) + fill.fee for fill in fills)
    return None if left > 1e-9 * max(order.cum, 1) or not order.cum else ours - best


# ---- figures ----------------------------------------------------------------------------------------------


def figures(world: World, key: str) -> dict[tuple[str, str], Row]:
    """By (the key's value, currency)."""
    fills = [fill for fill in dict.fromkeys(map(Same, world.fills.values())) if fill.fill.qty > 0]
    out: dict[tuple[str, str], Row] = {}
    labels = {label(world, key, order, None) for order in world.orders.values()} if key != "venue" else set()
    labels |= {label(world, key, child.order, child.venue) for child in world.children.values()}
    for name in labels:
        orders = [order for order in world.orders.values() if label(world, key, order, None) == name]
        children = [c for c in world.children.values() if label(world, key, c.order, c.venue) == name]
        own = [each.fill for each in fills if label(world, key, each.fill.order, each.fill.venue) == name]
        out[name] = figure(world, key, orders, children, own)
    return out


@dataclass(frozen=True)
class Same:
    """A fill that is itself, under however many exec_ids."""

    fill: Fill

    def __hash__(self) -> int:
        return id(self.fill)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.fill is other.fill


def label(world: World, key: str, order: Order, venue: str | None) -> tuple[str, str]:
    asked = order.asked
    instrument = world.symbols[asked["symbol"]]
    paid = world.texts[0, instrument["settle_currency"]]
    names = {
        "all": "all", "venue": venue or "", "algo": ALGOS[asked["algo"]], "symbol": instrument["text"],
        "account": world.accounts[asked["account"]],
        "strategy": world.texts.get((1, asked.get("strategy", NONE)), "(none)"),
    }  # fmt: skip
    return names[key], paid


def figure(world: World, key: str, orders: list[Order], children: list[Child], fills: list[Fill]) -> Row:
    row: Row = {
        "orders": len(orders) if key != "venue" else len({id(fill.order) for fill in fills}),
        "children": len(children), "fills": len(fills),
        "value": sum(worth(world, fill, fill.px) for fill in fills),
        "fill_rate": mean([child.cum / child.qty for child in children]),
        "reject_ratio": mean([child.ended == "rejected" for child in children]),
        "cancel_ratio": mean([c.ended in ("canceled", "expired") and c.cum < c.qty for c in children]),
        "ack_p50_us": median([(c.answered - c.at) / 1e3 for c in children if c.answered is not None]),
        "time_to_fill_p50_ms": median([(c.filled - c.at) / 1e6 for c in children if c.filled is not None]),
        "queue_ahead": mean([queue(world, fill) for fill in fills if fill.maker and fill.child.posted]),
    }  # fmt: skip
    row["maker_share"] = share(sum(worth(world, f, f.px) for f in fills if f.maker), row["value"])
    for name in ("arrival", "vwap", "twap", "close"):
        row[f"{name}_bps"] = against(world, [(fill, benchmark(world, fill.order, name)) for fill in fills])
    spread = [(f, f.mid, f.mid) for f in fills if f.mid is not None]
    row["effective_spread_bps"] = spread_bps(world, spread)
    later = [
        (f, mid_at(world, f.order.asked["symbol"], f.at + MARKOUTS["5s"]), f.mid)
        for f in fills
        if f.mid is not None
    ]
    row["realized_spread_bps"] = spread_bps(
        world, [(f, then, mid) for f, then, mid in later if then is not None]
    )
    row["fees_bps"] = share(sum(fill.fee for fill in fills), row["value"], 1e4)
    for name, after in MARKOUTS.items():
        marks = [(f, mid_at(world, f.order.asked["symbol"], f.at + after)) for f in fills]
        known = [(f, mid) for f, mid in marks if mid is not None]
        gain = -sum(cost(world, f.order, f.qty, f.px, mid) for f, mid in known)
        row[f"markout_{name}_bps"] = share(gain, sum(worth(world, f, f.px) for f, _ in known), 1e4)
    return row if key == "venue" else row | of_orders(world, orders, fills)


def of_orders(world: World, orders: list[Order], fills: list[Fill]) -> Row:
    own: dict[int, list[Fill]] = {}
    for fill in fills:
        own.setdefault(id(fill.order), []).append(fill)
    parts = [(order, shortfall(world, order, own.get(id(order), []))) for order in orders]
    known = [(order, found) for order, found in parts if found is not None]
    ordered = sum(value(world, o.asked["symbol"], o.qty, o.arrival or 0) for o, _ in known)
    done = sum(value(world, o.asked["symbol"], o.cum, o.arrival or 0) for o, _ in known)
    row: Row = {
        f"{part}_shortfall_bps": share(sum(found[part] for _, found in known), ordered, 1e4)
        for part in ("delay", "execution", "opportunity", "fees")
    }
    row["shortfall"] = sum(sum(found.values()) for _, found in known)
    row["shortfall_bps"] = share(row["shortfall"], ordered, 1e4)
    row["unmeasured_orders"] = len(parts) - len(known)
    row["order_fill_rate"] = share(done, ordered)
    regrets = [(o, regret(world, o, own.get(id(o), []))) for o in orders if o.arrival is not None]
    felt = [(o, found) for o, found in regrets if found is not None]
    base = sum(value(world, o.asked["symbol"], o.cum, o.arrival or 0) for o, _ in felt)
    row["regret_bps"] = share(sum(found for _, found in felt), base, 1e4)
    return row


def worth(world: World, fill: Fill, px: float) -> float:
    return value(world, fill.order.asked["symbol"], fill.qty, px)


def against(world: World, pairs: list[tuple[Fill, float | None]]) -> float | None:
    """Σ cost / Σ value at the benchmark, in bps, of fills that have one."""
    known = [(fill, px) for fill, px in pairs if px is not None]
    paid = sum(cost(world, fill.order, fill.qty, fill.px, px) for fill, px in known)
    return share(paid, sum(worth(world, fill, px) for fill, px in known), 1e4)


def spread_bps(world: World, rows: list[tuple[Fill, float, float]]) -> float | None:
    """Twice the cost against one mid, of the value at the mid of the fill."""
    paid = sum(2 * cost(world, fill.order, fill.qty, fill.px, mid) for fill, mid, _ in rows)
    return share(paid, sum(worth(world, fill, then) for fill, _, then in rows), 1e4)


def queue(world: World, fill: Fill) -> float:
    """What stood before the child when it was sent, less what has traded there since."""
    symbol = fill.order.asked["symbol"]
    traded = sum(
        qty
        for seq, venue, px, qty in world.prints.get(symbol, [])
        if world.venues[venue]["text"] == fill.venue
        and px == fill.child.px
        and fill.child.seq < seq <= fill.seq
    )
    return max(fill.child.ahead - traded * world.lots(symbol), 0.0)


def share(part: float, whole: float, scale: float = 1.0) -> float | None:
    return part / whole * scale if whole else None


def mean(values: list[Any]) -> float | None:
    return sum(values) / len(values) if values else None


def median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None
