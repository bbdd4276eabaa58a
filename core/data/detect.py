"""Tells the format of a recording by its content: the first bytes, and the first lines of a text."""

from __future__ import annotations

import re
from collections import Counter

from core.data.itch import LENGTHS

HEAD = 1 << 16
"""Plain bytes that are looked at."""

_LINES = 64

_ORDERS = b"id,timestamp,exchange.timestamp,price,volume,action,direction"
_STAMP = re.compile(rb"\d{16,19} [{\[]")
_FEED = re.compile(rb"\d{10}(?:\.\d{1,9})?: [{\[]")
_URL = re.compile(rb"(?:wss?|https?)://(\S+) (?:<->|<-|->) \d")
_LOBSTER = re.compile(rb"\d+(?:\.\d+)?,[1-7],\d+,\d+,-?\d+,-?1")
_LOBSTER_ROW = re.compile(rb"-?\d+,\d+,-?\d+,\d+(?:,-?\d+,\d+,-?\d+,\d+)*")
_LEAN = re.compile(rb"\d{1,8},\d+(?:\.\d+)?,\d+(?:\.\d+)?")
_TRUEFX = re.compile(rb"[A-Z]{3}/[A-Z]{3},\d{8} \d\d:\d\d:\d\d(?:\.\d+)?,\d+(?:\.\d+)?,\d+(?:\.\d+)?")

_HOSTS = (
    (b"kraken", "kraken"),
    (b"coinbase", "coinbase"),
    (b"bitstamp", "bitstamp"),
    (b"fapi.binance", "binance"),
    (b"binance", "binance"),
)
_BINANCE = (
    ((b"dapi.binance", b"dstream.binance", b'"ps":"'), "BINANCE_COINM"),
    ((b"fapi.binance", b"fstream.binance", b'"pu":', b'"X":"MARKET"'), "BINANCE_USDM"),
    ((b"api.binance", b"stream.binance", b'"e":"depthUpdate"', b'"M":true', b'"M":false'), "BINANCE_SPOT"),
)
_MARKS = (
    (re.compile(rb": \[\d+,"), "kraken"),
    (re.compile(rb'"(?:stream|lastUpdateId)":'), "binance"),
    (re.compile(rb'"type":"[a-z0-9_]+".*"(?:product_id|channels)"'), "coinbase"),
    (re.compile(rb'"channel":"|"microtimestamp"'), "bitstamp"),
)


def sniff(head: bytes) -> str | None:
    """The format's name, or None where the bytes are of none that is told by content alone."""
    if head.startswith(b"DBN"):
        return "dbn"
    itch = _itch(head)
    if itch is not None:
        return itch
    lines = [line.rstrip(b"\r") for line in head.split(b"\n")[:_LINES]]
    lines = [line for line in (lines[:-1] if len(lines) > 1 else lines) if line] or lines
    if lines[0].replace(b'"', b"") == _ORDERS:
        return "bitstamp_orders"
    counts = Counter(name for name in map(_of_line, lines) if name is not None)
    if not counts:
        return None
    name, count = counts.most_common(1)[0]
    if 2 * count <= len(lines):
        return None
    return f"cryptofeed_{_venue(lines)}" if name == "cryptofeed" else name


def _of_line(line: bytes) -> str | None:
    if _STAMP.match(line):
        return "binance"
    if _FEED.match(line) or _URL.match(line):
        return "cryptofeed"
    for pattern, name in ((_LOBSTER, "lobster_messages"), (_LEAN, "lean_quotes"), (_TRUEFX, "truefx")):
        if pattern.fullmatch(line):
            return name
    return "lobster_book" if _LOBSTER_ROW.fullmatch(line) else None


def _venue(lines: list[bytes]) -> str:
    """Whose messages they are: by the address of the connection, else by what the messages look like."""
    for line in lines:
        found = _URL.match(line)
        if found:
            for word, venue in _HOSTS:
                if word in found[1]:
                    return venue
    votes = Counter(venue for line in lines for mark, venue in _MARKS if mark.search(line))
    return votes.most_common(1)[0][0] if votes else "unknown"


def binance_venue(head: bytes) -> str:
    """Which of Binance's three markets: by the address of the connection, else by what only its messages
    have.
    """
    head = head.replace(b'": ', b'":')
    for marks, venue in _BINANCE:
        if any(mark in head for mark in marks):
            return venue
    return "BINANCE"


def _itch(head: bytes) -> str | None:
    """ITCH where a chain of messages fills the head, or most of 64 messages of it."""
    for prefixed in (True, False):
        at = good = 0
        while good < _LINES and at + 3 <= len(head):
            length = LENGTHS.get(chr(head[at + 2]), 0)
            if not length or int.from_bytes(head[at : at + 2], "big") != (length if prefixed else 0):
                break
            at += 2 + length
            good += 1
        if good >= min(3, _LINES) or (good and at >= len(head)):
            return "itch50_prefixed" if prefixed else "itch50_zero"
    return None
