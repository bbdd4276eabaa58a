"""What a named person says of a child in the venue's place: a fill, a bust, the end of one of unknown fate.

It is an event like a report of the venue, with who said it. Gateways hear it too, so what was closed no
longer counts against its order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import messages as m
from core.live import queries
from core.scenario.directory import CHILD_NAME_MAX
from core.scenario.encoder import Event, Malformed, scale
from core.scenario.numbers import parse_number

if TYPE_CHECKING:
    from core.live.server import Core

WHAT = {"fill": m.ExecType.TRADE, "bust": m.ExecType.TRADE_CANCEL, "close": m.ExecType.CANCELED}


def amend(core: Core, request: dict[str, Any]) -> dict[str, Any]:
    """what: fill (qty, px), bust (exec_id, qty, px of the fill), close. ValueError: what is wrong."""
    what, by, child_id = request.get("what"), request.get("by"), request.get("child_id")
    if what not in WHAT:
        raise ValueError(f"what {what!r}: one of {', '.join(WHAT)}")
    if not isinstance(by, str) or not 1 <= len(by.encode()) <= 31:
        raise ValueError("by: say who does it, in 1 to 31 bytes")
    if not isinstance(child_id, str):
        raise ValueError("child_id: name the child, as order show tells it")
    symbol_name, venue = _child(core, child_id)
    symbol = core.book.directory.symbols[symbol_name]
    row = np.zeros((), m.REPORT_EVENT)
    row["venue"] = core.book.directory.venues[venue]
    row["exec_type"] = int(WHAT[what])
    row["flags"] = int(m.ReportFlag.BY_PERSON)
    row["child_id"] = np.void(core.book.directory.field(child_id, CHILD_NAME_MAX))
    row["text"] = np.void(
        core.book.directory.field(str(request.get("text") or f"{what} by {by}"), CHILD_NAME_MAX)
    )
    if what != "close":
        row["last_qty"] = _units(request, "qty", symbol.qty_precision)
        row["last_px"] = _units(request, "px", symbol.price_precision)
        row["exec_id"] = np.void(core.book.directory.field(f"by-hand-{core.board.seq}"))
    if what == "bust":
        row["exec_ref_id"] = np.void(core.book.directory.field(str(request["exec_id"])))
    encoder = core.book.begin()
    row["by"] = encoder.person(by)
    core.feed([*encoder.new_names(), Event(m.Kind.REPORT, 0, row.tobytes())])
    return {"seq": core.board.seq, "exec_id": core.book.directory.text(row["exec_id"].tobytes())}


def _units(request: dict[str, Any], key: str, precision: int) -> int:
    try:
        units = scale(parse_number(str(request[key])), precision, key)
    except Malformed as wrong:
        raise ValueError(str(wrong)) from None
    if units <= 0 or units >= 1 << 63:
        raise ValueError(f"{key} {request[key]!r}: must be above 0, in 63 bits")
    return units


def _child(core: Core, child_id: str) -> tuple[str, str]:
    """(symbol, venue) of the child. ValueError: there is none."""
    for row in queries.orders(core.asked(), core.book)["orders"]:
        for child in row["children"]:
            if child["child_id"] == child_id:
                return str(row["symbol"]), str(child["venue"])
    raise ValueError(f"child_id {child_id!r}: no such child; see nacre order show")
