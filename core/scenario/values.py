"""One JSON object to the data of one line, by the line's own schema: no other line is looked at.

Every function raises ValueError with the reason, which names the key and the value.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from core.scenario.numbers import NUMBER_CHARS_MAX, Number, parse_number, parse_time, shown
from core.scenario.schema import (
    BOOK_ORDER_NEEDS,
    CHECK_WORDS,
    FEE_TIER_KEYS,
    FEE_TIERS_MAX,
    MONEY_CHECKS,
    NAME_BYTES_MAX,
    REPORT_NEEDS,
    TYPES,
    WHOLE_VENUE_FACTS,
    Data,
    Form,
    Key,
    Kind,
    SameAs,
    Sign,
)

_GUESSED_CHARS_MAX = 40
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def parse_object(text: str) -> Data:
    """The JSON object of one line; a key given twice in any object of it is an error."""
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_integer
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("not JSON that can be read: nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError(f"not a JSON object: {shown(value)}")
    return value


def _object(pairs: list[tuple[str, Any]]) -> Data:
    result: Data = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"key {shown(key)} is given twice")
        result[key] = value
    return result


def _refuse_constant(name: str) -> None:
    raise ValueError(f"not JSON: {name}")


def _integer(digits: str) -> int:
    if len(digits) > NUMBER_CHARS_MAX:
        raise ValueError(f"an integer of {len(digits)} digits: at most {NUMBER_CHARS_MAX} are read")
    return int(digits)


def convert(found: Data) -> tuple[str, int | None, Data]:
    """(type, `at` in ns or None, the data with defaults filled in) of a line's object.

    The data has every key of the type but `at`: numbers as Number, times as ns, lists as tuples, None where
    a key without default was left out.
    """
    line_type = _type(found)
    keys = TYPES[line_type]
    _check_keys(line_type, found, keys)
    at = _value("at", parse_time, found["at"]) if "at" in found else None
    data = {name: _read(name, key.kind, found[name]) for name, key in keys.items() if name in found}
    data.pop("at", None)
    _fill_in(data, keys)
    _CHECK_WHOLE.get(line_type, _nothing)(data)
    return line_type, at, data


def _type(found: Data) -> str:
    if "type" not in found:
        raise ValueError("no type")
    line_type = found["type"]
    if not isinstance(line_type, str) or line_type not in TYPES:
        raise ValueError(f"unknown type {shown(line_type)}{_near(line_type, TYPES)}")
    return line_type


def _check_keys(line_type: str, found: Data, keys: Mapping[str, Key]) -> None:
    for name in found:
        if name not in keys and name not in ("type", "at"):
            raise ValueError(f"unknown key {shown(name)} of {line_type}{_near(name, keys)}")
    missing = [name for name, key in keys.items() if key.required and name not in found]
    if missing:
        raise ValueError(f"{line_type} without {', '.join(missing)}")


def _near(word: object, known: Iterable[str]) -> str:
    if not isinstance(word, str) or len(word) > _GUESSED_CHARS_MAX:
        return ""
    near = get_close_matches(word, list(known), 1)
    return f'; did you mean "{near[0]}"?' if near else ""


def _fill_in(data: Data, keys: Mapping[str, Key]) -> None:
    for name, key in keys.items():
        if key.required or name in data:
            continue
        if isinstance(key.default, SameAs):
            data[name] = data[key.default.key]
        elif key.kind.form is Form.NUMBER and key.default is not None:
            data[name] = parse_number(key.default)
        else:
            data[name] = key.default


def _read(name: str, kind: Kind, value: Any) -> Any:
    return _value(name, lambda given: _FORMS[kind.form](kind, given), value)


def _value[In, Out](name: str, parse: Callable[[In], Out], value: In) -> Out:
    try:
        return parse(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} isn't a string")
    if not value.isascii() and _SURROGATE.search(value):
        raise ValueError(f"{shown(value)} has half of a surrogate pair")
    return value


def _text(_kind: Kind, value: Any) -> str:
    return _string(value)


def _client(_kind: Kind, value: Any) -> str:
    text = _string(value)
    if _CONTROL.search(text):
        raise ValueError(f"{shown(value)} has a control character")
    return text


def _id(kind: Kind, value: Any) -> str:
    text = _client(kind, value)
    if not text:
        raise ValueError("empty")
    return text


def _name(kind: Kind, value: Any) -> str:
    text = _id(kind, value)
    if len(text.encode()) > NAME_BYTES_MAX:
        raise ValueError(f"{shown(value)} is longer than {NAME_BYTES_MAX} bytes")
    return text


def _names(kind: Kind, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{shown(value)} isn't a list of names")
    names = tuple(_name(kind, item) for item in value)
    for position, name in enumerate(names):
        if name in names[:position]:
            raise ValueError(f"{shown(name)} is listed twice")
    return names


def _pair(kind: Kind, value: Any) -> str:
    currencies = _client(kind, value).split("/")
    if len(currencies) != 2:
        raise ValueError(f'{shown(value)} isn\'t two currencies as "EUR/USD"')
    return "/".join(_name(kind, currency) for currency in currencies)


def _enum(kind: Kind, value: Any) -> str:
    if not isinstance(value, str) or value not in (*kind.choices, *kind.aliases):
        raise ValueError(f"unknown value {shown(value)}: one of {', '.join(kind.choices)}")
    return kind.aliases.get(value, value)


def _bool(_kind: Kind, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} isn't true or false")
    return value


def _int(kind: Kind, value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{shown(value)} isn't a JSON integer")
    if not kind.least <= value <= kind.most:
        raise ValueError(f"{shown(value)} isn't within {kind.least} to {kind.most}")
    return value


def _number(kind: Kind, value: Any) -> Number:
    if not isinstance(value, str):
        raise ValueError(f'{shown(value)} isn\'t a number in a string, as "190.02"')
    number = parse_number(value)
    if kind.digits_max is not None and number.digits > kind.digits_max:
        raise ValueError(f"{shown(value)} has more than {kind.digits_max} digits after the point")
    if kind.sign is Sign.POSITIVE and number.units <= 0:
        raise ValueError(f"{shown(value)} must be above 0")
    if kind.sign is Sign.NOT_NEGATIVE and number.units < 0:
        raise ValueError(f"{shown(value)} must not be negative")
    return number


def _numbers(kind: Kind, value: Any) -> tuple[Number, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= kind.most:
        raise ValueError(f"{shown(value)} isn't a list of 1 to {kind.most} numbers in strings")
    numbers = tuple(_number(kind._replace(sign=Sign.NOT_NEGATIVE), item) for item in value)
    for one, after in pairwise(numbers):
        if after.units * 10**one.digits < one.units * 10**after.digits:
            raise ValueError(f"{shown(value)} falls: from the least to the most")
    return numbers


def _limit(_kind: Kind, value: Any) -> str:
    """Only that it is text: what it may be depends on the check, see _check_limit."""
    return _string(value)


def _time(_kind: Kind, value: Any) -> int:
    return parse_time(value)


def _date(_kind: Kind, value: Any) -> str:
    text = _string(value)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f'{shown(value)} isn\'t a date as "2014-05-02"') from None


def _object_value(_kind: Kind, value: Any) -> Data:
    if not isinstance(value, dict):
        raise ValueError(f"{shown(value)} isn't a JSON object")
    return value


def _tiers(_kind: Kind, value: Any) -> tuple[dict[str, Number], ...]:
    """Fees by what was traded before: each from more on than the one before it."""
    if not isinstance(value, list):
        raise ValueError(f"{shown(value)} isn't a list of tiers")
    if len(value) > FEE_TIERS_MAX:
        raise ValueError(f"{len(value)} tiers: at most {FEE_TIERS_MAX}")
    tiers = tuple(_tier(item) for item in value)
    froms = [tier["from"] for tier in tiers]
    if any(number.digits or number.units <= 0 for number in froms) or froms != sorted(set(froms)):
        raise ValueError("from of the tiers: whole numbers above 0, each above the one before")
    return tiers


def _tier(item: Any) -> dict[str, Number]:
    if not isinstance(item, dict) or set(item) != set(FEE_TIER_KEYS):
        raise ValueError(f"{shown(item)} isn't an object with {', '.join(FEE_TIER_KEYS)}")
    return {key: _number(Kind(Form.NUMBER), item[key]) for key in FEE_TIER_KEYS}


_FORMS: Mapping[Form, Callable[[Kind, Any], Any]] = {
    Form.NAME: _name,
    Form.ID: _id,
    Form.CLIENT: _client,
    Form.TEXT: _text,
    Form.NAMES: _names,
    Form.PAIR: _pair,
    Form.ENUM: _enum,
    Form.BOOL: _bool,
    Form.INT: _int,
    Form.NUMBER: _number,
    Form.NUMBERS: _numbers,
    Form.LIMIT: _limit,
    Form.TIME: _time,
    Form.DATE: _date,
    Form.OBJECT: _object_value,
    Form.TIERS: _tiers,
}


def _nothing(_data: Data) -> None:
    pass


def _check_limit(data: Data) -> None:
    """A limit's value by its check; a limit in money that isn't on one account must say in which currency."""
    data["value"] = _value("value", lambda text: _limit_value(data["check"], text), data["value"])
    money = data["check"] in MONEY_CHECKS and data["value"] != "off"
    if money and not (data["account"] or data["currency"] or data["each"] == "account"):
        raise ValueError(f"limit {data['check']} without currency: one that isn't on one account needs it")


def _check_override(data: Data) -> None:
    data["value"] = _value("value", lambda text: _limit_value(data["check"], text), data["value"])


def _limit_value(check: str, text: str) -> Number | str:
    words = (*CHECK_WORDS.get(check, ()), "off")
    if text in words:
        return text
    if check in CHECK_WORDS:
        raise ValueError(f"unknown value {shown(text)} of {check}: one of {', '.join(words)}")
    return parse_number(text)


def _check_report(data: Data) -> None:
    missing = [key for key in REPORT_NEEDS.get(data["exec_type"], ()) if data[key] is None]
    if missing:
        raise ValueError(f"report of {data['exec_type']} without {', '.join(missing)}")


def _check_book_order(data: Data) -> None:
    missing = [key for key in BOOK_ORDER_NEEDS.get(data["action"], ()) if data[key] is None]
    if missing:
        raise ValueError(f"book_order {data['action']} without {', '.join(missing)}")


def _check_facts(data: Data) -> None:
    """A throttle is so many sends in a window; shares are within 1; and something must be told."""
    if (data["max_sends"] is None) != (data["window_ms"] is None):
        raise ValueError("max_sends and window_ms go together: so many sends in a window")
    for key in ("fill_ratio", "reject_ratio"):
        if data[key] is not None and data[key].units > 10 ** data[key].digits:
            raise ValueError(f"{key}: {shown(data[key])} isn't within 0 to 1")
    told = [key for key, value in data.items() if key not in ("venue", "symbol") and value is not None]
    if not told:
        raise ValueError("venue_facts without a fact")
    if data["symbol"] is not None and any(data[key] is not None for key in WHOLE_VENUE_FACTS):
        raise ValueError(f"{', '.join(WHOLE_VENUE_FACTS)} are of a whole venue: leave symbol out")


def _check_scope(data: Data) -> None:
    """kill and rearm: every scope but `all` needs a key; the key of `all` is ""."""
    if data["scope"] == "all":
        if data["key"]:
            raise ValueError(f"key: {shown(data['key'])} with scope all, which has none: leave it out")
        data["key"] = ""
    elif not data["key"]:
        raise ValueError(f"scope {data['scope']} without key: the name of the {data['scope']}")


_CHECK_WHOLE: Mapping[str, Callable[[Data], None]] = {
    "limit": _check_limit,
    "override": _check_override,
    "report": _check_report,
    "book_order": _check_book_order,
    "venue_facts": _check_facts,
    "kill": _check_scope,
    "rearm": _check_scope,
}
