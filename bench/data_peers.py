"""What else reads recordings: the obvious alternatives, each with what it does of the work."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import io
import zlib
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

type Answer = tuple[int, Any]
"""(rows, what the peer came to, to be compared: a book's best prices, counts, or None)."""

DOES = {
    "csv_columns": "pyarrow.csv on one thread, columns only",
    "polars": "polars.read_csv on one thread or more, columns only",
    "itchfeed": "itchfeed, an object a message, no books",
    "itchcpp": "itchcpp, an object a message, no books",
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
            found.append({"peer": package, "version": "", "why_not": f"not installed: pip install {package}"})
        else:
            found.append({"peer": package, "version": version(package)})
    return found


def csv_columns(plain: list[bytes]) -> Answer:
    """All files as columns; rows of the first that has messages, quotes or orders."""
    csv = importlib.import_module("pyarrow.csv")

    rows = 0
    for data in plain:
        head = data[:1].isdigit() or data[:1] == b"-"
        read = csv.ReadOptions(use_threads=False, autogenerate_column_names=head)
        rows = csv.read_csv(io.BytesIO(data), read).num_rows
    return rows, None


def polars(plain: list[bytes]) -> Answer:
    pl = importlib.import_module("polars")

    return len(pl.read_csv(io.BytesIO(plain[0]), has_header=False)), None


def itchfeed(plain: list[bytes]) -> Answer:
    parser = importlib.import_module("itch.parser").MessageParser()

    return sum(1 for _ in parser.parse_stream(_prefixed(plain[0]))), None


def itchcpp(plain: list[bytes]) -> Answer:
    parser = importlib.import_module("itchcpp.parser").MessageParser()

    return sum(1 for _ in parser.parse_stream(_prefixed(plain[0]))), None


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


def agrees(name: str, report: dict[str, Any], count: int, book: Any) -> bool:
    """Whether the peer saw the rows that we saw, and came to the same."""
    if count != report["rows"]:
        return False
    if name == "orjson_book":
        (file,) = report["files"]
        (symbol,) = file["symbols"].values()
        return bool(book == (float(symbol["book"]["bid_px"]), float(symbol["book"]["ask_px"])))
    if name == "databento_book":
        (file,) = report["files"]
        (symbol,) = file["symbols"].values()
        best = tuple(int(symbol["book"][key].replace(".", "")) for key in ("bid_px", "ask_px"))
        return bool(book == best)
    if name == "orjson_kraken":
        return bool(book == report["checksums_ok"])
    return True
