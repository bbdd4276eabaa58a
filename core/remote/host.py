"""A remote engine's own process: it binds a ZeroMQ address, lives through the past that a proxy tells, then
answers.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import numpy as np
import zmq

from core.build import build_id
from core.capacity import Capacity
from core.live.usage import usage
from core.live.worker import name_process
from core.recovery.catchup import Catchup
from core.remote.stage import ANSWER_BYTES, RemoteEngine
from core.remote.wire import HEAD, RECORD, What, message, told, values_of, what_of

LOOK_MS = 1000


class Host:
    """One engine for one proxy at a time: who begins takes it over, and its former proxy is unknown from
    then on.
    """

    def __init__(self, stage: str, address: str) -> None:
        self.stage = stage
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 0)
        try:
            self.socket.bind(address)
        except zmq.ZMQError as error:
            raise ValueError(f"{address}: {error}: give an address to bind, such as tcp://*:7700") from None
        self.peer = b""
        self.past: Catchup | None = None
        self.engine: RemoteEngine | None = None
        self.out = memoryview(bytearray(ANSWER_BYTES))
        self._answers: dict[int, Callable[[bytes], bytes]] = {
            What.PAST: self._past, What.READY: self._ready, What.DIGEST: self._digest, What.USAGE:
            self._usage, What.PING: lambda _packet: message(What.PING), What.STATE: self._state,
        }  # fmt: skip

    def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        self.stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        name_process(f"{self.stage}-remote")
        while not self.stopping:
            if self.socket.poll(LOOK_MS):
                peer, packet = self.socket.recv_multipart()
                self.socket.send_multipart((peer, self._answer(peer, packet)), copy=True)
        self.socket.close()

    def _stop(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def _answer(self, peer: bytes, packet: bytes) -> bytes | memoryview:
        what = what_of(packet)
        if what == What.PAGES and self.engine is not None and peer == self.peer:
            try:
                return self.out[: self.engine.answer(packet, self.out)]
            except ValueError as error:
                return self._lost(str(error))
        if what == What.BEGIN:
            return self._begin(peer, packet)
        if peer != self.peer or what not in self._answers:
            return message(What.UNKNOWN)
        return self._answers[what](packet)

    def _begin(self, peer: bytes, packet: bytes) -> bytes:
        said = values_of(packet)
        if said["stage"] != self.stage:
            return told(What.REFUSED, error=f"this is {self.stage}, not {said['stage']}")
        if said["build"] != build_id().hex():
            text = f"build {said['build']}: this engine is of build {build_id().hex()}; run the same image"
            return told(What.REFUSED, error=text)
        self.peer, self.engine = peer, None
        self.past = Catchup(Capacity(**said["capacity"]))
        return told(What.BEGIN, token=said["token"])

    def _past(self, packet: bytes) -> bytes:
        if self.past is None:
            return message(What.UNKNOWN)
        at = HEAD.itemsize
        while at < len(packet):
            record = np.frombuffer(packet, RECORD, 1, at)[0]
            at += RECORD.itemsize + int(record["length"])
            self.past.record(int(record["seq"]), packet[at - int(record["length"]) : at])
        return message(What.PAST)

    def _ready(self, packet: bytes) -> bytes:
        if self.past is None:
            return message(What.UNKNOWN)
        self.engine = RemoteEngine(self.stage, getattr(self.past.core, self.stage))
        self.past = None
        return message(What.READY)

    def _digest(self, packet: bytes) -> bytes:
        if self.engine is None:
            return message(What.UNKNOWN)
        return told(What.DIGEST, digest=self.engine.engine.arena.digest())

    def _state(self, packet: bytes) -> bytes:
        """All that it knows: several that share the work are compared with one by it."""
        if self.engine is None:
            return message(What.UNKNOWN)
        return told(What.STATE, state=self.engine.engine.arena.save())

    def _usage(self, packet: bytes) -> bytes:
        return told(What.USAGE, **usage())

    def _lost(self, error: str) -> bytes:
        print(f"{self.stage}: {error}", file=sys.stderr)
        self.peer, self.engine = b"", None
        return told(What.REFUSED, error=error)
