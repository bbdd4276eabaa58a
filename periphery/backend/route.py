"""Where an order would go by the books of now: the router's own policy over what the core has of venues."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from core import messages as m
from core.router.planner import Planner
from core.scenario import schema
from periphery.client import Client
from periphery.client.directory import Symbol
from periphery.client.units import from_units, to_units

NO_FEES = (0, 0)
_DEPTH = struct.Struct("<IHBBqq")
type Level = tuple[str, str, Decimal, Decimal]
"""(venue, side, price, quantity)."""


def levels_of(client: Client, symbol: Symbol) -> list[Level]:
    """What the core has of a symbol's market at each venue, best first. ClientError."""
    found = []
    for venue in symbol.venues:
        for name, side, px, qty in client.request("levels", venue=venue)["levels"]:
            if name == symbol.name:
                found.append((venue, side, Decimal(px), Decimal(qty)))
    return found


def planned(symbol: Symbol, levels: Iterable[Level], line: dict[str, Any]) -> list[dict[str, Any]]:
    """The legs of an order: venue, quantity, price, whether it rests. Ties go to the venue declared first.

    ClientError: a number has more digits than the symbol's.
    """
    slots = list(symbol.venues)
    price_of = partial(to_units, precision=symbol.price_precision, what="price", unit_of=symbol.name)
    qty_of = partial(to_units, precision=symbol.qty_precision, what="quantity", unit_of=symbol.name)
    planner = Planner([NO_FEES] * len(slots), lot=symbol.lot, tick=symbol.tick)
    for venue, side, px, qty in levels:
        planner.feed(
            int(m.Kind.DEPTH),
            _DEPTH.pack(0, slots.index(venue), m.Side[side.upper()], 0, price_of(px), qty_of(qty)),
        )
    price = line.get("price") if line.get("ord_type", "limit") != "market" else None
    legs, _ = planner.legs(
        schema.POLICIES.index(line.get("policy") or "sweep"),
        line["side"] == "buy",
        qty_of(line["order_qty"]),
        None if price is None else price_of(price),
        rests=price is not None and line.get("time_in_force") not in ("ioc", "fok"),
    )
    return [
        {
            "venue": slots[slot],
            "qty": str(from_units(qty, symbol.qty_precision)),
            "price": str(from_units(px, symbol.price_precision)),
            "rests": bool(rests),
        }
        for slot, qty, px, rests, _delay_ns in legs
    ]
