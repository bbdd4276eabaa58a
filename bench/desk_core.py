"""A core that runs as it would for a desk, `nacre core run`, on processors of the bench's choosing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from bench.machine import pinned
from core.live.ask import ask

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 30.0


class CoreFailed(RuntimeError):
    """The core did not start, or did not end in order; the message is its own."""


class DeskCore:
    """One core: `ready` is what it said when it began. All of its processes stop and resume together."""

    def __init__(self, folder: Path, cpu: int | None, command: Sequence[str]) -> None:
        self._pids: list[int] = []
        self.socket = folder / "run" / "core.sock"
        self.journal = folder / "journal"
        self.socket.parent.mkdir(mode=0o700)
        pipe = subprocess.PIPE
        with nullcontext() if cpu is None else pinned(cpu):  # so is what it starts, threads and processes
            self._process = subprocess.Popen(
                [*command, "--socket", str(self.socket), "--journal", str(self.journal)],
                cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True,
            )  # fmt: skip
        try:
            self.ready = self._await_ready()
            self.workers = [row["pid"] for row in ask(self.socket, "status")["workers"]]
            self._pids = self.workers
        except BaseException:
            self.end()
            raise

    def _await_ready(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise CoreFailed(f"the core doesn't start: {self._process.communicate()[1].strip()}")
        told: dict[str, Any] = json.loads(line)
        return told

    @property
    def pid(self) -> int:
        return self._process.pid

    def pause(self) -> None:
        """Takes it off its processor; returns when it is off. CoreFailed: it has ended."""
        for pid in (self.pid, *self._pids):  # the supervisor first: it looks after the others
            self._signal(pid, signal.SIGSTOP)
        for pid in (self.pid, *self._pids):
            while (state := _state(pid)) != "T":
                if state in "XZ":
                    raise CoreFailed("the core has ended")

    def resume(self) -> None:
        for pid in (*self._pids, self.pid):
            self._signal(pid, signal.SIGCONT)

    def _signal(self, pid: int, number: signal.Signals) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            raise CoreFailed("the core has ended") from None

    def stop(self) -> dict[str, Any]:
        """Ends it in order; what it had come to. CoreFailed."""
        self._process.send_signal(signal.SIGTERM)
        try:
            out, said = self._process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise CoreFailed(f"the core did not end within {PATIENCE_S:g} s") from None
        if self._process.returncode:
            raise CoreFailed(f"the core ended with {self._process.returncode}: {said.strip()}")
        told: dict[str, Any] = json.loads(out.splitlines()[-1])
        return told

    def end(self) -> None:
        """Whatever happened: nothing of it is left."""
        if self._process.poll() is None:
            for pid in (self.pid, *self._pids):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        while any(_state(pid) not in "XZ" for pid in self._pids):  # they write in the folder until then
            time.sleep(0.001)
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


def _state(pid: int) -> str:
    """A process's state as the kernel says it: R, S, T (stopped), Z (ended); X where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


@contextmanager
def desk_core(
    cpu: int | None,
    declared: Sequence[Mapping[str, Any]],
    capacity: Mapping[str, int],
    wait: str,
    place: Path | None = None,
    cpus: Sequence[int] = (),
) -> Iterator[DeskCore]:
    """A core with these declarations and sizes of tables while the block runs; its files are removed.

    cpu: the processor that all of it runs on; None: any. cpus: of its stages alone. wait: its wait strategy.
    place: the folder in which its files are.
    """
    with tempfile.TemporaryDirectory(prefix="nacre-bench-", dir=place) as name:
        folder = Path(name)
        declare, config = folder / "declared.jsonl", folder / "core.toml"
        declare.write_text("".join(json.dumps(line) + "\n" for line in declared))
        sizes = "".join(f"{key} = {value}\n" for key, value in capacity.items())
        config.write_text(f"cpus = {list(cpus)}\n[capacity]\n{sizes}")
        command = [sys.executable, "-m", "core.cli", "core", "run", "--placement", "fused", "--wait", wait]
        core = DeskCore(folder, cpu, [*command, "--declare", str(declare), "--config", str(config)])
        try:
            yield core
        finally:
            core.end()
