"""A real core for a bench: `nacre core run` in a folder of its own, a session on it, its memory looked at."""

from __future__ import annotations

import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from core.board import Board, board_bytes
from core.capacity import Capacity
from core.live.ask import ask
from core_ext.ring import Ring
from core_ext.spine import Spine

ROOT = Path(__file__).resolve().parents[1]
START_S = 60.0


class LiveCore:
    """A running core. `workers`: its processes; `board`: their memory, to look at."""

    def __init__(self, folder: Path, capacity: Capacity, ready: dict[str, Any], process: Any) -> None:
        self.folder = folder
        self.socket = folder / "core.sock"
        self.journal = folder / "journal"
        self.ready = ready
        self.process: subprocess.Popen[str] = process
        self.workers: list[dict[str, Any]] = ask(self.socket, "status")["workers"]
        self.board = _board_of(process.pid, capacity)

    def pause(self) -> None:
        """Its workers stop where they are: the processor is free for something else."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for worker in self.workers:
            os.kill(worker["pid"], number)

    def stop(self) -> dict[str, Any]:
        """Ends it in order; what it had come to."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=START_S)
        told: dict[str, Any] = json.loads(out.splitlines()[-1])
        return told


class Session:
    """A session by hand: control by packets, requests and responses in shared memory."""

    def __init__(self, path: Path, name: str) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(START_S)
        self.sock.connect(os.fspath(path))
        token = path.with_suffix(".token").read_text().strip()
        self.fds: list[int] = []
        self.ids = 0
        self.ask("hello", version=1, token=token, name=name, cancel_on_disconnect=False)
        memory = [mmap.mmap(fd, os.fstat(fd).st_size) for fd in self.fds]
        self.requests, self.responses = Ring.attach(memory[0]), Spine.attach(memory[1])

    def ask(self, op: str, **values: Any) -> dict[str, Any]:
        self.ids += 1
        self.sock.send(msgspec.msgpack.encode({"op": op, "id": self.ids, **values}))
        packet, fds, _, _ = socket.recv_fds(self.sock, 1 << 20, 4)
        self.fds += fds
        told: dict[str, Any] = msgspec.msgpack.decode(packet)
        if not told.get("ok"):
            raise RuntimeError(f"bench: the core refused {op}: {told.get('error')}")
        return told

    def close(self) -> None:
        self.sock.close()
        for fd in self.fds:
            os.close(fd)


@contextmanager
def live_core(
    capacity: Capacity,
    lines: Sequence[dict[str, Any]],
    *options: str,
    cpus: Sequence[int] = (),
    placement: str = "fused",
    parent: Path | None = None,
) -> Iterator[LiveCore]:
    """A core that runs while the block does; never left over."""
    with tempfile.TemporaryDirectory(prefix="nacre-bench-", dir=parent) as name:
        folder = Path(name)
        (folder / "declare.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        sizes = "".join(f"{key} = {getattr(capacity, key)}\n" for key in Capacity.__slots__)
        (folder / "core.toml").write_text(
            f'placement = "{placement}"\nwait = "spin"\ncpus = {list(cpus)}\n[capacity]\n{sizes}'
        )
        command = [sys.executable, "-m", "core.cli", "core", "run", "--config", str(folder / "core.toml")]
        command += ["--socket", str(folder / "core.sock"), "--journal", str(folder / "journal")]
        command += ["--declare", str(folder / "declare.jsonl"), *options]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("bench: the core doesn't start: see above")
            yield LiveCore(folder, capacity, json.loads(line), process)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _board_of(pid: int, capacity: Capacity) -> Board:
    """The core's shared memory, opened through the file system of processes."""
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if "nacre-board" in os.readlink(link):
            with link.open("r+b") as file:
                return Board(mmap.mmap(file.fileno(), board_bytes(capacity)), capacity)
    raise RuntimeError(f"bench: process {pid} shares no board")
