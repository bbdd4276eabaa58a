"""What a venue outside of the core says of a child: its gateway's words as an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import messages as m
from core.scenario.directory import CHILD_NAME_MAX, Symbol
from core.scenario.encoder import Event, Malformed, scale
from core.scenario.numbers import parse_number
from core.scenario.schema import EXEC_TYPES

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


def _row(core: Core, told: dict[str, Any]) -> np.ndarray[Any, Any]:
    directory = core.book.directory
    symbol, venue = directory.symbols.get(told.get("symbol", "")), directory.venues.get(told.get("venue", ""))
    if symbol is None or venue is None:
        raise ValueError(f"venue {told.get('venue')!r}, symbol {told.get('symbol')!r}: not declared")
    if core.book.declared.venues[told["venue"]].mode != "manual":
        raise ValueError(f"venue {told['venue']}: it is simulated, and speaks for itself")
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
