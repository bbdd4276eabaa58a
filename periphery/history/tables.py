"""A table of a file: a row a time, a column a name. CSV, plain or compressed (.gz, .bz2, .xz, .zst)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]


class BadTable(ValueError):
    """A file that is no such table; the message names the place, the value and a remedy."""


@dataclass(frozen=True, slots=True)
class Table:
    """times: ascending, as the file writes them (n). names: of the columns (k). values: (n, k)."""

    times: tuple[str, ...]
    names: tuple[str, ...]
    values: Floats

    def of(self, names: Sequence[str]) -> Table:
        """These columns, in this order. BadTable: there is none by that name."""
        for name in names:
            if name not in self.names:
                raise BadTable(f"column {name!r}: there is {', '.join(self.names)}")
        at = [self.names.index(name) for name in names]
        return Table(self.times, tuple(names), self.values[:, at])

    def returns(self) -> Table:
        """Simple returns of prices: a row less. BadTable: a price that isn't positive."""
        if len(self.values) < 2:
            raise BadTable(f"{len(self.values)} rows of prices: returns need two")
        if (self.values <= 0).any():
            row, column = np.argwhere(self.values <= 0)[0]
            raise BadTable(f"{self.times[row]}, {self.names[column]}: {self.values[row, column]} is no price")
        return Table(self.times[1:], self.names, self.values[1:] / self.values[:-1] - 1.0)

    def last(self, rows: int) -> Table:
        """The last rows of it; all where there are fewer."""
        return Table(self.times[-rows:], self.names, self.values[-rows:])


def read_table(path: str | os.PathLike[str]) -> Table:
    """The table in a file whose first column is the time. BadTable."""
    import pandas as pd  # type: ignore[import-untyped]

    try:
        frame = pd.read_csv(path, index_col=0, dtype={0: str})
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise BadTable(f"{path}: {error}") from error
    times = tuple(str(time) for time in frame.index)
    for before, time in pairwise(times):
        if time <= before:
            raise BadTable(f"{path}: {time} after {before}: sort the rows by time, one a time")
    names = tuple(str(name) for name in frame.columns)
    if not names or not times:
        raise BadTable(f"{path}: {len(times)} rows of {len(names)} columns: a time and values are needed")
    return Table(times, names, _numbers(path, frame, times, names))


def _numbers(
    path: str | os.PathLike[str], frame: object, times: tuple[str, ...], names: tuple[str, ...]
) -> Floats:
    import pandas as pd

    assert isinstance(frame, pd.DataFrame)
    numbers = frame.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    wrong = np.argwhere(~np.isfinite(numbers))
    if len(wrong):
        row, column = wrong[0]
        value = frame.iat[row, column]
        raise BadTable(f"{path}: {times[row]}, {names[column]}: {value!r} is no number: fill or leave it out")
    return np.asarray(numbers, np.float64)


def together(one: Table, other: Table) -> tuple[Table, Table]:
    """The rows of the times that both have. BadTable: none."""
    common = sorted(set(one.times) & set(other.times))
    if not common:
        raise BadTable(f"no time in common: {one.times[0]} to {one.times[-1]}, and {other.times[0]} on")
    return _rows(one, common), _rows(other, common)


def _rows(table: Table, times: list[str]) -> Table:
    places = {time: i for i, time in enumerate(table.times)}
    return Table(tuple(times), table.names, table.values[[places[time] for time in times]])
