"""The path's side of `bench placement`, on the host or in a container: it opens placements of one engine and
plays.

Spoken to by lines of JSON on its standard input, one answer a line. It is also the other end of the bare
ZeroMQ hop.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import zmq

from bench.placement_loop import Player, note
from bench.tape import CAPACITY, Tape, load
from core.board import Board
from core.build import build_id
from core.capacity import Capacity
from core.fused import Fused
from core.live.engines import EngineDoor
from core.live.places import beside, make_token
from core.live.plan import Plan
from core.live.supervisor import Supervisor
from core.live.usage import usage
from core.recovery.catchup import Catchup
from core.remote.link import EngineLost, Link
from core.remote.past import pieces
from core.remote.stage import ProxyStage
from core.remote.wire import What
from core.stage import EngineStage
from core.topology import CONTAINED, FUSED, REMOTE
from core_ext.histogram import Histogram

SIZES: dict[str, Any] = {name: getattr(CAPACITY, name) for name in Capacity.__slots__}
PATIENCE_S = 60.0
BARE_BYTES = 1024


class Placed:
    """One engine in one placement, with a board of its own; its time is taken here."""

    def __init__(
        self, tape: Tape, engine: str, placement: str, wait: str, cpu: int | None, place: str
    ) -> None:
        self.tape = tape
        self.engine = engine
        self.placement = placement
        self.histogram = Histogram()
        door = None
        if placement == CONTAINED:
            socket = Path(place)
            door = EngineDoor(socket, (), make_token(beside(socket, "token")))
        plan = Plan(
            index=0,
            name=engine,
            stages=(engine,),
            cpu=cpu,
            wait=wait,
            venues_apart=False,
            capacity=SIZES,
            journal=str(tape.journal),
            socket="",
            durability="async",
            segment_bytes=1 << 20,
            touch=False,
            where=placement,
        )
        own = placement in (FUSED, REMOTE)
        self.supervisor = Supervisor([] if own else [plan], CAPACITY, 0, door)
        board = self.supervisor.board
        self.link: Link | None = None
        if placement == REMOTE:
            self.link = Link(place)
            self.stage: EngineStage = self._proxy()
        else:
            self.stage = _stage(engine, board)
        self.player = Player(board, tape.pages, self.stage)
        if not own:
            self.supervisor.start()
            self.rest()

    def _proxy(self) -> ProxyStage:
        board = self.supervisor.board
        stage = ProxyStage(self.engine, board, board.sends if self.engine == "execution" else None)
        until = board.spine.get_cursor(stage.cursor)
        assert self.link is not None
        self.link.begin(self.engine, SIZES, build_id().hex(), pieces(self.tape.journal, board.spine, until))
        stage.resume(until)
        return stage

    def rest(self) -> None:
        """Nothing of it runs."""
        if self.supervisor.processes:
            self.supervisor.ask(self.engine, "rest")

    def wake(self) -> None:
        if self.supervisor.processes:
            self.supervisor.ask(self.engine, "go")

    # ---- what is measured ----------------------------------------------------------------------------------

    def block(self, count: int) -> dict[str, Any]:
        """Its median, and how many."""
        found = Histogram()
        self.wake()
        if self.link is None:
            self.player.block(count, found, self.placement == FUSED)
        else:
            self._remote_block(count, found)
        self.rest()
        self.histogram.merge(found)
        return {"p50": found.to_dict()["p50"], "count": found.count}

    def _remote_block(self, count: int, found: Histogram) -> None:
        assert self.link is not None
        assert isinstance(self.stage, ProxyStage)
        for _ in range(count):
            while self.player.left:
                began = time.perf_counter_ns()
                if self.player.put():
                    break
                self.link.exchange(self.stage)
            else:
                return
            self.link.exchange(self.stage)
            note(found, time.perf_counter_ns() - began)
            self.player.await_answer(1.0)

    def burst(self, count: int) -> dict[str, Any]:
        """Events a second."""
        self.wake()
        count = min(count, self.player.left)
        began = time.perf_counter_ns()
        if self.link is None:
            self.player.burst(count, self.placement == FUSED)
        else:
            self._remote_burst(count)
        ns = time.perf_counter_ns() - began
        self.rest()
        return {"events_per_s": round(count * 1e9 / max(ns, 1))}

    def _remote_burst(self, count: int) -> None:
        assert self.link is not None
        assert isinstance(self.stage, ProxyStage)
        board, last = self.supervisor.board, self.player.seq + count
        while board.spine.get_cursor(self.stage.cursor) < last:
            while (
                self.player.seq < last and self.player.seq < board.spine.get_cursor(self.stage.cursor) + 256
            ):
                self.player.put()
            self.link.turn(self.stage, wait=False)
            _empty(board, self.engine)

    def paced(self, count: int, per_second: float) -> dict[str, Any]:
        """Processor time and memory of the path's side and of the engine, at a load."""
        before, mine = self._usage(), time.process_time_ns()
        counts = dict(self.link.counts) if self.link is not None else {}
        self.wake()
        if self.link is None:
            ns = self.player.paced(count, per_second, self.placement == FUSED)
        else:
            ns = self._remote_paced(count, per_second)
        after = self._usage()
        engine_ns = after["cpu_ns"] - before["cpu_ns"]
        asker_ns = time.process_time_ns() - mine
        total = asker_ns + (0 if self.placement == FUSED else engine_ns)
        more = (
            {key: (self.link.counts[key] - counts[key]) / count for key in counts}
            if self.link is not None
            else {}
        )
        return {
            "wall_ns": ns,
            "cpu_ns": total,
            "pss_bytes": after["pss_bytes"],
            "asker_pss_bytes": usage()["pss_bytes"],
            **{f"{key}_an_event": round(value, 2) for key, value in more.items()},
        }

    def _remote_paced(self, count: int, per_second: float) -> int:
        assert self.link is not None
        assert isinstance(self.stage, ProxyStage)
        began = time.perf_counter_ns()
        for number in range(min(count, self.player.left)):
            wait = began / 1e9 + number / per_second - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            self.player.put()
            self.link.exchange(self.stage)
            _empty(self.supervisor.board, self.engine)
        return time.perf_counter_ns() - began

    def _usage(self) -> dict[str, Any]:
        if self.link is not None:
            assert isinstance(self.stage, ProxyStage)
            return self.link.ask(self.stage, What.USAGE)
        if not self.supervisor.processes:
            return dict(usage())
        told = self.supervisor.ask(self.engine, "usage")
        return {key: told[key] for key in ("cpu_ns", "pss_bytes")}

    def pid(self) -> int:
        """Of its process, where it is a child of this one."""
        return self.supervisor.of(self.engine).pid if self.supervisor.processes else 0

    def revive(self) -> dict[str, Any]:
        """Another process with all engines, from its start until it has lived through as much as this one."""
        command = [
            sys.executable,
            "-m",
            "bench.placement_asker",
            "revive",
            str(self.tape.journal),
            str(self.player.seq),
        ]
        return {"returncode": subprocess.run(command, check=True).returncode}

    def back(self) -> dict[str, Any]:
        """Until it answers a page again after it was killed; the monotonic time then."""
        if self.supervisor.processes:
            end = time.monotonic() + PATIENCE_S
            while not (self.supervisor.keep_going() and self.supervisor.restarts) and time.monotonic() < end:
                time.sleep(0.0005)
            self.wake()
            while not self.player.put():
                pass
            answered = self.player.await_answer(PATIENCE_S)
            self.supervisor.restarts = 0
        else:
            answered = self._begun_anew()
        at = time.monotonic_ns()
        self.rest()
        return {"monotonic_ns": at, "answered": answered}

    def _begun_anew(self) -> bool:
        assert self.link is not None
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                self.stage = proxy = self._proxy()
                self.player = _moved(self.player, self.supervisor.board, self.tape, proxy)
                while not self.player.put():
                    self.link.exchange(proxy)
                self.link.exchange(proxy)
                return self.player.await_answer(1.0)
            except EngineLost:
                time.sleep(0.005)
        return False

    def close(self) -> dict[str, Any]:
        """Its figures, and whether the engine's state is that of the tape's own engine."""
        digest = self._digest()
        reference = _lived(self.tape, self.engine, self.player.seq)
        return {
            "ns": self.histogram.to_dict(),
            "wrong": self.player.wrong,
            "events": self.player.seq,
            "state_equal": digest == reference and self.player.wrong == 0,
        }

    def _digest(self) -> str:
        if self.link is not None:
            assert isinstance(self.stage, ProxyStage)
            return str(self.link.ask(self.stage, What.DIGEST)["digest"])
        if not self.supervisor.processes:
            return self.stage.engine.arena.digest()
        self.wake()
        while self.supervisor.board.spine.get_cursor(self.stage.cursor) < self.player.seq:
            time.sleep(0.0005)
        return str(self.supervisor.ask(self.engine, "digests")["digests"][self.engine])

    def end(self) -> None:
        if self.link is not None:
            self.link.close()
        self.supervisor.close()


def _moved(old: Player, board: Board, tape: Tape, stage: EngineStage) -> Player:
    """The same place on the tape, for another proxy."""
    fresh = Player(board, tape.pages, stage)
    fresh.move(old)
    return fresh


def _stage(engine: str, board: Board) -> EngineStage:
    """The engine itself, at its place on that board."""
    core = Fused(CAPACITY)
    found = getattr(core, engine)
    if found.emitter is not None:
        found.emitter.resume(board.loopbacks[engine])
    if engine == "execution":
        found.resume(board.sends)
    return EngineStage(
        engine, found, board.spine, board.faults, board.sends if engine == "execution" else None
    )


def _lived(tape: Tape, engine: str, seq: int) -> str:
    """The digest of an engine on one thread that has lived through so much of the tape."""
    from core.recovery.replay import Replay
    from core_ext.journal import JournalReader

    played = Replay(CAPACITY)
    if seq:
        played.play(JournalReader(tape.journal), seq)
    return str(getattr(played.core, engine).arena.digest())


def _empty(board: Board, engine: str) -> None:
    """What an engine derives and sends is not wanted here."""
    rings = [board.loopbacks[engine]] if engine in board.loopbacks else []
    for ring in (*rings, board.sends):
        while len(ring):
            ring.try_pop()


class Bare:
    """The bare ZeroMQ hop: a message of a page's size there, one back, the same sockets as the link's."""

    def __init__(self, address: str) -> None:
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(address)
        self.histogram = Histogram()
        self.out = memoryview(bytearray(BARE_BYTES))

    def block(self, count: int) -> dict[str, Any]:
        found = Histogram()
        for _ in range(count):
            began = time.perf_counter_ns()
            self.socket.send(self.out)
            self.socket.recv()
            note(found, time.perf_counter_ns() - began)
        self.histogram.merge(found)
        return {"p50": found.to_dict()["p50"], "count": found.count}

    def close(self) -> dict[str, Any]:
        return {"ns": self.histogram.to_dict(), "state_equal": True}

    def end(self) -> None:
        self.socket.close()


def echo(address: str) -> None:
    """The other end of the bare hop, until it is killed."""
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.ROUTER)
    socket.bind(address)
    while True:
        socket.send_multipart(socket.recv_multipart())


def main() -> None:
    """`asker TAPE CPU`: serves lines until its input ends."""
    tape = load(Path(sys.argv[1]))
    os.sched_setaffinity(0, {int(sys.argv[2])})
    opened: dict[str, Any] = {}
    print(json.dumps({"ok": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        op, key = asked.pop("op"), asked.pop("key")
        if op == "open":
            bare = asked["placement"] == "bare"
            opened[key] = Bare(asked["place"]) if bare else Placed(tape, **asked)
            told: Any = {}
        elif op == "end":
            opened.pop(key).end()
            told = {}
        elif op == "pid":
            told = {"pid": opened[key].pid()}
        else:
            told = getattr(opened[key], op)(**asked)
        print(json.dumps({"ok": True, **told}), flush=True)
    for each in opened.values():
        each.end()


if __name__ == "__main__":
    if sys.argv[1] == "echo":
        echo(sys.argv[2])
    elif sys.argv[1] == "revive":
        Catchup(CAPACITY).live_through(sys.argv[2], None, int(sys.argv[3]))
    else:
        main()
