"""What a publisher still has at hand: the newest batches of a core's events, up to so many bytes.

Of the market the last row of each key is kept once more, whatever was let go: for who is slow and wants no
more than that, and for who comes late.
"""

from __future__ import annotations

from bisect import bisect_right

from core.stream.standing import Standing
from periphery.stream.topics import MARKET, ROW_BYTES, Rows, in_order, key_parts, latest, rows_of
from periphery.stream.wire import ANEW, FEWER, TOGETHER_BYTES, Batch, joined

RETAIN_BYTES = 256 << 20
BATCH_BYTES = 512
"""What a batch takes beside its rows, about."""
FAR = 4096
"""Who is so many events behind, and wants the last of each key only, is told all that stands."""
TRIM = 1024


class Retained:
    """Batches in their order; each begins where the one before ended."""

    def __init__(self, most_bytes: int = RETAIN_BYTES, far: int = FAR) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._far = far
        self._batches: list[Batch] = []
        self._ends: list[int] = []
        self._first = 0  # of those that count: the ones before are about to be let go
        self._standing = {topic: Standing(ROW_BYTES[topic], *key_parts(topic)) for topic in MARKET}

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
        for topic, standing in self._standing.items():
            if topic in batch.frames:
                standing.take(batch.frames[topic])

    def settle(self) -> None:
        """Counts the batch that was added last, and lets go of what is too old."""
        batch = self._batches[-1]
        self.bytes += _bytes_of(batch)
        while self.bytes > self.most_bytes and self._first < len(self._batches) - 1:
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
        if i == len(self._batches) - 1 and at >= self.oldest:
            return joined(self._batches[i:], topics)
        anew = at < self.oldest or self.newest - at > self._far
        frames, left_out = {}, 0
        for topic in topics:
            kept, missing = self._standing_of(topic, at) if anew else self._latest_of(topic, at)
            left_out += missing
            if len(kept):
                frames[topic] = kept.tobytes()
        newest = self._batches[-1]
        return Batch(at, newest.through, newest.digest, frames, ANEW if anew else FEWER, left_out)

    def _latest_of(self, topic: int, at: int) -> tuple[Rows, int]:
        """The last row of each key after that position, and how many that leaves out."""
        rows = self._rows(topic, at)
        kept = latest(topic, rows)
        return kept, len(rows) - len(kept)

    def _standing_of(self, topic: int, at: int) -> tuple[Rows, int]:
        """All that stand, and how many of those after `at` that are at hand that leaves out."""
        kept = in_order(rows_of(topic, self._standing[topic].rows()))
        batches = self._batches[self._find(at) :]
        came = sum(len(batch.frames.get(topic, b"")) for batch in batches) // ROW_BYTES[topic]
        known = rows_of(topic, batches[0].frames.get(topic, b""))["header"]["seq"] <= at
        return kept, max(0, came - int(known.sum()) - int((kept["header"]["seq"] > at).sum()))

    def _find(self, at: int) -> int:
        """The first batch that has something after `at`."""
        return bisect_right(self._ends, at, self._first)

    def _rows(self, topic: int, after: int) -> Rows:
        """All rows of a topic after that position."""
        batches = self._batches[self._find(after) :]
        rows = rows_of(topic, b"".join(batch.frames[topic] for batch in batches if topic in batch.frames))
        kept: Rows = rows[rows["header"]["seq"] > after]
        return kept


def _bytes_of(batch: Batch) -> int:
    return sum(map(len, batch.frames.values())) + BATCH_BYTES
