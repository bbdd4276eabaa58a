"""The match venue against a naive one: plain lists, sorted anew, every price of an auction tried."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import messages as m

MakeVenue = Callable[..., Any]
CHILDREN = 12
BUSY_CHILDREN = 250
SIDES = ("BUY", "SELL")


@dataclass
class Order:
    child: int
    side: str
    qty: int
    price: int | None
    tif: str
    arrived: int
    placed: int
    post_only: bool
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


def reaches(side: str, limit: int | None, px: int) -> bool:
    return limit is None or (px <= limit if side == "BUY" else px >= limit)


class Naive:
    """One symbol at one venue."""

    def __init__(self) -> None:
        self.shown: dict[str, dict[int, int]] = {"BUY": {}, "SELL": {}}
        self.by_depth = False
        self.state = "UP"
        self.collects = False
        self.last: int | None = None
        self.orders: dict[int, Order] = {}
        self.known: set[int] = set()
        self.clock = 0
        self.said: list[str] = []

    def take_said(self) -> list[str]:
        said, self.said = self.said, []
        return said

    def say(self, child: int, words: str) -> None:
        self.said.append(f"{child}.1 {words}")

    def fill(self, order: Order, qty: int, px: int, who: str) -> None:
        order.cum += qty
        self.last = px
        self.say(order.child, f"trade {qty}@{px} {who}")
        if not order.leaves:
            self.orders.pop(order.child, None)

    def resting(self, side: str) -> list[Order]:
        mine = [order for order in self.orders.values() if order.side == side]
        return sorted(mine, key=lambda order: (-order.rank, order.placed))

    def best_shown(self, side: str) -> int | None:
        prices = [px for px, qty in self.shown[side].items() if qty > 0]
        return (max if side == "BUY" else min)(prices, default=None)

    # -- the market

    def quote(self, bid: tuple[int, int], ask: tuple[int, int]) -> None:
        if self.by_depth:
            return
        for side, (px, qty) in zip(SIDES, (bid, ask), strict=True):
            self.shown[side] = {px: qty} if qty else {}
            for order in self.resting(side):
                if not qty or order.rank > (px if side == "BUY" else -px):
                    order.ahead = 0
                elif order.price == px:
                    order.ahead = min(order.ahead, qty)
        self.cross(SIDES)

    def depth(self, side: str, px: int, qty: int) -> None:
        if not self.by_depth:
            self.by_depth, self.shown = True, {"BUY": {}, "SELL": {}}
        self.shown[side][px] = qty
        for order in self.resting(side):
            if order.price == px:
                order.ahead = min(order.ahead, qty)
        self.cross(("SELL",) if side == "BUY" else ("BUY",))

    def cross(self, sides: tuple[str, ...]) -> None:
        for side in sides if self.state == "UP" else ():
            other = SIDES[side == "BUY"]
            for order in self.resting(side):
                while order.leaves and (px := self.best_shown(other)) is not None:
                    assert order.price is not None
                    if px == order.price or not reaches(side, order.price, px):
                        break
                    qty = min(order.leaves, self.shown[other][px])
                    self.shown[other][px] -= qty
                    order.ahead = 0
                    self.fill(order, qty, order.price, "maker")

    def trade(self, px: int, qty: int, aggressor: str | None) -> None:
        self.last = px
        if self.state != "UP":
            return
        for side in SIDES:
            if aggressor == side:
                continue
            used = 0
            for order in self.resting(side):
                assert order.price is not None
                if not reaches(side, order.price, px):
                    break
                if order.price != px:
                    order.ahead = 0
                else:
                    order.ahead = max(0, order.ahead - used)
                    step = min(order.ahead, qty)
                    order.ahead, used, qty = order.ahead - step, used + step, qty - step
                if step := min(order.leaves, qty):
                    qty -= step
                    self.fill(order, step, order.price, "maker")

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
        self.clock += 1
        order = Order(child, side, qty, price, tif, self.clock, self.clock, post_only)
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
            self.clock += 1
            order.placed = self.clock
            self.match(order)

    def cancel(self, child: int) -> None:
        if child in self.orders:
            self.end(self.orders[child], "canceled")
        else:
            self.say(child, "cancel_rejected")

    def takes(self, side: str, price: int | None) -> bool:
        return self.state == "UP" and self.in_reach(side, price) > 0

    def in_reach(self, side: str, price: int | None) -> int:
        other = SIDES[side == "BUY"]
        shown = sum(qty for px, qty in self.shown[other].items() if reaches(side, price, px))
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
        order.ahead = 0 if order.price is None else self.shown[order.side].get(order.price, 0)
        self.orders[order.child] = order

    def take_one(self, order: Order) -> bool:
        other = SIDES[order.side == "BUY"]
        level = self.best_shown(other)
        maker = next(iter(self.resting(other)), None)
        if level is not None and maker is not None and maker.price is not None:
            level = (
                None
                if reaches(order.side, level - (1 if order.side == "BUY" else -1), maker.price)
                else level
            )
        if level is not None:
            if not reaches(order.side, order.price, level):
                return False
            qty = min(order.leaves, self.shown[other][level])
            self.shown[other][level] -= qty
            for mine in self.resting(other):
                if mine.price == level:
                    mine.ahead = max(0, mine.ahead - qty)
            self.fill(order, qty, level, "taker")
            return True
        if maker is None or maker.price is None or not reaches(order.side, order.price, maker.price):
            return False
        qty = min(order.leaves, maker.leaves)
        self.fill(order, qty, maker.price, "taker")
        self.fill(maker, qty, maker.price, "maker")
        return True

    # -- the auction

    def willing(self, side: str, px: int) -> int:
        shown = sum(qty for level, qty in self.shown[side].items() if reaches(side, level, px))
        return shown + sum(o.leaves for o in self.resting(side) if reaches(side, o.price, px))

    def auction_price(self) -> int | None:
        prices = [px for side in SIDES for px, qty in self.shown[side].items() if qty]
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
        sign = 1 if side == "BUY" else -1
        queue: list[tuple[float, int, Any]] = [(-sign * p, 0, p) for p, q in self.shown[side].items() if q]
        queue += [(-order.rank, order.placed, order) for order in self.resting(side)]
        for _, _, item in sorted(queue, key=lambda entry: entry[:2]):
            if isinstance(item, Order):
                if qty := min(volume, item.leaves):
                    item.ahead = 0
                    self.fill(item, qty, px, "taker")
            else:
                qty = min(volume, self.shown[side][item])
                self.shown[side][item] -= qty
                for order in self.resting(side):
                    if order.price == item:
                        order.ahead = max(0, order.ahead - qty)
            volume -= qty


# ---- steps -------------------------------------------------------------------------------------------------

PX = st.integers(96, 104)
QTY = st.integers(1, 9)
SIDE = st.sampled_from(SIDES)
CHILD = st.integers(0, CHILDREN - 1)
NEW = st.tuples(
    st.just("new"),
    CHILD,
    SIDE,
    QTY,
    st.one_of(PX, PX, PX, PX, st.none()),
    st.sampled_from(["DAY", "DAY", "GTC", "IOC", "FOK"]),
    st.sampled_from([False, False, False, True]),
)
QUOTE = st.tuples(
    st.just("quote"),
    st.tuples(st.integers(95, 101), st.integers(0, 9)),
    st.tuples(st.integers(99, 105), st.integers(0, 9)),
)
STEP = st.one_of(
    NEW,
    NEW,
    QUOTE,
    st.tuples(st.just("depth"), SIDE, PX, st.integers(0, 9)),
    st.tuples(st.just("trade"), PX, QTY, st.sampled_from([None, "BUY", "SELL"])),
    st.tuples(st.just("replace"), CHILD, QTY, PX),
    st.tuples(st.just("cancel"), CHILD),
    st.tuples(st.just("state"), st.sampled_from(["UP", "UP", "AUCTION", "AUCTION", "HALTED", "CLOSED"])),
)


def both(venue: Any, naive: Naive, step: tuple[Any, ...]) -> tuple[list[str], list[str]]:
    what, *rest = step
    if what == "quote":
        found = venue.quote(*rest[0], *rest[1])
        naive.quote(*rest)
    elif what == "new":
        child, side, qty, price, tif, post_only = rest
        flags = m.OrderFlag.POST_ONLY if post_only else 0
        found = venue.order(child, side, qty, price, tif=tif, order_flags=flags)
        naive.new(*rest)
    elif what == "state":
        found = venue.state(*rest)
        naive.set_state(*rest)
    else:
        found = getattr(venue, what)(*rest)
        getattr(naive, what)(*rest)
    return found, naive.take_said()


def books_agree(venue: Any, naive: Naive) -> None:
    for side in SIDES:
        assert venue.queue(side) == [(o.child, o.leaves, o.ahead) for o in naive.resting(side)]
        shown = [level for level in naive.shown[side].items() if level[1]]
        assert venue.levels(side) == sorted(shown, reverse=side == "BUY")


def run(venue: Any, steps: list[tuple[Any, ...]]) -> None:
    naive = Naive()
    for step in steps:
        found, expected = both(venue, naive, step)
        assert found == expected, step
        books_agree(venue, naive)


@given(st.lists(STEP, max_size=60))
@settings(max_examples=400, deadline=None)
def test_as_the_naive_venue(make_venue: MakeVenue, steps: list[tuple[Any, ...]]) -> None:
    run(make_venue(), steps)


@given(st.lists(STEP.filter(lambda step: step[0] != "depth"), max_size=60))
@settings(max_examples=200, deadline=None)
def test_as_the_naive_venue_known_by_quotes(make_venue: MakeVenue, steps: list[tuple[Any, ...]]) -> None:
    run(make_venue(), steps)


def busy_day(seed: int, by_depth: bool) -> list[tuple[Any, ...]]:
    """Long and crowded, as Hypothesis's examples rarely are: few prices, many orders, mostly up."""
    draw = random.Random(seed)
    steps: list[tuple[Any, ...]] = []
    state = "UP"
    for child in range(BUSY_CHILDREN):
        for _ in range(draw.randint(0, 3)):
            steps.append(busy_market(draw, by_depth))
        tif = draw.choice(["DAY", "GTC", "GTC", "GTC", "IOC", "FOK"])
        price = None if draw.random() < 0.05 else draw.randint(97, 103)
        post_only = draw.random() < 0.2
        steps.append(("new", child, draw.choice(SIDES), draw.randint(1, 9), price, tif, post_only))
        older = draw.randint(max(0, child - 20), child)
        if draw.random() < 0.3:
            steps.append(("replace", older, draw.randint(1, 9), draw.randint(97, 103)))
        if draw.random() < 0.1:
            steps.append(("cancel", older))
        if draw.random() < (0.05 if state == "UP" else 0.3):
            state = draw.choice(["AUCTION", "HALTED", "CLOSED"]) if state == "UP" else "UP"
            steps.append(("state", state))
    return steps


def busy_market(draw: random.Random, by_depth: bool) -> tuple[Any, ...]:
    if draw.random() < 0.4:
        return ("trade", draw.randint(97, 103), draw.randint(1, 20), draw.choice([None, "BUY", "SELL"]))
    if by_depth:
        side = draw.choice(SIDES)
        px = draw.randint(96, 101) if side == "BUY" else draw.randint(99, 104)
        return ("depth", side, px, draw.randint(0, 20))
    bid = draw.randint(96, 102)
    return ("quote", (bid, draw.randint(0, 20)), (bid + draw.randint(1, 4), draw.randint(0, 20)))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("by_depth", [False, True])
def test_a_busy_day_as_the_naive_venue(make_venue: MakeVenue, seed: int, by_depth: bool) -> None:
    run(make_venue(), busy_day(seed, by_depth))


COLLECTED = st.one_of(NEW, NEW, NEW, st.tuples(st.just("depth"), SIDE, PX, st.integers(0, 9)))


@given(st.lists(COLLECTED, max_size=20), st.one_of(st.none(), PX))
@settings(max_examples=200, deadline=None)
def test_an_auction_as_the_naive_one(
    make_venue: MakeVenue, steps: list[tuple[Any, ...]], last: int | None
) -> None:
    before: list[tuple[Any, ...]] = [] if last is None else [("trade", last, 1, None)]
    run(make_venue(), [*before, ("state", "AUCTION"), *steps, ("state", "UP")])


# ---- what holds without any model --------------------------------------------------------------------------


def traded(found: list[str]) -> list[tuple[int, int]]:
    """(child, qty) of each fill."""
    words = [line.split() for line in found if " trade " in line]
    return [(int(w[0].split(".")[0]), int(w[2].split("@")[0])) for w in words]


def total(venue: Any) -> int:
    return sum(qty for side in SIDES for _, qty in venue.levels(side))


@given(st.lists(STEP.filter(lambda step: step[0] != "state"), max_size=60))
@settings(max_examples=200, deadline=None)
def test_quantity_is_conserved(make_venue: MakeVenue, steps: list[tuple[Any, ...]]) -> None:
    """What an order takes is what the levels lose and own orders give; a trade gives no more than it has."""
    venue, naive = make_venue(), Naive()
    asked: dict[int, int] = {}
    cum = [0] * CHILDREN
    for step in steps:
        before = total(venue)
        found, _ = both(venue, naive, step)
        for child, qty in traded(found):
            cum[child] += qty
        taken = sum(qty for line, (_, qty) in zip_trades(found) if line.endswith("taker"))
        given_up = sum(qty for line, (_, qty) in zip_trades(found) if line.endswith("maker"))
        if step[0] in ("new", "replace"):
            assert taken == before - total(venue) + given_up
            asked[step[1]] = max(asked.get(step[1], 0), step[3] if step[0] == "new" else step[2])
        elif step[0] == "trade":
            assert given_up <= step[2]
            assert total(venue) == before
    assert all(cum[child] <= qty for child, qty in asked.items())
    assert sum(cum) == sum(cum[child] for child in asked)


def zip_trades(found: list[str]) -> list[tuple[str, tuple[int, int]]]:
    return list(zip([line for line in found if " trade " in line], traded(found), strict=True))
