"""A venue's book by level as the core's `depth` lines: what changes, and no more."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

SIDES = {"BUY": "buy", "SELL": "sell"}


class Change(NamedTuple):
    """action: CLEAR, ADD, UPDATE or DELETE; side: BUY or SELL. Numbers are exact text; of CLEAR they count
    for nothing.
    """

    action: str
    side: str = ""
    px: str = ""
    qty: str = "0"


class Shown:
    """What the core was told of one instrument's book: {(side, px): qty}."""

    def __init__(self) -> None:
        self.levels: dict[tuple[str, str], str] = {}

    def lines(self, changes: Iterable[Change]) -> list[dict[str, str]]:
        """Of one message of the venue's. A snapshot tells only where it differs; what goes is told first, so
        that the book doesn't cross on the way.
        """
        levels = dict(self.levels)
        for each in changes:
            if each.action == "CLEAR":
                levels.clear()
            elif each.action == "DELETE" or not Decimal(each.qty):
                levels.pop((SIDES[each.side], each.px), None)
            else:
                levels[SIDES[each.side], each.px] = each.qty
        gone = [(key, "0") for key in self.levels if key not in levels]
        come = [(key, qty) for key, qty in levels.items() if self.levels.get(key) != qty]
        self.levels = levels
        return [{"type": "depth", "side": side, "px": px, "qty": qty} for (side, px), qty in gone + come]

    def forget(self) -> list[dict[str, str]]:
        """All levels gone: the venue's book isn't known any more."""
        return self.lines([Change("CLEAR")])

    def all(self) -> list[dict[str, str]]:
        """The whole book, for a core that knows none of it."""
        return [{"type": "depth", "side": s, "px": px, "qty": qty} for (s, px), qty in self.levels.items()]


def short(number: Decimal) -> str:
    """Exact, without exponent and zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
