"""A session that writes over its own rings hurts itself alone: the core says so, others trade on, the state
is whole.
"""

from __future__ import annotations

import mmap
import os
import random
import socket
from pathlib import Path

import pytest

from core import messages as m
from core.live.ask import ask
from core.recovery import replay
from tests.integration.live_core import Client, Process, until

WAIT_S = 60.0


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hostile_writer_in_its_own_rings(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    core = Process(tmp_path, "--placement", "fused")
    core.start()
    try:
        good, bad = Client(core, "good"), Client(core, "bad")
        good.quote("1.10000", "1.10010")
        bad.order("b0", 109000)
        bad.expect("b0", status=m.OrdStatus.NEW)
        memory = mmap.mmap(bad.fds[0], os.fstat(bad.fds[0]).st_size)
        for turn in range(40):
            at = rng.randrange(256) if turn % 2 else rng.randrange(len(memory) - 64)
            memory[at : at + 64] = rng.randbytes(64)
            good.order(f"g{turn}", 109000)
            good.expect(f"g{turn}", status=m.OrdStatus.NEW)
        seated = lambda: {each["name"] for each in ask(core.socket, "status")["sessions"]}  # noqa: E731
        until(lambda: "bad" not in seated(), "the hostile session is closed", WAIT_S)
        assert "good" in seated()
        told = core.stop()
        played = replay(core.journal)
        assert (played["ok"], played["state_hash"]) == (True, told["state_hash"])
    finally:
        core.end()


GARBAGE = [
    b"\x81\xa1\xe6\x01",  # a key that is no UTF-8
    b"\x81\xa2op\xa1\xff",
    b"\xc1",
    b"\x91" * 5000,  # deeper than anybody reads
    b"\xdf\xff\xff\xff\xff",  # a map of four billion
    b"",
    bytes(range(256)),
]


def test_whatever_is_said_to_its_socket_the_core_goes_on(tmp_path: Path) -> None:
    core = Process(tmp_path, "--placement", "fused")
    core.start()
    try:
        for packet in GARBAGE:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
                sock.connect(str(core.socket))
                sock.settimeout(WAIT_S)
                sock.send(packet)
                answer = sock.recv(1 << 16) if packet else b""
                assert not answer or b"error" in answer
        assert ask(core.socket, "status")["seq"] > 0
        assert core.stop()["stopped_by"] == "SIGTERM"
    finally:
        core.end()
