"""What a stream no longer has at hand, out of the journal: in a process of its own, off the live path.

It says what a publisher says, message by message, over a socket that holds few of them: so it goes no faster
than its subscriber takes. First it makes sure that the journal has what the subscriber knows, and tells names
and settings where they are asked for; then, where `replay` says so, it plays the journal from its first
event, since what an event did depends on all before it, and tells what comes after the subscriber's place.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import zmq

from periphery.stream import wire
from periphery.stream.feed import JournalFeed, NoJournal
from periphery.stream.topics import DECLARATIONS, of_accounts
from periphery.stream.wire import Batch, Frame

HELD = 4
"""Messages that wait for the publisher to take them."""
NAP_S = 0.005
DONE = b"O"
"""It has told all that was asked for."""
_PR_SET_PDEATHSIG = 1


class Wanted(msgspec.Struct, frozen=True):
    """What a filler is to tell. accounts: indices that the subscriber may see; None: all."""

    journal: str
    address: str
    after: int
    digest: bytes
    topics: tuple[int, ...]
    settings: bool
    replay: bool
    accounts: tuple[int, ...] | None


class NotThere(ValueError):
    """The journal hasn't what the subscriber knows."""


# ---- the publisher's end -----------------------------------------------------------------------------


class Filler:
    """One filler's process. `take` gives its messages; `close` ends it wherever it is."""

    def __init__(self, wanted: Wanted) -> None:
        """wanted: its address is chosen here."""
        self.wanted = wanted
        self._folder = Path(tempfile.mkdtemp(prefix="nacre-fill-"))
        address = f"ipc://{self._folder}/rows"
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PULL)
        self._socket.setsockopt(zmq.RCVHWM, HELD)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(address)
        told = msgspec.json.encode(msgspec.structs.replace(wanted, address=address))
        command = [sys.executable, "-m", "periphery.stream.filler"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        assert self._process.stdin is not None
        with suppress(BrokenPipeError), self._process.stdin as pipe:
            pipe.write(told)

    def take(self) -> bytes | None:
        """The next message; None: there is none yet. One that died says the end."""
        try:
            return self._socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            pass
        if self._process.poll() is None or self._socket.poll(0):
            return None
        return wire.bye("what reads the journal for this subscriber died: come again", True)

    @property
    def is_closed(self) -> bool:
        return self._socket.closed

    def close(self) -> None:
        """Ends it."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)


# ---- the process -------------------------------------------------------------------------------------


def messages(wanted: Wanted) -> Iterator[Batch]:
    """All that is wanted, for ever where it plays the journal. ValueError, JournalError, CoreFault."""
    if wanted.after and (wanted.settings or wanted.digest):
        yield from _known(wanted)
    if not wanted.replay:
        return
    feed = JournalFeed(wanted.journal)
    while not feed.skip(wanted.after):
        feed.refresh()
        time.sleep(NAP_S)
    while True:
        batch = feed.poll()
        if batch is not None:
            yield batch
        else:
            feed.refresh()
            feed.wait(NAP_S)


def _known(wanted: Wanted) -> Iterator[Batch]:
    """Names and settings up to where the subscriber is, once what it knows was found there."""
    feed = JournalFeed(wanted.journal)
    found: list[Frame] = []
    while feed.through < wanted.after:
        batch = feed.skim(wanted.after)
        if batch is None:
            raise NotThere(
                f"event {wanted.after:,} was known, and the journal ends with {feed.through:,}: it is another"
            )
        if DECLARATIONS in batch.frames:
            found.append(batch.frames[DECLARATIONS])
    if wanted.digest and feed.digest != wanted.digest:
        raise NotThere(f"event {wanted.after:,} isn't the one that was there before: it is another journal")
    if wanted.settings:
        frames: dict[int, Frame] = {DECLARATIONS: b"".join(found)} if found else {}
        yield Batch(0, wanted.after, feed.digest, frames, wire.SETTINGS)


def _shown(batch: Batch, wanted: Wanted) -> Batch:
    """What of it the subscriber may see."""
    if wanted.accounts is None:
        return batch
    seen = frozenset(wanted.accounts)
    frames = {topic: of_accounts(topic, rows, seen) for topic, rows in batch.frames.items()}
    frames = {topic: rows for topic, rows in frames.items() if len(rows)}
    return msgspec.structs.replace(batch, frames=frames)


def tell(wanted: Wanted, socket: zmq.Socket[bytes]) -> None:
    """All of it. What has nothing of the subscriber's topics is told of once a beat only."""
    told, beat_s = wanted.after, time.monotonic()
    for batch in messages(wanted):
        shown, now = _shown(batch, wanted), time.monotonic()
        message = wire.rows_message(shown, wanted.topics, batch.after if batch.flags else told)
        if not message and (batch.flags or now - beat_s > wire.BEAT_S):
            message = wire.packed(shown, [], told)
        if message:
            socket.send(message)
            told, beat_s = batch.through, now
    socket.send(DONE)


def main() -> None:
    """`python -m periphery.stream.filler`, and a Wanted on its standard input."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Wanted)
    if os.getppid() != parent:
        os._exit(1)
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUSH)
    socket.setsockopt(zmq.SNDHWM, HELD)
    socket.connect(wanted.address)
    try:
        tell(wanted, socket)
    except Exception as error:  # whatever it is, its subscriber is told
        again = isinstance(error, (OSError, NoJournal))
        socket.send(wire.bye(str(error) or type(error).__name__, again))
    socket.close()
    zmq.Context.instance().term()


if __name__ == "__main__":
    main()
