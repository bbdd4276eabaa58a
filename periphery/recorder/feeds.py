"""What a recorder follows: a core's journal, or what an engine said. Each gives rows, and how far it is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Protocol

from periphery.recorder import tables as t
from periphery.recorder.rows import Kept
from periphery.recorder.tables import Cell, Row, Table
from periphery.service.mark import BEGIN, Mark, digest_of_record
from periphery.service.source import STEP, JournalSource, OtherJournal
from periphery.service.state import SaidReader

type Rows = list[tuple[Table, Row]]


class Feed(Protocol):
    """Made with (folder, known, step): how far it was followed before, and how much a poll reads."""

    @property
    def seq(self) -> int:
        """Of the last event that was read."""

    @property
    def mark(self) -> Mark: ...

    def poll(self) -> bool:
        """Reads some; whether there was any. OtherJournal: at `known` there is something else."""

    def take(self) -> Rows:
        """The rows of what was read since the last time."""


class JournalFeed:
    """A core's journal."""

    def __init__(self, folder: str | os.PathLike[str], known: Mark, step: int = STEP) -> None:
        self._journal = JournalSource(folder, self._page, known, step)
        self._kept = Kept(self._journal.book.directory, self._journal.id_text)

    @property
    def seq(self) -> int:
        return self._journal.seq

    @property
    def mark(self) -> Mark:
        return self._journal.mark

    def poll(self) -> bool:
        return self._journal.poll() > 0

    def take(self) -> Rows:
        return self._kept.take()

    def _page(self, raw: bytes) -> None:
        self._kept.page(raw)


class OutputsFeed:
    """What an engine said, out of its folder; its sequence is the count of its outputs."""

    def __init__(self, folder: str | os.PathLike[str], known: Mark, step: int = STEP) -> None:
        self._file = Path(folder) / "outputs"
        self._reader = SaidReader(self._file)
        self._known = known
        self._step = step
        self._rows: Rows = []
        self.mark = BEGIN

    @property
    def seq(self) -> int:
        return self.mark.seq

    def poll(self) -> bool:
        """An engine that was killed says its last outputs again, byte for byte: what was read holds."""
        records = self._reader.read(self._step)
        for record in records:
            self._take(record)
        return bool(records)

    def take(self) -> Rows:
        rows, self._rows = self._rows, []
        return rows

    def _take(self, record: bytes) -> None:
        self.mark = Mark(self.seq + 1, digest_of_record(record))
        if self.seq == self._known.seq and self.mark != self._known:
            raise OtherJournal(f"{self._file}: output {self.seq:,} isn't the one that was there before")
        event_seq, time_ns, topic, values = SaidReader.decode(record)
        said: dict[str, Cell] = {
            "event_seq": event_seq,
            "topic": topic,
            "said": json.dumps(values, sort_keys=True),
        }
        self._rows.append((t.OUTPUTS, t.OUTPUTS.row(self.seq, 0, time_ns, said)))
