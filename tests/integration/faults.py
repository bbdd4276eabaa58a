"""Kills each process of a core at each store that publishes something, before it and after it.

`make faults` builds a core for it, and runs `python -m tests.integration.faults BUILD`. First a core runs
under load, and says which process passes which points; then each is killed at each of them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import mmap
import os
import random
import re
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.torture.rounds import PLACEMENTS, Round, Tally
from tests.integration.live_core import ROOT, Client, until

FIRST_S, THEN_S = 1.0, 30.0
ROWS, POINTS = 32, 32
ROW = struct.Struct(f"16s{POINTS}Q")
ARMED = struct.Struct("16sQQ")
SERVER, VICTIM = "nacre-server", "nacre-client"


def points() -> dict[int, str]:
    """Their names, as core_ext/fault_points.pxd gives them."""
    text = (ROOT / "core_ext/fault_points.pxd").read_text()
    found = {
        int(number): name.lower()
        for name, number in re.findall(r"^    ([A-Z_]+) = (\d+)", text, re.MULTILINE)
    }
    return {number + i: f"{('before', 'after')[i]} {name}" for number, name in found.items() for i in (0, 1)}


class FaultFile:
    """What core_ext/fault_points.h maps: who is to die where, and who passed what how often."""

    def __init__(self, path: Path, names: list[str]) -> None:
        with path.open("w+b") as file:
            file.truncate(ARMED.size + ROWS * ROW.size)
            self.memory = mmap.mmap(file.fileno(), 0)
        for i, name in enumerate(names):
            ROW.pack_into(self.memory, ARMED.size + i * ROW.size, name.encode(), *[0] * POINTS)

    def arm(self, name: str, point: int, countdown: int) -> None:
        """That process dies when it passes the point for the countdown-th time from now."""
        self.memory[24:32] = bytes(8)
        self.memory[:24] = struct.pack("16sQ", name.encode(), point)
        self.memory[24:32] = countdown.to_bytes(8, "little")

    @property
    def countdown(self) -> int:
        return int(ARMED.unpack_from(self.memory)[2])

    def passed(self) -> dict[tuple[str, int], int]:
        """How often, by process and point."""
        out = {}
        for i in range(ROWS):
            raw, *counts = ROW.unpack_from(self.memory, ARMED.size + i * ROW.size)
            name = raw.rstrip(b"\0").decode()
            out |= {(name, point): count for point, count in enumerate(counts) if count}
        return out


class Armed(Round):
    """A core of the build for tests."""

    def exercise(self, is_over: Callable[[], bool], seconds: float) -> None:
        """All that can be done to a core, in turn, until that says so, or for so long."""
        end = time.monotonic() + seconds
        for turn in itertools.count():
            if is_over() or time.monotonic() > end:
                return
            self.session.push(self.rng)
            self.session.push(self.rng)
            time.sleep(0.004)
            if turn % 4 == 1:
                self.show_market()
            if turn % 8 == 2:
                self.session.client.must("kill", scope="account", key="B", by="ann")
            if turn % 8 == 5:
                self.session.client.must("rearm", scope="account", key="B", by="ann")
            if turn % 8 == 7:
                guest = Client(self.core, "guest")
                guest.order(f"g{self.guests}", 109000)
                self.guests += 1
                guest.close()

    guests = 0

    def discover(self, faults: FaultFile) -> dict[tuple[str, int], int]:
        """What the processes pass under load; also when they come back."""
        self.exercise_for(1.0)
        for each in self.status()["workers"]:
            self.kill_worker(each["name"], signal.SIGKILL)
        victim = self.start_victim("v")
        self.exercise_for(1.0)
        victim.kill()
        victim.communicate()
        return faults.passed()

    def exercise_for(self, seconds: float) -> None:
        self.exercise(lambda: False, seconds)

    def die_at(self, faults: FaultFile, name: str, point: int, countdown: int) -> bool:
        """Whether the process came there, and all went on as it should."""
        before = {f"nacre-{each['name']}"[:15]: each["pid"] for each in self.status()["workers"]}
        victim = self.start_victim(f"v{len(self.victims)}") if name == VICTIM else None
        began = time.monotonic()
        faults.arm(name, point, countdown)
        try:
            self.exercise(lambda: faults.countdown == 0, FIRST_S if name in before else THEN_S)
            if faults.countdown and name in before:  # it comes there when it comes back
                os.kill(before[name], signal.SIGKILL)
                self.exercise(lambda: faults.countdown == 0, THEN_S)
        except (OSError, AssertionError, ValueError):  # it is the core that dies
            if name != SERVER:
                raise
        if faults.countdown:
            faults.arm("", 0, 0)
            return False
        if victim is not None:
            assert victim.wait(20) == -signal.SIGKILL
            self.await_gone(f"v{len(self.victims) - 1}")
        elif name == SERVER:
            self.core.reap()
            self.come_back()
        else:
            worker = name.removeprefix("nacre-")
            self.venue_kills += worker == "venues"
            until(lambda: self.is_back(worker, before[name]), f"{worker} is brought back", 60)
        self.session.until_answered()
        self.tally.resume_ms.append((time.monotonic() - began) * 1000)
        self.tally.kills[f"{name} {points()[point]}"] += 1
        return True


def names_of(placement: str) -> list[str]:
    """Of all processes, as the kernel knows them: 15 bytes."""
    stages = ["core", "sequencer", "resolve", "risk", "orders", "router", "execution", "positions", "journal"]
    workers = [f"nacre-{stage}"[:15] for stage in (*stages, "egress", "gateways", "venues")]
    return [*workers, SERVER, VICTIM]


def run(build: Path, folder: Path, placement: str, seed: int, most: int) -> dict[str, Any]:
    """Every point of every process once, or `most` of them, drawn by the seed."""
    os.environ["NACRE_FAULTS"] = os.fspath(folder / "faults")
    faults = FaultFile(folder / "faults", names_of(placement))
    rng, tally = random.Random(seed), Tally()
    found = Armed(_made(folder / "discover"), placement, rng, tally, root=build)
    try:
        passed = found.discover(faults)
        found.end()
    finally:
        found.core.end()
    pairs = sorted(passed)
    rng.shuffle(pairs)
    missed = []
    chunks = [pairs[:most][i : i + 40] for i in range(0, len(pairs[:most]), 40)]
    for i, chunk in enumerate(chunks):
        one = Armed(_made(folder / f"round{i}"), placement, rng, tally, root=build)
        try:
            for name, point in chunk:
                countdown = rng.randrange(1, min(passed[name, point], 60) + 1)
                if not one.die_at(faults, name, point, countdown):
                    missed.append(f"{name} {points()[point]}")
            one.end()
        except (AssertionError, OSError) as error:
            one.failed(error)
            tally.note(f"at {name} {points()[point]}")
            break
        finally:
            one.core.end()
    return tally.told() | {"points": len(pairs), "missed": missed}


def _made(place: Path) -> Path:
    place.mkdir()
    return place


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path)
    parser.add_argument("--most", type=int, default=1 << 20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--placement", choices=list(PLACEMENTS), default="pinned")
    parser.add_argument("-o", dest="output", choices=("table", "json"), default="table")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nacre-faults-") as folder:
        began = time.monotonic()
        told = run(asked.build.resolve(), Path(folder), asked.placement, asked.seed, asked.most)
    told["seconds"] = round(time.monotonic() - began)
    if asked.output == "json":
        print(json.dumps(told))
    else:
        for key, value in told.items():
            print(f"{key:14} {value}")
    return 1 if told["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
