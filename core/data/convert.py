"""Writes the events of recordings as one file: CSV, Parquet, or the lines of a scenario.

A CSV has a column for each thing that an event says, empty where it says nothing, and can be read again.
Parquet has the same columns, prices and quantities as decimals. A scenario's file declares the instruments
and venues, then has a line for each event; `nacre scenario run` plays it.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from core.data import parquet
from core.data.check import Report, report_of, summed
from core.data.instruments import Listing, declare, scan
from core.data.reader import Reader
from core.data.recording import BadRecording, Options, open_all, run_merged
from core.data.writer import COLUMNS, csv_rows, scenario_rows

if TYPE_CHECKING:
    from core.data.reader import Events

type Advance = Callable[[int], object]


class Target(Protocol):
    """Where events are written."""

    def write(self, reader: Reader, events: Events) -> None: ...
    def close(self) -> None: ...


def convert(paths: Sequence[Path], options: Options, target: Path, advance: Advance | None = None) -> Report:
    """Writes all events to `target`, which is there only once it is whole.

    Returns {"ok", "file", "events", "bytes", "check": counts as of `check`}. ValueError where the name's
    end is unknown.
    """
    draft = target.with_name(f".{target.name}.part")
    writer = _Writer(paths, options, target, draft)
    try:
        report = writer.run(advance)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    size = target.stat().st_size
    return {"ok": report["ok"], "file": str(target), "events": writer.events, "bytes": size} | {
        name: value for name, value in report.items() if name not in ("ok", "files")
    }


class _Writer:
    def __init__(self, paths: Sequence[Path], options: Options, target: Path, draft: Path) -> None:
        self.paths = paths
        self.options = options
        self.events = 0
        self.readers: list[Reader] = []
        self.target = self._target(target.suffix, draft)

    def _target(self, suffix: str, draft: Path) -> Target:
        if suffix == ".csv":
            return CsvTarget(draft)
        if suffix == ".parquet":
            return ParquetTarget(draft)
        if suffix == ".jsonl":
            return ScenarioTarget(draft, declare(scan(self.paths, self.options)))
        raise BadTarget(
            f"--to {draft.name[1:-5]}: a name that ends with .csv, .parquet or .jsonl is expected"
        )

    def run(self, advance: Advance | None) -> Report:
        recordings, _ = open_all(self.paths, self.options, self._sink, None, advance)
        self.readers = [reader for recording in recordings for reader in recording.readers]
        try:
            run_merged(self.readers)
        finally:
            self.target.close()
        return summed([report for recording in recordings for report in report_of(recording)])

    def _sink(self, n: int) -> Callable[[Events], None]:
        def take(events: Events) -> None:
            self.events += len(events)
            self.target.write(self.readers[n], events)

        return take


class BadTarget(BadRecording):
    """A file that can't be written as asked."""


class CsvTarget:
    """One CSV with a header."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("wb")
        self._file.write(",".join(COLUMNS).encode() + b"\n")

    def write(self, reader: Reader, events: Events) -> None:
        self._file.write(csv_rows(events, *_words(reader)))

    def close(self) -> None:
        self._file.close()


class ParquetTarget:
    """One Parquet file, a row group for about 64K events."""

    _ROWS = 1 << 16

    def __init__(self, path: Path) -> None:
        self._pa = parquet.arrow()
        self._types = _types(self._pa)
        self._schema = self._pa.schema(list(self._types.items()))
        self._file = self._pa.parquet.ParquetWriter(path, self._schema)
        self._rows: list[bytes] = []
        self._count = 0

    def write(self, reader: Reader, events: Events) -> None:
        self._rows.append(csv_rows(events, *_words(reader)))
        self._count += len(events)
        if self._count >= self._ROWS:
            self._flush()

    def _flush(self) -> None:
        csv = self._pa.csv
        if not self._rows:
            return
        table = csv.read_csv(
            io.BytesIO(b"".join(self._rows)),
            csv.ReadOptions(column_names=list(COLUMNS)),
            convert_options=csv.ConvertOptions(column_types=self._types, strings_can_be_null=True),
        )
        self._file.write_table(table)
        self._rows = []
        self._count = 0

    def close(self) -> None:
        self._flush()
        self._file.close()


def _types(pa: Any) -> dict[str, Any]:
    decimal = pa.decimal128(38, 18)
    words = {"kind": pa.string(), "venue": pa.string(), "symbol": pa.string(), "side": pa.string()}
    times = {"recv_ts_ns": pa.int64(), "exchange_ts_ns": pa.int64(), "last": pa.int8()}
    return {name: (words | times).get(name, decimal) for name in COLUMNS}


class ScenarioTarget:
    """Declarations, then a line for each event."""

    def __init__(self, path: Path, listing: Listing) -> None:
        self._file: IO[bytes] = path.open("wb")
        self._listing = listing
        for line in listing.lines:
            self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def write(self, reader: Reader, events: Events) -> None:
        venue = self._listing.venue(reader)
        names = [self._listing.name(reader, stream.symbol).encode() for stream in reader.streams.all]
        digits = [self._listing.digits(reader, stream.symbol) for stream in reader.streams.all]
        self._file.write(scenario_rows(events, venue.encode(), names, digits))

    def close(self) -> None:
        self._file.close()


def _words(reader: Reader) -> tuple[bytes, list[bytes]]:
    """The venue's and the symbols' names as a CSV has them."""
    return reader.venue.encode(), [stream.symbol.encode() for stream in reader.streams.all]
