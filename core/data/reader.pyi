from collections.abc import Callable, Container, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.book import Book

MAX_PLACES: int
MAX_SYMBOLS: int
EVENT: np.dtype[np.void]
"""One normalised event, 72 bytes: see reader.pxd."""

type Place = dict[str, Any]
type Events = npt.NDArray[np.void]
type Sink = Callable[[Events], object]

class Stream:
    symbol: str
    index: int
    trades: int
    quotes: int
    synced: bool
    lost: bool
    has_book: bool
    book: Book
    deltas: int
    snapshots: int
    gaps: int
    trade_gaps: int
    recoveries: int
    crossed: int

    def report(self) -> dict[str, Any]: ...
    def total_volume(self) -> str: ...
    @property
    def sequence(self) -> int:
        """The last number of its book's deltas; -1: none came over this connection, or the venue has none."""
    @property
    def digits(self) -> tuple[int, int]: ...

class Streams:
    all: list[Stream]

    def named(self, name: str) -> Stream: ...

class Reader:
    file: str
    format: str
    venue: str
    clock: str
    streams: Streams
    rows: int
    errors: int
    limit: int
    waiting_ns: int
    first: int
    last: int
    gaps: int
    trade_gaps: int
    checksums_ok: int
    checksums_bad: int
    crossed: int
    by_orders: bool
    kinds: dict[str, int]
    places: list[Place]
    gap_places: list[Place]

    def __init__(
        self,
        file: str,
        format: str,
        chunks: Iterator[bytes],
        sink: Sink | None = ...,
        on_place: Callable[[Place], object] | None = ...,
        streams: Streams | None = ...,
    ) -> None: ...
    def run(self) -> bool: ...
    def take(self, chunk: bytes) -> None: ...
    def forget_books(self, names: Container[str] | None = ...) -> None: ...
    def tell_books(self, sink: Sink) -> None: ...
    def finish(self) -> None: ...
    def extra(self) -> dict[str, Any]: ...
    def report(self) -> dict[str, Any]: ...

class LineReader(Reader): ...
