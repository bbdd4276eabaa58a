"""Recordings as tapes for `bench routing`: EURUSD of two venues, Binance's BTC of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import NoData
from bench.routing_loop import ROW
from core import messages as m
from core.backtest.demo import DemoConfig
from core.backtest.market import has_recording, recorded
from core.data.recording import Options, open_all, run_merged

type Rows = np.ndarray[Any, np.dtype[np.void]]

BPS = 10**8  # 10^-8 bps in one
SECOND_NS = 1_000_000_000
BINANCE = {
    # file, price digits, quantity digits, (taker, maker) in bps: those of the venue's lowest tier that day
    "BTCUSDT spot": ("binance_spot_btcusdt_20240808.gz", 2, 8, (10.0, 10.0)),
    "BTCUSDT perpetual": ("binance_usdm_btcusdt_20240808.gz", 1, 3, (5.0, 2.0)),
}


@dataclass(frozen=True, slots=True)
class Recording:
    """A symbol at its venues. fees: (taker, maker) of each in 10^-8 bps. crossed: rows with ask below bid."""

    name: str
    venues: tuple[str, ...]
    fees: tuple[tuple[int, int], ...]
    rows: Rows
    lot: int
    horizon_ns: int
    crossed: int


def eurusd(data: Path, *, drop_crossed: bool) -> Recording:
    """Both venues' quotes of the recorded day, with the sizes and commissions of the demonstration."""
    if not has_recording(data):
        raise NoData(f"{data}: no EURUSD recordings; --data names the folder")
    market = recorded(data, None, drop_crossed=drop_crossed)
    terms = DemoConfig(journal=data).terms
    rows = np.zeros(len(market.rows), ROW)
    sizes = np.array([term.quote_qty for term in terms])[market.rows["venue"]]
    rows["ts_ns"], rows["venue"] = market.rows["ts_ns"], market.rows["venue"]
    rows["px"], rows["ask_px"], rows["qty"], rows["ask_qty"] = (
        market.rows["bid_px"],
        market.rows["ask_px"],
        sizes,
        sizes,
    )
    rows["kind"] = m.Kind.QUOTE
    fees = tuple((round(float(term.taker_fee_bps) * BPS),) * 2 for term in terms)
    name = f"EURUSD, crossed rows {'removed' if drop_crossed else 'kept'}"
    return Recording(name, market.venues, fees, rows, 1000, 30 * SECOND_NS, market.crossed)


def binance(data: Path, name: str) -> Recording:
    """One of Binance's books with its trades, as its reader sees them."""
    file, px_digits, qty_digits, (taker, maker) = BINANCE[name]
    path = data / "crypto" / file
    if not path.is_file():
        raise NoData(f"{path}: not there; --data names the folder")
    chunks: list[Rows] = []
    recordings, _ = open_all([path], Options(), lambda _n: lambda events: chunks.append(events.copy()))
    run_merged([reader for recording in recordings for reader in recording.readers])
    events = np.concatenate(chunks)
    rows = np.zeros(len(events), ROW)
    for key, digits, given in (
        ("px", px_digits, "px_digits"),
        ("ask_px", px_digits, "px_digits"),
        ("qty", qty_digits, "qty_digits"),
        ("ask_qty", qty_digits, "qty_digits"),
    ):
        rows[key] = _rescaled(events[key], events[given], digits)
    rows["ts_ns"], rows["kind"], rows["side"] = events["recv_ts_ns"], events["kind"], events["side"]
    fees = ((round(taker * BPS), round(maker * BPS)),)
    return Recording(f"Binance {name}", ("BINANCE",), fees, rows, 1, 5 * SECOND_NS, 0)


def _rescaled(values: Rows, digits: Rows, to: int) -> Rows:
    """Integers of 10^-digits in units of 10^-to; what doesn't fit exactly is an error."""
    up = 10 ** np.maximum(to - digits.astype(np.int64), 0)
    down = 10 ** np.maximum(digits.astype(np.int64) - to, 0)
    if np.any(values * up % down):
        raise ValueError(f"a number has more than {to} digits after the point")
    scaled: Rows = values * up // down
    return scaled
