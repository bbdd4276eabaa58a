"""A trading day of a running core: opened and closed by named persons, and what tomorrow begins with.

A core that is started with a day's files begins closed: new orders are denied `halted`. So is one that
somebody closes. Both names of who opens it are in the journal.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from core.live import queries, risk
from core.live.day_files import RESTRICTING
from core.scenario.encoder import Event
from core.scenario.money import money
from core.scenario.reader import Line
from core.scenario.values import convert

if TYPE_CHECKING:
    from core.live.server import Core

BEGIN = "start of day"
"""Who closed a core that nobody has opened yet."""


def closing(core: Core, by: str) -> list[Event]:
    """What closes trading."""
    return core.book.begin().halt(by)


def person(request: dict[str, Any]) -> str:
    """Who asks. ValueError: nobody says so."""
    by = request.get("by")
    if not isinstance(by, str) or not 1 <= len(by.encode()) <= 31:
        raise ValueError("by: say who does it, in 1 to 31 bytes")
    return by


def status(core: Core) -> dict[str, Any]:
    """Whether trading is open, what still works, and what of the day's files somebody should know of."""
    date = core.book.date
    return {
        "open": core.book.closed_by is None,
        "closed_by": core.book.closed_by,
        "date": None if date is None else f"{date // 10000}-{date // 100 % 100:02}-{date % 100:02}",
        "day": None if core.config.day is None else str(core.config.day),
        "compared": core.config.yesterday is not None,
        "doubts": list(core.config.doubts),
        "working": core.asked().open_orders(),
        "unknown": core.unknown,
    }


def open_(core: Core, request: dict[str, Any]) -> dict[str, Any]:
    """Trading begins. ValueError: it is open, or there are doubts that nobody took on."""
    by, doubts = person(request), core.config.doubts
    if core.book.closed_by is None:
        raise ValueError("trading is open")
    if core.book.closed_by == BEGIN and doubts and not request.get("accept"):
        raise ValueError(
            f"{len(doubts)} of the day's figures are in doubt: see nacre day status, say --accept"
        )
    second = risk.second_person(core, "opening trading", request)
    killed = any(row["scope"] == "all" for row in queries.kills(core.page, core.book))
    if killed:
        raise ValueError("all trading is killed: re-arm it first (nacre rearm all)")
    core.switch("rearm", "all", None, by, 0, second)
    return status(core)


def close(core: Core, request: dict[str, Any]) -> dict[str, Any]:
    """What is new is denied from now on; `cancel`: what works is cancelled."""
    by = person(request)
    if core.book.closed_by is None:
        core.feed(closing(core, by))
    if request.get("cancel"):
        _, _, data = convert({"type": "cancel_all", "by": by})
        core.feed(core.book.events(Line(0, 0, "cancel_all", data)))
    return status(core)


def next_(core: Core, request: dict[str, Any]) -> dict[str, Any]:
    """A new day of a core that goes on: daily counts and losses begin again."""
    person(request)
    core.feed(core.book.events(core.book.line({"type": "day", "date": request.get("date")}, ("day",))))
    return status(core)


def files(core: Core) -> dict[str, Any]:
    """What tomorrow's files say, but for the symbols. ValueError: the day isn't over yet."""
    told = status(core)
    if told["open"] or told["working"]:
        what = "trading is open" if told["open"] else f"{told['working']} orders work"
        raise ValueError(f"{what}: close the day first (nacre day close --cancel)")
    held = queries.positions(core.asked(), core.book)
    limits = [{"type": "limit", **row} for row in core.book.limit_lines() if row["value"] != "off"]
    return {
        "day": told["day"],
        "accounts": [_account(core, row) for row in held["accounts"]],
        "positions": [
            {"type": "open_position", **{key: row[key] for key in ("account", "symbol", "qty", "avg_cost")}}
            for row in held["positions"]
            if row["qty"] != "0"
        ],
        "limits": [row for row in limits if row["check"] not in RESTRICTING],
        "restricted": [row for row in limits if row["check"] in RESTRICTING],
    }


def _account(core: Core, row: dict[str, Any]) -> dict[str, Any]:
    """Cash of all currencies in the account's own, at the rates of now: a day begins with one."""
    total = Fraction(0)
    for currency, amount in row["cash"].items():
        rate = core.book.rates.find(currency, row["currency"])
        if rate is None:
            raise ValueError(
                f"{row['account']}: no rate {currency}/{row['currency']}: its cash can't be said"
            )
        total += Fraction(amount) * rate
    return {"type": "account", "account": row["account"], "currency": row["currency"], "cash": money(total)}
