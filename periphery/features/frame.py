"""Features that were computed, by the time at which they were known: reads as of a time, and Parquet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.parquet import arrow
from periphery.features import said
from periphery.features.set import Row

type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]

META = b"nacre.features"
SOURCE = "core/features"
FIXED = ("known_ns", "at_ns", "symbol")


class BadFrame(ValueError):
    """A file that holds no features; the message names it."""


@dataclass(frozen=True)
class Frame:
    """Rows in the order in which they were known. known_ns, at_ns: (n,) ns; symbols: (n,) names; values: by
    feature (n,), NaN: not known. meta: what they were computed with.
    """

    known_ns: Ints
    at_ns: Ints
    symbols: npt.NDArray[np.str_]
    values: dict[str, Floats]
    meta: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.known_ns)

    def only(self, symbol: str) -> Frame:
        """Its rows alone."""
        at = self.symbols == symbol
        values = {name: column[at] for name, column in self.values.items()}
        return Frame(self.known_ns[at], self.at_ns[at], self.symbols[at], values, self.meta)

    def as_of(self, time_ns: int, symbol: str) -> dict[str, Any] | None:
        """The last row of a symbol known at that time: {"symbol", "at_ns", "known_ns", "values"}."""
        mine = self.only(symbol)
        i = int(mine.places_as_of(np.array([time_ns], np.int64))[0])
        if i < 0:
            return None
        values = {name: _known(column[i]) for name, column in mine.values.items()}
        times = {"at_ns": int(mine.at_ns[i]), "known_ns": int(mine.known_ns[i])}
        return {"symbol": symbol, **times, "values": values}

    def places_as_of(self, times_ns: Ints, oldest_ns: int | None = None) -> Ints:
        """Of rows of one symbol: for each time (m,) the row that was the last one known then, -1 for none; or
        none that was known within `oldest_ns`. For joins: no row that became known later is taken.
        """
        places: Ints = np.searchsorted(self.known_ns, times_ns, side="right").astype(np.int64) - 1
        if oldest_ns is not None:
            age = times_ns - self.known_ns[np.maximum(places, 0)] if len(self) else times_ns
            places = np.where(age > oldest_ns, -1, places)
        return places


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def frame_of(rows: Sequence[Row], meta: dict[str, Any] | None = None) -> Frame:
    """All names that any row has; NaN where a row hasn't it."""
    names = dict.fromkeys(name for row in rows for name in row.values)
    return Frame(
        np.array([row.known_ns for row in rows], np.int64),
        np.array([row.at_ns for row in rows], np.int64),
        np.array([row.symbol for row in rows], np.str_),
        {name: np.array([row.values.get(name, np.nan) for row in rows], np.float64) for name in names},
        meta or {},
    )


def write_parquet(frame: Frame, path: Path) -> None:
    """In the place of a file that is there, whole or not at all. NoParquet."""
    pa = arrow()
    columns = {"known_ns": frame.known_ns, "at_ns": frame.at_ns, "symbol": frame.symbols.tolist()}
    arrays = {name: pa.array(column, from_pandas=True) for name, column in frame.values.items()}
    table = pa.table({**columns, **arrays}).replace_schema_metadata({META: json.dumps(frame.meta)})
    draft = path.with_name(f".{path.name}.part")
    try:
        pa.parquet.write_table(table, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_frame(place: Path | str, source: str = SOURCE) -> Frame:
    """Of a Parquet file that `write_parquet` wrote, or of what an engine said: see periphery.features.said.
    BadFrame, NotSaid, NoParquet.
    """
    if Path(place).suffix == ".parquet":
        return _read_parquet(Path(place))
    rows = [
        Row(values["at_ns"], time_ns, values["symbol"], _floats(values["values"]))
        for time_ns, values in said.read(str(place), "feature", source)
    ]
    return frame_of(rows)


def _read_parquet(path: Path) -> Frame:
    pa = arrow()
    try:
        table = pa.parquet.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise BadFrame(f"{path}: {error}") from error
    lacking = [name for name in FIXED if name not in table.column_names]
    if lacking:
        raise BadFrame(f"{path}: no column {lacking[0]}: it isn't one of `nacre features compute`")
    values = {
        name: np.asarray(table[name].to_numpy(zero_copy_only=False), np.float64)
        for name in table.column_names
        if name not in FIXED
    }
    meta = json.loads((table.schema.metadata or {}).get(META, b"{}"))
    known, at = (np.asarray(table[name].to_numpy(), np.int64) for name in FIXED[:2])
    return Frame(known, at, np.array(table["symbol"].to_pylist(), np.str_), values, meta)


def _floats(values: dict[str, float | None]) -> dict[str, float]:
    return {name: np.nan if value is None else value for name, value in values.items()}
