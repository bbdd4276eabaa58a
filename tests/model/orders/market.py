"""The market as the core sees it: quotes, depth, states of venues, marks; and who shows what."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

ZERO = Fraction(0)
Level = tuple[Fraction, Fraction]  # px, qty


@dataclass
class Market:
    """One symbol at all its venues, in the order of declaration."""

    venues: list[str] = field(default_factory=list)
    state: dict[str, str] = field(default_factory=dict)
    quotes: dict[str, tuple[Level, Level]] = field(default_factory=dict)
    depth: dict[str, tuple[dict[Fraction, Fraction], dict[Fraction, Fraction]]] = field(default_factory=dict)
    last: Fraction | None = None
    mark: Fraction | None = None
    was_down: set[str] = field(default_factory=set)

    def quote(self, line: dict[str, Any]) -> None:
        """A venue's best prices; where it sent depth, that counts."""
        bid, ask = ((Fraction(line[f"{side}_px"]), Fraction(line[f"{side}_qty"])) for side in ("bid", "ask"))
        self.quotes[line["venue"]] = (bid, ask)

    def set_depth(self, line: dict[str, Any]) -> None:
        """The new size of a level."""
        sides = self.depth.setdefault(line["venue"], ({}, {}))
        side = sides[0 if line["side"] in ("buy", "bid") else 1]
        side.pop(Fraction(line["px"]), None)
        if Fraction(line["qty"]):
            side[Fraction(line["px"])] = Fraction(line["qty"])

    def levels(self, venue: str, ask: bool) -> list[Level]:
        """A venue's levels of one side, best first."""
        if venue in self.depth:
            return sorted(self.depth[venue][ask].items(), reverse=not ask)
        if venue not in self.quotes:
            return []
        level = self.quotes[venue][ask]
        return [level] if level[1] > 0 else []

    def up(self, *states: str) -> list[str]:
        """The venues in one of the states; up if none is named."""
        return [venue for venue in self.venues if self.state.get(venue, "up") in (states or ("up",))]

    def touch(self, ask: bool) -> Fraction | None:
        """The consolidated best of one side over the venues that are up."""
        best = [levels[0][0] for venue in self.up() if (levels := self.levels(venue, ask))]
        return (min(best) if ask else max(best)) if best else None

    def mid(self) -> Fraction | None:
        """Between the best of both sides."""
        bid, ask = self.touch(ask=False), self.touch(ask=True)
        return None if bid is None or ask is None else (bid + ask) / 2

    def marked(self) -> Fraction | None:
        """The mark, else the mid, else the last trade."""
        return next((px for px in (self.mark, self.mid(), self.last) if px is not None), None)

    def trigger(self, source: str, buys: bool) -> Fraction | None:
        """What a stop of that trigger looks at."""
        if source == "bid_ask":
            return self.touch(ask=buys)
        return {"last": self.last, "mid": self.mid(), "mark": self.marked()}[source]


@dataclass(frozen=True)
class Fees:
    """A venue's fees in basis points, and its place in the order of declaration."""

    taker: Fraction
    maker: Fraction
    place: int
    digits: int = 8


@dataclass
class Leg:
    venue: str
    qty: Fraction
    price: Fraction


def sweep(
    market: Market,
    fees: dict[str, Fees],
    venues: list[str],
    buys: bool,
    limit: Fraction | None,
    qty: Fraction,
) -> tuple[list[Leg], Fraction]:
    """What is taken where: best price first, then the taker's fee, then who was declared first."""
    shown = [
        (px if buys else -px, fees[venue].taker, fees[venue].place, venue, px, size)
        for venue in venues
        for px, size in market.levels(venue, ask=buys)
        if limit is None or (px <= limit if buys else px >= limit)
    ]
    legs: dict[str, Leg] = {}
    for _, _, _, venue, px, size in sorted(shown):
        part = min(size, qty)
        if part <= 0:
            break
        qty -= part
        leg = legs.setdefault(venue, Leg(venue, ZERO, px))
        leg.qty += part
        leg.price = px
    return list(legs.values()), qty


def one_venue(
    market: Market,
    fees: dict[str, Fees],
    venues: list[str],
    buys: bool,
    limit: Fraction | None,
    qty: Fraction,
) -> Leg | None:
    """The venue that shows all of it, at the best worst price, then least taker fee, then declared first."""
    found = []
    for venue in venues:
        legs, rest = sweep(market, fees, [venue], buys, limit, qty)
        if legs and not rest:
            px = legs[0].price
            found.append((px if buys else -px, fees[venue].taker, fees[venue].place, legs[0]))
    return min(found, key=lambda entry: entry[:3])[3] if found else None
