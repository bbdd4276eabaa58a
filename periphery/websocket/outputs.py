"""What an engine of the periphery says, followed in the file that it says it into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from periphery.view.topics import Topic
from periphery.view.view import Change

_LENGTH_BYTES = 4
RECORDS = 256
"""That are read at once."""


class Outputs:
    """One engine's; see periphery.service.state.Said. folder: of its state.

    An engine that was killed cuts off what its state doesn't know, and says the same again: what was read is
    not read twice. Where something else stands at the last record, the file is read from its beginning.
    """

    def __init__(self, name: str, folder: Path, on_change: Callable[[Change], object]) -> None:
        self.name = name
        self.path = folder / "outputs"
        self.now: dict[Topic, dict[str, dict[str, Any]]] = {}
        self._on_change = on_change
        self._at = 0
        self._last = b""

    def poll(self) -> int:
        """How many records were read."""
        try:
            with self.path.open("rb") as file:
                return self._some(file)
        except FileNotFoundError:
            return 0  # it hasn't begun

    def _some(self, file: BinaryIO) -> int:
        if file.seek(0, 2) < self._at:
            return 0  # it is about to say again what was cut off
        file.seek(self._at - len(self._last))
        if file.read(len(self._last)) != self._last:
            self._at, self._last = 0, b""
            file.seek(0)
        for read in range(RECORDS):
            head = file.read(_LENGTH_BYTES)
            record = file.read(int.from_bytes(head, "little"))
            if len(head) < _LENGTH_BYTES or len(record) < int.from_bytes(head, "little"):
                return read
            self._at += len(head) + len(record)
            self._last = head + record
            self._say(*msgspec.msgpack.decode(record))
        return RECORDS

    def _say(self, seq: int, time_ns: int, about: str, values: dict[str, Any]) -> None:
        account = values.get("account")
        topic = Topic("engine", f"{self.name}:{account}" if account else self.name)
        self.now.setdefault(topic, {})[about] = values
        self._on_change(Change(topic, about, seq, time_ns, None))
