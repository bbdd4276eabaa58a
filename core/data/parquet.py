"""Parquet as a stream of CSV rows, a batch at a time: one strict path for both, and prices stay exact.

A double is written as the shortest decimal that is it, a time as ISO 8601 in UTC, what is null as nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.data.source import Damaged

_ROWS = 8192


class NoParquet(RuntimeError):
    """pyarrow isn't installed; the message says how to get it."""


def arrow() -> Any:
    """The library. NoParquet where it isn't installed."""
    try:
        for part in ("pyarrow.csv", "pyarrow.parquet"):
            importlib.import_module(part)
    except ImportError as error:
        raise NoParquet("Parquet needs pyarrow: `pip install 'nacre[parquet]'`") from error
    return importlib.import_module("pyarrow")


def columns(path: Path) -> list[str]:
    """The names of its columns. ValueError where it is no Parquet file."""
    pa = arrow()
    try:
        with pa.parquet.ParquetFile(path) as file:
            return list(file.schema_arrow.names)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: no whole Parquet file: {error}") from error


def rows(path: Path, names: list[str], advance: Callable[[int], object] | None = None) -> Iterator[bytes]:
    """CSV of the columns named, without a header. `advance` gets rows."""
    pa = arrow()
    options = pa.csv.WriteOptions(include_header=False, quoting_style="needed")
    try:
        with pa.parquet.ParquetFile(path, memory_map=False, buffer_size=1 << 16) as file:
            for batch in file.iter_batches(batch_size=_ROWS, columns=names, use_threads=False):
                sink = pa.BufferOutputStream()
                pa.csv.write_csv(pa.Table.from_batches([_plain(pa, batch)]), sink, options)
                if advance is not None:
                    advance(batch.num_rows)
                yield sink.getvalue().to_pybytes()
    except (pa.ArrowInvalid, OSError) as error:
        raise Damaged(f"the Parquet file is damaged: {error}") from error


def first_cells(path: Path, names: list[str]) -> list[str]:
    """The first row's cells as the rows have them, empty where there is no row."""
    cells = []
    for name in names:
        row = next(rows(path, [name]), b"").split(b"\n")[0]
        cells.append(row.decode("utf-8", "replace").strip('"'))
    return cells


def _plain(pa: Any, batch: Any) -> Any:
    """The batch with times in UTC without a zone, and categories as their words."""
    arrays = []
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        kind = batch.schema.field(name).type
        if pa.types.is_timestamp(kind):
            array = array.cast(pa.timestamp(kind.unit))
        elif pa.types.is_dictionary(kind):
            array = array.dictionary_decode()
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)
