"""A live core whose stages come by themselves: sessions outlive them, strangers are refused, it ends in
order.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core import messages as m
from core.build import build_id
from core.live.places import beside
from core.recovery import replay
from core.topology import LIVE_CURSORS
from tests.integration.elsewhere import Engines
from tests.integration.live_core import Client, Process, until
from tests.integration.test_processes import until_known

S = m.OrdStatus
ALL = ("sequencer", *LIVE_CURSORS)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    found = Process(tmp_path, "--placement", "contained")
    yield found
    found.end()


def engines(core: Process) -> Engines:
    return Engines("engine", ALL, "--socket", str(core.socket))


def ended_well(core: Process) -> bool:
    told = core.stop()
    played = replay(core.journal)
    return bool(played["ok"] and played["state_hash"] == told["state_hash"])


def restarts(client: Client) -> int:
    return int(client.must("status")["restarts"]["count"])


def test_each_dies_and_comes_back(core: Process) -> None:
    with engines(core) as found:
        core.start()
        client = Client(core)
        for number, name in enumerate(ALL, 1):
            client.order(f"before-{name}", 109000)
            found.kill(name)
            client.order(f"after-{name}", 109000)
            until_known(client, [f"after-{name}"])
            until(lambda n=number: restarts(client) >= n, f"{name} is back", 60)  # type: ignore[misc]
        assert client.must("status")["placement"] == "contained"
        assert client.must("status")["inputs"] == client.sent
        assert ended_well(core)


def test_one_that_stands_still_is_ended_before_another_takes_its_place(core: Process) -> None:
    """Frozen as a paused container is: nobody writes in its place meanwhile, and it never wakes up to
    write.
    """
    with engines(core) as found:
        core.start()
        client = Client(core)
        client.order("o1", 109000)
        client.expect("o1", status=S.NEW)
        pids = [found.pid("risk"), *children(found.pid("risk"))]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        client.order("o2", 109000)
        until(lambda: is_given_up(client), "it is given up")
        assert restarts(client) == 0
        assert [each["going"] for each in client.must("status")["workers"] if each["name"] == "risk"] == [
            True
        ]
        for pid in pids:
            with suppress(ProcessLookupError):  # the guard wakes up, and has killed the worker already
                os.kill(pid, signal.SIGCONT)
        client.expect("o2", status=S.NEW)
        until(lambda: restarts(client) == 1, "it is replaced")
        assert ended_well(core)


def is_given_up(client: Client) -> bool:
    """Whether the supervisor waits for a process that has said nothing for too long."""
    return "is being brought back" in client.ask("orders").get("error", "")


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_engines_outlive_their_core(core: Process) -> None:
    with engines(core):
        core.start()
        client = Client(core)
        client.order("o1", 109000)
        client.expect("o1", status=S.NEW)
        core.kill()
        client.close()
        assert core.start()["restored"]["events"] > 0
        client = Client(core)
        client.order("o2", 109000)
        client.expect("o2", status=S.NEW)  # and none of the answers that the session of before had
        assert ended_well(core)


def test_a_core_that_ends_without_an_engine_says_so(core: Process) -> None:
    with engines(core) as found:
        core.start()
        found._ended.set()
        found._keeper.join()
        found.kill("risk")
        core.signal(signal.SIGTERM)
        code, _, said = core.reap()
    assert code == 1
    assert "risk: its container is gone" in said


def test_a_core_that_is_told_to_end_while_it_waits_for_its_engines_ends(core: Process) -> None:
    def tell() -> None:
        until(beside(core.socket, "engines").exists, "it waits for its engines")
        core.signal(signal.SIGTERM)

    telling = threading.Thread(target=tell)
    telling.start()
    with pytest.raises(AssertionError, match="ends before it has started: SIGTERM"):
        core.start()
    telling.join()
    assert core.reap()[0] == 0


def test_strangers_are_refused(core: Process) -> None:
    with engines(core) as found:
        core.start()
        token = core.socket.with_suffix(".token").read_text().strip()
        for said, why in (
            ({"engine": "risk", "token": "wrong", "build": build_id()}, "wrong token"),
            ({"engine": "risk", "token": token, "build": b"other"}, "run the same image"),
            ({"engine": 7, "token": token, "build": build_id()}, "say its name"),
        ):
            with engine_socket(core) as sock:
                sock.send(msgspec.msgpack.encode(said))
                found.kill("egress")  # the door is looked at while somebody is missing
                answer: dict[str, Any] = msgspec.msgpack.decode(sock.recv(1 << 16))
            assert not answer["ok"]
            assert why in answer["error"]


def engine_socket(core: Process) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(20)
    sock.connect(str(core.socket.with_suffix(".engines")))
    return sock
