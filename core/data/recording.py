"""Opens recordings: tells the format, makes the reader, puts together what belongs together.

Two files belong together where one alone says less: LOBSTER's messages and the book after each of them, and
the answers of requests beside a connection's messages (cryptofeed's `http` and `ws` files of one venue).
The latter are read in the order of their clock, into the same books.
"""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data import names, parquet, source
from core.data.binance import Binance
from core.data.bitstamp import Bitstamp
from core.data.bitstamp_orders import BitstampOrders
from core.data.coinbase import Coinbase
from core.data.columns import Columns
from core.data.dbn import Dbn
from core.data.detect import HEAD, binance_venue, sniff
from core.data.itch import Itch
from core.data.jsonlines import JsonLines
from core.data.kraken import Kraken
from core.data.lobster import Lobster, LobsterBook
from core.data.mapping import BadMapping, Mapping, by_header, kind_of, parse, time_of
from core.data.reader import Reader, Streams

if TYPE_CHECKING:
    from core.data.reader import Place, Sink

VENUES: dict[str, Callable[[bytes], Any]] = {
    "binance": lambda head: Binance(binance_venue(head)),
    "kraken": lambda _head: Kraken(),
    "coinbase": lambda _head: Coinbase(),
    "bitstamp": lambda _head: Bitstamp(),
}
FORMATS = (
    "lobster", "lobster_messages", "lobster_book", "itch50_prefixed", "itch50_zero", "dbn", "binance",
    *(f"cryptofeed_{venue}" for venue in VENUES), "bitstamp_orders", "lean_quotes", "truefx", "csv",
    "parquet",
)  # fmt: skip
NO_SIZES = ("lean_quotes", "truefx")
"""Formats whose quotes have no sizes: who plays them says what each shows."""

type Advance = Callable[[int], object]


class BadRecording(ValueError):
    """A file that can't be read as a recording; the message names it and says what can be done."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a user says of files that they don't say themselves.

    format: one of FORMATS. mapping: as core.data.mapping has it. utc_offset: hours east of UTC of a Lean
    file's clock.
    """

    format: str | None = None
    mapping: str | None = None
    kind: str | None = None
    symbol: str | None = None
    venue: str | None = None
    utc_offset: float | None = None


@dataclass(frozen=True, slots=True)
class File:
    """One file: where its bytes are and what they are. member: of a zip. size: bytes (of Parquet: rows) to
    be read.
    """

    path: Path
    packing: str
    format: str
    member: str | None
    size: int
    head: bytes = b""

    def chunks(self, advance: Advance | None = None) -> Iterator[bytes]:
        if self.member is not None:
            return source.member(self.path, self.member, advance)
        return source.stream(self.path, advance)


@dataclass(frozen=True, slots=True)
class Recording:
    """Readers that are run together, in the order of their clocks where there are several."""

    readers: tuple[Reader, ...]
    formats: tuple[str, ...]
    packings: tuple[str, ...]

    def run(self) -> None:
        """Reads all of it."""
        run_merged(self.readers)


def run_merged(readers: Sequence[Reader]) -> None:
    """Runs readers in the order of (time, place among them), and finishes them."""
    first, end = -(1 << 63), (1 << 63) - 1  # no time is later
    for reader in readers:
        reader.limit = end if len(readers) == 1 else first
    waiting = [reader for reader in readers if reader.run()]
    while waiting:
        turn = min(waiting, key=lambda reader: reader.waiting_ns)
        turn.limit = min((reader.waiting_ns for reader in waiting if reader is not turn), default=end)
        if not turn.run():
            waiting.remove(turn)
    for reader in readers:
        reader.finish()


def look(path: Path, options: Options) -> list[File]:
    """The file, or a zip's members, with their formats. BadRecording, or OSError where it can't be opened."""
    packing = source.packing(path)
    size = path.stat().st_size
    if packing == "parquet":
        return [File(path, packing, "parquet", None, 0)]
    if packing == "zip":
        return _look_into_zip(path, options)
    file = File(path, packing, "", None, size)
    head = _head(file)
    return [replace(file, format=_format(path.name, head, options), head=head)]


def _look_into_zip(path: Path, options: Options) -> list[File]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise BadRecording(f"{path}: not a whole zip: {error}") from error
    data = [info for info in members if not info.filename.lower().endswith((".txt", ".md", ".pdf", ".html"))]
    files = []
    for info in data or members:
        file = File(path, "zip", "", info.filename, info.file_size)
        head = _head(file)
        name = f"{path}: {info.filename}"
        files.append(replace(file, format=_format(name, head, options), head=head))
    if not files:
        raise BadRecording(f"{path}: the zip holds no file")
    return files


def _head(file: File) -> bytes:
    """The first plain bytes."""
    head = b""
    try:
        for chunk in file.chunks():
            head += chunk
            if len(head) >= HEAD:
                break
    except source.Damaged:
        pass  # what came before the damage is looked at; the damage is told when it is read
    return head[:HEAD]


def _format(name: str, head: bytes, options: Options) -> str:
    if options.format is not None:
        return options.format
    found = "csv" if options.mapping is not None else sniff(head)
    if found is None and _names_of(head):
        found = "csv"
    if found is None or found == "cryptofeed_unknown":
        begins = head[:48].decode("ascii", "backslashreplace")
        raise BadRecording(
            f"{name}: no known format; it begins with {begins!r}. --format names one of "
            f"{', '.join(FORMATS)}; --map says what a CSV's columns are"
        )
    return found


def _names_of(head: bytes) -> list[str]:
    """The names of a CSV's header; none where the first line isn't one."""
    line = head.split(b"\n", 1)[0].rstrip(b"\r").decode("utf-8", "replace")
    cells = [cell.strip().strip('"') for cell in line.split(_separator(line))]
    words = [cell for cell in cells if cell[:1].isalpha() or cell[:1] == "_"]
    return cells if len(cells) > 1 and 2 * len(words) > len(cells) else []


def _separator(line: str) -> str:
    return max(",;\t|", key=line.count)


def open_all(
    paths: Sequence[Path],
    options: Options,
    sink_of: Callable[[int], Sink] | None = None,
    on_place: Callable[[Place], object] | None = None,
    advance: Advance | None = None,
) -> tuple[list[Recording], int]:
    """(recordings, bytes that will be read). sink_of makes the sink of the n-th reader.

    BadRecording or BadMapping, naming the file, where one can't be read as a recording; OSError where one
    isn't there.
    """
    opener = Opener(options, sink_of, on_place, advance)
    files = [file for path in paths for file in look(path, options)]
    return list(opener.recordings(files)), sum(file.size for file in files)


class Opener:
    """Makes readers of files."""

    def __init__(
        self,
        options: Options,
        sink_of: Callable[[int], Sink] | None = None,
        on_place: Callable[[Place], object] | None = None,
        advance: Advance | None = None,
    ) -> None:
        self.options = options
        self.sink_of = sink_of
        self.on_place = on_place
        self.advance = advance
        self.count = itertools.count()

    def recordings(self, files: list[File]) -> Iterator[Recording]:
        """In the order of the files; what belongs together stands where its first one does."""
        left = list(files)
        while left:
            file = left.pop(0)
            others = [other for other in left if belongs(file, other)]
            if file.format == "lobster_book":
                messages = next((other for other in others if other.format == "lobster_messages"), None)
                if messages is not None:
                    left.remove(messages)
                    yield self._lobster(messages, file)
                    continue
            if file.format == "lobster_messages":
                book = others[0] if others else None
                if book is not None:
                    left.remove(book)
                yield self._lobster(file, book)
                continue
            together = [file, *others] if file.format.startswith("cryptofeed") else [file]
            for other in together[1:]:
                left.remove(other)
            yield self._together(together)

    def _together(self, files: list[File]) -> Recording:
        streams = Streams() if len(files) > 1 else None
        readers = tuple(self._reader(file, streams) for file in files)
        return Recording(readers, tuple(f.format for f in files), tuple(f.packing for f in files))

    def _common(self, file: File, streams: Streams | None = None) -> dict[str, Any]:
        sink = None if self.sink_of is None else self.sink_of(next(self.count))
        return {
            "file": str(file.path),
            "format": file.format,
            "sink": sink,
            "on_place": self.on_place,
            "streams": streams,
        }

    def _lobster(self, messages: File, book: File | None) -> Recording:
        name = messages.member or messages.path.name
        common = self._common(messages) | {"format": "lobster" if book else "lobster_messages"}
        day = names.day_of(name, messages.path.name)
        reader = Lobster(
            chunks=messages.chunks(self.advance),
            symbol=self.options.symbol or names.stock_in(name, messages.path.name),
            midnight_ns=names.new_york_midnight_ns(day),
            rows=None if book is None else book.chunks(self.advance),
            **common,
        )
        return Recording((self._named(reader),), (common["format"],), (messages.packing,))

    def _reader(self, file: File, streams: Streams | None) -> Reader:
        common = self._common(file, streams)
        name = file.member or file.path.name
        make = _MAKERS.get(file.format.partition("_")[0])
        if file.format in ("csv", "parquet", "lean_quotes", "truefx"):
            mapping, chunks = self._columns(file)
            reader: Reader = Columns(chunks=chunks, mapping=mapping, **common)
        elif file.format == "bitstamp_orders":
            symbol = self.options.symbol or names.pair_in(name)
            reader = BitstampOrders(chunks=file.chunks(self.advance), symbol=symbol, **common)
        elif file.format == "lobster_book":
            symbol = self.options.symbol or names.stock_in(name, file.path.name)
            reader = LobsterBook(chunks=file.chunks(self.advance), symbol=symbol, **common)
        elif make is not None:
            reader = make(file, file.chunks(self.advance), common)
        else:
            raise BadRecording(f"{file.path}: no format {file.format}: one of {', '.join(FORMATS)}")
        return self._named(reader)

    def _named(self, reader: Reader) -> Reader:
        if self.options.venue is not None:
            reader.venue = self.options.venue
        return reader

    def _columns(self, file: File) -> tuple[Mapping, Iterator[bytes]]:
        """(mapping, chunks) of what has columns. BadMapping, with the file's name."""
        try:
            if file.format == "parquet":
                return self._parquet(file)
            made = {"lean_quotes": self._lean, "truefx": self._truefx, "csv": self._csv}[file.format](file)
        except (BadMapping, ValueError, parquet.NoParquet) as error:
            raise BadRecording(f"{file.path}: {error}") from error
        return made, file.chunks(self.advance)

    def _lean(self, file: File) -> Mapping:
        member = file.member or file.path.name
        day = names.day_of(file.path.name, member, file.path.parent.name)
        if day is None:
            raise BadMapping("no day (YYYYMMDD) in its name, and its rows hold none")
        venue = names.lean_venue(file.path)
        offset = self.options.utc_offset
        hours = offset if offset is not None else names.UTC_OFFSET_HOURS.get(venue or "", 0)
        return Mapping(
            columns={"ts": 0, "bid_px": 1, "ask_px": 2},
            width=3,
            time="ms_of_day",
            header_lines=0,
            base_ns=names.utc_midnight_ns(day) - int(hours * 3600) * 1_000_000_000,
            symbol=self.options.symbol or names.lean_symbol(member, file.path),
            venue=(venue or "").upper(),
            clock="exchange",
        )

    def _truefx(self, file: File) -> Mapping:
        columns = {"symbol": 0, "ts": 1, "bid_px": 2, "ask_px": 3}
        return Mapping(columns, 4, header_lines=0, venue="TRUEFX", clock="exchange")

    def _csv(self, file: File) -> Mapping:
        header = _names_of(file.head)
        lines = file.head.decode("utf-8", "replace").splitlines()
        separator = _separator(lines[0]) if lines else ","
        first = lines[1 if header else 0] if len(lines) > bool(header) else ""
        cells = [cell.strip('"') for cell in first.split(separator)]
        width = len(header) or len(cells)
        made = self._mapping(header or None, width, cells)
        return replace(made, separator=separator, header_lines=1 if header else 0, symbol=self._symbol(file))

    def _parquet(self, file: File) -> tuple[Mapping, Iterator[bytes]]:
        header = parquet.columns(file.path)
        made = self._mapping(header, len(header), parquet.first_cells(file.path, header))
        used = sorted(set(made.columns.values()))
        columns = {role: used.index(column) for role, column in made.columns.items()}
        made = replace(
            made, columns=columns, width=len(used), header_lines=0, symbol=self._symbol(file), trim=True
        )
        return made, parquet.rows(file.path, [header[column] for column in used], None)

    def _symbol(self, file: File) -> str:
        return self.options.symbol or names.pair_in(file.member or file.path.name)

    def _mapping(self, header: list[str] | None, width: int, cells: list[str]) -> Mapping:
        """From --map, else from the header's own names; times as the first row has them."""
        time = None
        if self.options.mapping is not None:
            columns, time = parse(self.options.mapping, header, width)
        else:
            columns = by_header(header or [])
        if "ts" not in columns:
            raise BadMapping("no column of times: --map ts=COLUMN names it")
        kind = kind_of(columns, self.options.kind)

        def written(role: str, default: str) -> str:
            column = columns.get(role, width)
            return time_of(cells[column]) if column < len(cells) and cells[column] else default

        exchange = "ns" if header and "exchange_ts_ns" in header else written("exchange_ts", "ns")
        return Mapping(columns, width, kind, time or written("ts", "iso"), exchange)


def _itch(file: File, chunks: Iterator[bytes], common: dict[str, Any]) -> Reader:
    midnight_ns = names.new_york_midnight_ns(names.day_of(file.member or file.path.name, file.path.name))
    prefixed = file.format == "itch50_prefixed"
    return Itch(chunks=chunks, midnight_ns=midnight_ns, prefixed=prefixed, **common)


def _binance(file: File, chunks: Iterator[bytes], common: dict[str, Any]) -> Reader:
    return JsonLines(chunks=chunks, decoder=VENUES["binance"](file.head), seconds=False, **common)


def _cryptofeed(file: File, chunks: Iterator[bytes], common: dict[str, Any]) -> Reader:
    decoder = VENUES[file.format.removeprefix("cryptofeed_")](file.head)
    return JsonLines(chunks=chunks, decoder=decoder, seconds=True, **common)


def _dbn(file: File, chunks: Iterator[bytes], common: dict[str, Any]) -> Reader:
    return Dbn(chunks=chunks, **common)


_MAKERS: dict[str, Callable[[File, Iterator[bytes], dict[str, Any]], Reader]] = {
    "itch50": _itch,
    "binance": _binance,
    "cryptofeed": _cryptofeed,
    "dbn": _dbn,
}


def belongs(file: File, other: File) -> bool:
    """Whether two files are parts of one recording."""
    pair = {file.format, other.format}
    if pair == {"lobster_messages", "lobster_book"}:
        if file.path == other.path:
            return True
        return _stem(file.path.name) == _stem(other.path.name)
    if file.format == other.format and file.format.startswith("cryptofeed"):
        ways = {".http." in file.path.name, ".http." in other.path.name}
        return ways == {True, False} and _before(file.path) == _before(other.path)
    return False


def _stem(name: str) -> str:
    """A LOBSTER file's name without the word that says which of the two it is."""
    for word in ("messages", "message", "msgs", "msg", "orderbook", "book"):
        name = name.replace(word, "*")
    return name


def _before(path: Path) -> str:
    """A cryptofeed file's name up to `.http.` or `.ws.`."""
    return str(path).partition(".http.")[0].partition(".ws.")[0]
