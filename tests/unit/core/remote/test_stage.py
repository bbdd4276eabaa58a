"""A remote engine's two ends without a network between them: what an engine at that place does, and no
more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.placement_loop import Player
from bench.tape import CAPACITY, Tape, record
from core.board import Board, make_memory
from core.errors import Nondeterminism
from core.fused import Fused
from core.remote.stage import ANSWER_BYTES, BATCH_BYTES, ProxyStage, RemoteEngine
from core.remote.wire import HEAD
from core.topology import REMOTABLE


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    return record(tmp_path_factory.mktemp("tape"), 300, seed=3)


class Ends:
    """Proxy, engine and the path's side, in one process."""

    def __init__(self, tape: Tape, name: str) -> None:
        self.name = name
        self.board = Board.of(make_memory(CAPACITY), CAPACITY, True)
        self.engine = RemoteEngine(name, getattr(Fused(CAPACITY), name))
        self.proxy = self._proxy()
        self.player = Player(self.board, tape.pages, self.proxy)
        self.out, self.back = bytearray(BATCH_BYTES), bytearray(ANSWER_BYTES)

    def _proxy(self) -> ProxyStage:
        return ProxyStage(self.name, self.board, self.board.sends if self.name == "execution" else None)

    def ask(self) -> bytes:
        """The answer to a batch that is ready; b"": none is."""
        size = self.proxy.collect(self.out)
        return bytes(self.back[: self.engine.answer(memoryview(self.out)[:size], self.back)]) if size else b""

    def play(self, events: int) -> None:
        for _ in range(events):
            taken = self.player.put()
            answer = self.ask()
            assert bool(answer) == taken
            if taken:
                assert self.proxy.apply(answer)
                assert self.player.await_answer(1.0)

    @property
    def cursor(self) -> int:
        return self.board.spine.get_cursor(self.proxy.cursor)


@pytest.mark.parametrize("name", REMOTABLE)
def test_every_paragraph_and_the_state_are_the_tapes(tape: Tape, name: str) -> None:
    ends = Ends(tape, name)
    ends.play(len(tape.pages))
    assert ends.player.wrong == 0
    assert ends.cursor == len(tape.pages)
    assert ends.engine.engine.arena.digest() == lived(tape, name)


def lived(tape: Tape, name: str) -> str:
    from core.recovery.replay import Replay
    from core_ext.journal import JournalReader

    played = Replay(CAPACITY)
    played.play(JournalReader(tape.journal))
    digest: str = getattr(played.core, name).arena.digest()
    return digest


def test_batches_go_ahead_of_their_answers_up_to_a_bound(tape: Tape) -> None:
    ends = Ends(tape, "resolve")
    answers = []
    while ends.player.left and len(answers) < 8:
        if ends.player.put():
            answers.append(ends.ask())
        else:
            ends.ask()
    before = ends.player.seq
    assert ends.proxy.under_way == 8
    while not ends.player.put():
        pass
    assert ends.ask() == b"", "enough is under way"
    for answer in answers:
        assert ends.proxy.apply(answer)
    assert ends.proxy.under_way == 0
    assert before <= ends.cursor <= ends.player.seq


def test_an_answer_that_nobody_waits_for_is_refused(tape: Tape) -> None:
    ends = Ends(tape, "resolve")
    while not ends.player.put():
        ends.ask()
    answer = ends.ask()
    wrong = np.frombuffer(answer, HEAD, 1).copy()
    wrong["number"] = 7
    with pytest.raises(ValueError, match="nobody waits for"):
        ends.proxy.apply(wrong.tobytes() + answer[HEAD.itemsize :])
    with pytest.raises(ValueError, match="nobody waits for"):
        ends.proxy.apply(answer[:-1])
    with pytest.raises(ValueError, match="no batch"):
        ends.engine.answer(memoryview(ends.out)[: HEAD.itemsize + 1], ends.back)
    assert ends.proxy.apply(answer)


def test_a_proxy_that_comes_back_puts_nothing_twice(tape: Tape) -> None:
    """The events beyond the cursor are lived through again; what they derived is on the ring already."""
    ends = Ends(tape, "router")
    ring = ends.board.loopbacks["router"]
    while not len(ring):
        assert ends.player.left
        if ends.player.put():
            assert ends.proxy.apply(ends.ask())
        else:
            ends.ask()
    found = ring.waiting()
    again = Ends(tape, "router")
    again.board, again.player = ends.board, ends.player
    again.proxy = ProxyStage("router", ends.board)
    again.proxy.resume(0)
    while ends.cursor < ends.player.seq or again.proxy.done < ends.player.seq:
        answer = again.ask()
        assert not answer or again.proxy.apply(answer)
        if not answer and again.proxy.done >= ends.player.seq:
            break
    assert ring.waiting() == found


def test_an_engine_that_decides_otherwise_is_named(tape: Tape) -> None:
    ends = Ends(tape, "resolve")
    while not ends.player.put():
        ends.ask()
    answer = ends.ask()
    assert ends.proxy.apply(answer)
    seq = ends.player.seq
    again = ProxyStage("resolve", ends.board)
    again.resume(0)
    while True:
        size = again.collect(ends.out)
        if size:
            break
    changed = bytearray(answer)
    changed[HEAD.itemsize + 20] ^= 1
    np.frombuffer(changed, HEAD, 1)["number"][0] = 1
    again.apply(bytes(changed))
    with pytest.raises(Nondeterminism) as caught:
        ends.board.faults.raise_first()
    assert str(seq) in str(caught.value)


def test_the_past_is_told_once_and_in_order(tape: Tape) -> None:
    from core.remote.past import records

    ends = Ends(tape, "resolve")
    found: list[Any] = list(records(tape.journal, ends.board.spine, len(tape.pages)))
    assert [seq for seq, _ in found] == list(range(1, len(tape.pages) + 1))
