"""Numbers and times of scenario files: decimal strings to exact integers and back. No float anywhere.

A number is kept as written, as `units / 10**digits`; a time is an integer of ns since 1970-01-01T00:00Z.
"""

import json
import re
from datetime import datetime
from typing import Final, NamedTuple

NUMBER_CHARS_MAX: Final = 4_000
TIME_MAX_NS: Final = 2**63 - 1
_SHOWN_CHARS: Final = 60

_NUMBER = re.compile(r"(-?[0-9]+)(?:\.([0-9]+))?")
_TIME = re.compile(
    r"(?P<year>[0-9]{4})(?P<dash>-?)(?P<month>[0-9]{2})(?P=dash)(?P<day>[0-9]{2})"
    r"T(?P<hour>[0-9]{2})(?P<colon>:?)(?P<minute>[0-9]{2})"
    r"(?:(?P=colon)(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    r"(?P<zone>Z|(?P<sign>[+-])(?P<hours>[0-9]{2})(?::?(?P<minutes>[0-9]{2}))?)?"
)
_EPOCH = datetime(1970, 1, 1)


def shown(value: object) -> str:
    """A JSON value as a file has it, cut where it is long: for messages."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"


class Number(NamedTuple):
    """The decimal `units / 10**digits`, exactly as written: "190.00" is Number(19000, 2)."""

    units: int
    digits: int


def parse_number(text: str) -> Number:
    """`-?[0-9]+(\\.[0-9]+)?` as a Number; ValueError for anything else and above NUMBER_CHARS_MAX."""
    if len(text) > NUMBER_CHARS_MAX:
        raise ValueError(f"a number of {len(text)} characters: at most {NUMBER_CHARS_MAX} are read")
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(
            f'{shown(text)} isn\'t a number: digits with at most one point between them, as "190.02"'
        )
    whole, fraction = match[1], match[2] or ""
    return Number(int(whole + fraction), len(fraction))


def scaled(number: Number, precision: int) -> int:
    """The number in units of 10**-precision, exact; ValueError if more digits than that were written."""
    if number.digits > precision:
        written = shown(format_written(number))
        raise ValueError(f"{written} has {number.digits} digits after the point: at most {precision} may be")
    factor: int = 10 ** (precision - number.digits)
    return number.units * factor


def format_written(number: Number) -> str:
    """The number with every digit that was written ("190.00"); leading zeros and the sign of -0 are lost."""
    sign = "-" if number.units < 0 else ""
    text = str(abs(number.units)).rjust(number.digits + 1, "0")
    point = len(text) - number.digits
    return f"{sign}{text[:point]}.{text[point:]}" if number.digits else sign + text


def format_units(units: int, precision: int) -> str:
    """units x 10**-precision as SCENARIOS prints: no exponent, plus, trailing zeros or point, never -0."""
    text = format_written(Number(units, precision))
    return text.rstrip("0").rstrip(".") if precision else text


def divide_half_even(numerator: int, denominator: int) -> int:
    """numerator / denominator to the nearest integer, ties to the even one, exact at any size."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, rest = divmod(numerator, denominator)
    odd = quotient & 1
    return quotient + (2 * rest + odd > denominator)


def format_ratio(numerator: int, denominator: int, digits: int) -> str:
    """numerator / denominator, half to even at `digits` digits; ZeroDivisionError for denominator 0."""
    return format_units(divide_half_even(numerator * 10**digits, denominator), digits)


def parse_time(value: str | int) -> int:
    """ns since the epoch, 0 to 2**63 - 1, of a JSON integer of ns or of ISO 8601 text with `Z` or an offset.

    The fraction of a second is exact and has at most 9 digits. ValueError for a time without a zone, one that
    isn't in the calendar (also second 60), and one outside the range.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{shown(value)} isn't a time: integer ns since 1970, or ISO 8601 text")
    at = _parse_iso(value) if isinstance(value, str) else value
    if not 0 <= at <= TIME_MAX_NS:
        raise ValueError(f"{shown(value)} is outside the times that can be kept: 1970 to 2262, in ns")
    return at


def _parse_iso(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(
            f'{shown(text)} isn\'t a time: integer ns, or ISO 8601 as "2014-05-02T09:30:00.123456789Z"'
        )
    if match["zone"] is None:
        raise ValueError(f"{shown(text)} has no zone: end it with Z or an offset such as +02:00")
    return (_seconds(match, text) - _offset_seconds(match, text)) * 1_000_000_000 + _fraction_ns(match, text)


def _seconds(match: re.Match[str], text: str) -> int:
    """Seconds since the epoch by the local clock of the text."""
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    try:
        local = datetime(int(match["year"]), int(match["month"]), int(match["day"]), hour, minute, second)
    except ValueError as error:
        raise ValueError(f"{shown(text)} isn't a time: {error}") from None
    since = local - _EPOCH
    return since.days * 86_400 + since.seconds


def _fraction_ns(match: re.Match[str], text: str) -> int:
    fraction = match["fraction"] or ""
    if len(fraction) > 9:
        raise ValueError(f"{shown(text)} is finer than a ns: at most 9 digits after the point")
    return int(fraction.ljust(9, "0"))


def _offset_seconds(match: re.Match[str], text: str) -> int:
    hours, minutes = int(match["hours"] or 0), int(match["minutes"] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(f"{shown(text)} isn't a time: its offset must be within 23:59")
    seconds = hours * 3600 + minutes * 60
    return -seconds if match["sign"] == "-" else seconds
