"""One event's way: what it was, what each engine made of it, what came of it, and when, where that is known.

An engine's answer is made again from the journal; the times are the core's own, of an event that is timed and
still remembered; what engines of the periphery said about it is in their folders.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core import messages as m
from core.board import Board
from core.recovery.journal import event
from core.scenario.printer import Printer
from core.topology import ENGINE_NAMES, TAKES
from periphery.service.source import JournalSource
from periphery.service.state import read_said

AFTER = 100_000
"""Events that are looked through for what came of it, at most."""
_ANSWERS = {"resolve": "resolved", "risk": "verdict", "orders": "outcome", "router": "routing",
            "execution": "send", "positions": "booking"}  # fmt: skip


class NoEvent(ValueError):
    """The journal has no such event."""


class Trace:
    """Of the event `seq` in a journal. board: the core's, for times. outputs: folders of engines, by name."""

    def __init__(
        self, journal: Path, seq: int, board: Board | None = None, outputs: Mapping[str, Path] | None = None
    ) -> None:
        """Gone, NoEvent."""
        if seq < 1:
            raise NoEvent(f"event {seq}: the first one is 1")
        self.seq = seq
        self.source = JournalSource(journal, self._page)
        self.lines: list[dict[str, Any]] = []
        self.printer = Printer(self.source.book.directory, self.source.id_text, self.lines.append)
        self.head: np.void | None = None
        self.engines: list[dict[str, Any]] = []
        self.derived: list[dict[str, Any]] = []
        self.request: dict[str, Any] = {}
        self._family: set[int] = {seq}
        self._read()
        self.times = board.timings["sequencer"].times(seq) if board is not None else {}
        self.said = self._said(outputs or {})

    def _read(self) -> None:
        """Through the event and what came of it."""
        while self.source.seq < self.seq + AFTER and self.source.poll():
            pass
        if self.head is None:
            raise NoEvent(f"event {self.seq:,}: the journal ends with {self.source.seq:,}")
        self.printer.flush()

    def _page(self, raw: bytes) -> None:
        page: np.void = np.frombuffer(raw, m.PAGE, 1)[0]
        seq = int(page["header"]["seq"])
        self.printer.page(raw)
        if seq == self.seq:
            self._own(page, raw)
        elif int(page["header"]["cause"]) in self._family and page["header"]["flags"] & m.HeaderFlag.DERIVED:
            self._family.add(seq)
            self.derived.append(_brief(page["header"]))

    def _own(self, page: np.void, raw: bytes) -> None:
        self.head = page["header"]
        length = m.HEADER.itemsize + int(page["header"]["length"])
        self.request = event(raw[:length]).get("request", {})
        kind = m.Kind(int(page["header"]["kind"]))
        for name in ENGINE_NAMES:
            takes = kind in TAKES[name]
            answer = _ANSWERS.get(name)
            values = {}
            if takes and answer is not None and m.counts(page, answer):
                values = _plain(page[answer])
            self.engines.append({"stage": name, "takes": takes, "says": values})

    def _said(self, outputs: Mapping[str, Path]) -> list[dict[str, Any]]:
        """What engines said at one of the events."""
        return [
            {"engine": name, "seq": seq, "topic": topic, "values": values}
            for name, folder in outputs.items()
            for seq, _time_ns, topic, values in read_said(folder / "outputs")
            if seq in self._family
        ]

    def told(self) -> dict[str, Any]:
        """All of it, for `-o json`."""
        assert self.head is not None
        lines = [line for line in self.lines if line["seq"] in self._family]
        return {
            **_brief(self.head),
            "request": self.request,
            "stages": [self._stage(row) for row in self.engines],
            "sequenced_after_ns": self.times,
            "derived": self.derived,
            "lines": [{key: value for key, value in line.items() if key != "line"} for line in lines],
            "outputs": self.said,
        }

    def _stage(self, row: dict[str, Any]) -> dict[str, Any]:
        return row | {"done_after_ns": self.times.get(row["stage"])}


def _brief(header: np.void) -> dict[str, Any]:
    engine = int(header["engine"])
    return {
        "seq": int(header["seq"]),
        "kind": m.Kind(int(header["kind"])).name.lower(),
        "time_ns": int(header["time_ns"]),
        "cause": int(header["cause"]),
        "root": int(header["root"]),
        "by": ENGINE_NAMES[engine - 1] if header["flags"] & m.HeaderFlag.DERIVED and engine else "",
    }


def _plain(paragraph: np.void) -> dict[str, Any]:
    """Its fields that say something, as numbers."""
    found: dict[str, Any] = {}
    for name in paragraph.dtype.names or ():
        value = paragraph[name]
        if (
            name == "seq"
            or name.startswith("pad")
            or (isinstance(value, np.void) and value.dtype.names is None)
        ):
            continue
        if isinstance(value, np.void):
            found |= {f"{name}.{key}": number for key, number in _plain(value).items()}
        elif np.ndim(value) == 0 and int(value) not in (0, m.NONE, m.NONE16):
            found[name] = int(value)
    return found
