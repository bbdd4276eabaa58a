"""What a venue outside of the core says, of a child or of itself: its gateway's words as events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import messages as m
from core.live.intake import SOURCE_FEED
from core.scenario.directory import CHILD_NAME_MAX, Symbol
from core.scenario.encoder import Event, Malformed, scale
from core.scenario.numbers import parse_number
from core.scenario.schema import EXEC_TYPES, VENUE_STATES

if TYPE_CHECKING:
    from core.live.server import Core

FEE_DIGITS = 16
_TEXTS = ("exec_id", "exec_ref_id", "text")
_NUMBERS = {
    "last_qty": (m.ReportFlag(0), False),
    "last_px": (m.ReportFlag(0), True),
    "order_qty": (m.ReportFlag.HAS_QTY, False),
    "price": (m.ReportFlag.HAS_PRICE, True),
}
"""Each with the flag that it is there, and whether it is a price."""


def report(core: Core, request: dict[str, Any]) -> dict[str, Any]:
    """report: {venue, symbol, child_id, exec_type, ...} as a scenario's `report` line, and the symbol.

    ValueError: what is wrong.
    """
    told = request.get("report")
    if not isinstance(told, dict):
        raise ValueError("report: give a map, as a scenario's report line, with its symbol")
    known = {"venue", "symbol", "child_id", "exec_type", "fee", *_TEXTS, *_NUMBERS}
    if unknown := set(told) - known:
        raise ValueError(f"report.{min(unknown)}: no such key; {', '.join(sorted(known))}")
    core.feed([Event(m.Kind.REPORT, 0, _row(core, told).tobytes())])
    return {"seq": core.board.seq}


def gateway(core: Core, session: int, request: dict[str, Any]) -> dict[str, Any]:
    """request: {venue, state}, of a manual venue for which the session speaks. ValueError: what is wrong."""
    name, state = str(request.get("venue")), str(request.get("state"))
    venue = core.book.directory.venues.get(name)
    if venue is None:
        raise ValueError(f"venue {name!r}: not declared: the core needs a venue line with mode manual for it")
    _need_manual(core, name)
    if state not in VENUE_STATES:
        raise ValueError(f"state {state!r}: one of {', '.join(VENUE_STATES)}")
    said = venue_state(venue, m.NONE, VENUE_STATES.index(state), session)
    core.feed([said], SOURCE_FEED)
    return {"seq": core.board.seq}


def without_gateway(core: Core, venue: int, session: int) -> None:
    """Down until a gateway speaks for it again: the session that did is gone."""
    core.feed([venue_state(venue, m.NONE, int(m.VenueState.DOWN), session)], SOURCE_FEED)


def venue_state(venue: int, symbol: int, state: int, session: int = 0) -> Event:
    """symbol NONE: of the whole venue. session: its gateway's."""
    row = np.zeros((), m.VENUE_STATE_EVENT)
    row["venue"], row["symbol"], row["state"] = venue, symbol, state
    return Event(m.Kind.VENUE_STATE, session, row.tobytes())


def _need_manual(core: Core, name: str) -> None:
    if core.book.declared.venues[name].mode != "manual":
        raise ValueError(f"venue {name}: it is simulated, and speaks for itself")


def _row(core: Core, told: dict[str, Any]) -> np.ndarray[Any, Any]:
    directory = core.book.directory
    symbol, venue = directory.symbols.get(told.get("symbol", "")), directory.venues.get(told.get("venue", ""))
    if symbol is None or venue is None:
        raise ValueError(f"venue {told.get('venue')!r}, symbol {told.get('symbol')!r}: not declared")
    _need_manual(core, told["venue"])
    if told.get("exec_type") not in EXEC_TYPES:
        raise ValueError(f"exec_type {told.get('exec_type')!r}: one of {', '.join(EXEC_TYPES)}")
    row = np.zeros((), m.REPORT_EVENT)
    row["venue"], row["exec_type"] = venue, int(m.ExecType[told["exec_type"].upper()])
    row["child_id"] = np.void(directory.field(str(told.get("child_id") or ""), CHILD_NAME_MAX))
    for key in _TEXTS:
        most = (CHILD_NAME_MAX,) if key == "text" else ()
        row[key] = np.void(directory.field(str(told.get(key) or ""), *most))
    _numbers(row, told, symbol)
    return row


def _numbers(row: np.ndarray[Any, Any], told: dict[str, Any], symbol: Symbol) -> None:
    flags = m.ReportFlag(0)
    for key, (flag, is_price) in _NUMBERS.items():
        if told.get(key) is not None:
            flags |= flag
            row[key] = _units(told, key, symbol.price_precision if is_price else symbol.qty_precision)
    if told.get("fee") is not None:
        flags |= m.ReportFlag.HAS_FEE
        units = _units(told, "fee", FEE_DIGITS, 127)
        row["fee_lo"], row["fee_hi"] = units & ((1 << 64) - 1), units >> 64
    row["flags"] = int(flags)


def _units(told: dict[str, Any], key: str, precision: int, bits: int = 63) -> int:
    try:
        units = scale(parse_number(str(told[key])), precision, key)
    except Malformed as wrong:
        raise ValueError(str(wrong)) from None
    if abs(units) >= 1 << bits:
        raise ValueError(f"{key} {told[key]!r}: more than {bits} bits")
    return units
