"""What an engine says, as it says it: each output once, from any number on; no compiled code is needed.

    with Outputs("tcp://127.0.0.1:7710", after=1200) as outputs:
        for output in outputs.follow(timeout=5):
            print(output.number, output.topic, output.values)

What was said while nobody listened, or the engine was away, comes first. Whoever keeps `mark` with what it
made of the outputs goes on from there and has each exactly once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from periphery.stream.keys import client_keys
from periphery.stream.subscriber import Subscriber
from periphery.stream.wire import Hello, records_of


class EngineOutput(NamedTuple):
    """number: from 1, of all that this engine ever said. seq, time_ns: the event's that it was said at."""

    number: int
    seq: int
    time_ns: int
    topic: str
    values: dict[str, Any]


class Outputs:
    """One engine's outputs. Not for several threads at a time. A context manager; its end hangs up."""

    def __init__(
        self, address: str, after: int | None = 0, digest: bytes = b"", key: str = "", server_key: str = ""
    ) -> None:
        """after: the number of the last one that is known; None: what is said from now on. digest: of `mark`
        there, so that another engine's outputs aren't taken for these. key, server_key: files, where it wants
        keys. BadKeys.
        """
        self._subscriber = Subscriber(address, Hello((), after, digest), client_keys(key, server_key))
        self._waiting: deque[EngineOutput] = deque()

    @property
    def why(self) -> str:
        """Why nothing comes; empty where all is well."""
        return self._subscriber.why

    @property
    def mark(self) -> tuple[int, bytes] | None:
        """(the last number that was given out, a digest): where to go on from; None while outputs that came
        together are still given out.
        """
        return None if self._waiting else (self._subscriber.at, self._subscriber.digest)

    def next(self, timeout: float = 0.0) -> EngineOutput | None:
        """The next one, waiting so many seconds; None: there is none. Refused: it can't be had."""
        end = time.monotonic() + timeout
        while not self._waiting:
            batch = self._subscriber.next(max(end - time.monotonic(), 0.0))
            if batch is None:
                return None
            records = records_of(batch.frames.get(0, b""))
            first = batch.through - len(records) + 1
            for number, record in enumerate(records, first):
                if number > batch.after:
                    self._waiting.append(EngineOutput(number, *msgspec.msgpack.decode(record)))
        return self._waiting.popleft()

    def follow(self, timeout: float) -> Iterator[EngineOutput]:
        """Each as it comes, until none has for so many seconds."""
        while (output := self.next(timeout)) is not None:
            yield output

    def close(self) -> None:
        """Hangs up."""
        self._subscriber.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
