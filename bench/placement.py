"""What does each placement of an engine cost? Fused, pinned, in the host container, contained, remote: in
one run.

Stage by stage, two processes at a time (the path's side and the engine): a recorded tape of pages is played
to the real engine, each page measured from its publication to the engine's paragraph. Blocks of the
placements alternate; who isn't measured rests. Every paragraph is compared with the tape's, and at the end
the engine's state with that of an engine on one thread.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from bench.machine import NoEngine, choose_two, machine
from bench.placement_path import whole_path
from bench.placement_report import write_reports
from bench.tape import record
from core.live.usage import pss_bytes
from core.topology import STAGES

ENGINES = ("execution", "risk", "positions", "router", "orders")
PLACEMENTS = ("fused", "pinned", "host", "contained", "remote")
ROOT = Path(__file__).resolve().parents[1]
IMAGE = "nacre/bench"
USER = 10001
RATE = 1000.0
GOALS = {"contained_over_pinned_p50": 1.2, "remote_over_bare_p50": 1.5}
BURSTS = 7


class Asker:
    """A path's side, spoken to by lines."""

    def __init__(self, command: list[str], env: dict[str, str] | None = None) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=pipe, stdout=pipe, text=True)
        self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"bench placement: the asker ended with {self.process.wait()}: see above")
        told: dict[str, Any] = json.loads(line)
        return told

    def say(self, op: str, key: str, **values: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"op": op, "key": key, **values}) + "\n")
        self.process.stdin.flush()

    def ask(self, op: str, key: str, **values: Any) -> dict[str, Any]:
        self.say(op, key, **values)
        return self._read()

    def answer(self) -> dict[str, Any]:
        """Of what was said."""
        return self._read()

    def end(self) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Containers:
    """This run's containers, one network and one shared folder; all gone at the end."""

    def __init__(self, tape: Path, cpu: int) -> None:
        self.name = f"nacre-bench-{os.getpid()}"
        self.cpu = cpu
        self.tape = tape
        self.run_folder = Path(tempfile.mkdtemp(prefix="nacre-bench-run-"))
        os.chown(self.run_folder, USER, USER)
        self._names: list[str] = []
        docker("network", "create", "--internal", self.name)

    def _secured(self, name: str) -> list[str]:
        self._names.append(f"{self.name}-{name}")
        return [
            "--name",
            f"{self.name}-{name}",
            "--user",
            f"{USER}:{USER}",
            "--cap-drop",
            "ALL",
            "--read-only",
            "--security-opt",
            "no-new-privileges",
            "-v",
            f"{self.tape}:/tape:ro",
            "-v",
            f"{self.run_folder}:/run/nacre",
            "-e",
            "PYTHONPATH=/opt/bench",
        ]

    def asker(self, cpu: int) -> Asker:
        words = [
            "docker",
            "run",
            "-i",
            "--rm",
            *self._secured("host"),
            "--network",
            self.name,
            "--ipc",
            "shareable",
        ]
        words += ["--shm-size", "256m", "--entrypoint", "/opt/nacre/bin/python", IMAGE]
        return Asker([*words, "-m", "bench.placement_asker", "/tape", str(cpu)])

    def engine(self, engine: str) -> None:
        words = ["run", "-d", "--restart", "always", *self._secured(engine), "--network", "none"]
        words += ["--ipc", f"container:{self.name}-host", IMAGE]
        docker(*words, "core", "engine", engine, "--socket", f"/run/nacre/{engine}.sock")

    def remote(self, engine: str) -> None:
        words = [
            "run",
            "-d",
            "--restart",
            "always",
            *self._secured(f"remote-{engine}"),
            "--network",
            self.name,
        ]
        docker(
            *words,
            "--network-alias",
            f"remote-{engine}",
            "--cpuset-cpus",
            str(self.cpu),
            IMAGE,
            "core",
            "remote",
            engine,
        )

    def echo(self) -> None:
        words = ["run", "-d", *self._secured("echo"), "--network", self.name, "--network-alias", "echo"]
        words += ["--cpuset-cpus", str(self.cpu), "--entrypoint", "/opt/nacre/bin/python", IMAGE]
        docker(*words, "-m", "bench.placement_asker", "echo", "tcp://*:7799")

    def pid(self, name: str) -> int:
        return int(docker("inspect", "-f", "{{.State.Pid}}", f"{self.name}-{name}"))

    def pss(self, name: str) -> dict[str, int]:
        """Of all the container's processes together, and of what the container engine keeps beside it."""
        pids = docker("top", f"{self.name}-{name}", "-eo", "pid").split()[1:]
        beside = int(Path(f"/proc/{self.pid(name)}/stat").read_text().rpartition(") ")[2].split()[1])
        return {"pss_bytes": sum(map(pss_bytes, pids)), "beside_pss_bytes": pss_bytes(beside)}

    def remove(self, *names: str) -> None:
        for name in names:
            docker("rm", "-f", f"{self.name}-{name}")

    def end(self) -> None:
        for name in self._names:
            subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)
        subprocess.run(["docker", "network", "rm", self.name], capture_output=True, check=False)
        shutil.rmtree(self.run_folder, ignore_errors=True)


def docker(*words: str) -> str:
    """Its standard output. NoEngine."""
    try:
        run = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NoEngine("no docker here: run it by deploy/containers/with_engine.sh") from None
    if run.returncode:
        raise NoEngine(f"docker {words[0]}: {run.stderr.strip()} (images: make images)")
    return run.stdout.strip()


def run(
    rounds: int = 10,
    events: int = 1000,
    requests: int = 12_000,
    seed: int = 1,
    engines: tuple[str, ...] = ENGINES,
    quotes: int = 1000,
    report: Path | None = None,
) -> dict[str, Any]:
    """rounds of a block a placement, of so many events each (remote: a tenth). quotes: of the whole path's
    day.

    report: a folder for placement.json, .md and .html. TooFewProcessors, NoEngine.
    """
    first, second = choose_two()
    docker("image", "inspect", IMAGE)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nacre-bench-tape-")))
        tape = record(folder, requests, seed)
        _readable(folder)
        containers = Containers(folder, second)
        stack.callback(containers.end)
        here = Asker([sys.executable, "-m", "bench.placement_asker", str(folder), str(first)], _environment())
        stack.callback(here.end)
        inside = containers.asker(first)
        stack.callback(inside.end)
        containers.echo()
        sides = {
            "fused": here,
            "pinned": here,
            "host": inside,
            "contained": inside,
            "remote": inside,
            "bare": inside,
        }
        found = {engine: _engine(engine, sides, containers, second, rounds, events) for engine in engines}
        path = whole_path(quotes)
    whole = {
        "load_average": round(os.getloadavg()[1], 1),
        "ok": all(row["state_equal"] for each in found.values() for row in each["placements"].values())
        and path["ok"],
        "engines": found,
        "path": path,
        "goals": GOALS,
        "machine": machine(),
        "tape": {"events": len(tape.pages), "requests": requests},
        "placement": {"path_side": first, "engine": second, "processes_at_a_time": 2},
        "wait": "spin; sleep at the load",
        "rounds": rounds,
        "load_events_per_s": RATE,
    }
    if report is not None:
        write_reports(whole, report)
    return whole


def _environment() -> dict[str, str]:
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def _readable(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


@contextmanager
def _opened(
    engine: str, sides: dict[str, Asker], containers: Containers, cpu: int, wait: str
) -> Iterator[dict[str, Asker]]:
    """Every placement of the engine, at rest; and the bare hop."""
    containers.engine(engine)
    containers.remote(engine)
    places = {
        "contained": f"/run/nacre/{engine}.sock",
        "remote": f"tcp://remote-{engine}:7700",
        "bare": "tcp://echo:7799",
    }
    try:
        for name, side in sides.items():
            where = {"host": "pinned"}.get(name, name)
            side.ask(
                "open", name, engine=engine, placement=where, wait=wait, cpu=cpu, place=places.get(name, "")
            )
        yield sides
    finally:
        for name, side in sides.items():
            with suppress(RuntimeError, OSError):
                side.ask("end", name)
        containers.remove(engine, f"remote-{engine}")


def _engine(
    engine: str, sides: dict[str, Asker], containers: Containers, cpu: int, rounds: int, events: int
) -> dict[str, Any]:
    print(f"bench placement: {engine}", file=sys.stderr)
    with _opened(engine, sides, containers, cpu, "spin"):
        medians = _blocks(sides, rounds, events)
        rates = _bursts(sides, events)
        told = {name: sides[name].ask("close", name) for name in sides}
    with _opened(engine, sides, containers, cpu, "sleep"):
        loads = {
            name: sides[name].ask("paced", name, count=int(2 * RATE), per_second=RATE) for name in PLACEMENTS
        }
        loads["contained"] |= containers.pss(engine)
        loads["remote"] |= containers.pss(f"remote-{engine}")
        back = {name: _restart(engine, name, sides[name], containers) for name in PLACEMENTS}
    rows = {
        name: {
            **told[name],
            **rates[name],
            "load": {"beside_pss_bytes": 0, **loads[name]},
            "restart_ms": back[name],
            "block_p50_ns": medians[name],
            "stops": stops(engine, name),
        }
        for name in PLACEMENTS
    }
    service = statistics.median(medians["fused"])
    for name, row in rows.items():
        row["added_ns"] = {key: max(row["ns"][key] - service, 0) for key in ("p50", "p99", "p999")}
        row["sockets"] = 2 if name == "remote" else 0
    return {
        "service_p50_ns": service,
        "bare_zeromq_ns": told["bare"]["ns"],
        "placements": rows,
        "ratios": _ratios(medians),
    }


def _blocks(sides: dict[str, Asker], rounds: int, events: int) -> dict[str, list[int]]:
    """The medians of each placement's blocks; the first round warms up."""
    medians: dict[str, list[int]] = {name: [] for name in sides}
    for turn in range(rounds + 1):
        order = list(sides) if turn % 2 else list(sides)[::-1]
        for name in order:
            count = max(events // 10, 50) if name in ("remote", "bare") else events
            told = sides[name].ask("block", name, count=count if turn else max(count // 4, 25))
            if turn and told["count"]:
                medians[name].append(told["p50"])
    return medians


def _bursts(sides: dict[str, Asker], events: int) -> dict[str, dict[str, Any]]:
    """The best of some bursts of each placement, in turn: one that was interrupted says little."""
    best: dict[str, dict[str, Any]] = {name: {"events_per_s": 0} for name in PLACEMENTS}
    for _ in range(BURSTS):
        for name in PLACEMENTS:
            count = max(events // 5, 20) if name == "remote" else events
            found = sides[name].ask("burst", name, count=count)
            best[name] = max(best[name], found, key=lambda told: told["events_per_s"])
    return best


def _ratios(medians: dict[str, list[int]]) -> dict[str, float]:
    """Of blocks beside each other: the median of the pairs' ratios."""
    pairs = {
        "contained_over_pinned_p50": ("contained", "pinned"),
        "contained_over_host_p50": ("contained", "host"),
        "remote_over_bare_p50": ("remote", "bare"),
        "remote_over_pinned_p50": ("remote", "pinned"),
    }
    return {
        key: round(statistics.median(a / b for a, b in zip(medians[over], medians[under], strict=False)), 3)
        for key, (over, under) in pairs.items()
    }


def _restart(engine: str, name: str, side: Asker, containers: Containers) -> float:
    """From the kill to the next answered page, in ms. Fused: what a process needs to be where this one is."""
    if name == "fused":
        began = time.monotonic_ns()
        side.ask("revive", name)
        return round((time.monotonic_ns() - began) / 1e6, 1)
    pid = side.ask("pid", name)["pid"] if name == "pinned" else 0
    if name == "host":
        pid = _inside(containers, "host", f"nacre-{engine}"[:15])
    elif name != "pinned":
        pid = containers.pid(engine if name == "contained" else f"remote-{engine}")
    began = time.monotonic_ns()
    os.kill(pid, signal.SIGKILL)
    told = side.ask("back", name)
    if not told["answered"]:
        raise RuntimeError(f"bench placement: {engine} {name} didn't come back")
    return round((int(told["monotonic_ns"]) - began) / 1e6, 1)


def _inside(containers: Containers, container: str, comm: str) -> int:
    """The process of that name in the container, as the host numbers it."""
    listed = docker("top", f"{containers.name}-{container}", "-eo", "pid,comm").splitlines()[1:]
    return next(int(line.split()[0]) for line in listed if line.split()[1] == comm)


def stops(engine: str, placement: str) -> list[str]:
    """Which stages stand still while it is dead: those that wait for it, and all that share its process."""
    if placement == "fused":
        return list(STAGES)
    still = {engine}
    for stage in STAGES.values():  # in the order of the path
        if still & set(stage.follows):
            still.add(stage.name)
    return [name for name in STAGES if name in still]
