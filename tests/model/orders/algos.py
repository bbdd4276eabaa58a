"""Algorithms: what of an order each lets go, and when; nothing of it is the core's."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.model.orders import working
from tests.model.orders.book import ZERO, Order
from tests.model.orders.desk import Desk
from tests.model.orders.market import sweep

SCHEDULED = {"horizon_s", "slices", "participation_bps", "variance_bps", "seed"}
MAY = {
    "twap": SCHEDULED,
    "vwap": SCHEDULED | {"curve"},
    "is": SCHEDULED | {"curve", "urgency"},
    "close": SCHEDULED | {"curve", "auction_bps"},
    "pov": {"participation_bps", "min_qty"},
    "iceberg": {"display_qty", "variance_bps", "seed"},
    "sniper": {"min_qty"},
    "peg": {"peg", "offset", "display_qty", "variance_bps", "seed"},
}
ONE_BY_ONE = ("iceberg", "sniper", "peg")
MASK = (1 << 64) - 1
MOST_WEIGHTS = 44
BPS = 10_000


@dataclass
class Algo:
    """One order's algorithm."""

    name: str
    lot: Fraction
    start: int = 0
    horizon_ns: int = 0
    slices: int = 0
    due: int = 0
    weights: list[int] = field(default_factory=list)
    participation: Fraction | None = None
    variance: int = 0
    auction: Fraction = ZERO
    min_qty: Fraction = ZERO
    display: Fraction | None = None
    seed: int = 0
    volume: Fraction = ZERO
    closing: bool = False
    venue: str = ""

    def to_lot(self, qty: Fraction) -> Fraction:
        return qty // self.lot * self.lot

    def drawn(self, n: int, below: int) -> int:
        """splitmix64, the n-th output after the seed."""
        z = (self.seed + (n + 1) * 0x9E3779B97F4A7C15) & MASK
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        return (z ^ z >> 31) % below

    def scheduled(self, qty: Fraction) -> Fraction:
        if not self.slices:
            return ZERO
        weights = self.weights or [1]
        done, whole = (sum(weights[: self.due]), sum(weights)) if self.weights else (self.due, self.slices)
        return self.to_lot(min(qty * done / whole, qty))

    def released(self, qty: Fraction, done: Fraction) -> Fraction:
        """What of the order may have been sent by now. done: filled or working."""
        if self.name in ONE_BY_ONE or self.closing:
            return qty
        followed = (
            qty if self.participation is None else min(self.to_lot(self.volume * self.participation), qty)
        )
        if self.name == "pov":
            waits = followed - done < self.min_qty and followed < qty
            return min(done, followed) if waits else followed
        kept = self.to_lot(qty * self.auction) if self.name == "close" else ZERO
        return min(self.scheduled(qty - kept), followed)

    @property
    def spent(self) -> bool:
        """Whether it will let nothing more go."""
        return (
            self.closing if self.name == "close" else self.participation is None and self.due >= self.slices
        )

    def shown(self, n: int, unit: Fraction) -> Fraction:
        """What an iceberg's child n shows. unit: of a quantity."""
        assert self.display is not None
        if not self.variance:
            return self.display
        units = self.display // unit
        varied = units * self.variance // BPS
        return max(self.to_lot((units - varied + self.drawn(n, 2 * varied + 1)) * unit), self.lot)


def unsound(line: dict[str, Any], given: set[str]) -> bool:
    """Whether the order's algorithm isn't known, or what it is told makes no sense."""
    if "algo" not in given:
        return "params" in given
    name, params = line["algo"], line.get("params") or {}
    kinds = ("limit",) if name in ONE_BY_ONE else ("limit", "market")
    plain = line["ord_type"] in kinds and line.get("time_in_force", "day") in ("day", "gtc", "gtd")
    if (
        name not in MAY
        or not params.keys() <= MAY[name]
        or not plain
        or line.get("contingency") in ("oco", "ouo")
    ):
        return True
    shows = ("display_qty" in params) + ("max_floor" in given)
    if "post_only" in given and name not in ("iceberg", "peg"):
        return True
    if shows > (name in ("iceberg", "peg")) or (name == "iceberg" and not shows):
        return True
    bounds = {"participation_bps": BPS, "variance_bps": BPS, "auction_bps": BPS, "seed": MASK}
    for key, most in bounds.items():
        if not 0 <= whole(params.get(key, "0")) <= most:
            return True
    if Fraction(params.get("min_qty", "0")) < 0 or (
        name == "pov" and not Fraction(params.get("participation_bps", "0"))
    ):
        return True
    return name not in (*ONE_BY_ONE, "pov") and unsound_schedule(name, params)


def unsound_schedule(name: str, params: dict[str, Any]) -> bool:
    if name == "close" and "horizon_s" not in params:
        return bool(params.keys() & {"slices", "curve"}) or params.get("auction_bps", "10000") != "10000"
    if Fraction(params.get("horizon_s", "0")) <= 0 or whole(params.get("slices", "10")) < 1:
        return True
    if "curve" in params:
        weights = [whole(weight) for weight in params["curve"]]
        wrong = not weights or not sum(weights) or min(weights) < 0 or max(weights) > 65535
        return wrong or len(weights) > MOST_WEIGHTS or bool(params.keys() & {"slices", "urgency"})
    urgent = name == "is"
    return urgent and (
        whole(params.get("slices", "10")) > MOST_WEIGHTS
        or not 0 <= Fraction(params.get("urgency", "1")) <= 100
    )


def whole(text: Any) -> int:
    """The number; -1 where it isn't whole."""
    value = Fraction(str(text))
    return int(value) if value.denominator == 1 else -1


def begin(desk: Desk, order: Order) -> Algo:
    """The algorithm of a new order, as its params say."""
    params, instrument = order.key("params") or {}, desk.instruments[order.symbol]
    name = order.key("algo")
    algo = Algo(name, desk.lot(order.symbol), start=desk.at, min_qty=Fraction(params.get("min_qty", "0")))
    if Fraction(params.get("participation_bps", "0")):
        algo.participation = Fraction(params["participation_bps"]) / BPS
    algo.variance = int(params.get("variance_bps", "0"))
    algo.auction = Fraction(params.get("auction_bps", str(BPS))) / BPS
    algo.seed = int(params.get("seed", "0")) or hashed(order.first_id)
    display = params.get("display_qty", order.key("max_floor"))
    algo.display = None if display is None else Fraction(display)
    if "horizon_s" in params:
        algo.horizon_ns = int(Fraction(params["horizon_s"]) * 10**9)
        algo.weights = [int(weight) for weight in params.get("curve", ())]
        algo.slices = len(algo.weights) or int(params.get("slices", "10"))
        if name == "is" and not algo.weights:
            algo.weights = trajectory(float(params.get("urgency", "1")), algo.slices)
    assert instrument
    return algo


def hashed(name: str) -> int:
    """FNV-1a over the field of 40 bytes that carries a name: its length, its bytes, zeros."""
    raw = name.encode()
    out = 0xCBF29CE484222325
    for byte in (bytes([len(raw)]) + raw).ljust(40, b"\0"):
        out = (out ^ byte) * 0x100000001B3 & MASK
    return out


def trajectory(urgency: float, slices: int) -> list[int]:
    """Almgren and Chriss: what is left falls as sinh; the largest weight is 65535."""
    if not urgency:
        return [65535] * slices
    left = [math.sinh(urgency * (slices - i) / slices) for i in range(slices + 1)]
    parts = [before - after for before, after in pairwise(left)]
    return [round(part * 65535 / max(parts)) for part in parts]


def start(desk: Desk, order: Order) -> None:
    """Its first slice is due at once."""
    if order.algo is None:
        return
    if order.algo.name == "close" and "auction" in states(desk, order):
        close(desk, order)
    release(desk, order) if order.algo.slices else working.settle(desk, order, route=True)


def release(desk: Desk, order: Order) -> None:
    """A slice is due; the next one follows, up to variance_bps of a slice's length late."""
    algo = order.algo
    if order.over or algo is None:
        return
    algo.due += 1
    if algo.due < algo.slices:
        late = algo.drawn(algo.due, algo.horizon_ns // algo.slices * algo.variance // BPS + 1)
        after = algo.start + algo.due * algo.horizon_ns // algo.slices + late
        desk.later(after, lambda: release(desk, order))
    working.settle(desk, order, route=True)


def traded(desk: Desk, symbol: str, qty: Fraction) -> None:
    """Who follows the volume may send more of it."""
    for order in [order for order in desk.orders if order.symbol == symbol and order.algo]:
        assert order.algo is not None
        order.algo.volume += qty
        if order.algo.participation is not None and not order.over:
            working.settle(desk, order, route=True)


def snipe(desk: Desk, order: Order) -> None:
    """Takes what is shown within its limit, where that is enough."""
    assert order.algo is not None
    venues = working.visible(desk, order)
    legs, rest = sweep(desk.markets[order.symbol], desk.fees, venues, order.buys, order.price, order.unsent)
    if order.unsent - rest < min(order.algo.min_qty, order.unsent):
        return
    for leg in legs:
        working.send_child(desk, order, leg.venue, leg.qty, leg.price, "limit", "ioc")


# ---- the close ----------------------------------------------------------------------------------------


def states(desk: Desk, order: Order) -> dict[str, str]:
    """State and first venue in it, of the venues that the order may go to."""
    market = desk.markets[order.symbol]
    venues = [venue for venue in market.venues if order.key("venue") in (None, venue)]
    out: dict[str, str] = {}
    for venue in venues:
        out.setdefault(market.state.get(venue, "up"), venue)
    return out


def close(desk: Desk, order: Order) -> None:
    """A venue collects: all that is left may go there."""
    assert order.algo is not None
    order.algo.closing, order.algo.venue = True, states(desk, order)["auction"]


def auction_turns(desk: Desk, order: Order, venue: str, state: str) -> None:
    """A venue's state changed."""
    algo = order.algo
    if algo is None or algo.name != "close" or order.over:
        return
    if algo.closing:
        if venue == algo.venue and state == "up":
            working.expire(desk, order)
    elif "auction" in states(desk, order):
        close(desk, order)
        working.settle(desk, order, route=True)
