"""An engine's outputs, published as they are said: out of their file, on a thread of its own.

The file is all there is to it: who was away is filled in from there, and who was killed says the same again.
So an output's number says for ever what it is, and a subscriber has each once.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from pathlib import Path

import zmq

from periphery.service.config import Config
from periphery.service.mark import DIGEST_BYTES
from periphery.stream.keys import Keyring, Rights, check_plain
from periphery.stream.publisher import Publisher, Refused, Subscriber
from periphery.stream.wire import LENGTH_BYTES, TOGETHER_BYTES, Batch, Hello

TOPIC = "outputs"
EVERY = 64
"""Records between two places that are remembered."""
NAP_MS = 100
LAST_TURNS = 16
TURN_S = 0.0005
"""How long the engine's thread may go on while this one waits for its turn; Python's own 5 ms would be most
of an output's time.
"""


class OutputsLog:
    """A file of outputs that grows: see periphery.service.state.Said, and periphery.stream.publisher.Log."""

    topics: tuple[str, ...] = (TOPIC,)
    oldest = 0
    is_whole = True

    def __init__(self, name: str, path: Path) -> None:
        """name: the engine's."""
        self.name = name
        self.newest = 0
        self._file = path.open("rb")
        self._end = 0  # where the last whole record ends
        self._digest = bytes(DIGEST_BYTES)
        self._places: list[tuple[int, bytes]] = [(0, self._digest)]
        self._newest: tuple[int, bytes, list[bytes]] = (0, self._digest, [])
        """What came last: after which number, what was there, the records. Most want just these."""

    def refresh(self) -> bool:
        """Finds records that came since; whether there are any."""
        size = os.fstat(self._file.fileno()).st_size
        if size <= self._end:
            return False
        before, found = self.newest, self._read(self._end, size, 0)
        self._newest = before, self._digest, found
        for record in found:
            self._digest = _next_digest(self._digest, record)
            self._end += LENGTH_BYTES + len(record)
            self.newest += 1
            if self.newest % EVERY == 0:
                self._places.append((self._end, self._digest))
        return self.newest > before

    def next(self, at: int, topics: tuple[int, ...], fewer: bool) -> Batch | None:
        if at >= self.newest:
            return None
        last, digest, records = self._newest
        if at != last:
            digest, records = self._digest_at(at), self._after(at)
        found, through, size = [], at, 0
        for record in records:
            digest, through = _next_digest(digest, record), through + 1
            found.append(len(record).to_bytes(LENGTH_BYTES, "little") + record)
            size += len(found[-1])
            if size >= TOGETHER_BYTES:
                break
        return Batch(at, through, digest, {0: b"".join(found)})

    def check(self, hello: Hello, topics: tuple[int, ...], rights: Rights | None) -> None:
        if hello.fewer or hello.settings:
            raise Refused("outputs have neither keys nor settings: leave `fewer` and `settings` out")

    def needs_older(self, hello: Hello, at: int) -> bool:
        if hello.digest and at <= self.newest and self._digest_at(at) != hello.digest:
            raise Refused(f"output {at:,} isn't the one that was there before: the engine began anew")
        return False

    def older(self, subscriber: Subscriber) -> None:
        """All of it is in the file."""

    def shown(self, batch: Batch, rights: Rights | None) -> Batch:
        return batch

    def close(self) -> None:
        self._file.close()

    def _after(self, at: int) -> list[bytes]:
        """Records after that number, as many as are read at once."""
        start, _ = self._places[at // EVERY]
        return self._read(start, self._end, at % EVERY)[at % EVERY :]

    def _digest_at(self, at: int) -> bytes:
        if at == self.newest:
            return self._digest
        start, digest = self._places[at // EVERY]
        for record in self._read(start, self._end, at % EVERY)[: at % EVERY]:
            digest = _next_digest(digest, record)
        return digest

    def _read(self, start: int, end: int, more_than: int) -> list[bytes]:
        """Whole records between two places: as many as are read at once, more than so many if there are."""
        size = TOGETHER_BYTES
        while True:
            self._file.seek(start)
            found = _records(self._file.read(min(size, end - start)))
            if len(found) > more_than or size >= end - start:
                return found
            size *= 2


class Outlet:
    """The thread that publishes a file of outputs. ValueError: the address can't be bound."""

    def __init__(self, log: OutputsLog, address: str, keys: Keyring | None = None) -> None:
        self._log = log
        self._keys = keys
        self._publisher = Publisher(address, log, keys)
        self.address = self._publisher.address
        self._woken = os.eventfd(0, os.EFD_NONBLOCK)
        self._poller = zmq.Poller()
        for each in (self._publisher.socket, self._woken):
            self._poller.register(each, zmq.POLLIN)
        sys.setswitchinterval(TURN_S)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outlet", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            found = self._log.refresh()
            if not self._publisher.turn() and not found and self._woken in dict(self._poller.poll(NAP_MS)):
                os.eventfd_read(self._woken)
        self._log.refresh()
        for _ in range(LAST_TURNS):
            self._publisher.turn()
        self._publisher.close("the engine was stopped")

    def wake(self) -> None:
        """The file has grown."""
        os.eventfd_write(self._woken, 1)

    def close(self) -> None:
        """Publishes what there is still, tells subscribers that it ends, and waits until it has."""
        self._stopped.set()
        self.wake()
        self._thread.join()
        os.close(self._woken)
        self._log.close()
        if self._keys is not None:
            self._keys.close()


def open_outlet(name: str, config: Config, path: Path) -> Outlet:
    """As an engine's settings say. ValueError: the address can't be bound. BadKeys."""
    keys = Keyring(config.keys) if config.keys else None
    check_plain(config.publish, keys, config.plain)
    return Outlet(OutputsLog(name, path), config.publish, keys)


def _records(raw: bytes) -> list[bytes]:
    """The whole ones."""
    found, at = [], 0
    while at + LENGTH_BYTES <= len(raw):
        length = int.from_bytes(raw[at : at + LENGTH_BYTES], "little")
        at += LENGTH_BYTES
        if at + length > len(raw):
            break
        found.append(raw[at : at + length])
        at += length
    return found


def _next_digest(digest: bytes, record: bytes) -> bytes:
    return hashlib.blake2b(digest + record, digest_size=DIGEST_BYTES).digest()
