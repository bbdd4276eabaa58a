"""What an OMS asks for, out of FIX's messages: an order, in the client library's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.venues.fix.codec import Message, parse_utc_timestamp
from periphery.client.directory import Directory
from periphery.client.errors import BadRequest
from periphery.fix import words
from periphery.fix.reports import Order

PLAIN = frozenset({"market", "limit"})
"""What a session says through shared memory; the others go through the core's socket."""
_PRICES = {"limit": (44,), "stop": (99,), "stop_limit": (44, 99), "market_if_touched": (99,)}
_UNSUPPORTED = {
    110: "MinQty", 152: "CashOrderQty", 388: "DiscretionInst", 211: "PegOffsetValue", 847: "TargetStrategy",
    423: "PriceType", 168: "EffectiveTime",
}  # fmt: skip
"""What changes an order's meaning, and can't be said to the core: refused rather than ignored."""


class Unsayable(ValueError):
    """A request that can't be said to the core. reason: a word of core.enums.Reason."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class NewOrder:
    """`said` goes to `Client.submit` where `plain`, else it is the line for `Client.send`."""

    plain: bool
    said: dict[str, Any] = field(default_factory=dict)


def order_of(message: Message) -> Order:
    """What the message says of an order, whether it can be had or not."""
    get = message.get
    return Order(
        cl_ord_id=get(11) or b"",
        account=get(1) or b"",
        symbol=get(55) or b"",
        side=get(54) or b"1",
        ord_type=get(40) or b"2",
        time_in_force=get(59) or b"0",
        qty=get(38) or b"0",
        price=get(44) or b"",
        stop_px=get(99) or b"",
    )


def order_of_row(row: Mapping[str, Any]) -> Order:
    """What `Client.orders` says of an order."""
    return Order(
        cl_ord_id=row["cl_ord_id"].encode(),
        account=row["account"].encode(),
        symbol=row["symbol"].encode(),
        side=words.SIDE_CODES[row["side"]],
        ord_type=words.ORD_TYPE_CODES.get(row["ord_type"], b"P"),
        time_in_force=words.TIME_IN_FORCE_CODES[row["time_in_force"]],
        qty=row["order_qty"].encode(),
        price=row.get("price", "").encode(),
        status=words.STATUSES[row["ord_status"]],
        cum_qty=row["cum_qty"].encode(),
        leaves_qty=row["leaves_qty"].encode(),
        avg_px=row["avg_px"].encode(),
    )


def new_order(
    message: Message, accounts: Mapping[str, str], default: str | None, known: Directory
) -> NewOrder:
    """An order as the core takes it. Unsayable. accounts: FIX's Account (1) to the core's; default: of who
    names none.
    """
    for tag, name in _UNSUPPORTED.items():
        if message.get(tag) is not None:
            raise Unsayable("unsupported", f"{name} ({tag}) is not supported")
    ord_type = _word(message, 40, words.ORD_TYPES, "OrdType")
    said: dict[str, Any] = {
        "symbol": message.text(55),
        "side": _word(message, 54, words.SIDES, "Side"),
        "account": _account(message, accounts, default, known),
        "time_in_force": _word(message, 59, words.TIMES_IN_FORCE, "TimeInForce", b"0"),
        "cl_ord_id": message.text(11),
        "post_only": _post_only(message),
    }
    quantity = message.text(38)
    if not quantity:
        raise Unsayable("bad_qty", "OrderQty (38) is missing")
    _price(message, ord_type)
    _known_symbol(said["symbol"], known)
    venue = message.text(100)
    plain = ord_type in PLAIN and message.get(111) is None
    if plain:
        return NewOrder(True, said | _plain(message, ord_type, quantity, venue))
    return NewOrder(False, said | _line(message, ord_type, quantity, venue))


def _plain(message: Message, ord_type: str, qty: str, venue: str) -> dict[str, Any]:
    return {
        "qty": qty,
        "ord_type": ord_type,
        "price": message.text(44) or None,
        "venue": venue or None,
        "expire_ns": _expire_ns(message),
    }


def _line(message: Message, ord_type: str, qty: str, venue: str) -> dict[str, Any]:
    more = {
        "price": message.text(44),
        "stop_px": message.text(99),
        "max_floor": message.text(111),
        "venue": venue,
        "expire_at": _expire_ns(message),
    }
    return {"order_qty": qty, "ord_type": ord_type} | {key: value for key, value in more.items() if value}


def _word(
    message: Message, tag: int, table: Mapping[bytes, str], name: str, default: bytes | None = None
) -> str:
    value = message.get(tag) or default
    found = table.get(value or b"")
    if found is None:
        raise Unsayable("unsupported", f"{name} ({tag}) {message.text(tag) or 'missing'} is not supported")
    return found


def _account(message: Message, accounts: Mapping[str, str], default: str | None, known: Directory) -> str:
    name = message.text(1)
    if not name:
        if default is None:
            raise Unsayable("unknown_account", "Account (1) is missing, and this session has no default")
        return default
    found = accounts.get(name) if accounts else name
    if found is None or found not in known.accounts:
        raise Unsayable("unknown_account", f"Account (1) {name} is not of this session")
    return found


def _post_only(message: Message) -> bool:
    asked = (message.get(18) or b"").split()
    if any(each != words.POST_ONLY for each in asked):
        raise Unsayable("unsupported", f"ExecInst (18) {message.text(18)} is not supported")
    return bool(asked)


def _price(message: Message, ord_type: str) -> None:
    for tag in _PRICES.get(ord_type, ()):
        if message.get(tag) is None:
            name = {44: "Price", 99: "StopPx"}[tag]
            raise Unsayable("missing_price", f"{name} ({tag}) is missing for a {ord_type} order")
    if ord_type == "market" and message.get(44) is not None:
        raise Unsayable("unsupported", "Price (44) of a market order")


def _known_symbol(name: str, known: Directory) -> None:
    try:
        known.symbol(name)
    except BadRequest as wrong:
        raise Unsayable("unknown_instrument", str(wrong)) from wrong


def _expire_ns(message: Message) -> int | None:
    text = message.get(126)
    if text is not None:
        return parse_utc_timestamp(text)
    if message.get(432) is not None:
        raise Unsayable("unsupported", "ExpireDate (432) is not supported: give ExpireTime (126)")
    if message.get(59) == b"6":
        raise Unsayable("unsupported", "ExpireTime (126) is missing for a good-till-date order")
    return None
