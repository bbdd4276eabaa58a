"""An order's algorithm and its params, as the core takes them: integers, and a curve of whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from core import messages as m
from core.execution.schedules import WEIGHT_MAX, almgren_chriss
from core.scenario import schema
from core.scenario.numbers import Number, parse_number

INT64 = 1 << 63
BPS = 10_000
DEFAULT_SLICES = Number(10, 0)
DEFAULT_URGENCY = "1"

_SCHEDULE = ("horizon_s", "slices", "participation_bps", "variance_bps", "seed")
PARAMS: dict[str, tuple[str, ...]] = {
    "twap": _SCHEDULE,
    "vwap": (*_SCHEDULE, "curve"),
    "pov": ("participation_bps", "min_qty"),
    "is": (*_SCHEDULE, "curve", "urgency"),
    "iceberg": ("display_qty", "variance_bps", "seed"),
    "sniper": ("min_qty",),
    "peg": ("peg", "offset", "display_qty", "variance_bps", "seed"),
    "close": (*_SCHEDULE, "curve", "auction_bps"),
}
"""What each algorithm may be told."""

CODES = {name: m.Algo.SHORTFALL if name == "is" else m.Algo[name.upper()] for name in PARAMS}
NAMES = {int(code): name for name, code in CODES.items()}


class Unsound(ValueError):
    """Params that make no sense: the order is denied."""


class Asked(NamedTuple):
    """What an algorithm's order asks for beside what any order does."""

    order: dict[str, int]  # fields of the order itself
    tail: dict[str, Any]  # fields behind it
    numbers: dict[str, Number | None]  # those in the instrument's precision: max_floor, peg_offset, min_qty


def asked(algo: str, params: Mapping[str, Any]) -> Asked:
    """The integers of an algorithm's params. Unsound: a key that it hasn't, a value that is none of its."""
    if algo not in PARAMS or params.keys() - set(PARAMS[algo]):
        raise Unsound(algo)
    try:
        order, tail = _schedule(algo, params)
        numbers = {
            name: parse_number(str(params[key])) if key in params else None
            for key, name in (("display_qty", "max_floor"), ("offset", "peg_offset"), ("min_qty", "min_qty"))
        }
        if algo == "peg":
            order["peg"] = schema.PEGS.index(params.get("peg", "primary")) + 1
    except ValueError as error:
        raise Unsound(str(error)) from error
    return Asked({"algo": int(CODES[algo]), **order}, tail, numbers)


def _schedule(algo: str, params: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, Any]]:
    tail: dict[str, Any] = {
        key: _whole(params[key], BPS) for key in ("participation_bps", "variance_bps") if key in params
    }
    if "seed" in params:
        tail["seed"] = _whole(params["seed"], (1 << 64) - 1)
    if algo == "close":
        tail["auction_bps"] = _whole(params.get("auction_bps", str(BPS)), BPS)
    if "horizon_s" not in PARAMS[algo]:
        return {}, tail
    if algo == "close" and "horizon_s" not in params:
        if params.keys() & {"slices", "curve"}:
            raise Unsound("slices without a horizon_s")
        return {}, tail
    slices = _slices(params)
    curve = _curve(algo, params, slices)
    if curve:
        slices = len(curve)
        tail |= {"weights": slices, "curve": curve + [0] * (m.CURVE_SLICES - slices)}
    return {"horizon_ns": _horizon_ns(params), "slices": slices}, tail


def _horizon_ns(params: Mapping[str, Any]) -> int:
    horizon = parse_number(str(params.get("horizon_s", "0")))
    horizon_ns = int(horizon.units * 10**9 // 10**horizon.digits)
    if not 0 < horizon_ns < INT64:
        raise Unsound("horizon_s")
    return horizon_ns


def _slices(params: Mapping[str, Any]) -> int:
    slices = _whole(params.get("slices", str(DEFAULT_SLICES.units)), (1 << 32) - 1)
    if slices == 0:
        raise Unsound("slices")
    return slices


def _curve(algo: str, params: Mapping[str, Any], slices: int) -> list[int]:
    """The weights of the order's slices; none: they weigh the same."""
    if "curve" in params:
        if params.keys() & {"slices", "urgency"}:
            raise Unsound("a curve says how many slices there are")
        given = params["curve"]
        curve = [_whole(weight, WEIGHT_MAX) for weight in (given if isinstance(given, list) else ())]
        if not any(curve) or len(curve) > m.CURVE_SLICES:
            raise Unsound("curve")
        return curve
    if algo == "is":
        urgency = str(params.get("urgency", DEFAULT_URGENCY))
        parse_number(urgency)
        return almgren_chriss(Decimal(urgency), slices)
    return []


def _whole(value: Any, most: int) -> int:
    number = parse_number(str(value))
    whole, rest = divmod(number.units, 10**number.digits)
    if rest or not 0 <= whole <= most:
        raise Unsound(f"{value}: a whole number up to {most}")
    return int(whole)
