"""The supervisor and real processes: started, pinned, brought back, given up, ended; nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from core.fused import state_hash
from core.live import supervisor as supervisors
from core.live.killing import open_page
from core.live.plan import Plan
from core.live.sessions import Rings
from core.live.supervisor import SeatOf, Supervisor, WorkerLost
from core.topology import LIVE_STAGES

support = import_module("tests.unit.core.live.conftest")
ROOT = Path(__file__).resolve().parents[4]
SMALL = support.SMALL
GROUPS: list[tuple[str, ...]] = [("sequencer", "resolve"), tuple(LIVE_STAGES[2:-1])]


def plans(folder: Path, groups: list[tuple[str, ...]] = GROUPS, **more: Any) -> list[Plan]:
    open_page(folder / "core.sock", create=True)
    (folder / "journal").mkdir(exist_ok=True)
    return [support.plan(folder, i, stages, False, wait="sleep", **more) for i, stages in enumerate(groups)]


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.chdir(ROOT)
    found = Supervisor(plans(tmp_path), SMALL, 0)
    found.start()
    yield found
    found.close()


def until(supervisor: Supervisor, true: Callable[[], bool]) -> list[str]:
    """Keeps it going; the stages that came back meanwhile."""
    back = []
    end = time.monotonic() + 90
    while not true():
        assert time.monotonic() < end
        back += supervisor.poll()
        time.sleep(0.002)
    return back


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_it_starts_each_at_its_place_and_ends_all(running: Supervisor) -> None:
    told = running.describe()
    assert [each["stages"] for each in told] == [list(group) for group in GROUPS]
    assert all(is_alive(each["pid"]) and each["going"] for each in told)
    assert Path(f"/proc/{told[0]['pid']}/comm").read_text() == "nacre-sequencer\n"
    assert running.is_whole()
    digests = running.stop()
    assert set(digests) == {"resolve", "risk", "orders", "router", "execution", "positions", "egress"}
    assert len(state_hash(0, digests)) == 64
    assert not any(is_alive(each["pid"]) for each in told)
    assert running.fd == -1
    assert running.processes == []


def test_each_runs_on_its_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    cpu = max(os.sched_getaffinity(0))
    found = Supervisor(plans(tmp_path, cpu=cpu), SMALL, 0)
    try:
        found.start()
        assert [os.sched_getaffinity(each.pid) for each in found.processes] == [{cpu}] * 2
    finally:
        found.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_who_dies_is_replaced_and_told(running: Supervisor, number: int) -> None:
    before = running.of("risk").pid
    os.kill(before, number)
    back = until(running, lambda: running.restarts == 1 and running.is_whole())
    assert back == list(GROUPS[1])
    assert running.of("risk").pid != before
    assert running.last_restart_ns > 0


def test_who_falls_silent_is_replaced(running: Supervisor) -> None:
    each = running.of("sequencer")
    each.silence.seconds = 0.3
    os.kill(each.pid, signal.SIGSTOP)
    until(running, lambda: running.restarts == 1 and running.is_whole())
    assert not is_alive(each.pid)
    assert [process.plan.stages for process in running.processes] == GROUPS


def test_who_only_waits_is_not_silent(running: Supervisor) -> None:
    """It turns, if rarely; and a supervisor that stood still itself has seen nothing."""
    for each in running.processes:
        each.silence.seconds = 1.0
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        assert running.poll() == []
        time.sleep(0.01)
    time.sleep(1.5)
    assert running.poll() == []
    assert running.restarts == 0


def test_two_that_die_at_once_are_both_replaced(running: Supervisor) -> None:
    for each in running.processes:
        os.kill(each.pid, signal.SIGKILL)
    back = until(running, lambda: running.restarts == 2 and running.is_whole())
    assert sorted(back) == sorted(stage for group in GROUPS for stage in group)


def test_who_dies_when_it_is_asked_is_asked_again(running: Supervisor) -> None:
    os.kill(running.of("risk").pid, signal.SIGKILL)
    assert set(running.ask("risk", "digests")["digests"]) >= {"risk", "orders"}
    assert running.restarts == 1


def test_what_can_t_be_is_an_answer(running: Supervisor) -> None:
    rings = Rings("s")
    try:
        with pytest.raises(ValueError, match="session 99 has a seat, or is beyond the 16"):
            running.open_seat(SeatOf(0, 99, 0, None, rings.fds))
        assert (running.takes, running.tells) == ({}, {})
        running.open_seat(SeatOf(0, 3, 0, None, rings.fds))
        os.kill(running.of("sequencer").pid, signal.SIGKILL)
        running.close_requests(0)
        running.close_responses(0)
        assert (running.takes, running.tells, running.bases) == ({}, {}, {})
    finally:
        rings.close_fds()
    assert running.restarts == 1


def test_one_that_always_dies_is_given_up_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = Supervisor(plans(tmp_path), SMALL, 0)
    try:
        found.start()
        (tmp_path / "core.kill").unlink()  # nobody can open the page again
        os.kill(found.of("sequencer").pid, signal.SIGKILL)
        with pytest.raises(WorkerLost, match=r"sequencer \(pid \d+\) is the \d+th in a row to die before"):
            until(found, lambda: False)
    finally:
        found.close()
    assert not any(is_alive(each.pid) for each in found.processes)


def test_one_that_can_t_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = Supervisor(plans(tmp_path), SMALL, 0)
    (tmp_path / "core.kill").unlink()
    try:
        with pytest.raises(WorkerLost, match="ended with 1 before it was ready"):
            found.start()
    finally:
        found.close()


def test_a_worker_that_never_gets_ready_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(supervisors, "START_S", 0.0)
    found = Supervisor(plans(tmp_path), SMALL, 0)
    try:
        with pytest.raises(WorkerLost, match="before it was ready"):
            found.start()
    finally:
        found.close()


SUPERVISED = """
import json, sys, time
from pathlib import Path
from tests.unit.core.live.test_supervisor import SMALL, Supervisor, plans
found = Supervisor(plans(Path(sys.argv[1])), SMALL, 0)
found.start()
print(json.dumps([each.pid for each in found.processes]), flush=True)
time.sleep(60)
"""


def test_nothing_is_left_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pids: list[int] = json.loads(process.stdout.readline())
    os.kill(pids[0], signal.SIGSTOP)  # also one that stands still
    held = [path for pid in (process.pid, *pids) for path in named_memory(pid)]
    process.kill()
    process.communicate()
    end = time.monotonic() + 60
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert [path for path in held if path.exists()] == []


def named_memory(pid: int) -> set[Path]:
    """What a process has of /dev/shm, mapped or open: of others' there may be more, which come and go."""
    mapped = [line.split(maxsplit=5)[-1] for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    opened = [os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()]
    return {Path(name) for name in [*mapped, *opened] if name.startswith("/dev/shm/")}
