"""What became of one order: each change of it and of its children, with time, cause and reason."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from core import messages as m
from core.live.book import Book
from core.recovery.journal import capacity_of
from core.recovery.replay import Replay
from core.scenario.directory import Directory
from core.scenario.printer import Printer
from core_ext.journal import JournalReader

_REQUESTS = {m.Kind.ORDER: m.ORDER_EVENT, m.Kind.REPLACE: m.REPLACE_EVENT}
_FILTERS = (m.Kind.KILL, m.Kind.REARM, m.Kind.CANCEL_ALL)


class Watcher(Printer):
    """Prints the pages of one order only, each with its cause. first_id: what its children are named by."""

    def __init__(
        self,
        directory: Directory,
        id_text: Callable[[int], bytes],
        write: Callable[[Any], None],
        first_id: bytes,
    ) -> None:
        super().__init__(directory, id_text, write)
        self.first_id = first_id
        self.order = m.NONE
        self.cause = ""

    def page(self, raw: bytes) -> None:
        """One handled event."""
        header = np.frombuffer(raw, m.HEADER, 1)[0]
        if header["seq"] == header["root"]:
            self.cause = self._cause(header, raw)
        page = np.frombuffer(raw, m.PAGE)[0]
        outcome = page["outcome"]
        if outcome["seq"] != header["seq"] or outcome["order"] == m.NONE:
            return
        if self.order == m.NONE and header["kind"] == m.Kind.ORDER:
            told = np.frombuffer(raw, m.ORDER_EVENT, 1, m.HEADER.itemsize)[0]["cl_ord_id"].tobytes()
            if told == self.first_id:
                self.order = int(outcome["order"])
        if outcome["order"] == self.order:
            super().page(raw)

    def _add(self, base: dict[str, Any], line_type: str, order: int, n: int, **values: Any) -> None:
        if line_type != "position":
            super()._add({**base, "cause": self.cause}, line_type, order, n, **values)

    def _cause(self, header: np.void, raw: bytes) -> str:
        """What began it, in words: a request, a report, a person's switch, the market, a timer."""
        kind = m.Kind(int(header["kind"]))
        name = kind.name.lower().replace("_", " ")
        if header["flags"] & m.HeaderFlag.TIMER:
            return f"timer: {name}"
        people = self.directory.space_lists[m.Space.PERSON]
        if kind in _FILTERS:
            row = np.frombuffer(raw, m.FILTER_EVENT, 1, m.HEADER.itemsize)[0]
            return f"{name} by {people[int(row['by'])]}"
        if kind == m.Kind.REPORT:
            row = np.frombuffer(raw, m.REPORT_EVENT, 1, m.HEADER.itemsize)[0]
            by_person = bool(row["flags"] & m.ReportFlag.BY_PERSON)
            return (
                f"by hand, {people[int(row['by'])]}"
                if by_person
                else f"report of {self._venue(int(row['venue']))}"
            )
        return name


def history(path: str | os.PathLike[str], cl_ord_id: str) -> list[dict[str, Any]]:
    """Each change of the order with that cl_ord_id, any that it ever had; [] where the journal has none.

    Plays the journal through the engines of this build; raises JournalCorrupt where a record is bad, a
    CoreFault where this build decides otherwise.
    """
    book = Book()
    lines: list[dict[str, Any]] = []
    first_id = _first_id(path, book.directory.field(cl_ord_id))
    book.restore(JournalReader(path))
    played = Replay(capacity_of(path))
    watcher = Watcher(book.directory, played.core.egress.id_bytes, lines.append, first_id)
    played.on_page = watcher.page
    played.play(JournalReader(path))
    watcher.flush()
    return [{key: value for key, value in line.items() if key != "line"} for line in lines]


def _first_id(path: str | os.PathLike[str], name: bytes) -> bytes:
    """The id that the order began with: back along the replaces that were made under other ids."""
    before: dict[bytes, bytes] = {}
    for _, body in JournalReader(path):
        if int.from_bytes(body[40:42], "little") == m.Kind.REPLACE:
            row = np.frombuffer(body, m.REPLACE_EVENT, 1, m.HEADER.itemsize)[0]
            before.setdefault(row["cl_ord_id"].tobytes(), row["orig_cl_ord_id"].tobytes())
    while name in before:
        name = before.pop(name)
    return name
