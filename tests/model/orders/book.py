"""Orders and their children: what they are, and the status that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.model.orders.algos import Algo

ZERO = Fraction(0)
ONCE = ("ioc", "fok")
STOPS = ("stop", "stop_limit", "market_if_touched", "limit_if_touched", "trailing_stop")
PRICED = ("limit", "stop_limit", "limit_if_touched")
AFTER_TRIGGER = {
    "stop": "market", "market_if_touched": "market", "trailing_stop": "market",
    "stop_limit": "limit", "limit_if_touched": "limit",
}  # fmt: skip


@dataclass
class Life:
    """What an order and a child have in common."""

    qty: Fraction
    price: Fraction | None
    cum: Fraction = ZERO
    acked: bool = False
    done_for_day: bool = False
    stopped: bool = False
    suspended: bool = False
    ended: str = ""  # canceled, expired, rejected
    pending_cancel: bool = False
    pending_replace: bool = False

    @property
    def status(self) -> str:
        """The first that holds, in Appendix D's order of precedence."""
        holds = {
            "pending_cancel": self.pending_cancel,
            "pending_replace": self.pending_replace,
            "done_for_day": self.done_for_day,
            "filled": self.full,
            "stopped": self.stopped,
            "suspended": self.suspended,
            "canceled": self.ended == "canceled",
            "expired": self.ended == "expired",
            "rejected": self.ended == "rejected",
            "partially_filled": self.cum > 0,
            "new": self.acked,
        }
        return next((name for name, holding in holds.items() if holding), "pending_new")

    @property
    def full(self) -> bool:
        return self.cum >= self.qty and self.cum > 0

    @property
    def over(self) -> bool:
        return bool(self.ended) or self.full

    @property
    def leaves(self) -> Fraction:
        if self.status in ("filled", "canceled", "rejected", "expired", "done_for_day") or self.ended:
            return ZERO
        return max(self.qty - self.cum, ZERO)

    @property
    def pending(self) -> bool:
        return self.pending_cancel or self.pending_replace

    def end(self, how: str) -> None:
        """It ends; what was stopped, suspended or asked has ended with it."""
        self.ended = how
        self.pending_cancel = self.pending_replace = self.stopped = self.suspended = False


@dataclass(eq=False)
class Child(Life):
    """One order at one venue."""

    n: int = 0
    venue: str = ""
    ord_type: str = "limit"
    tif: str = "day"
    order: Order = None  # type: ignore[assignment]
    asked: bool = False  # its order waits for its answer
    told: bool = False  # ... and what it is asked was sent
    refused: bool = False  # the venue refused the cancel that the order waited for
    part: Fraction = ZERO  # the quantity that its order wants it to shrink to
    ours: bool = False  # the pending replace is what its order was asked, or wants
    own: bool = False  # the replace is the core's own: the peg moved
    wanted: tuple[Fraction, Fraction | None] = (ZERO, None)  # what a pending replace asks for
    held: list[str] = field(default_factory=list)  # requests that wait for the venue to be up

    @property
    def id(self) -> str:
        return f"{self.order.first_id}.{self.n}"

    @property
    def open(self) -> Fraction:
        """What may still fill: one that is done for the day may come back."""
        return ZERO if self.ended else max(self.qty - self.cum, ZERO)


@dataclass(eq=False)
class Order(Life):
    """A client's order."""

    index: int = 0
    line: dict[str, Any] = field(default_factory=dict)
    first_id: str = ""
    id: str = ""
    worked: bool = False
    kind: str = "limit"  # ord_type, as it is now: a triggered stop is a market order
    ids: list[str] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    fills: list[tuple[Fraction, Fraction]] = field(default_factory=list)
    cancel: tuple[str, str] | None = None  # (cl_ord_id, orig) of the client's pending cancel
    replace: tuple[str, str] | None = None
    wanted: tuple[Fraction, Fraction | None, Fraction | None] = (ZERO, None, None)
    owed: Fraction = ZERO  # a change of quantity that waits until nothing is pending
    expiring: bool = False
    no_route: bool = False
    left_out: set[str] = field(default_factory=set)
    sent: int = 0
    rejected: int = 0
    waits: str = ""  # "trigger", "entry", "auction": why nothing is sent
    stop_px: Fraction | None = None
    best: Fraction | None = None
    refused_px: Fraction | None = None  # where a venue wouldn't move the child of a peg
    algo: Algo | None = None

    def key(self, name: str) -> Any:
        """A key of the order's line."""
        return self.line.get(name)

    @property
    def over(self) -> bool:
        """One that is filled lives while a replace that asks for more is pending."""
        return bool(self.ended) or (self.full and not (self.pending_replace and self.wanted[0] > self.cum))

    @property
    def account(self) -> str:
        return str(self.line["account"])

    @property
    def symbol(self) -> str:
        return str(self.line["symbol"])

    @property
    def buys(self) -> bool:
        return bool(self.line["side"] == "buy")

    @property
    def tif(self) -> str:
        return str(self.line.get("time_in_force", "day"))

    @property
    def once(self) -> bool:
        return self.tif in ONCE

    @property
    def live(self) -> list[Child]:
        return [child for child in self.children if child.open > 0]

    @property
    def open(self) -> Fraction:
        return sum((child.open for child in self.children), ZERO)

    @property
    def unsent(self) -> Fraction:
        unsent = self.qty - self.cum - self.open
        if self.algo is not None:
            done = self.cum + self.open
            unsent = min(unsent, self.algo.released(self.qty, done) - done)
        return unsent

    @property
    def pegs(self) -> bool:
        """Its child follows the market."""
        return self.kind == "pegged" or self.key("algo") == "peg"

    @property
    def hides(self) -> bool:
        """It takes, and is never posted."""
        return self.key("algo") == "sniper"

    @property
    def display(self) -> Fraction | None:
        """What of it may be seen at once; None: all."""
        if self.algo is not None:
            return self.algo.display
        floor = self.key("max_floor")
        return None if floor is None else Fraction(floor)

    @property
    def routable(self) -> bool:
        """Whether something new may be sent."""
        stands = self.pending or self.expiring or self.no_route or self.over or self.suspended or self.waits
        return self.worked and not stands and self.unsent > 0

    @property
    def rests(self) -> bool:
        return self.kind in ("limit", "pegged") and not self.once

    @property
    def notional(self) -> Fraction:
        return sum((qty * px for qty, px in self.fills), ZERO)
