"""Random books: what happens at a venue, crowded on few prices, and both sides of it played and compared."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from core import messages as m
from tests.model.matching.driver import Venue
from tests.model.matching.venue import SIDES, Naive

type Step = tuple[Any, ...]
"""What happens, and with what: the names of the naive venue's methods."""

KNOWN_BY = ("quotes", "depth", "orders")
QUEUES = ("risk_averse", "power", "power2", "power3", "log", "log2")
ORDERS = 80
LOW, HIGH = 96, 104


class Difference(AssertionError):
    """The core says otherwise than the naive venue."""


@dataclass
class Book:
    """One random book: its kind, its steps, what it covered."""

    seed: int
    known_by: str = ""
    pro_rata: bool = False
    queue: str = "risk_averse"
    power: int = 1
    lot: int = 1
    steps: list[Step] = field(default_factory=list)
    covered: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        draw = self.draw = random.Random(self.seed)
        self.known_by = KNOWN_BY[self.seed % 3]
        self.pro_rata = draw.random() < 0.4
        self.queue, self.power = draw.choice(QUEUES), draw.randint(1, 4)
        self.lot = draw.choice((1, 1, 2, 5))
        self.up = True
        self.ids: list[int] = []
        self.last_id = 0
        for child in range(ORDERS):
            self._turn(child)

    def _turn(self, child: int) -> None:
        draw = self.draw
        for _ in range(draw.randint(0, 4)):
            self.steps.append(self._market())
        self.steps.append(self._order(child))
        older = draw.randint(max(0, child - 20), child)
        if draw.random() < 0.3:
            self.steps.append(("replace", older, self._qty(9), self._px()))
        if draw.random() < 0.15:
            self.steps.append(("cancel", older))
        if draw.random() < (0.04 if self.up else 0.3):
            state = draw.choice(("AUCTION", "AUCTION", "HALTED", "CLOSED")) if self.up else "UP"
            self.up = state == "UP"
            self.steps.append(("state", state))

    def _px(self) -> int:
        return self.draw.randint(LOW + 1, HIGH - 1)

    def _qty(self, most: int) -> int:
        return self.draw.randint(1, most) * self.draw.choice((1, 1, self.lot))

    def _order(self, child: int) -> Step:
        draw = self.draw
        tif = draw.choice(("DAY", "GTC", "GTC", "GTC", "IOC", "FOK"))
        price = None if draw.random() < (0.06 if self.up else 0.3) else self._px()
        return "new", child, draw.choice(SIDES), self._qty(9), price, tif, draw.random() < 0.15

    def _market(self) -> Step:
        draw = self.draw
        if self.known_by != "quotes" and draw.random() < 0.1:
            return self._less_known()
        if self.known_by == "orders":
            return self._market_order()
        if draw.random() < 0.4:
            return "trade", self._px(), self._qty(20), draw.choice((None, "BUY", "SELL"))
        if self.known_by == "depth":
            side = draw.choice(SIDES)
            px = draw.randint(LOW, 101) if side == "BUY" else draw.randint(99, HIGH)
            return "depth", side, px, draw.randint(0, 20) * self.lot
        return self._quote()

    def _quote(self) -> Step:
        bid = self.draw.randint(LOW, 102)
        ask = bid + self.draw.randint(1, 4)
        return "quote", (bid, self.draw.randint(0, 20)), (ask, self.draw.randint(0, 20))

    def _less_known(self) -> Step:
        """Quotes of a book known by depth, depth of one known by orders: they count until it is."""
        if self.known_by == "depth" or self.draw.random() < 0.5:
            return self._quote()
        side = self.draw.choice(SIDES)
        return "depth", side, self._px(), self.draw.randint(0, 20)

    def _market_order(self) -> Step:
        draw, chance = self.draw, self.draw.random()
        side = draw.choice(SIDES)
        if chance < 0.45 or not self.ids:
            self.last_id += 1
            self.ids.append(self.last_id)
            px = draw.randint(LOW, 101) if side == "BUY" else draw.randint(99, HIGH)
            return "add", self.last_id, side, px, self._qty(15)
        id_ = draw.choice(self.ids[-30:])
        if chance < 0.6:
            return "cancel_market", id_, draw.choice((self._qty(5), 1000))
        if chance < 0.95:
            return "execute", id_, self._qty(12)
        return ("trade", self._px(), self._qty(9), None) if chance < 0.99 else ("clear",)

    # -- both play it

    def play(self) -> None:
        """Raises Difference at the first step after which the two don't agree."""
        settings = {
            "pro_rata": self.pro_rata,
            "queue_model": QUEUES.index(self.queue),
            "queue_power": self.power,
        }
        venue = Venue(lot=self.lot, **settings)
        naive = Naive(pro_rata=self.pro_rata, queue=self.queue, power=self.power, lot=self.lot)
        self.covered.update((self.known_by, self.queue, "pro_rata" if self.pro_rata else "price_time"))
        for number, step in enumerate(self.steps):
            said, wanted = self._both(venue, naive, step)
            self.covered.update(word for line in wanted for word in line.split()[1:] if word.isalpha())
            where = f"book {self.seed}, step {number}, {step}"
            if said != wanted:
                raise Difference(f"{where}: the venue says {said}, not {wanted}")
            if wrong := disagreement(venue, naive):
                raise Difference(f"{where}: {wrong}")

    def _both(self, venue: Venue, naive: Naive, step: Step) -> tuple[list[str], list[str]]:
        what, *rest = step
        if what == "execute":
            rest = self._executed(naive, *rest)
        said = PLAYED[what](venue, *rest) if what in PLAYED else getattr(venue, what)(*rest)
        getattr(naive, "set_state" if what == "state" else what)(*rest)
        return said, naive.take_said()

    @staticmethod
    def _executed(naive: Naive, id_: int, qty: int) -> list[Any]:
        """Side and price as the recording would have them; of an order that we took, of any."""
        order = naive.market.get(id_)
        side, px = (order.side, order.price) if order is not None else (SIDES[id_ % 2], LOW + 2 + id_ % 5)
        return [id_, side, px, qty]


def disagreement(venue: Venue, naive: Naive) -> str:
    """What of the two books differs; "" where nothing does."""
    for side in SIDES:
        ours = [(order.child, order.leaves, naive.ahead(order)) for order in naive.resting(side)]
        if venue.queue(side) != ours:
            return f"{side} queue {venue.queue(side)}, not {ours}"
        shown = sorted(naive.shown(side).items(), reverse=side == "BUY")
        if venue.levels(side) != shown:
            return f"{side} levels {venue.levels(side)}, not {shown}"
    return ""


def _new(venue: Venue, child: int, side: str, qty: int, price: int | None, tif: str, post: bool) -> list[str]:
    flags = m.OrderFlag.POST_ONLY if post else 0
    return venue.order(child, side, qty, price, tif=tif, order_flags=flags)


PLAYED: dict[str, Any] = {
    "new": _new,
    "quote": lambda venue, bid, ask: venue.quote(*bid, *ask),
    "add": lambda venue, id_, side, px, qty: venue.market("ADD", id_, side, px, qty),
    "cancel_market": lambda venue, id_, qty: venue.market("CANCEL", id_, qty=qty),
    "execute": lambda venue, id_, side, px, qty: venue.market("EXECUTE", id_, side, px, qty),
    "clear": lambda venue: venue.simulate("ORDERS_CLEAR"),
}
