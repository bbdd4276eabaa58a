"""Decimals to whole units of 10**-precision and back, exactly. No float anywhere."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import lru_cache

from periphery.client.errors import BadRequest

type Number = str | Decimal | int

INT64_MAX = (1 << 63) - 1
AVG_PX_DIGITS = 6
"""Digits of an average price beyond those of the instrument's prices."""

_KEPT = 16_384
"""Numbers kept as they were read last: prices and quantities come again."""

_TEXT = re.compile(r"(-?[0-9]{1,30})(?:\.([0-9]{1,30}))?")
_EXACT = Context(prec=60)
"""Of our own: a caller who sets a short precision for his sums doesn't cut our prices."""


@lru_cache(_KEPT, typed=True)  # typed: 1 is not 1.0
def to_units(value: Number, precision: int, what: str, unit_of: str) -> int:
    """`value` in units of 10**-precision: to_units("190.02", 2, ...) is 19002.

    what, unit_of: for messages, as "price" and "AAPL". Zeros at the end may exceed the precision.
    TypeError: neither text nor Decimal nor int. BadRequest: no number, too many digits, beyond 63 bits.
    """
    if type(value) is str:
        whole, fraction = _split(value, what)
    elif type(value) is int:
        whole, fraction = str(value), ""
    else:
        whole, fraction = _split(_plain(value, what), what)
    if len(fraction) > precision:
        fraction = _shorten(fraction, precision, f"{what} {value}", unit_of)
    units: int = int(whole + fraction) * 10 ** (precision - len(fraction))
    if not -INT64_MAX <= units <= INT64_MAX:
        raise BadRequest(
            f"{what} {value} is too large: at {precision} digits, {INT64_MAX:,} units is the most"
        )
    return units


def _plain(value: object, what: str) -> str:
    """A Decimal as digits and a point."""
    if isinstance(value, float):
        raise TypeError(
            f'{what} {value!r} is a float, which is not exact: give text or Decimal, as "{value!r}"'
        )
    if isinstance(value, bool) or not isinstance(value, str | Decimal | int):
        raise TypeError(f"{what} is a {type(value).__name__}: give text, Decimal or int")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _split(text: str, what: str) -> tuple[str, str]:
    match = _TEXT.fullmatch(text)
    if match is None:
        raise BadRequest(f'{what} {text!r} is no number: digits with at most one point, as "190.02"')
    return match[1], match[2] or ""


def _shorten(fraction: str, precision: int, what: str, unit_of: str) -> str:
    kept = fraction.rstrip("0")
    if len(kept) > precision:
        most = f"at most {precision}" if precision else "none"
        raise BadRequest(
            f"{what} has {len(kept)} digits after the point: {unit_of} takes {most}; round it yourself"
        )
    return kept.ljust(precision, "0")


@lru_cache(_KEPT)
def from_units(units: int, precision: int) -> Decimal:
    """units x 10**-precision, with all its digits: from_units(19000, 2) is Decimal("190.00")."""
    return _EXACT.scaleb(Decimal(units), -precision)


def average(notional: int, qty: int, price_precision: int) -> Decimal:
    """notional / qty in units of prices, half to even at AVG_PX_DIGITS digits more; 0 where qty is 0."""
    if qty == 0:
        return Decimal(0)
    quotient, rest = divmod(notional * 10**AVG_PX_DIGITS, qty)
    quotient += 2 * rest + (quotient & 1) > qty
    return _EXACT.scaleb(Decimal(quotient), -price_precision - AVG_PX_DIGITS).normalize(_EXACT)
