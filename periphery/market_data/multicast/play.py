"""Plays recordings to a multicast group, at their own pace or as fast as the line takes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.recording import BadRecording, Options, open_all, run_merged
from periphery.market_data.multicast.line import Outgoing
from periphery.market_data.multicast.publisher import Line, Publisher
from periphery.market_data.multicast.wire import ROWS_MOST

if TYPE_CHECKING:
    from core.data.reader import Events, Reader

NAP_S = 0.0005
STEP = 16 * ROWS_MOST
"""Rows sent before the line is looked at, where no time is kept."""


class Stopped(Exception):
    """Somebody ended it before the recordings did."""


@dataclass(frozen=True, slots=True)
class Pace:
    """speed: 1 is as recorded, 0 as fast as the line takes them. begin_after_s: of beats alone at first, so
    that who listens has joined. linger_s: of beats and images after the last row.
    """

    speed: float = 1.0
    begin_after_s: float = 1.0
    linger_s: float = 5.0


class Play:
    """Made, then `run` once. stopped: whether to end."""

    def __init__(
        self, paths: Sequence[Path], options: Options, pace: Pace, stopped: Callable[[], bool]
    ) -> None:
        """BadRecording, BadMapping, OSError: a file can't be read, or they are of several venues."""
        self.pace = pace
        self.stopped = stopped
        recordings, _ = open_all(list(paths), options, self._sink)
        self.readers: list[Reader] = [reader for recording in recordings for reader in recording.readers]
        venues = {options.venue or reader.venue for reader in self.readers}
        if len(venues) != 1:
            raise BadRecording(f"{paths[0]}: recordings of {', '.join(sorted(venues))}: one venue a group")
        self.venue = venues.pop()
        if not self.venue:
            raise BadRecording(f"{paths[0]}: it doesn't say whose market data it is: --venue does")
        self.publisher: Publisher | None = None
        self._began: tuple[int, float] | None = None  # the first row's time, and when it was sent

    def _sink(self, n: int) -> Callable[[Events], None]:
        return lambda rows: self._take(self.readers[n], rows)

    def run(self, line: Line, say: Callable[..., object]) -> dict[str, Any]:
        """What was sent. say: of a log."""
        self.publisher = Publisher(line, self.venue, say)
        say("a session is published", session=self.publisher.session, venue=self.venue)
        try:
            self._stay(self.pace.begin_after_s)
            run_merged(self.readers)
            self._drain()
            self._stay(self.pace.linger_s)
            whole = True
        except Stopped:
            whole = False
        self.publisher.close()
        return {"ok": whole, "session": self.publisher.session, **self.publisher.counts()}

    def _take(self, reader: Reader, rows: Events) -> None:
        assert self.publisher is not None
        at = 0
        while at < len(rows):
            through = self._due(rows, at) if self.pace.speed else at + STEP
            if through > at:
                self.publisher.take(reader.streams.all, rows[at:through])
                at = through
            self._turn()
            if not self.pace.speed:
                self._drain()
            elif at < len(rows):
                time.sleep(NAP_S)

    def _due(self, rows: Events, at: int) -> int:
        """How far rows are due by now: those of an earlier time than one before them at once."""
        now_s = time.monotonic()
        if self._began is None:
            self._began = int(rows[at]["recv_ts_ns"]), now_s
        first_ns, began_s = self._began
        now_ns = first_ns + int((now_s - began_s) * self.pace.speed * 1e9)
        return at + int(np.searchsorted(np.maximum.accumulate(rows["recv_ts_ns"][at:]), now_ns, "right"))

    def _stay(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self._turn()
            time.sleep(NAP_S)

    def _drain(self) -> None:
        """Until nothing waits for room."""
        assert self.publisher is not None
        while not self.publisher.flush():
            self._turn()
            time.sleep(NAP_S)

    def _turn(self) -> None:
        assert self.publisher is not None
        if self.stopped():
            raise Stopped
        self.publisher.turn(time.monotonic())


def play(play: Play, line: Outgoing, say: Callable[..., object]) -> dict[str, Any]:
    """Runs it, and closes the line."""
    try:
        return play.run(line, say) | {"driver_starts": line.driver_starts}
    finally:
        line.close()
