"""All metrics of one core, collected when Prometheus asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from core.board import Board
from core.clock_sync import Steps
from core.live.ask import NoCore, ask
from core.live.observe import observe
from core.positions.history import BadFile
from core.positions.reconcile import Breaks
from core_ext.journal import JournalError
from periphery.monitoring.core_metrics import fault, gauge, of_board, of_status
from periphery.monitoring.host_metrics import of_clock, of_disks
from periphery.monitoring.stream import Stream
from periphery.monitoring.stream_metrics import of_breaks, of_executions, of_stream
from periphery.service.source import Gone, OtherJournal

CATCH_UP_S = 1.0
"""A scrape waits so long, at most, for the journal to be read to its end."""
COSTS_EVERY_S = 5.0
"""What executions cost is worked out again no more often than that."""
NAP_S = 0.02


class CoreCollector(Collector):
    """Of the core at a socket. It may come, go and begin anew meanwhile. breaks: a file of reconciliation.
    disks: places by what they are for, whose disks are watched besides the journal's. told: gets what can't
    be read and why, once until it is something else.
    """

    def __init__(
        self,
        socket: Path,
        journal: str = "",
        breaks: Path | None = None,
        disks: Mapping[str, Path] | None = None,
        told: Callable[[str], object] = str,
    ) -> None:
        self.socket = socket
        self.journal = journal
        self.breaks = breaks
        self.disks = dict(disks or {})
        self._steps = Steps()
        self._told = told
        self._problem = ""
        self._board: Board | None = None
        self._last: Board | None = None  # of the core that was there last: its memory outlives it
        self._pid = 0
        self._stream: Stream | None = None
        self._lock = threading.Lock()
        self._costs: list[dict[str, Any]] = []
        self._costs_due_s = 0.0

    # ---- what is there -------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any] | None:
        """What the core says of itself; None: it doesn't answer. Another process has other memory."""
        try:
            told = ask(self.socket, "status")
            if told["pid"] != self._pid:
                self._board, self._pid = observe(self.socket), told["pid"]
                self._last = self._board
        except (NoCore, RuntimeError) as error:
            self._fails(error)
            self._board, self._pid = None, 0
            return None
        self._follow(told["journal"]["path"])
        return told

    def _follow(self, journal: str) -> None:
        if self._stream is not None and self.journal == journal:
            return
        self.journal = journal
        self._open()

    def _open(self) -> None:
        try:
            self._stream = Stream(self.journal)
        except (Gone, JournalError) as error:
            self._stream = None
            self._fails(error)

    def read_on(self, stopped: Callable[[], bool]) -> None:
        """Follows the journal until it is stopped, so that a scrape finds it read."""
        if self.journal:
            with self._lock:
                self._open()
        while not stopped():
            stream = self._stream
            if stream is None or not self._poll(stream):
                time.sleep(NAP_S)

    def _poll(self, stream: Stream) -> int:
        try:
            return stream.poll()
        except (Gone, OtherJournal, JournalError, ValueError) as error:
            self._fails(error)
            self._stream, self.journal = None, ""
            return 0

    def _catch_up(self, stream: Stream, until: int) -> None:
        """Reads on through that event, for CATCH_UP_S at most, as long as it is what is followed."""
        end = time.monotonic() + CATCH_UP_S
        while self._stream is stream and stream.seq < until and time.monotonic() < end:
            if not self._poll(stream):
                time.sleep(0.001)

    def _fails(self, error: Exception) -> None:
        if self._problem != str(error):
            self._problem = str(error)
            self._told(self._problem)

    # ---- what Prometheus asks ------------------------------------------------------------------------------

    def describe(self) -> Iterator[Metric]:
        """Nothing: what there is depends on the core."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """One scrape's metrics, one scrape at a time."""
        with self._lock:
            yield from self._collect()

    def _collect(self) -> Iterator[Metric]:
        told = self.status()
        board = self._board
        yield gauge("nacre_core_up", "1: the core answers.", [({}, int(told is not None))])
        if told is not None and board is not None:
            yield from of_board(board)
            yield from of_status(told)
        elif self._last is not None:
            yield fault(self._last)  # what a core stops by ends it, too
        stream = self._stream
        if stream is not None:
            self._catch_up(stream, board.recorded if board is not None else 0)
            with stream.lock:
                yield from of_stream(stream)
                yield from of_executions(self._executions(stream))
            lag = max(board.seq - stream.seq, 0) if board is not None else 0
            yield gauge("nacre_observer_lag_events", "Events that aren't counted here yet.", [({}, lag)])
        yield from self._broken()
        yield from of_disks(self.disks | ({"journal": Path(self.journal)} if self.journal else {}))
        yield from of_clock(self._steps)

    def _executions(self, stream: Stream) -> list[dict[str, Any]]:
        if time.monotonic() >= self._costs_due_s:
            self._costs = stream.executions()
            self._costs_due_s = time.monotonic() + COSTS_EVERY_S
        return self._costs

    def _broken(self) -> Iterator[Metric]:
        try:
            yield of_breaks(Breaks(self.breaks))
        except BadFile as error:
            self._fails(error)
