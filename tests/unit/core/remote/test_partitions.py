"""Execution shared out over several engines: whoever has which order, it is what one engine says and
knows.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import zmq

from bench.placement_loop import Player
from bench.tape import CAPACITY, Tape, record
from core.board import Board, make_memory
from core.build import build_id
from core.remote.host import Host
from core.remote.link import EngineLost
from core.remote.partitions import STAGE, Partitioned
from core.remote.stage import ProxyStage
from tests.unit.core.remote.test_stage import lived

PARTS = 3


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    return record(tmp_path_factory.mktemp("tape"), 300, seed=3)


class Engine:
    """One, in a thread of its own."""

    def __init__(self, address: str) -> None:
        self.host = Host(STAGE, address)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        socket = self.host.socket
        while not self.stopping.is_set():
            if socket.poll(5, zmq.POLLIN):
                peer, packet = socket.recv_multipart()
                socket.send_multipart((peer, self.host._answer(peer, packet)))
        socket.close()

    def end(self) -> None:
        self.stopping.set()
        self.thread.join()


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[list[Engine]]:
    with ExitStack() as stack:
        found = [Engine(f"ipc://{tmp_path}/{n}") for n in range(PARTS)]
        for each in found:
            stack.callback(each.end)
        yield found


@pytest.fixture
def link(tmp_path: Path, engines: list[Engine]) -> Iterator[Partitioned]:
    found = Partitioned([f"ipc://{tmp_path}/{n}" for n in range(PARTS)], "order")
    sizes = {name: getattr(CAPACITY, name) for name in type(CAPACITY).__slots__}
    found.begin(STAGE, sizes, build_id().hex(), [])
    yield found
    found.close()


def test_they_say_and_know_what_one_would(tape: Tape, link: Partitioned, engines: list[Engine]) -> None:
    board = Board.of(make_memory(CAPACITY), CAPACITY, True)
    proxy = ProxyStage(STAGE, board, board.sends)
    player = Player(board, tape.pages, proxy)
    for _ in range(len(tape.pages)):
        taken = player.put()
        link.turn(proxy, wait=True)
        while proxy.under_way:
            link.turn(proxy, wait=True)
        assert not taken or player.await_answer(1.0)
    assert player.wrong == 0
    assert link.digest(proxy) == lived(tape, STAGE)
    shares = [each.host.engine.events for each in engines if each.host.engine is not None]
    assert len(shares) == PARTS
    assert min(shares) > 0
    assert link.usage(proxy)["pss_bytes"] > 0


def test_one_that_began_anew_is_noticed(tape: Tape, link: Partitioned, engines: list[Engine]) -> None:
    board = Board.of(make_memory(CAPACITY), CAPACITY, True)
    proxy = ProxyStage(STAGE, board, board.sends)
    player = Player(board, tape.pages, proxy)
    for each in engines:
        each.host.engine = None
    with pytest.raises(EngineLost, match="began anew"):
        play(player, link, proxy)


def play(player: Player, link: Partitioned, proxy: ProxyStage) -> None:
    """Without a look at the answers."""
    while player.left:
        player.put()
        for _ in range(50):
            link.turn(proxy, wait=True)
