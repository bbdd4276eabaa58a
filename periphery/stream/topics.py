"""The topics of a core's events: which kinds of events, and what of each is told.

Market data, names, settings and signals are told as header and request, all else as the whole page after all
engines of the core. Each event is a row of one topic; the rows of a batch are an array of its dtype.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import messages as m
from periphery.stream.wire import Batch, Frame

type Rows = np.ndarray[Any, Any]

KINDS = 64
_K = m.Kind
_ANY = np.dtype((np.void, m.REQUEST_SIZE))


def _row(request: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype([("header", m.HEADER), ("request", request)])


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic. dtype: of a row. keys: where in a row it says of what it tells the latest; none: rows are
    never left out for newer ones.
    """

    name: str
    dtype: np.dtype[Any]
    kinds: frozenset[m.Kind]
    keys: tuple[str, ...] = ()


TOPICS = (
    Topic(
        "declarations",
        _row(_ANY),
        frozenset({_K.CONFIG, _K.NAME, _K.INSTRUMENT, _K.VENUE, _K.LISTING, _K.ACCOUNT, _K.LIMIT, _K.FX})
        | {_K.GROUP},
    ),
    Topic("quotes", _row(m.QUOTE_EVENT), frozenset({_K.QUOTE}), ("symbol", "venue")),
    Topic("trades", _row(m.TRADE_EVENT), frozenset({_K.TRADE}), ("symbol", "venue")),
    Topic("depth", _row(m.DEPTH_EVENT), frozenset({_K.DEPTH}), ("symbol", "venue", "side", "px")),
    Topic("prices", _row(m.PRICE_EVENT), frozenset({_K.MARK, _K.REFERENCE}), ("symbol",)),
    Topic("signals", _row(m.SIGNAL_EVENT), frozenset({_K.SIGNAL})),
    Topic(
        "orders",
        m.PAGE,
        frozenset({_K.ORDER, _K.REPLACE, _K.CANCEL, _K.CANCEL_ALL, _K.REPORT, _K.ALGO, _K.SLICE})
        | {_K.CHILD_CANCEL, _K.CHILD_REPLACE, _K.CHILD_STATUS, _K.ORDER_END, _K.SWEEP, _K.EXPIRE, _K.REROUTE}
        | {_K.TRIGGER, _K.TRIGGERS, _K.LIST, _K.PEG, _K.SLICE_DUE},
    ),
    Topic("fills", m.PAGE, frozenset({_K.REPORT, _K.BOOK, _K.ADJUST, _K.ADJUSTED, _K.OPEN_POSITION})),
    Topic("risk", m.PAGE, frozenset({_K.ALERT, _K.HALT, _K.KILL, _K.REARM, _K.OVERRIDE})),
    Topic(
        "audit",
        m.PAGE,
        frozenset({_K.CONNECT, _K.DISCONNECT, _K.RIGHTS, _K.DAY, _K.TIME, _K.VENUE_STATE, _K.SIMULATE})
        | {_K.FACTS, _K.SILENCE, _K.NONE},
    ),
)
"""By their number on the wire. A report is of `fills` where a position was booked by it, else of `orders`;
a kind that is new here is of `audit`."""

NAMES = tuple(topic.name for topic in TOPICS)
DECLARATIONS = NAMES.index("declarations")
FILLS = NAMES.index("fills")
BY_ACCOUNT = frozenset({"orders", "fills"})
"""Topics whose rows say whose they are."""
OPEN = frozenset({"declarations", "quotes", "trades", "depth", "prices"}) | BY_ACCOUNT
"""Topics that who may see some accounts only may have."""
ROW_BYTES = tuple(topic.dtype.itemsize for topic in TOPICS)
MARKET = frozenset(i for i, topic in enumerate(TOPICS) if topic.keys)


def topic_of() -> bytes:
    """The topic of each kind, a byte a kind."""
    found = bytearray([NAMES.index("audit")]) * KINDS
    for i, topic in enumerate(TOPICS):
        for kind in topic.kinds:
            if (kind, i) != (_K.REPORT, FILLS):
                found[kind] = i
    return bytes(found)


def topics_of(kinds: Iterable[m.Kind]) -> tuple[int, ...]:
    """The topics that have events of these kinds."""
    wanted = frozenset(kinds)
    return tuple(i for i, topic in enumerate(TOPICS) if topic.kinds & wanted)


def rows_of(topic: int, frame: Frame) -> Rows:
    """The rows of a batch, without a copy."""
    return np.frombuffer(frame, TOPICS[topic].dtype)


def rows_in(batch: Batch, topic: int) -> Rows:
    """The rows of a topic that a batch has and that weren't known before it, without a copy."""
    frame = batch.frames.get(topic, b"")
    rows = rows_of(topic, frame)
    if not frame or batch.flags or int.from_bytes(frame[:8], "little") > batch.after:  # a row's seq is first
        return rows
    new: Rows = rows[rows["header"]["seq"] > batch.after]
    return new


def _at(dtype: np.dtype[Any], field: str) -> int:
    """Where a request's field stands in a row."""
    assert dtype.fields is not None
    return m.HEADER.itemsize + int(dtype.fields[field][1])


# ---- the latest of each ------------------------------------------------------------------------------


def latest(topic: int, rows: Rows) -> Rows:
    """Of rows in their order, the last of each key, in their order."""
    if len(rows) < 2:
        return rows
    requests = rows["request"]
    keys = [np.ascontiguousarray(requests[name]) for name in TOPICS[topic].keys]
    if TOPICS[topic].name == "prices":  # a mark and a reference price are two
        keys.append(np.ascontiguousarray(rows["header"]["kind"]))
    order = np.lexsort(keys)  # equal ones stay in their order
    ends = np.zeros(len(rows), bool)
    ends[-1] = True
    for key in keys:
        ordered = key[order]
        ends[:-1] |= ordered[1:] != ordered[:-1]
    kept: Rows = rows[np.sort(order[ends])]
    return kept


def key_parts(topic: int) -> tuple[list[tuple[int, int]], int]:
    """Where a row of the market has its key, as (byte, bytes), and how much is left of its level, or -1: what
    a `core.stream.standing.Standing` is made with.
    """
    request = TOPICS[topic].dtype["request"]
    parts = [(_at(request, name), request[name].itemsize) for name in TOPICS[topic].keys]
    if TOPICS[topic].name == "prices":  # a mark and a reference price are two
        assert m.HEADER.fields is not None
        parts.append((int(m.HEADER.fields["kind"][1]), 2))
    return parts, _at(request, "qty") if TOPICS[topic].name == "depth" else -1


def in_order(rows: Rows) -> Rows:
    """Those that are there, as they came."""
    seq = rows["header"]["seq"]
    order = np.argsort(seq)
    kept: Rows = rows[order[seq[order] > 0]]
    return kept


# ---- whose they are ----------------------------------------------------------------------------------


_ORDER_ACCOUNT = _at(m.ORDER_EVENT, "account")
_ACCOUNT = _at(m.ACCOUNT_EVENT, "account")
_CASH = slice(_at(m.ACCOUNT_EVENT, "cash_lo"), m.HEADER.itemsize + m.ACCOUNT_EVENT.itemsize)
_LIMIT_ACCOUNT = _at(m.LIMIT_EVENT, "scope")


def of_accounts(topic: int, frame: Frame, accounts: frozenset[int]) -> Frame:
    """What of a batch's frame who may see these accounts alone is told: rows of others are left out, and
    what an account holds in cash is nobody else's.
    """
    if TOPICS[topic].name in BY_ACCOUNT:
        pages = np.frombuffer(frame, m.PAGE)
        return pages[np.isin(_accounts(pages), list(accounts))].tobytes()
    if topic == DECLARATIONS:
        return _without_cash(frame, accounts)
    return frame


def _accounts(pages: Rows) -> Rows:
    """Whose each page is; NONE: it doesn't say."""
    seq, kind = pages["header"]["seq"], pages["header"]["kind"]
    found = np.where(kind == _K.ORDER, _number(pages, _ORDER_ACCOUNT), m.NONE)
    outcome, booking = pages["outcome"], pages["booking"]
    found = np.where((outcome["seq"] == seq) & (outcome["order"] != m.NONE), outcome["account"], found)
    booked = (booking["seq"] == seq) & (booking["flags"] & m.BookingFlag.BOOKED != 0)
    return np.where(booked, booking["account"], found)


def _number(rows: Rows, at: int) -> Rows:
    """Four bytes of each row."""
    raw = rows.view(np.uint8).reshape(len(rows), -1)
    return np.ascontiguousarray(raw[:, at : at + 4]).view("<u4")[:, 0]


def _without_cash(frame: Frame, accounts: frozenset[int]) -> bytes:
    rows = np.frombuffer(bytearray(frame), TOPICS[DECLARATIONS].dtype)
    kind, seen = rows["header"]["kind"], list(accounts)
    others = (kind == _K.ACCOUNT) & ~np.isin(_number(rows, _ACCOUNT), seen)
    rows.view(np.uint8).reshape(len(rows), -1)[others, _CASH] = 0
    scope = _number(rows, _LIMIT_ACCOUNT)
    hidden = (kind == _K.LIMIT) & (scope != m.NONE) & ~np.isin(scope, seen)
    told: bytes = rows[~hidden].tobytes()
    return told
