"""A store: where a recorder puts its rows, and where others read them. One suite tests every one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from periphery.recorder.tables import TABLES, Row
from periphery.service.mark import Mark


class StoreError(Exception):
    """The store can't be used as it is: the message says why, and what to do."""


class StoreDown(StoreError):
    """The store doesn't answer, or has no room: what was to be written was not; try again later."""


class Elsewhere(StoreError):
    """Somebody else has written on, or the rows there are of another journal."""


@dataclass(slots=True)
class Batch:
    """Rows that go into a store together, with how far the journal was read for them."""

    after: int
    """The last event that the store has before it."""
    through: Mark
    """The last event that was read for it."""
    rows: dict[str, list[Row]] = field(default_factory=lambda: {table.name: [] for table in TABLES})

    @property
    def count(self) -> int:
        return sum(len(rows) for rows in self.rows.values())


class Store(Protocol):
    """Opened by `periphery.recorder.stores.open_store`. StoreDown from any of these."""

    address: str

    def migrate(self) -> list[str]:
        """Brings the tables to this version's form; the names of the steps that it took, in order."""

    def progress(self, source: str) -> Mark:
        """How far that source is kept; seq 0 where nothing is."""

    def write(self, source: str, batch: Batch) -> None:
        """All rows and the progress, or nothing. Elsewhere: the store isn't at `batch.after`."""

    def read(
        self, name: str, where: Mapping[str, Any] | None = None, after_seq: int = 0, most: int = 1000
    ) -> list[dict[str, Any]]:
        """Rows of a table or view whose columns have these values, by (seq, n); numbers as decimal text.

        StoreError: no such table or column.
        """

    def purge(self, before_ns: int) -> dict[str, int]:
        """Deletes rows of events before that time, of whole UTC days; how many, by table."""

    def close(self) -> None: ...


def days_before(time_ns: int) -> int:
    """The beginning of that time's UTC day, in ns: what is older belongs to days that are over."""
    return time_ns - time_ns % DAY_NS


DAY_NS = 86_400_000_000_000


def columns_of(name: str, known: Sequence[str], where: Mapping[str, Any]) -> None:
    """StoreError where a column isn't one of `known`."""
    for column in where:
        if column not in known:
            raise StoreError(f"{name}: no column {column!r}; there is {', '.join(known)}")
