"""Hosts in network namespaces, and a line between them that loses, delays and cuts as it is told to.

    host ── tun ──┐
    host ── tun ──┼── this process: hands each packet on, or loses it, by a seeded chance
    host ── tun ──┘

Needs root and /dev/net/tun, and no module of the kernel beside it. Namespaces and devices are gone at its
end, also when it dies: they belong to its descriptors, but for the names, which `end` removes.
"""

from __future__ import annotations

import fcntl
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000
_MULTICAST = 0xE
"""The first four bits of a group's address."""
PACKET_MAX = 65536
NET = "10.99.0"


class Network:
    """So many hosts, 10.99.0.1 and on, each in a namespace of its own. Packets may be lost, or cut off by
    pairs. What is sent to a multicast group comes to all others.
    """

    def __init__(self, hosts: int, seed: int = 1) -> None:
        self.rng = random.Random(seed)
        self.loss = 0.0
        self.delay_s = 0.0
        self.cut: set[frozenset[int]] = set()
        self.counts = {"passed": 0, "lost": 0, "cut": 0}
        self.names = [f"nacre-{os.getpid()}-{i}" for i in range(1, hosts + 1)]
        self._tuns: dict[int, int] = {}
        self._late: deque[tuple[float, int, bytes]] = deque()
        self._stopped = False
        try:
            for number, name in enumerate(self.names, 1):
                _ip("netns", "add", name)
                self._tuns[number] = self._join(number, name)
        except BaseException:
            self.end()
            raise
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)
        self._thread.start()

    def _join(self, number: int, name: str) -> int:
        """A device in that namespace whose other end is here."""
        made: list[int] = []
        thread = threading.Thread(target=lambda: made.append(_tun_in(name)))
        thread.start()
        thread.join()
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "addr", "add", f"{self.address(number)}/24", "dev", "wire")
        _ip("-n", name, "link", "set", "wire", "up")
        _ip("-n", name, "route", "add", "224.0.0.0/4", "dev", "wire")
        return made[0]

    @staticmethod
    def address(number: int) -> str:
        return f"{NET}.{number}"

    def on(self, number: int, *command: str) -> list[str]:
        """The command as it is run on that host."""
        return ["ip", "netns", "exec", self.names[number - 1], *command]

    def within[T](self, number: int, ask: Callable[[], T]) -> T:
        """What `ask` gives in that host's network: the sockets that it opens are there."""
        found: list[T] = []
        wrong: list[BaseException] = []

        def run() -> None:
            try:
                _enter(self.names[number - 1])
                found.append(ask())
            except BaseException as error:
                wrong.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if wrong:
            raise wrong[0]
        return found[0]

    def part(self, one: int, other: int) -> None:
        """Nothing comes from one to the other any more, either way."""
        self.cut.add(frozenset((one, other)))

    def isolate(self, number: int) -> None:
        for other in self._tuns:
            if other != number:
                self.part(number, other)

    def heal(self) -> None:
        self.cut.clear()

    def _run(self) -> None:
        while not self._stopped:
            ready = select.select(list(self._tuns.values()), [], [], self._patience())[0]
            for number, fd in self._tuns.items():
                if fd in ready:
                    self._take(number, fd)
            while self._late and self._late[0][0] <= time.monotonic():
                _, to, packet = self._late.popleft()
                self._put(to, packet)

    def _patience(self) -> float:
        return max(0.0, min(0.05, self._late[0][0] - time.monotonic())) if self._late else 0.05

    def _take(self, number: int, fd: int) -> None:
        packet = os.read(fd, PACKET_MAX)
        if len(packet) < 20 or packet[0] >> 4 != 4:
            return
        if packet[16] >> 4 == _MULTICAST:
            for to in self._tuns:
                if to != number:
                    self._hand_on(number, to, packet)
        elif packet[16:19] == bytes(map(int, NET.split("."))) and packet[19] in self._tuns:
            self._hand_on(number, packet[19], packet)

    def _hand_on(self, number: int, to: int, packet: bytes) -> None:
        if frozenset((number, to)) in self.cut:
            self.counts["cut"] += 1
        elif self.rng.random() < self.loss:
            self.counts["lost"] += 1
        else:
            self.counts["passed"] += 1
            self._late.append((time.monotonic() + self.delay_s, to, packet))

    def _put(self, to: int, packet: bytes) -> None:
        with suppress(OSError):  # its queue is full: a packet more that is lost
            os.write(self._tuns[to], packet)

    def end(self) -> None:
        self._stopped = True
        if hasattr(self, "_thread"):
            self._thread.join()
        for fd in self._tuns.values():
            os.close(fd)
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)


def _enter(name: str) -> None:
    """This thread is in that namespace from now on."""
    with Path("/run/netns", name).open() as file:
        os.setns(file.fileno(), _CLONE_NEWNET)


def _tun_in(name: str) -> int:
    """In a thread of its own, which is left in that namespace and ends."""
    _enter(name)
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", b"wire", _IFF_TUN | _IFF_NO_PI))
    return fd


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def why_not() -> str:
    """What keeps this machine from having such a network; "": nothing does."""
    if os.geteuid():
        return "not root"
    if not Path("/dev/net/tun").exists():
        return "no /dev/net/tun"
    try:
        network = Network(1)
    except (OSError, subprocess.CalledProcessError) as error:
        return str(error)
    network.end()
    return ""
