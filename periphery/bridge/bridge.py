"""The bridge's process: its own session for the feed, one for each client, and the two sockets."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import msgspec
import zmq

from periphery.bridge.beside import Beside
from periphery.bridge.seat import Seat
from periphery.bridge.wire import (
    ASK,
    BEAT_S,
    BYE,
    HELLO,
    HWM,
    PING,
    QUOTES,
    REQUESTS,
    SILENT_S,
    WHERE,
    counted,
)
from periphery.client import control, shared_memory
from periphery.client.control import Control
from periphery.client.errors import ClientError, Refused
from periphery.client.stream import Follower
from periphery.stream.keys import Keyring, Rights
from periphery.stream.sockets import bound, where

TOGETHER = 256
BUDGET = 64
NAP_MS = 1
CLIENTS_MAX = 62  # a core has 64 sessions: one is the bridge's own, one is left to the desk
AGAIN_S = 0.2


class Bridge:
    """One core's bridge. core_socket: the core's. orders, feed: ZeroMQ addresses to bind. ValueError: they
    can't be.
    """

    def __init__(
        self, core_socket: Path, token_file: Path, orders: str, feed: str, token_to: Path | None = None,
        keys: Keyring | None = None, beside: Beside | None = None,
    ) -> None:  # fmt: skip
        """token_to: where the core's token is left for clients that don't see the core's folder. keys: who
        may come in; None: whoever has the token. beside: the process that publishes the core's events.
        """
        self.core_socket = core_socket
        self.token_to = token_to
        self.token_file = token_file
        self.keys = keys
        self.beside = beside
        self._secret = keys.secret if keys else b""
        self.orders = bound(zmq.ROUTER, orders, HWM, keys)
        self.feed = bound(zmq.PUB, feed, HWM, keys)
        self._address = where(self.orders)
        self.where = where(self.feed).encode()
        self.seats: dict[bytes, Seat] = {}
        self.seq = 0  # of the last quote that was published
        self.stopping = False
        self._beat = 0.0

    def run(self) -> None:
        """Until SIGTERM or SIGINT. Where the core goes, its clients are told, and the next core is waited
        for.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.stopping:
            try:
                self._serve()
            except (ClientError, OSError) as error:
                self._end_all(str(error))
                self._refuse(AGAIN_S, str(error))
        self._end_all("the bridge was stopped")
        self.orders.close()
        self.feed.close()
        if self.keys is not None:
            self.keys.close()
        if self.beside is not None:
            self.beside.close()

    def _stop(self, _number: int, _frame: object) -> None:
        self.stopping = True

    # ---- the feed ------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        """With one core, until it goes: ClientError."""
        link = self._dial()
        try:
            token = self.token_file.read_text().strip()
            self._leave(token)
            _, fds = control.hello(link, token, "bridge", True)
            quotes = Follower(shared_memory.attach(fds).quotes, 1)
            poller = zmq.Poller()
            poller.register(self.orders, zmq.POLLIN)
            while not self.stopping:
                link.check()
                busy = self._publish(quotes) + self._tell()
                for found, _ in poller.poll(0 if busy else NAP_MS):
                    if found is self.orders:
                        self._hear()
                self._look_after()
        finally:
            link.close()

    def _dial(self) -> Control:
        return Control(control.dial(self.core_socket), self.core_socket, control.TIMEOUT_S)

    def _leave(self, token: str) -> None:
        if self.token_to is None:
            return
        new = self.token_to.with_name(f"{self.token_to.name}.new")
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(token)
        new.replace(self.token_to)

    def _publish(self, quotes: Follower) -> int:
        """Quotes that are new, in one message; a gap of ours is one of the sequence."""
        oldest = quotes.oldest()
        if oldest is not None:
            quotes.next_seq = oldest
        first = quotes.next_seq
        found: list[bytes] = []
        while len(found) < TOGETHER and (slot := quotes.read()) is not None:
            found.append(slot)
        if found:
            self.seq = first + len(found) - 1
            self.feed.send(counted(QUOTES, first, b"".join(found)))
        return len(found)

    # ---- orders --------------------------------------------------------------------------------------------

    def _hear(self) -> None:
        """What clients have said by now, as far as the budget goes."""
        for _ in range(BUDGET):
            try:
                peer, packet, key = self._receive()
            except zmq.Again:
                return
            try:
                self._heard(peer, packet, key)
            except (ClientError, ValueError, KeyError, OSError, msgspec.DecodeError) as error:
                self._end(peer, str(error) or type(error).__name__)

    def _receive(self) -> tuple[bytes, bytes, str]:
        """(who, what, with which key). zmq.Again."""
        peer, packet, *_ = self.orders.recv_multipart(zmq.NOBLOCK, copy=False)
        return peer.bytes, packet.bytes, self.keys.who(packet) if self.keys else ""

    def _heard(self, peer: bytes, packet: bytes, key: str) -> None:
        kind, body = packet[:1], packet[1:]
        seat = self.seats.get(peer)
        if kind == WHERE:
            self._say(peer, WHERE + self.where)
        elif kind == HELLO:
            self._sit(peer, msgspec.msgpack.decode(body, type=dict[str, Any]), key)
        elif seat is None:
            self._say(peer, BYE + b"say hello first: this bridge doesn't know you")
        elif kind == BYE:
            self.seats.pop(peer).close()
        else:
            seat.heard = time.monotonic()
            if kind == REQUESTS:
                seat.take(body)
            elif kind == ASK:
                refusal = seat.ask(body)
                self._say(peer, seat.answered() if refusal is None else ASK + refusal)

    def _sit(self, peer: bytes, said: dict[str, Any], key: str) -> None:
        if peer in self.seats:
            raise Refused("this connection has a session already: open another one")
        if len(self.seats) >= CLIENTS_MAX:
            raise Refused(f"busy: {CLIENTS_MAX} clients are connected")
        if said.get("version") != control.PROTOCOL:
            raise Refused(f"version {said.get('version')!r}: this bridge speaks version {control.PROTOCOL}")
        rights = self._rights(key)
        link = self._dial()
        try:
            seat = Seat(link, self._entitled(said, rights), self.seq, key, rights)
        except BaseException:
            link.close()
            raise
        self.seats[peer] = seat
        for packet in seat.first:
            self._say(peer, packet)

    def _rights(self, key: str) -> Rights | None:
        """What a key may do; None: there are no keys here. Refused."""
        if self.keys is None:
            return None
        rights = self.keys.rights(key)
        if rights is None:
            raise Refused("this key was taken back")
        if not rights.orders:
            raise Refused("this key may not have a session: orders = true in clients.toml lets it")
        return rights

    def _entitled(self, said: dict[str, Any], rights: Rights | None) -> dict[str, Any]:
        """A client's hello as it goes to the core: its key stands for the token, and bounds its accounts."""
        if rights is None:
            return said
        token = said["token"] or self.token_file.read_text().strip()
        return {**said, "token": token, "accounts": rights.accounts}

    def _tell(self) -> int:
        told = 0
        for peer, seat in list(self.seats.items()):
            try:
                packet = seat.told()
            except ClientError as error:
                self._end(peer, str(error))
                continue
            if packet is not None:
                told += 1
                self._say(peer, packet)
        return told

    # ---- who is there --------------------------------------------------------------------------------------

    def _look_after(self) -> None:
        """Says that this is here; ends sessions of clients that say nothing any more."""
        now = time.monotonic()
        if now - self._beat < BEAT_S:
            return
        self._beat = now
        self._look_at_keys()
        if self.beside is not None:
            self.beside.keep()
        self.feed.send(counted(PING, self.seq))
        for peer, seat in list(self.seats.items()):
            if seat.link.is_hung_up:
                self._end(peer, "the core hung up")
            elif now - seat.heard > SILENT_S:
                self._end(peer, f"nothing was heard from this client for {SILENT_S:g} s")
            else:
                self._say(peer, counted(PING, seat.taken))

    def _look_at_keys(self) -> None:
        """Sessions of keys that may no longer have them end; the sockets take a new key of the bridge's."""
        if self.keys is None:
            return
        if self.keys.refresh():
            for peer, seat in list(self.seats.items()):
                if self.keys.rights(seat.key) != seat.rights:
                    self._end(peer, "the rights of this key have changed")
            self.feed.close()  # who hears quotes comes in again, where its key is still good
            self.feed = bound(zmq.PUB, self.where.decode(), HWM, self.keys)
        if self.keys.secret != self._secret and self.keys.renew(self.orders, self._address):
            self._secret = self.keys.secret

    def _say(self, peer: bytes, packet: bytes) -> None:
        """A client that doesn't read, or is gone, loses its session."""
        try:
            self.orders.send_multipart((peer, packet), zmq.NOBLOCK)
        except zmq.ZMQError:
            seat = self.seats.pop(peer, None)
            if seat is not None:
                seat.close()

    def _end(self, peer: bytes, why: str) -> None:
        seat = self.seats.pop(peer, None)
        if seat is not None:
            seat.close()
        self._say(peer, BYE + why.encode())

    def _end_all(self, why: str) -> None:
        for peer in list(self.seats):
            self._end(peer, why)

    def _refuse(self, for_s: float, why: str) -> None:
        """While there is no core."""
        until = time.monotonic() + for_s
        while time.monotonic() < until and not self.stopping:
            if self.orders.poll(20):
                peer, packet, _ = self._receive()
                self._say(peer, WHERE + self.where if packet[:1] == WHERE else BYE + why.encode())
            self._look_at_keys()
            if self.beside is not None:
                self.beside.keep()
        self.feed.send(counted(PING, self.seq))
