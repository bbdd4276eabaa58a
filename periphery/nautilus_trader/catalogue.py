"""NautilusTrader's Parquet catalogue as a recording of nacre's: quotes, trades, levels, in order of time,
exactly.

The catalogue is read without NautilusTrader: prices and sizes are little-endian integers in units of
10^-16 (wheels of high precision, 16 bytes) or 10^-9 (8 bytes), and what isn't a multiple of the
instrument's own precision is an error.
"""

from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from core.data.parquet import arrow
from core.data.writer import COLUMNS

RAW_DIGITS = {16: 16, 8: 9}
"""By the bytes that a number has."""
BATCH = 8192
SIDES = {1: "buy", 2: "sell"}
DELETE, CLEAR = 3, 4
"""BookAction."""


class NoCatalogue(ValueError):
    """It can't be converted: where, what, and what to do."""


class Row(NamedTuple):
    """ts: exchange's, then recorder's, ns since 1970. cells: by COLUMNS' names."""

    ts: tuple[int, int]
    order: int
    cells: dict[str, str]


def convert(catalogue: Path, target: Path, instruments: tuple[str, ...] = ()) -> dict[str, Any]:
    """Write `target`, a CSV that `nacre data` and `nacre backtest` read; it is there only once it is whole.

    Returns {file, rows: by kind, instruments, left_out: folders of other kinds}. NoCatalogue.
    """
    files, left_out = _files(catalogue, instruments)
    draft = target.with_name(f".{target.name}.part")
    counts, names = Counter[str](), set[str]()
    try:
        with draft.open("w", encoding="ascii", newline="\n") as out:
            out.write(",".join(COLUMNS) + "\n")
            for row in heapq.merge(*(_rows(path, kind, i) for i, (path, kind) in enumerate(files))):
                out.write(",".join(row.cells.get(name, "") for name in COLUMNS) + "\n")
                counts[row.cells["kind"]] += 1
                names.add(row.cells["symbol"])
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return {"file": str(target), "rows": dict(counts), "instruments": sorted(names), "left_out": left_out}


def _files(catalogue: Path, instruments: tuple[str, ...]) -> tuple[list[tuple[Path, str]], list[str]]:
    data = catalogue / "data" if (catalogue / "data").is_dir() else catalogue
    found: list[tuple[Path, str]] = []
    left_out = []
    for folder in sorted(each for each in data.iterdir() if each.is_dir()):
        if folder.name not in _READERS:
            left_out.append(folder.name)
            continue
        found += [
            (path, folder.name)
            for path in sorted(folder.rglob("*.parquet"))
            if not instruments or path.parent.name in instruments
        ]
    if not found:
        kinds = ", ".join(_READERS)
        raise NoCatalogue(
            f"{catalogue}: no Parquet files of {kinds}: give the folder that a catalogue was written to"
        )
    return found, left_out


class _Numbers:
    """Of one file."""

    def __init__(self, path: Path, schema: Any) -> None:
        told = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
        try:
            self.instrument = told["instrument_id"]
            self.price_digits, self.size_digits = int(told["price_precision"]), int(told["size_precision"])
        except (KeyError, ValueError):
            raise NoCatalogue(
                f"{path}: its schema doesn't say instrument_id and precisions: no catalogue's file"
            ) from None
        self.path = path

    def price(self, raw: bytes) -> str:
        return self._text(raw, self.price_digits)

    def size(self, raw: bytes) -> str:
        return self._text(raw, self.size_digits)

    def _text(self, raw: bytes, digits: int) -> str:
        scale = RAW_DIGITS.get(len(raw))
        if scale is None:
            raise NoCatalogue(f"{self.path}: a number of {len(raw)} bytes: 16 or 8 are known")
        units, rest = divmod(int.from_bytes(raw, "little", signed=True), 10 ** (scale - digits))
        if rest:
            raise NoCatalogue(f"{self.path}: {units} and {rest} 10^-{scale}: more than its {digits} digits")
        sign, text = "-" if units < 0 else "", str(abs(units)).rjust(digits + 1, "0")
        return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)


def _rows(path: Path, kind: str, order: int) -> Iterator[Row]:
    pa, read = arrow(), _READERS[kind]
    try:
        with pa.parquet.ParquetFile(path) as file:
            numbers = _Numbers(path, file.schema_arrow)
            symbol, _, venue = numbers.instrument.rpartition(".")
            for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
                for told in batch.to_pylist():
                    cells = {"venue": venue, "symbol": symbol, "recv_ts_ns": str(told["ts_init"])}
                    cells |= {"exchange_ts_ns": str(told["ts_event"])} | read(told, numbers)
                    yield Row((told["ts_event"], told["ts_init"]), order, cells)
    except (pa.ArrowInvalid, OSError) as wrong:
        raise NoCatalogue(f"{path}: damaged: {wrong}") from wrong


def _quote(told: dict[str, Any], n: _Numbers) -> dict[str, str]:
    return {
        "kind": "quote", "bid_px": n.price(told["bid_price"]), "bid_qty": n.size(told["bid_size"]),
        "ask_px": n.price(told["ask_price"]), "ask_qty": n.size(told["ask_size"]),
    }  # fmt: skip


def _trade(told: dict[str, Any], n: _Numbers) -> dict[str, str]:
    side = SIDES.get(told["aggressor_side"], "")
    return {"kind": "trade", "px": n.price(told["price"]), "qty": n.size(told["size"]), "side": side}


def _delta(told: dict[str, Any], n: _Numbers) -> dict[str, str]:
    """A level. NoCatalogue: a book of orders, or one that is cleared."""
    if told["action"] == CLEAR:
        raise NoCatalogue(f"{n.path}: a book is cleared, which a row of levels can't say: begin after it")
    if told.get("order_id"):
        raise NoCatalogue(f"{n.path}: a book of orders (L3): only levels (L2) can be converted")
    qty = "0" if told["action"] == DELETE else n.size(told["size"])
    return {"kind": "depth", "px": n.price(told["price"]), "qty": qty, "side": SIDES[told["side"]]}


_READERS: dict[str, Callable[[dict[str, Any], _Numbers], dict[str, str]]] = {
    "quote_tick": _quote,
    "quotes": _quote,
    "trade_tick": _trade,
    "trades": _trade,
    "order_book_delta": _delta,
    "order_book_deltas": _delta,
}
"""By the folder's name, in either version."""
