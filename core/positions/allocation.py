"""Allocation of a block's fills to accounts: whole lots at the block's average price, sums equal to the
block's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from core.positions.history import BadFile, Fill
from core.positions.lots import amount, exact
from core.scenario.numbers import divide_half_even, format_ratio, format_units

MONEY_DIGITS = 8
PRICE_DIGITS = 12


def shares(whole: int, weights: Mapping[str, Fraction]) -> dict[str, int]:
    """`whole` cut by weight into integers that sum to it: what is cut off goes to the largest remainders,
    then by order. ValueError: no weight is positive, or one is negative."""
    total = sum(weights.values(), Fraction(0))
    if total <= 0 or any(weight < 0 for weight in weights.values()):
        raise ValueError("weights: none may be negative and one must be positive")
    exact_parts = {name: Fraction(whole) * weight / total for name, weight in weights.items()}
    parts = {name: part.numerator // part.denominator for name, part in exact_parts.items()}
    rest = whole - sum(parts.values())
    order = sorted(parts, key=lambda name: parts[name] - exact_parts[name])
    for name in order[:rest]:
        parts[name] += 1
    return parts


def cumulative(total: Fraction, parts: Mapping[str, int], digits: int) -> dict[str, int]:
    """An amount spread over integer parts in units of 10^-digits, so that the sum is the rounded whole."""
    whole = sum(parts.values())
    out, told, so_far = {}, 0, 0
    for name, part in parts.items():
        so_far += part
        share = total * so_far / whole * 10**digits
        until = divide_half_even(share.numerator, share.denominator)
        out[name], told = until - told, until
    return out


def allocate(fills: Iterable[Fill], weights: Mapping[str, Fraction], lot: Fraction) -> list[dict[str, Any]]:
    """Each (symbol, side) of the block to the accounts by weight. BadFile: a quantity that isn't whole
    lots."""
    blocks: dict[tuple[str, int], list[Fill]] = {}
    for fill in fills:
        if fill.qty.units:
            blocks.setdefault((fill.symbol, 1 if fill.qty.units > 0 else -1), []).append(fill)
    return [
        row
        for (symbol, sign), block in sorted(blocks.items())
        for row in _block(symbol, sign, block, weights, lot)
    ]


def _block(
    symbol: str, sign: int, fills: list[Fill], weights: Mapping[str, Fraction], lot: Fraction
) -> list[dict[str, Any]]:
    qty = sum((abs(exact(fill.qty)) for fill in fills), Fraction(0))
    lots = qty / lot
    if lots.denominator != 1:
        raise BadFile(f"{symbol}: {amount(qty)} isn't a multiple of the lot {amount(lot)}: give --lot")
    value = sum((abs(exact(fill.qty)) * exact(fill.px) for fill in fills), Fraction(0))
    fee = sum((exact(fill.fee) for fill in fills), Fraction(0))
    parts = shares(int(lots), weights)
    values, fees = cumulative(value, parts, MONEY_DIGITS), cumulative(fee, parts, MONEY_DIGITS)
    average = value / qty
    return [
        {
            "account": account,
            "symbol": symbol,
            "side": "buy" if sign > 0 else "sell",
            "qty": amount(part * lot),
            "avg_px": format_ratio(average.numerator, average.denominator, PRICE_DIGITS),
            "value": format_units(values[account], MONEY_DIGITS),
            "fee": format_units(fees[account], MONEY_DIGITS),
        }
        for account, part in parts.items()
    ]
