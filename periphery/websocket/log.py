"""The changes of one topic, numbered from 1: what its clients read, each at its own pace, from its own place.

Of a conflated topic it holds each key's newest change, so that any place can be gone on from; of others the
last ones, so that a client that has fallen behind them is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from periphery.view.topics import KINDS, Topic
from periphery.view.view import Change
from periphery.websocket import messages

if TYPE_CHECKING:
    from periphery.websocket.client import Client

type Row = tuple[str, Any, tuple[int, int] | None]
"""A key, its values, and the event that it was changed by last with its time in ns, where that is known."""
MOST = 1000
"""Changes of a message; rows of a snapshot's."""


class Lapped(Exception):
    """The change after that place is no longer there."""


class Part(NamedTuple):
    """What there is after a place: through n; conflated: changes that are left out for newer ones."""

    n: int
    conflated: int
    raw: bytes


class _Newest(NamedTuple):
    n: int
    seq: int
    time_ns: int
    gone: bool


class Log:
    """now: a key's values. rows: all that is true."""

    def __init__(
        self,
        topic: Topic,
        retained: int,
        now: Callable[[str], dict[str, Any]],
        rows: Callable[[], Sequence[Row]],
    ) -> None:
        self.topic = topic
        self.conflated = KINDS[topic.kind].conflated
        self.n = 0
        self.clients: set[Client] = set()
        self._now = now
        self._rows = rows
        self._newest: dict[str, _Newest] = {}  # the one that changed last is last
        self._raw: dict[str, tuple[int, bytes]] = {}
        self._last: deque[bytes] = deque(maxlen=retained)
        self._shared: tuple[int, int, Part] | None = None
        self._snapshot: tuple[int, list[bytes]] | None = None

    @property
    def oldest(self) -> int:
        """The earliest place that can be gone on from."""
        return 0 if self.conflated else self.n - len(self._last)

    def add(self, change: Change) -> None:
        self.n += 1
        if self.conflated:
            self._newest.pop(change.key, None)
            self._newest[change.key] = _Newest(self.n, change.seq, change.time_ns, change.gone)
        else:
            values = change.values or {}
            self._last.append(
                messages.change(self.n, change.key, change.seq, change.time_ns, values, change.gone)
            )

    def after(self, n: int) -> Part:
        """What came after the n-th change, or the beginning of it. Most clients are at the same place: they
        share it. Lapped.
        """
        if self._shared is None or self._shared[:2] != (n, self.n):
            self._shared = n, self.n, self._newer(n) if self.conflated else self._next(n)
        return self._shared[2]

    def _newer(self, n: int) -> Part:
        found = []
        for key in reversed(self._newest):
            if self._newest[key].n <= n:
                break
            found.append(key)
        found.reverse()
        raw = messages.part(
            self.topic, self.n, self.n - n - len(found), [self._fragment(key) for key in found]
        )
        return Part(self.n, self.n - n - len(found), raw)

    def _next(self, n: int) -> Part:
        if n < self.oldest:
            raise Lapped(f"{self.topic}: changes {n + 1:,} to {self.oldest:,} are no longer there")
        begin = n - self.oldest
        some = [self._last[i] for i in range(begin, min(begin + MOST, len(self._last)))]
        return Part(n + len(some), 0, messages.part(self.topic, n + len(some), 0, some))

    def _fragment(self, key: str) -> bytes:
        newest = self._newest[key]
        known = self._raw.get(key)
        if known is None or known[0] != newest.n:
            known = newest.n, messages.change(*newest[:1], key, *newest[1:3], self._now(key), newest.gone)
            self._raw[key] = known
        return known[1]

    def snapshot(self, seq: int) -> list[bytes]:
        """All that is true after the n-th change, as messages."""
        if self._snapshot is None or self._snapshot[0] != self.n:
            rows = self._rows()
            some = [rows[i : i + MOST] for i in range(0, len(rows), MOST)] or [[]]
            self._snapshot = (
                self.n,
                [
                    messages.snapshot(self.topic, self.n, seq, each, i == 0, i < len(some) - 1)
                    for i, each in enumerate(some)
                ],
            )
        return self._snapshot[1]
