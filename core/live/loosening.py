"""What makes a limit looser than it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.scenario import schema
from core.scenario.numbers import Number, format_units
from core.scenario.schema import Data

LIFTS_WHERE_LOWER = ("min_cash", "duplicate_content")

type Row = dict[str, Any]


def plain(data: Data) -> Row:
    """A line's data as text: numbers without idle zeros, what isn't given left out."""
    return {key: _text(value) for key, value in data.items() if value is not None}


def _text(value: Any) -> Any:
    if isinstance(value, Number):
        return format_units(value.units, value.digits)
    return [_text(each) for each in value] if isinstance(value, list | tuple) else value


def looser(was: Row, is_: Row | None) -> str:
    """What makes a limit looser than it was, in words; "": nothing does."""
    check = was["check"]
    if is_ is None or is_["value"] == "off":
        return f"removing {check}" if was["value"] != "off" else ""
    if was["value"] == "off":
        return ""
    if is_.get("soft") and not was.get("soft"):
        return f"making {check} soft"
    if is_.get("currency") != was.get("currency"):
        return f"another currency of {check}"
    if check in schema.CHECK_WORDS:
        return f"changing {check}" if is_["value"] not in (was["value"], "none") else ""
    if is_.get("action") == "reducing" and was.get("action") != "reducing":
        return f"a milder action of {check}"
    before, after = Decimal(was["value"]), Decimal(is_["value"])
    raises = after < before if check in LIFTS_WHERE_LOWER else after > before
    window = check in schema.WINDOW_CHECKS and Decimal(is_["window_s"]) < Decimal(was["window_s"])
    return f"raising {check} from {was['value']} to {is_['value']}" if raises or window else ""
