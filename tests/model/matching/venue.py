"""A match venue as naive as can be: plain lists, sorted anew for each question, every price of an auction
tried.

One symbol. Prices and quantities are integers. It knows nothing of the core, and imports nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.model.matching.rules import front_after, shares

SIDES = ("BUY", "SELL")
OTHER = {"BUY": "SELL", "SELL": "BUY"}


@dataclass
class Order:
    """An order of ours, or one of the market's (then `child` is its id there)."""

    child: int
    side: str
    qty: int
    price: int | None
    tif: str = "GTC"
    arrived: int = 0
    placed: int = 0
    post_only: bool = False
    mine: bool = True
    cum: int = 0
    ahead: int = 0

    @property
    def leaves(self) -> int:
        return self.qty - self.cum

    @property
    def rank(self) -> float:
        """Higher is better."""
        if self.price is None:
            return float("inf")
        return self.price if self.side == "BUY" else -self.price


def reaches(side: str, limit: int | None, px: int | None) -> bool:
    """Whether an order of this side with this limit may trade at px."""
    if limit is None or px is None:
        return limit is None
    return px <= limit if side == "BUY" else px >= limit


class Naive:
    """One symbol at one venue."""

    def __init__(
        self, *, pro_rata: bool = False, queue: str = "risk_averse", power: int = 3, lot: int = 1
    ) -> None:
        self.pro_rata, self.queue_model, self.power, self.lot = pro_rata, queue, power, lot
        self.levels: dict[str, dict[int, int]] = {"BUY": {}, "SELL": {}}  # what is shown and not taken by us
        self.seen: dict[str, dict[int, int]] = {
            "BUY": {},
            "SELL": {},
        }  # what should be there, were nobody to cancel
        self.known_by = "quotes"
        self.state = "UP"
        self.collects = False
        self.last: int | None = None
        self.orders: dict[int, Order] = {}
        self.market: dict[int, Order] = {}
        self.known: set[int] = set()
        self.clock = 0
        self.said: list[str] = []

    def take_said(self) -> list[str]:
        said, self.said = self.said, []
        return said

    def say(self, child: int, words: str) -> None:
        self.said.append(f"{child}.1 {words}")

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    # -- what there is

    def resting(self, side: str) -> list[Order]:
        """Ours, best first."""
        mine = [order for order in self.orders.values() if order.side == side]
        return sorted(mine, key=lambda order: (-order.rank, order.placed))

    def everybody(self, side: str) -> list[Order]:
        """Ours and the market's, as far as those are known."""
        both = [order for order in (*self.orders.values(), *self.market.values()) if order.side == side]
        return sorted(both, key=lambda order: (-order.rank, order.placed))

    def shown(self, side: str) -> dict[int, int]:
        """What the market shows by price."""
        if self.known_by != "orders":
            return {px: qty for px, qty in self.levels[side].items() if qty}
        found: dict[int, int] = {}
        for order in self.market.values():
            if order.side == side and order.price is not None:
                found[order.price] = found.get(order.price, 0) + order.leaves
        return found

    def ahead(self, order: Order) -> int:
        if self.known_by != "orders":
            return order.ahead
        before = [o for o in self.market.values() if (o.side, o.price) == (order.side, order.price)]
        return sum(o.leaves for o in before if o.placed < order.placed)

    def best_shown(self, side: str) -> int | None:
        return (max if side == "BUY" else min)(self.shown(side), default=None)

    # -- trades of ours

    def fill(self, order: Order, qty: int, px: int, who: str) -> None:
        order.cum += qty
        if not order.mine:
            if not order.leaves:
                del self.market[order.child]
            return
        self.last = px
        self.say(order.child, f"trade {qty}@{px} {who}")
        if not order.leaves:
            self.orders.pop(order.child, None)

    def take_shown(self, side: str, px: int, qty: int) -> None:
        """We take it: ours behind it move up."""
        if self.known_by == "orders":
            for order in self.everybody(side):
                if not order.mine and order.price == px and qty:
                    step = min(qty, order.leaves)
                    qty -= step
                    self.fill(order, step, px, "")
            return
        self.levels[side][px] -= qty
        for order in self.resting(side):
            if order.price == px:
                order.ahead = max(0, order.ahead - qty)

    # -- the market

    def deepen(self, known_by: str) -> bool:
        ranks = ("quotes", "depth", "orders")
        if ranks.index(known_by) > ranks.index(self.known_by):
            self.known_by = known_by
            self.levels = {"BUY": {}, "SELL": {}}
        return self.known_by == known_by

    def shows_now(self, side: str, px: int, qty: int) -> None:
        """A level's update reaches ours there: they move up where somebody cancelled before them."""
        seen = self.seen[side].get(px, 0)
        for order in self.resting(side):
            if order.price == px:
                if seen > qty and order.ahead:
                    back = max(0, seen - order.ahead)
                    order.ahead = front_after(
                        self.queue_model, self.power, self.lot, order.ahead, back, seen - qty
                    )
                order.ahead = min(order.ahead, qty)
        self.seen[side][px] = qty

    def quote(self, bid: tuple[int, int], ask: tuple[int, int]) -> None:
        if self.known_by != "quotes":
            return
        for side, (px, qty) in zip(SIDES, (bid, ask), strict=True):
            self.levels[side] = {px: qty} if qty else {}
            self.seen[side] = {px: self.seen[side].get(px, 0)} if qty else {}
            for order in self.resting(side):
                if not qty or order.rank > (px if side == "BUY" else -px):
                    order.ahead = 0
            if qty:
                self.shows_now(side, px, qty)
        self.cross(SIDES)

    def depth(self, side: str, px: int, qty: int) -> None:
        if not self.deepen("depth"):
            return
        self.shows_now(side, px, qty)
        self.levels[side][px] = qty
        self.cross((OTHER[side],))

    def cross(self, sides: tuple[str, ...]) -> None:
        """The other side through our prices (by orders: at them, too) fills us at ours."""
        for side in sides if self.state == "UP" else ():
            other = OTHER[side]
            for order in self.resting(side):
                while order.leaves and (px := self.best_shown(other)) is not None:
                    assert order.price is not None
                    at = px == order.price and self.known_by != "orders"
                    if at or not reaches(side, order.price, px):
                        break
                    qty = min(order.leaves, self.shown(other)[px])
                    self.take_shown(other, px, qty)
                    order.ahead = 0
                    self.fill(order, qty, order.price, "maker")

    def trade(self, px: int, qty: int, aggressor: str | None) -> None:
        self.last = px
        if self.state != "UP" or self.known_by == "orders":
            return
        for side in SIDES:
            if aggressor == side:
                continue
            qty = self.trade_through(side, px, qty)
            self.seen[side][px] = max(0, self.seen[side].get(px, 0) - qty)
            qty = self.trade_at(side, px, qty)

    def trade_through(self, side: str, px: int, qty: int) -> int:
        for order in self.resting(side):
            if order.price != px and reaches(side, order.price, px):
                order.ahead = 0
                if step := min(order.leaves, qty):
                    qty -= step
                    assert order.price is not None
                    self.fill(order, step, order.price, "maker")
        return qty

    def trade_at(self, side: str, px: int, qty: int) -> int:
        mine = [order for order in self.resting(side) if order.price == px]
        shown = self.shown(side).get(px, 0)
        if self.pro_rata and mine and qty < shown + sum(order.leaves for order in mine):
            self.share(qty, [None, *mine], shown, px, None)
            return 0
        used = 0
        for order in mine:
            order.ahead = max(0, order.ahead - used)
            step = min(order.ahead, qty)
            order.ahead, used, qty = order.ahead - step, used + step, qty - step
            if step := min(order.leaves, qty):
                qty -= step
                self.fill(order, step, px, "maker")
        return qty

    def share(self, qty: int, whom: list[Order | None], shown: int, px: int, taker: Order | None) -> None:
        """Among orders by time; None is what is shown."""
        sizes = [shown if order is None else order.leaves for order in whom]
        for order, part in zip(whom, shares(qty, sizes, self.lot), strict=True):
            if not part:
                continue
            if order is None:
                if taker is not None:
                    self.take_shown(OTHER[taker.side], px, part)
                    self.fill(taker, part, px, "taker")
            elif taker is not None:
                self.fill(taker, part, px, "taker")
                self.fill(order, part, px, "maker")
            elif order.mine:
                self.fill(order, part, px, "maker")

    # -- the market's orders, one by one

    def add(self, id_: int, side: str, px: int, qty: int) -> None:
        if not self.deepen("orders") or id_ in self.market:
            return
        self.market[id_] = Order(id_, side, qty, px, placed=self.tick(), mine=False)
        self.cross(SIDES)

    def cancel_market(self, id_: int, qty: int) -> None:
        self.deepen("orders")
        if id_ in self.market:
            order = self.market[id_]
            self.fill(order, min(qty, order.leaves), 0, "")

    def execute(self, id_: int, side: str, px: int, qty: int) -> None:
        self.deepen("orders")
        market = self.market.get(id_)
        if self.state == "UP":
            rest = self.trade_through(side, px, qty)
            queue = [order for order in self.everybody(side) if order.price == px]
            if self.pro_rata and queue and rest < sum(order.leaves for order in queue):
                self.share(rest, list(queue), 0, px, None)
                rest = 0
            for order in queue:
                if order is market or (market is None and not order.mine):
                    break
                if order.mine and order.leaves and (step := min(rest, order.leaves)):
                    rest -= step
                    self.fill(order, step, px, "maker")
        if market is not None:
            self.fill(market, min(qty, market.leaves), px, "")

    def clear(self) -> None:
        self.deepen("orders")
        self.market.clear()

    # -- states

    def set_state(self, state: str) -> None:
        self.state = state
        if state == "AUCTION":
            self.collects = True
        elif state == "UP" and self.collects:
            self.collects = False
            self.uncross()
        elif state == "UP":
            self.cross(SIDES)
        elif state == "CLOSED":
            for order in sorted(self.orders.values(), key=lambda order: order.arrived):
                if order.tif == "DAY" or order.price is None:
                    self.end(order, "expired")

    # -- requests

    def end(self, order: Order, words: str) -> None:
        self.orders.pop(order.child, None)
        self.say(order.child, words)

    def new(self, child: int, side: str, qty: int, price: int | None, tif: str, post_only: bool) -> None:
        if child in self.known:
            return
        self.known.add(child)
        now = self.tick()
        order = Order(child, side, qty, price, tif, now, now, post_only)
        if self.state in ("HALTED", "CLOSED") or (post_only and self.takes(side, price)):
            self.say(child, "rejected")
            return
        self.say(child, "new")
        self.match(order)

    def replace(self, child: int, qty: int, price: int) -> None:
        order = self.orders.get(child)
        if order is None or self.state in ("HALTED", "CLOSED"):
            self.say(child, "cancel_rejected")
            return
        wanted = None if order.price is None else price
        if order.post_only and qty > order.cum and self.takes(order.side, wanted):
            self.say(child, "cancel_rejected")
            return
        self.say(child, "replaced")
        keeps = wanted == order.price and qty <= order.qty
        order.qty = max(qty, order.cum)
        order.price = wanted
        if not order.leaves:
            del self.orders[child]
        elif not keeps:
            del self.orders[child]
            order.placed = self.tick()
            self.match(order)

    def cancel(self, child: int) -> None:
        if child in self.orders:
            self.end(self.orders[child], "canceled")
        else:
            self.say(child, "cancel_rejected")

    def takes(self, side: str, price: int | None) -> bool:
        return self.state == "UP" and self.in_reach(side, price) > 0

    def in_reach(self, side: str, price: int | None) -> int:
        other = OTHER[side]
        shown = sum(qty for px, qty in self.shown(other).items() if reaches(side, price, px))
        mine = [o for o in self.resting(other) if o.price is not None and reaches(side, price, o.price)]
        return shown + sum(o.leaves for o in mine)

    def match(self, order: Order) -> None:
        whole = order.tif != "FOK" or self.in_reach(order.side, order.price) >= order.leaves
        while self.state == "UP" and whole and order.leaves and self.take_one(order):
            pass
        if not order.leaves:
            return
        if order.tif in ("IOC", "FOK") or (order.price is None and self.state == "UP"):
            self.say(order.child, "canceled")
            return
        order.ahead = 0 if order.price is None else self.shown(order.side).get(order.price, 0)
        self.orders[order.child] = order

    def take_one(self, order: Order) -> bool:
        """Something at the best price, if that is in reach: what is shown as a level first, then by time."""
        other = OTHER[order.side]
        queue = [o for o in self.everybody(other) if o.price is not None]
        prices = [*self.shown(other), *(o.price for o in queue if o.price is not None)]
        px = (max if other == "BUY" else min)(prices, default=None)
        if px is None or not reaches(order.side, order.price, px):
            return False
        queue = [o for o in queue if o.price == px]
        shown = self.shown(other).get(px, 0) if self.known_by != "orders" else 0
        if self.pro_rata and order.leaves < shown + sum(o.leaves for o in queue):
            whom: list[Order | None] = [None] if shown else []
            self.share(order.leaves, [*whom, *queue], shown, px, order)
        elif shown:
            qty = min(order.leaves, shown)
            self.take_shown(other, px, qty)
            self.fill(order, qty, px, "taker")
        else:
            qty = min(order.leaves, queue[0].leaves)
            self.fill(order, qty, px, "taker")
            self.fill(queue[0], qty, px, "maker")
        return True

    # -- the auction

    def willing(self, side: str, px: int) -> int:
        shown = sum(qty for level, qty in self.shown(side).items() if reaches(side, level, px))
        return shown + sum(o.leaves for o in self.resting(side) if reaches(side, o.price, px))

    def auction_price(self) -> int | None:
        prices = [px for side in SIDES for px in self.shown(side)]
        prices += [order.price for order in self.orders.values() if order.price is not None]
        prices += [] if self.last is None else [self.last]
        found = []
        for px in range(min(prices, default=0), max(prices, default=-1) + 1):
            buys, sells = self.willing("BUY", px), self.willing("SELL", px)
            near = 0 if self.last is None else abs(px - self.last)
            found.append((-min(buys, sells), abs(buys - sells), near, px))
        volume, *_, px = min(found, default=(0, 0))
        return px if volume else None

    def uncross(self) -> None:
        px = self.auction_price()
        if px is not None:
            volume = min(self.willing("BUY", px), self.willing("SELL", px))
            for side in SIDES:
                self.give(side, px, volume)
            self.last = px
        for side in SIDES:
            for order in self.resting(side):
                if order.price is None:
                    self.end(order, "canceled")

    def give(self, side: str, px: int, volume: int) -> None:
        """One side's part of an auction: what is shown as a level before ours at its price, else by time."""
        sign = 1 if side == "BUY" else -1
        queue: list[tuple[float, int, Any]] = [
            (-order.rank, order.placed, order) for order in self.everybody(side)
        ]
        if self.known_by != "orders":
            queue += [(-sign * level, 0, level) for level in self.shown(side)]
        for _, _, item in sorted(queue, key=lambda entry: entry[:2]):
            if isinstance(item, Order):
                qty = min(volume, item.leaves)
                item.ahead = 0 if qty else item.ahead
                if qty:
                    self.fill(item, qty, px, "taker")
            else:
                qty = min(volume, self.shown(side)[item])
                if qty:
                    self.take_shown(side, item, qty)
            volume -= qty
