"""A proxy's connection to its engine: it begins the engine anew, then batches out and answers in."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from typing import Any

import zmq

from core.remote.stage import BATCH_BYTES, ProxyStage
from core.remote.wire import What, message, told, values_of, what_of

ANSWER_S = 5.0  # it lays its tables meanwhile
PAST_S = 60.0
PING_S = 0.1  # without a word while an answer is under way
IDLE_PING_S = 1.0
RECONNECT_MS = 20
WAIT_MS = 1


class EngineLost(RuntimeError):
    """The engine at the other end began anew, or says what it shouldn't: the proxy begins anew as well."""


class Link:
    """To the engine at a ZeroMQ address. `begin` first; then `turn` as often as there is time."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.IMMEDIATE, 1)  # nothing is queued for nobody
        self.socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        try:
            self.socket.connect(address)
        except zmq.ZMQError as error:
            raise ValueError(f"remote: {address}: {error}: give an address such as tcp://risk:7700") from None
        self.out = memoryview(bytearray(BATCH_BYTES))
        self.heard = time.monotonic()
        self.pinged = 0.0
        self.counts = {"messages": 0, "bytes_out": 0, "bytes_in": 0}

    # ---- the beginning -------------------------------------------------------------------------------------

    def begin(self, stage: str, capacity: dict[str, int], build: str, past: Iterable[bytes]) -> None:
        """The engine lives through the past. Waits for it as long as it takes to come. ValueError: it
        refuses.
        """
        while not self._begun(stage, capacity, build):
            pass
        for piece in past:
            self.send(message(What.PAST, piece))
            self._await(What.PAST)
        self.send(message(What.READY))
        self._await(What.READY)

    def _begun(self, stage: str, capacity: dict[str, int], build: str) -> bool:
        """One try. Each has a token of its own: the answer to an earlier one may still come."""
        token = secrets.token_hex(8)
        said = told(What.BEGIN, stage=stage, capacity=capacity, build=build, token=token)
        try:
            self.socket.send(said, zmq.NOBLOCK)
        except zmq.Again:
            time.sleep(RECONNECT_MS / 1000)
            return False
        until = time.monotonic() + ANSWER_S
        while time.monotonic() < until:
            if not self.socket.poll(RECONNECT_MS):
                continue
            packet = self.socket.recv()
            if what_of(packet) == What.REFUSED:
                raise ValueError(f"remote: {self.address}: {values_of(packet)['error']}")
            if what_of(packet) == What.BEGIN and values_of(packet)["token"] == token:
                return True
        return False

    def _await(self, what: What) -> bytes:
        if not self.socket.poll(int(PAST_S * 1000)):
            raise EngineLost(f"{self.address} doesn't answer within {PAST_S:g} s")
        packet = self.socket.recv()
        if what_of(packet) == What.REFUSED:
            raise EngineLost(f"{self.address}: {values_of(packet)['error']}")
        if what_of(packet) != what:
            raise EngineLost(f"{self.address} says {what_of(packet)}, not {what.name}")
        return packet

    def send(self, packet: bytes | memoryview) -> None:
        try:
            self.socket.send(packet, zmq.NOBLOCK)
        except zmq.Again:
            raise EngineLost(f"nobody is at {self.address} any more") from None

    # ---- its work ------------------------------------------------------------------------------------------

    def turn(self, stage: ProxyStage, *, wait: bool) -> int:
        """One batch out if one is ready, one answer in if one is there; how many of both. EngineLost.

        wait: a little for an answer that is under way.
        """
        done = self._out(stage)
        if not stage.apply():
            return done
        if stage.under_way and (not wait or done or self.socket.poll(WAIT_MS)):
            done += self._in(stage)
        elif self.pinged > self.heard:
            self._in(stage)
        if not done:
            self.ping(bool(stage.under_way))
        return done

    def exchange(self, stage: ProxyStage) -> None:
        """One batch that is ready, and its answer."""
        if self._out(stage):
            while stage.under_way:
                self._take(stage, self.receive(wait=True))

    def _out(self, stage: ProxyStage) -> int:
        size = stage.collect(self.out)
        if not size:
            return 0
        self.send(self.out[:size])
        self.counts["messages"] += 1
        self.counts["bytes_out"] += size
        return 1

    def _in(self, stage: ProxyStage) -> int:
        if (packet := self.receive()) is None:
            return 0
        self._take(stage, packet)
        return 1

    def receive(self, *, wait: bool = False) -> bytes | None:
        """What has come; None: nothing has."""
        try:
            packet: bytes = self.socket.recv(0 if wait else zmq.NOBLOCK)
        except zmq.Again:
            return None
        self.heard = time.monotonic()
        self.counts["messages"] += what_of(packet) == What.PAGES
        self.counts["bytes_in"] += len(packet)
        return packet

    def _take(self, stage: ProxyStage, packet: bytes | None) -> None:
        what = what_of(packet or b"")
        if what == What.PAGES:
            stage.apply(packet)
        elif what != What.PING:
            raise EngineLost(f"{self.address} began anew")

    def ping(self, is_awaited: bool) -> None:
        """An engine that began anew says so, also to one who has nothing to ask."""
        now = time.monotonic()
        if now - max(self.heard, self.pinged) > (PING_S if is_awaited else IDLE_PING_S):
            self.pinged = now
            self.send(message(What.PING))

    def ask(self, stage: ProxyStage, what: What) -> dict[str, Any]:
        """DIGEST or USAGE; answers to batches that come first are applied. EngineLost."""
        self.send(message(what))
        until = time.monotonic() + PAST_S
        while time.monotonic() < until:
            if stage.apply() and self.socket.poll(WAIT_MS):
                packet = self.receive(wait=True)
                assert packet is not None
                if what_of(packet) == what:
                    return values_of(packet)
                self._take(stage, packet)
        raise EngineLost(f"{self.address} doesn't tell {what.name}")

    def digest(self, stage: ProxyStage) -> str:
        """Of the engine's state. EngineLost."""
        return str(self.ask(stage, What.DIGEST)["digest"])

    def usage(self, stage: ProxyStage) -> dict[str, Any]:
        return self.ask(stage, What.USAGE)

    def close(self) -> None:
        self.socket.close()
