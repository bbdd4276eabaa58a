"""What a publisher still has at hand: the newest batches of a core's events, up to so many bytes.

What is older than a few thousand rows is kept of the market once more, as the last row of each key: for who
is slow and wants no more than that, and for who comes late.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from periphery.stream.topics import MARKET, ROW_BYTES, Rows, latest, rows_of, standing
from periphery.stream.wire import ANEW, FEWER, TOGETHER_BYTES, Batch, joined

RETAIN_BYTES = 256 << 20
BATCH_BYTES = 512
"""What a batch takes beside its rows, about."""
FOLD_ROWS = 4096
TRIM = 1024


class Retained:
    """Batches in their order; each begins where the one before ended."""

    def __init__(self, most_bytes: int = RETAIN_BYTES, fold_rows: int = FOLD_ROWS) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._fold_rows = fold_rows
        self._batches: list[Batch] = []
        self._ends: list[int] = []
        self._first = 0  # of those that count: the ones before are about to be let go
        self._folded = 0  # through this event the market is in `_standing`
        self._unfolded_rows = 0
        self._standing: dict[int, Rows] = {}

    @property
    def oldest(self) -> int:
        """The position that the oldest batch comes after."""
        return self._batches[self._first].after if self._batches else 0

    @property
    def newest(self) -> int:
        """The last position."""
        return self._ends[-1] if self._ends else 0

    def digest_at(self, at: int) -> bytes | None:
        """What was at that position; None: that isn't known."""
        i = self._find(at) - 1
        return self._batches[i].digest if i >= self._first and self._ends[i] == at else None

    def add(self, batch: Batch) -> None:
        """The next one. `settle` may come later, but before the next."""
        self._batches.append(batch)
        self._ends.append(batch.through)

    def settle(self) -> None:
        """Counts the batch that was added last, and lets go of what is too old."""
        batch = self._batches[-1]
        self.bytes += _bytes_of(batch)
        self._unfolded_rows += _market_rows(batch)
        if self._unfolded_rows > 2 * self._fold_rows:
            self._fold()
        while self.bytes > self.most_bytes and self._first < len(self._batches) - 1:
            while self._ends[self._first] > self._folded:
                self._fold()
            self.bytes -= _bytes_of(self._batches[self._first])
            self._first += 1
        if self._first >= TRIM:
            del self._batches[: self._first], self._ends[: self._first]
            self._first = 0

    def next(self, at: int, topics: tuple[int, ...]) -> Batch | None:
        """What comes after `at`, as much as goes into a message; None: nothing yet. It may begin earlier, and
        have other topics too.
        """
        if not self._batches or at >= self._batches[-1].through:
            return None
        if at >= self._batches[-1].after:  # most are there, and are told of one event
            return self._batches[-1]
        i = self._find(at)
        found: list[Batch] = []
        size = 0
        for batch in self._batches[i:]:
            size += sum(len(batch.frames[topic]) for topic in topics if topic in batch.frames)
            if found and size > TOGETHER_BYTES:
                break
            found.append(batch)
        return joined(found, topics)

    def fewer(self, at: int, topics: tuple[int, ...]) -> Batch | None:
        """All that comes after `at`, of each key the last row; where `at` is long ago, all that stands."""
        i = self._find(at)
        if i >= len(self._batches):
            return None
        anew = at < max(self._folded, self.oldest)
        if not anew and i == len(self._batches) - 1:
            return joined(self._batches[i:], topics)
        frames, left_out = {}, 0
        for topic in topics:
            rows = self._rows(topic, max(at, self._folded) if anew else at)
            kept = latest(topic, rows)
            left_out += len(rows) - len(kept)
            if anew and topic in self._standing:
                kept = latest(topic, np.concatenate((self._standing[topic], kept)))
            if anew:
                kept = standing(topic, kept)
            if len(kept):
                frames[topic] = kept.tobytes()
        newest = self._batches[-1]
        return Batch(at, newest.through, newest.digest, frames, ANEW if anew else FEWER, left_out)

    def _find(self, at: int) -> int:
        """The first batch that has something after `at`."""
        return bisect_right(self._ends, at, self._first)

    def _rows(self, topic: int, after: int, end: int | None = None) -> Rows:
        """All rows of a topic after that position, of batches before the one by that number."""
        batches = self._batches[self._find(after) : end]
        rows = rows_of(topic, b"".join(batch.frames[topic] for batch in batches if topic in batch.frames))
        kept: Rows = rows[rows["header"]["seq"] > after]
        return kept

    def _fold(self) -> None:
        """The older half of what isn't folded yet, or all of it where it is about to go."""
        last, rows = self._find(self._folded), 0
        for i in range(last, len(self._batches)):
            rows += _market_rows(self._batches[i])
            last = i
            if rows >= self._fold_rows:
                break
        through = self._ends[last]
        for topic in MARKET:
            found = self._rows(topic, self._folded, last + 1)
            before = self._standing.get(topic)
            whole = found if before is None else np.concatenate((before, found))
            if len(whole):
                self._standing[topic] = standing(topic, latest(topic, whole))
        self._folded = through
        self._unfolded_rows -= rows


def _bytes_of(batch: Batch) -> int:
    return sum(map(len, batch.frames.values())) + BATCH_BYTES


def _market_rows(batch: Batch) -> int:
    found = 0
    for topic, rows in batch.frames.items():
        if topic in MARKET:
            found += len(rows) // ROW_BYTES[topic]
    return found
