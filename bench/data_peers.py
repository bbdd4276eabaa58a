"""What else reads recordings: the obvious alternatives, each with what it does of the work."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import io
import os
import zlib
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

type Answer = tuple[int, Any]
"""(rows, what the peer came to, to be compared: a book's best prices, the last row, counts, or None)."""

HOUR_NS = 3600 * 1_000_000_000

DOES = {
    "csv_columns": "pyarrow.csv on one thread, columns only",
    "polars": "polars.read_csv on one thread or more, columns only",
    "itchfeed": "itchfeed's own parser in Python, an object a message, no books",
    "itchcpp": "itchcpp, which is compiled, an object a message, no books",
    "databento_dbn": "databento_dbn.DBNDecoder, an object a record, none looked at",
    "databento_book": "databento_dbn.DBNDecoder, orders and levels in dicts",
    "orjson": "orjson.loads a line, no books",
    "orjson_book": "orjson.loads, floats into two dicts, best prices at the end, no sequences",
    "orjson_kraken": "orjson.loads, texts into dicts, sorted for each checksum",
}
_MODULES = {
    "csv_columns": "pyarrow",
    "orjson_book": "orjson",
    "orjson_kraken": "orjson",
    "itchfeed": "itch",
    "databento_book": "databento_dbn",
}
_PACKAGES = {"itch": "itchfeed", "databento_dbn": "databento-dbn"}
_WHEELS = {"itchcpp": ", which has it for x86_64 and Python 3.13: there are no other wheels"}


@functools.cache
def missing() -> list[str]:
    """Peers whose package isn't installed."""
    return [name for name in DOES if importlib.util.find_spec(_MODULES.get(name, name)) is None]


def told() -> list[dict[str, str]]:
    """Each package with its version, or why it isn't asked."""
    found = []
    for module in dict.fromkeys(_MODULES.get(name, name) for name in DOES):
        package = _PACKAGES.get(module, module)
        if importlib.util.find_spec(module) is None:
            why = f"not installed: make bench-peers{_WHEELS.get(package, '')}"
            found.append({"peer": package, "version": "", "why_not": why})
        else:
            found.append({"peer": package, "version": version(package)})
    return found


def csv_columns(plain: list[bytes]) -> Answer:
    """All files as columns; rows of the first that has messages, quotes or orders."""
    csv = importlib.import_module("pyarrow.csv")

    table = None
    for data in plain:
        head = data[:1].isdigit() or data[:1] == b"-"
        read = csv.ReadOptions(use_threads=False, autogenerate_column_names=head)
        table = csv.read_csv(io.BytesIO(data), read)
    assert table is not None
    return table.num_rows, tuple(column[-1].as_py() for column in table.columns)


def polars(plain: list[bytes]) -> Answer:
    pl = importlib.import_module("polars")

    table = pl.read_csv(io.BytesIO(plain[0]), has_header=False)
    return len(table), table.row(-1)


def itchfeed(plain: list[bytes]) -> Answer:
    os.environ.setdefault("ITCH_NO_CPP", "1")  # else it is itchcpp, where that is installed
    return _messages(importlib.import_module("itch.parser"), plain[0])


def itchcpp(plain: list[bytes]) -> Answer:
    return _messages(importlib.import_module("itchcpp.parser"), plain[0])


def _messages(parser: Any, data: bytes) -> Answer:
    """How many, and the last one's time of the day in ns."""
    rows, message = 0, None
    for message in parser.MessageParser().parse_stream(_prefixed(data)):  # noqa: B007
        rows += 1
    return rows, getattr(message, "timestamp", None)


@functools.lru_cache(maxsize=1)
def _prefixed(data: bytes) -> bytes:
    """ITCH with its lengths written where they are zero: the peers need them."""
    from core.data.itch import LENGTHS

    if data[:2] != b"\0\0":
        return data
    out = bytearray(data)
    at = 0
    while at + 3 <= len(out):
        size = LENGTHS[chr(out[at + 2])]
        out[at : at + 2] = size.to_bytes(2, "big")
        at += 2 + size
    return bytes(out)


def databento_dbn(plain: list[bytes]) -> Answer:
    decoder = importlib.import_module("databento_dbn").DBNDecoder()
    decoder.write(plain[0])
    return len(decoder.decode()) - 1, None  # the first one is the metadata


def databento_book(plain: list[bytes]) -> Answer:
    decoder = importlib.import_module("databento_dbn").DBNDecoder()
    decoder.write(plain[0])
    orders: dict[int, list[Any]] = {}
    levels: dict[tuple[str, int], int] = {}
    rows = 0
    for record in decoder.decode()[1:]:
        rows += 1
        action, order = str(record.action), record.order_id
        if action == "A":
            key = (str(record.side), record.price)
            orders[order] = [key, record.size]
            levels[key] = levels.get(key, 0) + record.size
        elif action == "C" and order in orders:
            orders[order][1] -= record.size
            levels[orders[order][0]] -= record.size
        elif action == "M" and order in orders:
            key, size = orders[order]
            levels[key] -= size
            key = (str(record.side), record.price)
            orders[order] = [key, record.size]
            levels[key] = levels.get(key, 0) + record.size
        elif action == "R":
            orders, levels = {}, {}
    bids = [px for (side, px), size in levels.items() if side == "B" and size]
    asks = [px for (side, px), size in levels.items() if side == "A" and size]
    return rows, (max(bids), min(asks))


def orjson(plain: list[bytes]) -> Answer:
    loads = importlib.import_module("orjson").loads

    rows = 0
    for line in plain[0].splitlines():
        begin = _begin(line)
        rows += 1
        if begin >= 0:
            loads(line[begin:])
    return rows, None


def _begin(line: bytes) -> int:
    """Where the JSON of a line begins; -1: it has none."""
    if line[:1].isdigit():
        return line.index(b" ") + 1
    found = line.find(b": {")
    return found + 2 if found >= 0 else -1


def orjson_book(plain: list[bytes]) -> Answer:
    loads = importlib.import_module("orjson").loads

    bids: dict[float, float] = {}
    asks: dict[float, float] = {}
    rows = last = 0
    waiting: list[Any] | None = []
    for line in plain[0].splitlines():
        rows += 1
        message = loads(line[line.index(b" ") + 1 :])
        if "lastUpdateId" in message:
            last = message["lastUpdateId"]
            _apply(bids, message["bids"])
            _apply(asks, message["asks"])
            for delta in waiting or ():
                if delta["u"] > last:
                    _apply(bids, delta["b"])
                    _apply(asks, delta["a"])
            waiting = None
        elif message["data"].get("e") == "depthUpdate":
            delta = message["data"]
            if waiting is not None:
                waiting.append(delta)
            elif delta["u"] > last:
                _apply(bids, delta["b"])
                _apply(asks, delta["a"])
    return rows, (max(bids), min(asks))


def _apply(side: dict[float, float], changes: list[list[str]]) -> None:
    for px, qty in changes:
        amount = float(qty)
        if amount:
            side[float(px)] = amount
        else:
            side.pop(float(px), None)


def orjson_kraken(plain: list[bytes]) -> Answer:
    loads = importlib.import_module("orjson").loads

    books: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
    rows = good = 0
    for line in plain[0].splitlines():
        rows += 1
        begin = _begin(line)
        message = loads(line[begin:]) if begin >= 0 else None
        if not isinstance(message, list):
            continue
        pair = message[-1]
        for part in message[1:-2]:
            if "as" in part:
                books[pair] = ({}, {})
            asks, bids = books[pair]
            for side, key in ((asks, "as"), (asks, "a"), (bids, "bs"), (bids, "b")):
                for px, qty, *_ in part.get(key, ()):
                    if float(qty):
                        side[px] = qty
                    else:
                        side.pop(px, None)
            if "c" in part:
                good += _checksum(asks, bids) == int(part["c"])
    return rows, good


def _checksum(asks: dict[str, str], bids: dict[str, str]) -> int:
    levels = [*sorted(asks.items(), key=lambda level: float(level[0]))[:10]]
    levels += sorted(bids.items(), key=lambda level: -float(level[0]))[:10]
    text = "".join(part.replace(".", "").lstrip("0") for px, qty in levels for part in (px, qty))
    return zlib.crc32(text.encode())


PEERS: dict[str, Callable[[list[bytes]], Answer]] = {
    "csv_columns": csv_columns,
    "polars": polars,
    "itchfeed": itchfeed,
    "itchcpp": itchcpp,
    "databento_dbn": databento_dbn,
    "databento_book": databento_book,
    "orjson": orjson,
    "orjson_book": orjson_book,
    "orjson_kraken": orjson_kraken,
}


def agrees(name: str, report: dict[str, Any], count: int, found: Any) -> bool:
    """Whether the peer saw the rows that we saw, and came to the same."""
    same = _SAME.get(name)
    return count == report["rows"] and (same is None or same(report, found))


def _same_book(report: dict[str, Any], found: Any) -> bool:
    return bool(found == tuple(float(px) for px in _best(report, "book")))


def _same_units(report: dict[str, Any], found: Any) -> bool:
    """Prices in units of their last digit."""
    return bool(found == tuple(int(px.replace(".", "")) for px in _best(report, "book")))


def _best(report: dict[str, Any], of: str) -> tuple[str, str]:
    """Bid and ask in the end, of the only symbol."""
    (file,) = report["files"]
    (symbol,) = file["symbols"].values()
    return symbol[of]["bid_px"], symbol[of]["ask_px"]


def _same_quote(report: dict[str, Any], found: Any) -> bool:
    """Of recordings of quotes the last row; others' columns are those of another form each."""
    if set(report["files"][0]["kinds"]) != {"quote"}:
        return True
    return bool(found[-2:] == tuple(float(px) for px in _best(report, "quote")))


def _same_time(report: dict[str, Any], found: Any) -> bool:
    """The last message's; whose midnight it is after is not said, so whole hours may lie between."""
    return isinstance(found, int) and (report["last"] - found) % HOUR_NS == 0


_SAME: dict[str, Callable[[dict[str, Any], Any], bool]] = {
    "csv_columns": _same_quote,
    "polars": _same_quote,
    "itchfeed": _same_time,
    "itchcpp": _same_time,
    "databento_book": _same_units,
    "orjson_book": _same_book,
    "orjson_kraken": lambda report, found: bool(found == report["checksums_ok"]),
}
