"""Lines about venues' facts and queues to the router's events: decimals to the integers of `FactsEvent`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from core import messages as m
from core.scenario.directory import Directory, Symbol

BPS_DIGITS = 8
SHARE_DIGITS = 6
US_DIGITS = 3
MS_DIGITS = 6

OF_A_SYMBOL = {
    "taker_fee_bps": (m.Fact.TAKER_FEE, BPS_DIGITS),
    "maker_fee_bps": (m.Fact.MAKER_FEE, BPS_DIGITS),
    "latency_us": (m.Fact.LATENCY, US_DIGITS),
    "fill_ratio": (m.Fact.FILL, SHARE_DIGITS),
    "reject_ratio": (m.Fact.REJECT, SHARE_DIGITS),
    "markout_bps": (m.Fact.MARKOUT, BPS_DIGITS),
    "stale_ms": (m.Fact.STALE, MS_DIGITS),
}
OF_A_VENUE = {"silence_ms": (m.Fact.SILENCE, MS_DIGITS), "window_ms": (m.Fact.WINDOW, MS_DIGITS)}

type Units = Callable[[Any, int, str], int]
"""(number, digits, key) to integer units."""


def facts(data: dict[str, Any], directory: Directory, units: Units) -> Iterator[bytes]:
    """A FACTS_EVENT for the venue as a whole, and one for each symbol that it is told of, in their order."""
    venue = directory.venues[data["venue"]]
    whole = _values(data, OF_A_VENUE, units)
    if data["max_sends"] is not None:
        whole[m.Fact.SENDS] = data["max_sends"]
    if whole:
        yield _event(m.NONE, venue, whole)
    told = _values(data, OF_A_SYMBOL, units)
    for symbol in _symbols(data, directory) if told else ():
        yield _event(symbol.index, venue, told)


def queue(data: dict[str, Any], directory: Directory, units: Units) -> bytes:
    """A FACTS_EVENT about how much leaves a venue's best queue."""
    symbol = directory.symbols[data["symbol"]]
    row = np.zeros((), m.FACTS_EVENT)
    row["symbol"], row["venue"], row["queue"] = symbol.index, directory.venues[data["venue"]], 1
    row["side"] = m.Side[data["side"].upper()]
    row["count"] = len(data["outflow"])
    row["unfilled"] = units(data["unfilled_bps"], BPS_DIGITS, "unfilled_bps")
    for i, qty in enumerate(data["outflow"]):
        row["values"][i] = units(qty, symbol.qty_precision, "outflow")
    return row.tobytes()


def _symbols(data: dict[str, Any], directory: Directory) -> list[Symbol]:
    if data["symbol"] is not None:
        return [directory.symbols[data["symbol"]]]
    return [symbol for symbol in directory.symbol_list if data["venue"] in symbol.venues]


def _values(data: dict[str, Any], keys: dict[str, tuple[m.Fact, int]], units: Units) -> dict[int, int]:
    return {
        int(fact): units(data[key], digits, key)
        for key, (fact, digits) in keys.items()
        if data[key] is not None
    }


def _event(symbol: int, venue: int, values: dict[int, int]) -> bytes:
    row = np.zeros((), m.FACTS_EVENT)
    row["symbol"], row["venue"] = symbol, venue
    for fact, value in values.items():
        row["given"] |= 1 << fact
        row["values"][fact] = value
    return row.tobytes()
