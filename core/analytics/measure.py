"""What executions cost: a tape's rows to columns of numbers, one an order, a child, a fill.

Signs: a positive cost is a loss to whoever traded; a positive markout is a gain. Prices are in the
instrument's currency,
money in its settlement currency; docs/analytics.md defines each column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import messages as m
from core.analytics.names import Names, names_of
from core.analytics.regret import regrets
from core.analytics.series import Floats, Mids, Prints, mid_of
from core.analytics.tape import Tape

Columns = dict[str, NDArray[Any]]
MARKOUTS_NS = {
    "10ms": 10**7, "100ms": 10**8, "1s": 10**9, "5s": 5 * 10**9, "10s": 10**10, "1min": 60 * 10**9,
    "5min": 300 * 10**9,
}  # fmt: skip
REALIZED = "5s"
"""After which time the realised spread is taken."""


@dataclass(frozen=True)
class Measured:
    """Columns by name: [orders], [children], [fills]; `row` of the latter two is the order's place."""

    names: Names
    orders: Columns
    children: Columns
    fills: Columns
    end_ns: int


@dataclass(frozen=True)
class Contract:
    """[n] what turns prices into money, for a column of symbols."""

    multiplier: Floats
    inverse: NDArray[np.bool_]

    def value(self, qty: Floats, px: Floats) -> Floats:
        """Money that changes hands for qty at px."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return qty * self.multiplier * np.where(self.inverse, 1 / px, px)

    def cost(self, sign: Floats, qty: Floats, px: Floats, benchmark: Floats) -> Floats:
        """What it cost to trade at px and not at the benchmark. sign: 1 bought, -1 sold."""
        worse = self.value(qty, px) - self.value(qty, benchmark)
        return sign * np.where(self.inverse, -worse, worse)

    def of(self, rows: NDArray[Any]) -> Contract:
        return Contract(self.multiplier[rows], self.inverse[rows])


def measure(tape: Tape) -> Measured:
    """Everything that the tape's rows say."""
    names = names_of(tape.names)
    raw = {
        name: getattr(tape, name).array()
        for name in ("orders", "children", "fills", "mids", "trades", "levels")
    }
    contract = _contract(names, raw["orders"]["symbol"])
    orders = _orders(raw, names, tape)
    fills = _fills(raw, names, tape, orders, contract)
    _shortfall(orders, fills, contract)
    orders["regret"] = regrets(raw, names, orders, fills, contract)
    return Measured(names, orders, _children(raw), fills, tape.last_ns)


def _contract(names: Names, symbols: NDArray[np.uint32]) -> Contract:
    inverse = {symbol: float(value) for symbol, value in names.inverse.items()}
    return Contract(names.column(names.multiplier, symbols), names.column(inverse, symbols) > 0)


# ---- orders -----------------------------------------------------------------------------------------------


def _orders(raw: Columns, names: Names, tape: Tape) -> Columns:
    rows = raw["orders"]
    symbol = rows["symbol"]
    px_scale, qty_scale = names.column(names.px_scale, symbol), names.column(names.qty_scale, symbol)
    lives = rows["end_seq"] == 0
    out: Columns = {
        name: rows[name]
        for name in ("symbol", "account", "strategy", "algo", "status", "seq", "time_ns", "id")
    }
    out["sign"] = np.where(rows["side"] == m.Side.BUY, 1.0, -1.0)
    out["order_qty"] = rows["order_qty"] * qty_scale
    out["cum_qty"] = rows["cum_qty"] * qty_scale
    out["end_seq"] = np.where(lives, tape.last_seq, rows["end_seq"]).astype(np.uint64)
    out["end_ns"] = np.where(lives, tape.last_ns, rows["end_ns"])
    out["arrival_px"] = mid_of(rows["bid_px"], rows["ask_px"], rows["sides"], 1.0) * px_scale
    out["first_px"] = mid_of(rows["first_bid_px"], rows["first_ask_px"], rows["first_sides"], 1.0) * px_scale
    out["end_px"] = mid_of(rows["end_bid_px"], rows["end_ask_px"], rows["end_sides"], 1.0) * px_scale
    for name in ("vwap_px", "twap_px", "close_px"):
        out[name] = np.full(len(rows), np.nan)
    for index in np.unique(symbol):
        _benchmarks(out, np.flatnonzero(symbol == index), series(raw, names, int(index), tape.last_ns), lives)
    return out


def series(raw: Columns, names: Names, symbol: int, end_ns: int) -> tuple[Mids, Prints]:
    """The market of one symbol."""
    px_scale, qty_scale = names.px_scale[symbol], names.qty_scale[symbol]
    mids, prints = (raw[name][raw[name]["symbol"] == symbol] for name in ("mids", "trades"))
    mid = mid_of(mids["bid_px"], mids["ask_px"], mids["sides"], px_scale)
    return (
        Mids(mids["seq"], mids["time_ns"], mid, end_ns),
        Prints(prints["seq"], prints["px"] * px_scale, prints["qty"] * qty_scale),
    )


def _benchmarks(
    out: Columns, own: NDArray[np.intp], market: tuple[Mids, Prints], lives: NDArray[np.bool_]
) -> None:
    mids, prints = market
    from_seq, to_seq = out["seq"][own], out["end_seq"][own]
    out["twap_px"][own] = mids.average(from_seq, out["time_ns"][own], to_seq, out["end_ns"][own])
    out["vwap_px"][own] = prints.average(from_seq, to_seq)
    out["close_px"][own] = mids.last()
    out["end_px"][own] = np.where(lives[own], mids.at(out["end_ns"][own]), out["end_px"][own])


# ---- fills ------------------------------------------------------------------------------------------------


def _fills(raw: Columns, names: Names, tape: Tape, orders: Columns, contract: Contract) -> Columns:
    rows = raw["fills"][raw["fills"]["qty"] > 0]
    row = rows["row"]
    symbol = orders["symbol"][row]
    px_scale = names.column(names.px_scale, symbol)
    out: Columns = {name: rows[name] for name in ("row", "child", "venue", "maker", "fee", "time_ns", "seq")}
    out["symbol"], out["sign"] = symbol, orders["sign"][row]
    out["qty"] = rows["qty"] * names.column(names.qty_scale, symbol)
    out["px"] = rows["px"] * px_scale
    out["mid_px"] = mid_of(rows["bid_px"], rows["ask_px"], rows["sides"], 1.0) * px_scale
    out["value"] = contract.of(row).value(out["qty"], out["px"])
    for name in MARKOUTS_NS:
        out[f"mid_{name}"] = np.full(len(rows), np.nan)
    for index in np.unique(symbol):
        own = np.flatnonzero(symbol == index)
        mids, _ = series(raw, names, int(index), tape.last_ns)
        for name, later_ns in MARKOUTS_NS.items():
            out[f"mid_{name}"][own] = mids.at(out["time_ns"][own] + later_ns)
    _costs(out, orders, contract.of(row))
    out["queue_ahead"] = _queue_ahead(raw, rows, out, names)
    return out


def _costs(fills: Columns, orders: Columns, contract: Contract) -> None:
    """Against each benchmark, with the value at it: `<name>_cost` and `<name>_value`, nan where there is
    none.
    """
    sign, qty, px, row = fills["sign"], fills["qty"], fills["px"], fills["row"]
    for name in ("arrival", "vwap", "twap", "close"):
        benchmark = orders[f"{name}_px"][row]
        fills[f"{name}_cost"] = contract.cost(sign, qty, px, benchmark)
        fills[f"{name}_value"] = contract.value(qty, benchmark)
    mid_value = contract.value(qty, fills["mid_px"])
    fills["effective_cost"], fills["effective_value"] = (
        2 * contract.cost(sign, qty, px, fills["mid_px"]),
        mid_value,
    )
    fills["realized_cost"] = 2 * contract.cost(sign, qty, px, fills[f"mid_{REALIZED}"])
    fills["realized_value"] = mid_value
    for name in MARKOUTS_NS:
        fills[f"markout_{name}_cost"] = -contract.cost(sign, qty, px, fills[f"mid_{name}"])
        fills[f"markout_{name}_value"] = fills["value"]


def _queue_ahead(raw: Columns, rows: NDArray[Any], fills: Columns, names: Names) -> Floats:
    """Of fills of posted children: what stood before them when they were sent and hasn't traded since; else
    nan.
    """
    children, trades = raw["children"], raw["trades"]
    out = np.full(len(rows), np.nan)
    for i in np.flatnonzero(fills["maker"] & children["posted"][rows["child"]]):
        child = children[rows["child"][i]]
        traded = trades[
            (trades["symbol"] == fills["symbol"][i])
            & (trades["venue"] == fills["venue"][i])
            & (trades["px"] == child["price"])
            & (trades["seq"] > child["sent_seq"])
            & (trades["seq"] <= fills["seq"][i])
        ]
        left = int(child["ahead_qty"]) - int(traded["qty"].sum())
        out[i] = max(left, 0) * names.qty_scale[int(fills["symbol"][i])]
    return out


# ---- shortfall --------------------------------------------------------------------------------------------


def _shortfall(orders: Columns, fills: Columns, contract: Contract) -> None:
    """Perold's shortfall in money: delay, execution, opportunity, fees; nan where a price that it needs is
    missing.

    Against the mid when the order came. delay: until its first child was sent; execution: from then on;
    opportunity: what
    was never filled, at the mid when the order ended.
    """
    row, count = fills["row"], len(orders["seq"])
    sign, qty, cum = orders["sign"], orders["order_qty"], orders["cum_qty"]
    first = np.where(np.isnan(orders["first_px"]), orders["arrival_px"], orders["first_px"])
    executed = contract.of(row).cost(fills["sign"], fills["qty"], fills["px"], first[row])
    left = np.maximum(qty - cum, 0)
    orders["delay"] = np.where(cum > 0, contract.cost(sign, cum, first, orders["arrival_px"]), 0.0)
    orders["execution"] = np.bincount(row, weights=executed, minlength=count)
    orders["opportunity"] = np.where(
        left > 0, contract.cost(sign, left, orders["end_px"], orders["arrival_px"]), 0.0
    )
    orders["fees"] = np.bincount(row, weights=fills["fee"], minlength=count)
    orders["shortfall"] = orders["delay"] + orders["execution"] + orders["opportunity"] + orders["fees"]
    orders["arrival_value"] = contract.value(qty, orders["arrival_px"])
    orders["filled_value"] = contract.value(cum, orders["arrival_px"])


# ---- children ---------------------------------------------------------------------------------------------


def _children(raw: Columns) -> Columns:
    rows = raw["children"]
    out: Columns = {name: rows[name] for name in ("row", "n", "venue", "posted", "sent_ns")}
    ended = rows["end_ns"] > 0
    gone = np.isin(rows["ended_by"], (m.ExecType.CANCELED, m.ExecType.EXPIRED))
    out["fill_ratio"] = rows["cum_qty"] / np.maximum(rows["order_qty"], 1)
    out["rejected"] = ended & (rows["ended_by"] == m.ExecType.REJECTED)
    out["canceled"] = ended & gone & (rows["cum_qty"] < rows["order_qty"])
    out["ack_ns"] = np.where(rows["acked_ns"] > 0, rows["acked_ns"] - rows["sent_ns"], np.nan)
    out["fill_ns"] = np.where(rows["first_fill_ns"] > 0, rows["first_fill_ns"] - rows["sent_ns"], np.nan)
    return out
