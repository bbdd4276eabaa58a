"""What is true now, for a reader: from Redis, or, where Redis is down, from the core; which one is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from periphery.cache.address import CacheDown, CacheError, Client, Names, told
from periphery.client import Client as CoreClient, QuoteEvent
from periphery.view.topics import KINDS

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """rows: as the view has them; from the core, as the core tells them. seq: the event they are of, where it
    is known. note: empty, or why they are not Redis'.
    """

    rows: list[Row]
    source: str
    seq: int | None
    note: str


class _Empty(CacheDown):
    """Redis answers, but the cache hasn't filled it, or not again."""


class Reader:
    """core: opens a session of a core, which is asked while Redis is down."""

    def __init__(self, redis: Client, core: Callable[[], CoreClient], name: str = "core") -> None:
        self._redis = redis
        self._core = core
        self._names = Names(name)

    def read(self, kind: str) -> Answer:
        """All rows of a kind: orders, positions, accounts, quotes, risk; in Redis alone, children and trades.

        CacheError: there is no such kind, or Redis is down and the core can't say. ClientError: no core.
        """
        if kind not in KINDS or not KINDS[kind].latest or kind == "engine":
            known = ", ".join(name for name, each in KINDS.items() if each.latest and name != "engine")
            raise CacheError(f"{kind}: there is {known}")
        try:
            return self._cached(kind)
        except CacheDown as error:
            if kind not in _ASKED:
                raise CacheError(f"{error}; {kind} are in Redis alone: one of {', '.join(_ASKED)}") from error
            with self._core() as core:
                why = "has nothing of it yet" if isinstance(error, _Empty) else "is down"
                return Answer(_ASKED[kind](core), "core", None, f"from core, Redis {why}")

    def _cached(self, kind: str) -> Answer:
        with told(), self._redis.pipeline(transaction=True) as pipe:
            pipe.get(self._names.mark)
            pipe.hgetall(self._names.state(kind))
            mark, found = pipe.execute()
        if not mark:
            raise _Empty(f"Redis has nothing of {self._names.start} yet")
        rows = [json.loads(found[field]) for field in sorted(found)]
        return Answer(rows, "redis", int(mark.partition(":")[0]), "")


def _quotes(core: CoreClient) -> list[Row]:
    """A session is told every quote that stands, first of all."""
    found: dict[tuple[str, str], Row] = {}
    while (quote := core.poll_quote()) is not None:
        if isinstance(quote, QuoteEvent):
            found[quote.symbol, quote.venue] = _quote(quote)
    return [row for _, row in sorted(found.items())]


def _quote(quote: QuoteEvent) -> Row:
    told: Row = {"symbol": quote.symbol, "venue": quote.venue}
    for side in ("bid", "ask"):
        qty = getattr(quote, f"{side}_qty")
        told[f"{side}_px"] = _text(getattr(quote, f"{side}_px")) if qty else None
        told[f"{side}_qty"] = _text(qty)
    return told


def _text(value: Any) -> str:
    return format(Decimal(str(value)).normalize(), "f")


def _risk(core: CoreClient) -> list[Row]:
    return [
        {"scope": {} if row["scope"] == "all" else {row["scope"]: row["key"]}, "state": row["state"]}
        for row in core.risk_status()["states"]
    ]


_ASKED: dict[str, Callable[[CoreClient], list[Row]]] = {
    "orders": lambda core: core.orders(),
    "positions": lambda core: list(core.positions()["positions"]),
    "accounts": lambda core: list(core.positions()["accounts"]),
    "quotes": _quotes,
    "risk": _risk,
}
