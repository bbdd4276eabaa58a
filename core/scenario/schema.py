"""What may stand in a scenario file: SCENARIOS' "In" as one table, and what of it isn't built yet.

`TYPES[type][key]` is a `Key`: its `Kind`, whether it must be given, and the default if not. Every kind of
line takes `type` and `at` besides; they are not in the table (but `at`, where it must be given). An order,
replace or cancel is a client's: its names needn't be declared and its numbers may have any digits, since what
is wrong with them is a denial and not an error of the file.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Final, NamedTuple

type Data = dict[str, Any]

NAME_BYTES_MAX: Final = 31
PRECISION_MAX: Final = 12
FEE_PRECISION_MAX: Final = 16
AVG_COST_DIGITS: Final = 6
LATENCY_DIGITS: Final = 3
WINDOW_DIGITS: Final = 9
FEE_TIER_KEYS: Final = ("from", "taker_fee_bps", "maker_fee_bps")
FEE_TIERS_MAX: Final = 4
QUEUE_POWER_MAX: Final = 16
FACT_BPS_DIGITS: Final = 8
SHARE_DIGITS: Final = 6
FACT_SENDS_MAX: Final = 1_000_000
OUTFLOWS_MAX: Final = 16
PAYMENT_DIGITS: Final = 18  # of a funding rate, of a dividend's amount


class Form(Enum):
    """How a JSON value is read, and what it becomes."""

    NAME = auto()  # text of 1 to NAME_BYTES_MAX bytes: str
    ID = auto()  # text of 1 byte or more: str
    CLIENT = auto()  # a client's text, of any length: str
    TEXT = auto()  # free text, also with control characters: str
    NAMES = auto()  # a list of different names: tuple[str, ...]
    NUMBERS = auto()  # a list of decimal strings that never fall: tuple[Number, ...]
    PAIR = auto()  # "EUR/USD": str
    ENUM = auto()  # one of the choices: str
    BOOL = auto()  # bool
    INT = auto()  # a JSON integer from `least` to `most`: int
    NUMBER = auto()  # a decimal string: Number
    LIMIT = auto()  # by the check: Number, "off", or a word of CHECK_WORDS
    TIME = auto()  # JSON integer or ISO 8601: int of ns since the epoch
    DATE = auto()  # ISO 8601 date: str as YYYY-MM-DD
    OBJECT = auto()  # a JSON object: dict
    TIERS = auto()  # a list of objects with FEE_TIER_KEYS: tuple[dict[str, Number], ...]


class Digits(Enum):
    """Which precision of the line's instrument bounds the digits of a number."""

    PRICE = auto()
    QTY = auto()
    AVG_COST = auto()  # price_precision + AVG_COST_DIGITS


class Sign(Enum):
    ANY = auto()
    NOT_NEGATIVE = auto()
    POSITIVE = auto()


class Kind(NamedTuple):
    """A kind of value: its form and what is asked of it."""

    form: Form
    choices: tuple[str, ...] = ()
    aliases: Mapping[str, str] = {}
    declared: str = ""  # "symbol", "venue" or "account": must be declared on an earlier line
    digits: Digits | None = None
    digits_max: int | None = None
    sign: Sign = Sign.ANY
    least: int = 0
    most: int = 0


class SameAs(NamedTuple):
    """A default that is the value of another key of the line."""

    key: str


class Key(NamedTuple):
    kind: Kind
    required: bool
    default: Any = None


# Enums, in the order of the page.
INSTRUMENT_KINDS = ("equity", "fx", "spot", "future", "perpetual")
VENUE_MODES = ("manual", "match")
SIDES = ("buy", "sell", "sell_short")
ORD_TYPES = (
    "market", "limit", "stop", "stop_limit", "market_to_limit", "market_if_touched", "limit_if_touched",
    "trailing_stop", "pegged",
)  # fmt: skip
TIMES_IN_FORCE = ("day", "gtc", "ioc", "fok", "gtd", "opg", "cls")
POLICIES = ("sweep", "net", "home", "post", "take", "spray", "dark", "directed", "iso", "optimal")
TRAIL_UNITS = ("price", "ticks", "bps")
TRIGGERS = ("last", "bid_ask", "mid", "mark")
PEGS = ("primary", "mid", "market")
CONTINGENCIES = ("oto", "oco", "ouo")
ALGO_ACTIONS = ("pause", "resume", "stop")
EXEC_TYPES = (
    "new", "trade", "canceled", "replaced", "rejected", "expired", "pending_cancel", "pending_replace",
    "cancel_rejected", "trade_correct", "trade_cancel", "restated", "done_for_day", "stopped", "suspended",
    "unknown_order",
)  # fmt: skip
LIQUIDITIES = ("taker", "maker")
VENUE_STATES = ("up", "down", "halted", "auction", "closed")
MATCHINGS = ("price_time", "pro_rata")
QUEUES = ("risk_averse", "power", "power2", "power3", "log", "log2")
FAULTS = ("reject", "reject_cancel", "lose_send", "lose_report", "late_report", "repeat_report")
BOOK_ACTIONS = ("add", "cancel", "execute", "clear")
SCOPES = ("all", "account", "strategy", "symbol", "venue", "session")
EACH = ("account", "strategy", "symbol", "venue", "session")
LIMIT_ACTIONS = ("halted", "reducing")
CHECKS = (
    "restricted", "permission", "max_order_qty", "max_order_notional", "price_collar_bps",
    "price_collar_ticks", "market_protection_bps", "spread_bps", "market_data_age_s", "duplicate_content",
    "order_rate", "repeated_execution", "max_working_orders", "max_daily_orders", "order_trade_ratio",
    "max_position", "max_position_notional", "short_sale", "min_cash", "margin", "gross_exposure",
    "net_exposure", "sector_exposure", "max_daily_qty", "max_daily_notional", "credit", "self_trade",
    "daily_loss", "drawdown", "losing_streak", "cancel_rate", "max_daily_cancels",
)  # fmt: skip
CHECK_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "permission": ("buy", "sell", "none"),
    "self_trade": ("cancel_newest", "cancel_oldest", "cancel_both", "decrement"),
}
COUNT_CHECKS: Final = frozenset({
    "restricted", "order_rate", "repeated_execution", "max_working_orders", "max_daily_orders",
    "losing_streak", "cancel_rate", "max_daily_cancels",
})  # fmt: skip
"""Their values are whole numbers."""
WINDOW_CHECKS: Final = frozenset({"order_rate", "repeated_execution", "cancel_rate"})
MONEY_CHECKS: Final = frozenset({
    "max_order_notional", "max_position_notional", "min_cash", "gross_exposure", "net_exposure",
    "sector_exposure", "max_daily_notional", "credit", "daily_loss", "drawdown",
})  # fmt: skip

NAME, ID, CLIENT, TEXT = Kind(Form.NAME), Kind(Form.ID), Kind(Form.CLIENT), Kind(Form.TEXT)
SYMBOL, VENUE, ACCOUNT = (Kind(Form.NAME, declared=what) for what in ("symbol", "venue", "account"))
SYMBOLS = Kind(Form.NAMES, declared="symbol")
BOOL, TIME, DATE, OBJECT = Kind(Form.BOOL), Kind(Form.TIME), Kind(Form.DATE), Kind(Form.OBJECT)
NUMBER = Kind(Form.NUMBER)
POSITIVE, NOT_NEGATIVE = Kind(Form.NUMBER, sign=Sign.POSITIVE), Kind(Form.NUMBER, sign=Sign.NOT_NEGATIVE)
BPS = NUMBER._replace(digits_max=FACT_BPS_DIGITS)
SPAN = NOT_NEGATIVE._replace(digits_max=LATENCY_DIGITS)
PRICE = Kind(Form.NUMBER, digits=Digits.PRICE)
QTY = Kind(Form.NUMBER, digits=Digits.QTY, sign=Sign.NOT_NEGATIVE)
PRECISION = Kind(Form.INT, most=PRECISION_MAX)
BOOK_SIDE = Kind(Form.ENUM, ("buy", "sell"), aliases={"bid": "buy", "ask": "sell"})


def enum(*choices: str) -> Kind:
    return Kind(Form.ENUM, choices)


def required(**kinds: Kind) -> dict[str, Key]:
    return {key: Key(kind, required=True) for key, kind in kinds.items()}


def optional(kind: Kind, default: Any = None, *keys: str) -> dict[str, Key]:
    """Keys of one kind that may be left out; the default is as in a file ("0"), or SameAs, or None."""
    return {key: Key(kind, required=False, default=default) for key in keys}


TYPES: Final[Mapping[str, Mapping[str, Key]]] = {
    "instrument": required(
        symbol=NAME, kind=enum(*INSTRUMENT_KINDS), price_precision=PRECISION, qty_precision=PRECISION,
        tick=PRICE._replace(sign=Sign.POSITIVE), lot=QTY._replace(sign=Sign.POSITIVE), currency=NAME,
    )
    | optional(POSITIVE, "1", "multiplier")
    | optional(QTY, SameAs("lot"), "min_qty")
    | optional(NAME, None, "sector", "base_currency")
    | optional(NAME, SameAs("currency"), "settle_currency")
    | optional(BOOL, False, "inverse")
    | optional(NOT_NEGATIVE, "10000", "margin_bps"),
    "venue": required(venue=NAME, mode=enum(*VENUE_MODES), symbols=SYMBOLS)
    | optional(NUMBER, "0", "taker_fee_bps", "maker_fee_bps")
    | optional(Kind(Form.INT, most=FEE_PRECISION_MAX), 8, "fee_precision")
    | optional(SPAN, "0", "latency_us", "latency_jitter_us")
    | optional(Kind(Form.INT, most=2**63 - 1), 0, "latency_seed")
    | optional(enum(*MATCHINGS), "price_time", "matching")
    | optional(enum(*QUEUES), "risk_averse", "queue")
    | optional(Kind(Form.INT, least=1, most=QUEUE_POWER_MAX), 3, "queue_power")
    | optional(Kind(Form.TIERS), (), "fee_tiers"),
    "account": required(account=NAME, currency=NAME) | optional(NUMBER, "0", "cash"),
    "open_position": required(
        account=ACCOUNT, symbol=SYMBOL, qty=QTY._replace(sign=Sign.ANY),
        avg_cost=PRICE._replace(digits=Digits.AVG_COST),
    ),
    "limit": required(check=enum(*CHECKS), value=Kind(Form.LIMIT))
    | optional(ACCOUNT, None, "account")
    | optional(SYMBOL, None, "symbol")
    | optional(VENUE, None, "venue")
    | optional(NAME, None, "strategy", "session", "sector", "currency")
    | optional(enum(*EACH), None, "each")
    | optional(POSITIVE._replace(digits_max=WINDOW_DIGITS), "1", "window_s")
    | optional(BOOL, False, "soft")
    | optional(enum(*LIMIT_ACTIONS), "halted", "action")
    | optional(ID, None, "by"),
    "override": required(check=enum(*CHECKS), by=ID, until=TIME, value=Kind(Form.LIMIT))
    | optional(ACCOUNT, None, "account")
    | optional(SYMBOL, None, "symbol")
    | optional(VENUE, None, "venue")
    | optional(NAME, None, "strategy", "session", "sector"),
    "fx": required(pair=Kind(Form.PAIR), rate=POSITIVE),
    "quote": required(venue=VENUE, symbol=SYMBOL, bid_px=PRICE, bid_qty=QTY, ask_px=PRICE, ask_qty=QTY),
    "trade": required(venue=VENUE, symbol=SYMBOL, px=PRICE, qty=QTY)
    | optional(enum("buy", "sell"), None, "aggressor"),
    "depth": required(venue=VENUE, symbol=SYMBOL, side=BOOK_SIDE, px=PRICE, qty=QTY),
    "mark": required(symbol=SYMBOL, px=PRICE),
    "reference": required(symbol=SYMBOL, px=PRICE),
    "order": required(
        cl_ord_id=CLIENT, account=CLIENT, symbol=CLIENT, side=enum(*SIDES), order_qty=NUMBER,
        ord_type=enum(*ORD_TYPES),
    )
    | optional(NUMBER, None, "price", "stop_px", "max_floor", "trail")
    | optional(enum(*TIMES_IN_FORCE), "day", "time_in_force")
    | optional(CLIENT, None, "venue", "algo", "strategy", "list_id")
    | optional(enum(*POLICIES), "sweep", "policy")
    | optional(OBJECT, None, "params")
    | optional(enum(*PEGS), None, "peg")
    | optional(NUMBER, "0", "peg_offset")
    | optional(enum(*TRAIL_UNITS), None, "trail_unit")
    | optional(enum(*TRIGGERS), "last", "trigger")
    | optional(BOOL, False, "post_only", "reduce_only")
    | optional(TIME, None, "expire_at")
    | optional(CLIENT, "desk", "session")
    | optional(enum(*CONTINGENCIES), None, "contingency"),
    "replace": required(orig_cl_ord_id=CLIENT, cl_ord_id=CLIENT)
    | optional(NUMBER, None, "order_qty", "price", "stop_px"),
    "cancel": required(orig_cl_ord_id=CLIENT, cl_ord_id=CLIENT),
    "cancel_all": required(by=ID)
    | optional(ACCOUNT, None, "account")
    | optional(SYMBOL, None, "symbol")
    | optional(NAME, None, "session", "strategy"),
    "algo": required(cl_ord_id=CLIENT, action=enum(*ALGO_ACTIONS)),
    "report": required(venue=VENUE, child_id=ID, exec_type=enum(*EXEC_TYPES))
    | optional(ID, None, "exec_id", "exec_ref_id")
    | optional(QTY, None, "last_qty", "order_qty")
    | optional(PRICE, None, "last_px", "price")
    | optional(enum(*LIQUIDITIES), "taker", "liquidity")
    | optional(NUMBER, None, "fee")
    | optional(TEXT, None, "text"),
    "venue_state": required(venue=VENUE, state=enum(*VENUE_STATES)) | optional(SYMBOL, None, "symbol"),
    "venue_fault": required(venue=VENUE, fault=enum(*FAULTS))
    | optional(Kind(Form.INT, most=2**63 - 1), 1, "count")
    | optional(enum(*EXEC_TYPES), None, "exec_type")
    | optional(SPAN, "0", "delay_us"),
    "venue_latency": required(venue=VENUE, send_us=SPAN, report_us=SPAN),
    "book_order": required(venue=VENUE, symbol=SYMBOL, action=enum(*BOOK_ACTIONS))
    | optional(Kind(Form.INT, most=2**58 - 1), None, "order_id")
    | optional(BOOK_SIDE, None, "side")
    | optional(PRICE, None, "px")
    | optional(QTY, None, "qty"),
    "venue_facts": required(venue=VENUE)
    | optional(SYMBOL, None, "symbol")
    | optional(BPS, None, "taker_fee_bps", "maker_fee_bps", "markout_bps")
    | optional(SPAN, None, "latency_us", "stale_ms", "silence_ms", "window_ms")
    | optional(NOT_NEGATIVE._replace(digits_max=SHARE_DIGITS), None, "fill_ratio", "reject_ratio")
    | optional(Kind(Form.INT, most=FACT_SENDS_MAX), None, "max_sends"),
    "venue_queue": required(
        venue=VENUE, symbol=SYMBOL, side=enum("buy", "sell"), outflow=Kind(Form.NUMBERS, most=OUTFLOWS_MAX),
        unfilled_bps=BPS,
    ),
    "kill": required(scope=enum(*SCOPES), by=ID)
    | optional(CLIENT, None, "key")
    | optional(BOOL, False, "flatten")
    | optional(NOT_NEGATIVE, "50", "flatten_bps"),
    "rearm": required(scope=enum(*SCOPES), by=ID) | optional(CLIENT, None, "key"),
    "disconnect": required(session=NAME),
    "connect": required(session=NAME) | optional(BOOL, True, "cancel_on_disconnect"),
    "funding": required(symbol=SYMBOL, rate=NUMBER._replace(digits_max=PAYMENT_DIGITS)),
    "dividend": required(symbol=SYMBOL, amount=NUMBER._replace(digits_max=PAYMENT_DIGITS)),
    "split": required(symbol=SYMBOL, num=POSITIVE, den=POSITIVE),
    "settlement": required(symbol=SYMBOL, px=PRICE),
    "day": required(date=DATE),
    "time": required(at=TIME),
}  # fmt: skip

WHOLE_VENUE_FACTS: Final = ("silence_ms", "max_sends", "window_ms")

_TRADE = ("exec_id", "last_qty", "last_px")
BOOK_ORDER_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "add": ("order_id", "side", "px", "qty"),
    "cancel": ("order_id", "qty"),
    "execute": ("order_id", "side", "px", "qty"),
}
REPORT_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "trade": _TRADE,
    "trade_correct": (*_TRADE, "exec_ref_id"),
    "trade_cancel": (*_TRADE, "exec_ref_id"),
}
