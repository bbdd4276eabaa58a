"""What a view tells of, by topic: `orders:A1` is the kind `orders` of the account A1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

type Owner = Literal["symbol", "account", "scope", "engine"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of topic.

    of: whose each of its topics is. A scope is an account where the news is an account's, else everybody's
    or a group's. conflated: of several changes of a key the newest is enough. latest: a key has values that
    are true now; without it each key is news, of which the last ones are kept.
    """

    name: str
    of: Owner
    conflated: bool
    latest: bool
    line: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("quotes", "symbol", True, True, "Best bid and ask, by venue."),
        Kind("trades", "symbol", True, True, "The last trade, by venue."),
        Kind("orders", "account", False, True, "Orders that are open, by their first cl_ord_id."),
        Kind(
            "children",
            "account",
            False,
            True,
            "Child orders that a venue has acknowledged and that are open.",
        ),
        Kind("fills", "account", False, False, "Bookings of executions, by venue/exec_id."),
        Kind("denials", "account", False, False, "What risk denied."),
        Kind("positions", "account", True, True, "Positions at the mark of now, by symbol."),
        Kind("accounts", "account", True, True, "Cash, equity and profit, in the account's currency."),
        Kind("risk", "scope", False, True, "Risk states that aren't active, by scope."),
        Kind("alerts", "scope", False, False, "Warnings and halts."),
        Kind("engine", "engine", True, True, "What engines of the periphery say, by what it is about."),
    )
}
GROUPS = "*groups"
"""Whose news is that is neither an account's nor everybody's: for those who may see all accounts."""
NOBODY = ""
"""Whose news is that is everybody's: `risk` without a colon."""


class Topic(NamedTuple):
    """A kind, and whose; `of` is empty where it is everybody's."""

    kind: str
    of: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.of}" if self.of else self.kind

    @property
    def account(self) -> str | None:
        """The account that it is of; None: it is of none, or of all."""
        what = KINDS[self.kind].of
        if what == "engine":
            return self.of.partition(":")[2] or None
        return self.of or None if what in ("account", "scope") else None


def parse(text: str) -> Topic:
    """ValueError: there is no such kind, or not whose it is."""
    name, colon, of = text.partition(":")
    if name not in KINDS:
        raise ValueError(f"topic {text!r}: one of {', '.join(KINDS)}")
    if (colon and not of) or (not colon and KINDS[name].of != "scope"):
        raise ValueError(f"topic {text!r}: say whose, as {name}:{KINDS[name].of.upper()}, or {name}:*")
    return Topic(name, of)
