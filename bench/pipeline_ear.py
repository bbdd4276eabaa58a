"""The process of `bench pipeline` that hears what a desk would: the core's stream and what each engine says,
each with the time when it had it.

    python -m bench.pipeline_ear FILE STREAM NAME=ADDRESS...

until a line of JSON on its standard input tells how far it must hear:
{"through": SEQ, "outputs": {NAME: COUNT}}.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from periphery.client.outputs import Outputs
from periphery.service.config import EVERY_S
from periphery.stream.subscriber import Subscriber
from periphery.stream.topics import rows_of
from periphery.stream.wire import Hello

TOPICS = ("quotes", "signals", "orders", "fills")
TURN_S = 0.2
SWITCH_S = 0.0001
PATIENCE_S = 600.0


class Ear:
    """A thread for each that it hears: all of them wait, hardly ever two have something to do."""

    def __init__(self, stream: str, engines: dict[str, str]) -> None:
        self.stopped = threading.Event()
        self.through = 0
        self.events: list[tuple[list[int], int]] = []
        """(sequences that came together, when they were heard)."""
        self.outputs: dict[str, list[tuple[int, str, int]]] = {name: [] for name in engines}
        """By engine (sequence, topic, when it was heard)."""
        hear = [threading.Thread(target=self._stream, args=(stream,))]
        hear += [threading.Thread(target=self._outputs, args=item) for item in engines.items()]
        self._threads = hear
        sys.setswitchinterval(SWITCH_S)
        for thread in hear:
            thread.start()

    def _stream(self, address: str) -> None:
        subscriber = Subscriber(address, Hello(TOPICS, after=0, every_s=EVERY_S))
        while not self.stopped.is_set():
            batch = subscriber.next(TURN_S)
            now = time.time_ns()
            if batch is not None:
                self.through = batch.through
                self.events += [
                    (rows_of(topic, frame)["header"]["seq"].tolist(), now)
                    for topic, frame in batch.frames.items()
                ]
        subscriber.close()

    def _outputs(self, name: str, address: str) -> None:
        heard = self.outputs[name]
        with Outputs(address) as outputs:
            while not self.stopped.is_set():
                output = outputs.next(TURN_S)
                if output is not None:
                    heard.append((output.seq, output.topic, time.time_ns()))

    def end(self, through: int, outputs: dict[str, int]) -> dict[str, Any]:
        """Once it has heard that much, or can't within PATIENCE_S."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and not (
            self.through >= through
            and all(len(self.outputs[name]) >= count for name, count in outputs.items())
        ):
            time.sleep(TURN_S / 10)
        self.stopped.set()
        for thread in self._threads:
            thread.join()
        return {"events": self.events, "outputs": self.outputs}


def main(words: list[str]) -> None:
    file, stream, *engines = words
    ear = Ear(stream, dict(word.split("=", 1) for word in engines))
    print("hears", flush=True)
    Path(file).write_bytes(msgspec.msgpack.encode(ear.end(**json.loads(sys.stdin.readline()))))
    print("heard", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
