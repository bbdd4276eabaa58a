"""What the earlier lines of a file declared, and the checks of a line against it.

Every function that checks raises ValueError with the reason, which names the key and the value.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from core.scenario.numbers import Number, scaled, shown
from core.scenario.schema import AVG_COST_DIGITS, TYPES, Data, Digits, Form, Key

_INT64_MAX: Final = 2**63 - 1
_AT_A_VENUE: Final = (
    "quote",
    "trade",
    "depth",
    "venue_state",
    "book_order",
    "venue_facts",
    "venue_queue",
)
_OF_MATCH_VENUES: Final = ("venue_fault", "venue_latency", "book_order")


class Precision(NamedTuple):
    """Digits after the point of an instrument's prices and quantities."""

    price: int
    qty: int


class Venue(NamedTuple):
    mode: str
    symbols: frozenset[str]


@dataclass(slots=True)
class Declared:
    """The names that lines so far have declared, and the symbol of each order that can have children.

    orders: cl_ord_id -> symbol as of the first order line with that id; None where the symbol wasn't declared
    then, so that the order will be denied.
    """

    instruments: dict[str, Precision] = field(default_factory=dict)
    venues: dict[str, Venue] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)
    orders: dict[str, str | None] = field(default_factory=dict)

    def mode(self, venue: str) -> str | None:
        """The mode of a declared venue, else None."""
        found = self.venues.get(venue)
        return found.mode if found else None

    def check(self, line_type: str, data: Data) -> None:
        """The line's names and digits against what was declared before it."""
        for name, key in TYPES[line_type].items():
            self._check_name(name, key, data.get(name))
        self._check_once(line_type, data)
        if line_type in _AT_A_VENUE:
            self._check_listed(data["venue"], data["symbol"])
        if line_type == "report" and self.mode(data["venue"]) == "match":
            raise ValueError(f"report for the match venue {shown(data['venue'])}: it makes its own")
        if line_type in _OF_MATCH_VENUES and self.mode(data["venue"]) != "match":
            raise ValueError(
                f"{line_type} of venue {shown(data['venue'])}: only simulated venues (match) do that"
            )
        if line_type in ("kill", "rearm"):
            self._check_known(data["scope"], "key", data["key"])
        self._check_digits(line_type, data)

    def add(self, line_type: str, data: Data) -> None:
        """Take in what the line declares; the line has passed `check`."""
        if line_type == "instrument":
            self.instruments[data["symbol"]] = Precision(data["price_precision"], data["qty_precision"])
        elif line_type == "venue":
            self.venues[data["venue"]] = Venue(data["mode"], frozenset(data["symbols"]))
        elif line_type == "account":
            self.accounts.add(data["account"])
        elif line_type == "order":
            symbol = data["symbol"] if data["symbol"] in self.instruments else None
            self.orders.setdefault(data["cl_ord_id"], symbol)

    def _known(self, what: str) -> dict[str, Precision] | dict[str, Venue] | set[str] | None:
        """The declared names of "symbol", "venue" or "account"; None for what isn't declared by a line."""
        if what == "symbol":
            return self.instruments
        if what == "venue":
            return self.venues
        return self.accounts if what == "account" else None

    def _check_known(self, what: str, name: str, value: str) -> None:
        known = self._known(what)
        if known is not None and value not in known:
            line = "instrument" if what == "symbol" else what
            raise ValueError(f"{name}: {what} {shown(value)} isn't declared: its {line} line must come first")

    def _check_name(self, name: str, key: Key, value: Any) -> None:
        if key.kind.declared and value is not None:
            for each in value if key.kind.form is Form.NAMES else (value,):
                self._check_known(key.kind.declared, name, each)

    def _check_once(self, line_type: str, data: Data) -> None:
        what = "symbol" if line_type == "instrument" else line_type
        known = self._known(what)
        if known is not None and data[what] in known:
            raise ValueError(f"{line_type} {shown(data[what])} is declared twice")

    def _check_listed(self, venue: str, symbol: str | None) -> None:
        if symbol is not None and symbol not in self.venues[venue].symbols:
            raise ValueError(f"symbol: {shown(symbol)} isn't among the symbols of venue {shown(venue)}")

    def _check_digits(self, line_type: str, data: Data) -> None:
        precision = self._precision(line_type, data)
        if precision is None:
            return
        for name, key in TYPES[line_type].items():
            if key.kind.digits is not None and data[name] is not None:
                _check_number(name, data[name], _most_digits(key.kind.digits, precision))

    def _precision(self, line_type: str, data: Data) -> Precision | None:
        """The precision of the line's instrument; None where it has none that is known."""
        if line_type == "instrument":
            return Precision(data["price_precision"], data["qty_precision"])
        symbol = self._child_symbol(data["child_id"]) if line_type == "report" else data.get("symbol")
        return None if symbol is None else self.instruments.get(symbol)

    def _child_symbol(self, child_id: str) -> str | None:
        cl_ord_id, _point, _n = child_id.rpartition(".")
        return self.orders.get(cl_ord_id)


def _most_digits(digits: Digits, precision: Precision) -> int:
    if digits is Digits.QTY:
        return precision.qty
    return precision.price + (AVG_COST_DIGITS if digits is Digits.AVG_COST else 0)


def _check_number(name: str, number: Number, digits_max: int) -> None:
    try:
        units = scaled(number, digits_max)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if abs(units) > _INT64_MAX:
        raise ValueError(f"{name}: too large for 64 bits in units of 10^-{digits_max}")
