"""A core whose processes stand still, die together, or are left alone; sessions that come and go."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core import messages as m
from core.cli import root
from core.recovery import replay
from core.recovery.journal import event
from core_ext.journal import JournalReader
from tests.integration.live_core import Client, Process, until

S = m.OrdStatus
PINNED = 'placement = "pinned"\nplacements = {venues = "pinned"}\n'


def process(folder: Path, text: str = PINNED) -> Process:
    config = folder / "core.toml"
    config.write_text(text)
    core = Process(folder, "--config", str(config))
    core.start()
    return core


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    found = process(tmp_path)
    yield found
    found.end()


def is_whole(client: Client, restarts: int) -> bool:
    told = client.must("status")
    return told["restarts"]["count"] == restarts and all(each["going"] for each in told["workers"])


def until_known(client: Client, names: list[str]) -> None:
    """Until it is told what became of each order: a venue has it; or doesn't, and it is canceled."""
    waiting = set(names)

    def known() -> bool:
        while (row := client.next()) is not None:
            raw = row["cl_ord_id"].tobytes()
            if row["kind"] == 1 or row["status"] in (S.NEW, S.CANCELED, S.REJECTED):
                waiting.discard(raw[1 : 1 + raw[0]].decode())
        return not waiting

    until(known, f"it is told what became of {len(names)} orders")


def pids(core: Process) -> dict[str, int]:
    return {each["name"]: each["pid"] for each in core.workers()}


def ended_well(core: Process) -> bool:
    told = core.stop()
    played = replay(core.journal)
    return bool(played["ok"] and played["state_hash"] == told["state_hash"])


@pytest.mark.parametrize("name", ["sequencer", "journal", "gateways"])
def test_one_that_stands_still_is_replaced(core: Process, name: str) -> None:
    client = Client(core)
    client.order("o1", 109000)
    client.expect("o1", status=S.NEW)
    os.kill(pids(core)[name], signal.SIGSTOP)
    client.order("o2", 109000)
    assert client.must("status")["seq"] > 0  # questions are answered meanwhile
    until_known(client, ["o2"])
    until(lambda: is_whole(client, 1), "it is replaced")
    assert [row["cl_ord_id"] for row in client.must("orders")["orders"]] == ["o2", "o1"]
    assert ended_well(core)


def test_a_supervisor_that_stood_still_kills_nobody(core: Process) -> None:
    """Nobody looked, so nobody was seen to be silent; what the workers do goes on without it."""
    client = Client(core)
    before = pids(core)
    core.signal(signal.SIGSTOP)
    for i in range(50):
        client.order(f"o{i}", 109000)
    client.expect("o49", status=S.NEW)
    stopped = list(before.values())
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(6)
    core.thaw([core.pid, *stopped])
    client.order("late", 109000)
    client.expect("late", status=S.NEW)
    assert pids(core) == before
    assert ended_well(core)


def test_all_die_at_once(core: Process) -> None:
    client = Client(core)
    for i in range(100):
        client.order(f"o{i}", 109000)
    for pid in pids(core).values():
        os.kill(pid, signal.SIGKILL)
    for i in range(100, 200):
        client.order(f"o{i}", 109000)
    until_known(client, [f"o{i}" for i in range(200)])
    until(lambda: is_whole(client, 11), "all are back")
    assert client.must("status")["inputs"] == 200  # counted on the board, whoever counts
    assert len(client.must("orders")["orders"]) == 200
    assert ended_well(core)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_nacre_kill_works_with_every_engine_dead(
    core: Process, number: signal.Signals, monkeypatch: Any
) -> None:
    monkeypatch.setenv("NACRE_SOCKET", str(core.socket))
    client = Client(core, cancels=False)
    client.order("o1", 109000)
    client.order("b1", 109000, account=1)
    client.expect("b1", status=S.NEW)
    before = client.must("status")["venues"]["messages"]
    workers = [pid for name, pid in pids(core).items() if name != "venues"]
    core.signal(signal.SIGSTOP)
    for pid in workers:
        os.kill(pid, number)
    for i in range(100):
        client.order(f"late{i}", 109000)
        client.order(f"fine{i}", 109000, account=1)
    told = CliRunner().invoke(root, ["kill", "account", "A", "--by", "ann", "--yes", "-o", "json"])
    assert told.exit_code == 0, told.output
    core.thaw([core.pid] + (workers if number == signal.SIGSTOP else []))
    client.expect("fine99", status=S.NEW)
    until(lambda: {row["account"] for row in live(client)} == {"B"}, "what was killed is canceled")
    assert len(live(client)) == 101
    until(lambda: client.must("status")["sends"]["under_way"] == 0, "venues have answered")
    status = client.must("status")
    assert status["venues"]["doubled"] == 0
    most = before + 101 + status["sends"]["suppressed"]  # cancels always pass, also of what was held back
    assert before + 101 <= status["venues"]["messages"] <= most
    assert ended_well(core)
    taken = [row["request"]["child_id"] for row in reports(core, m.ExecType.NEW)]
    assert sorted(taken) == sorted(["o1.1", "b1.1", *(f"fine{i}.1" for i in range(100))])


def reports(core: Process, exec_type: m.ExecType) -> list[dict[str, Any]]:
    rows = (event(body) for _, body in JournalReader(core.journal))
    return [row for row in rows if row["kind"] == "report" and row["request"]["exec_type"] == exec_type]


def live(client: Client) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.must("orders", live_only=True)["orders"]
    return rows


def test_sessions_come_and_go_and_leave_nothing(core: Process) -> None:
    held = {}
    for turn in range(210):
        client = Client(core, f"c{turn % 7}")
        client.order(f"o{turn}", 109000)
        client.close()
        if turn == 9:
            held = settled(core)
    after = settled(core)
    assert {name: after[name] - count for name, count in held.items() if after[name] > count} == {}
    client = Client(core)
    until(lambda: live(client) == [], "the orders of all that left are canceled")
    assert len(client.must("orders")["orders"]) == 210
    assert ended_well(core)


def settled(core: Process) -> dict[str, int]:
    """Open descriptors and maps of each process, once nobody is connected."""
    until(lambda: not core.ask("status")["sessions"], "all have left")
    found = {}
    for name, pid in {**pids(core), "core": core.pid}.items():
        found[f"{name} descriptors"] = len(os.listdir(f"/proc/{pid}/fd"))
        found[f"{name} maps"] = Path(f"/proc/{pid}/maps").read_text().count("memfd")
    return found


def test_a_session_outlives_those_who_serve_it(core: Process) -> None:
    client = Client(core)
    for turn, name in enumerate(("sequencer", "egress", "sequencer", "egress")):
        for i in range(20):
            client.order(f"t{turn}-{i}", 109000)
        os.kill(pids(core)[name], signal.SIGKILL)
        for i in range(20, 40):
            client.order(f"t{turn}-{i}", 109000)
        client.expect(f"t{turn}-39", status=S.NEW)
    until(lambda: is_whole(client, 4), "all are back")
    assert client.must("status")["inputs"] == client.sent
    assert (
        client.read == 2 * client.sent
    )  # each was told pending_new, then new; no number came twice or is missing
    assert ended_well(core)
