"""A core's stream in this process, turned by a thread, and what comes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from periphery.service.source import JournalSource
from periphery.stream.feed import MOST
from periphery.stream.keys import Keyring
from periphery.stream.retained import RETAIN_BYTES
from periphery.stream.server import Server
from periphery.stream.subscriber import Subscriber
from periphery.stream.topics import ROW_BYTES, rows_of
from periphery.stream.wire import Batch

PATIENCE_S = 90.0


class Turning:
    """A server and its thread. `pause` holds it where it is."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.address = server.address
        self._stopped = threading.Event()
        self.going = threading.Event()
        self.going.set()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.going.wait()
            self.server.turn()
        self.server.publisher.close("stopped")

    def stop(self) -> None:
        self._stopped.set()
        self.going.set()
        self.thread.join()


@contextmanager
def streaming(
    journal: Path,
    keys: Keyring | None = None,
    retain_bytes: int = RETAIN_BYTES,
    most: int = MOST,
    address: str = "tcp://127.0.0.1:*",
) -> Iterator[Turning]:
    """most: events of a batch."""
    server = Server(journal, address, keys, retain_bytes=retain_bytes, most=most)
    turning = Turning(server)
    try:
        yield turning
    finally:
        turning.stop()


def until(true: Callable[[], Any], what: str) -> Any:
    """What `true` gives once it gives something."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.002)
    raise AssertionError(what)


def received(subscriber: Subscriber, through: int) -> list[Batch]:
    """Batches until that position."""
    found = []
    end = time.monotonic() + PATIENCE_S
    while subscriber.at < through:
        assert time.monotonic() < end, (subscriber.at, through, subscriber.why)
        batch = subscriber.next(0.5)
        if batch is not None:
            found.append(batch)
    return found


def events(batches: list[Batch]) -> dict[int, tuple[int, bytes]]:
    """By sequence: topic and row. Each must come once."""
    found: dict[int, tuple[int, bytes]] = {}
    for batch in batches:
        for topic, frame in batch.frames.items():
            for i, seq in enumerate(rows_of(topic, frame)["header"]["seq"].tolist()):
                if seq > batch.after or batch.flags:
                    assert seq not in found
                    found[seq] = topic, bytes(frame[i * ROW_BYTES[topic] : (i + 1) * ROW_BYTES[topic]])
    return found


def pages(journal: Path) -> list[bytes]:
    """All pages of a journal, as engines over it see them."""
    found: list[bytes] = []
    source = JournalSource(journal, found.append)
    while source.poll():
        pass
    return found
