"""The doctor and the completion scripts."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.cli import checkup, root
from core.cli.checkup import of_journal
from core.cli.health_watch import FILE
from core.clock_sync import ClockSync
from core.host import Finding, examine, of_clock
from tests.unit.periphery.recorder.day import recorded


def machine(root: Path, **files: str) -> dict[str, Finding]:
    """The findings of a machine whose kernel shows these files."""
    for path, text in files.items():
        file = root / path.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return {finding.name: finding for finding in examine(root)}


def test_a_machine_that_shows_nothing(tmp_path: Path) -> None:
    found = machine(tmp_path)
    assert {found[name].state for name in ("governor", "clock source", "huge pages")} == {"unknown"}
    assert found["shared memory"].found == "no /dev/shm"


def test_a_machine_in_order(tmp_path: Path) -> None:
    cpu = "sys__devices__system__cpu"
    clock = "sys__devices__system__clocksource__clocksource0__current_clocksource"
    found = machine(tmp_path, **{
        f"{cpu}__isolated": "2-3\n", f"{cpu}__cpu0__cpufreq__scaling_governor": "performance\n",
        clock: "tsc\n", "proc__sys__vm__nr_hugepages": "512\n",
        "sys__kernel__mm__transparent_hugepage__enabled": "always [madvise] never\n",
    })  # fmt: skip
    names = ("isolated processors", "governor", "clock source", "huge pages", "transparent huge pages")
    assert {found[name].state for name in names} == {"ok"}


def test_a_machine_that_costs(tmp_path: Path) -> None:
    found = machine(tmp_path, **{
        "sys__fs__cgroup__cpu.max": "150000 100000\n",
        "sys__devices__system__cpu__cpu0__cpufreq__scaling_governor": "powersave\n",
        "sys__devices__system__clocksource__clocksource0__current_clocksource": "hpet\n",
        "proc__sys__vm__nr_hugepages": "0\n",
        "sys__kernel__mm__transparent_hugepage__enabled": "[always] madvise never\n",
    })  # fmt: skip
    assert "quota 1.5" in found["processors"].found
    for name in ("processors", "governor", "clock source", "huge pages", "transparent huge pages"):
        finding = found[name]
        assert (finding.state, bool(finding.cost), bool(finding.mend)) == ("costs", True, True), name


CPUIDLE = "sys__devices__system__cpu__cpu0__cpuidle"


def test_how_deep_processors_sleep(tmp_path: Path) -> None:
    states = {
        f"{CPUIDLE}__state0__name": "POLL", f"{CPUIDLE}__state0__latency": "0",
        f"{CPUIDLE}__state1__name": "C1", f"{CPUIDLE}__state1__latency": "2",
        f"{CPUIDLE}__state2__name": "C6", f"{CPUIDLE}__state2__latency": "133",
        f"{CPUIDLE}__state2__disable": "0",
    }  # fmt: skip
    found = machine(tmp_path, **states)["idle states"]
    assert (found.state, found.found) == ("costs", "to C6, 133 us to wake")
    found = machine(tmp_path, **{f"{CPUIDLE}__state2__disable": "1"})["idle states"]
    assert (found.state, found.found) == ("ok", "to C1, 2 us to wake")


@pytest.mark.parametrize(
    ("isolated", "first", "second", "state", "words"),
    [
        ("2-3", "0-1", "0,1", "ok", "none on isolated"),
        ("2-3", "0-1", "1-2", "costs", "1 of 2"),
        ("", "0-3", "0-3", "costs", "none is isolated"),
    ],
)
def test_where_interrupts_go(
    tmp_path: Path, isolated: str, first: str, second: str, state: str, words: str
) -> None:
    found = machine(tmp_path, **{
        "sys__devices__system__cpu__isolated": isolated,
        "proc__irq__9__smp_affinity_list": first, "proc__irq__10__smp_affinity_list": second,
    })["interrupts"]  # fmt: skip
    assert (found.state, words in found.found) == (state, True), found


@pytest.mark.parametrize(
    ("sync", "state"),
    [
        (None, "unknown"),
        (ClockSync(True, 20_000, 3_000_000), "ok"),
        (ClockSync(True, -2_000_000, 3_000_000), "costs"),
        (ClockSync(False, 0, 16_000_000_000), "costs"),
    ],
)
def test_who_keeps_the_clock(sync: ClockSync | None, state: str) -> None:
    assert of_clock(sync).state == state


def test_a_core_that_does_not_answer_is_broken(tmp_path: Path) -> None:
    result = CliRunner().invoke(root, ["doctor", "--socket", str(tmp_path / "core.sock"), "-o", "json"])
    assert result.exit_code == 1
    broken = [row for row in json.loads(result.stdout)["findings"] if row["state"] == "broken"]
    assert [row["name"] for row in broken] == ["core"]
    assert "nacre core run" in broken[0]["mend"]


def test_a_journal_is_read_to_its_end(tmp_path: Path) -> None:
    recorded(tmp_path / "journal")
    (segment,) = (tmp_path / "journal").glob("*.nacre")
    assert of_journal(tmp_path / "journal").state == "ok"
    os.truncate(segment, segment.stat().st_size - 24)
    torn = of_journal(tmp_path / "journal")
    assert (torn.state, torn.found.startswith("torn")) == ("costs", True)
    with segment.open("r+b") as file:
        file.seek(3000)
        file.write(b"#")
    damaged = of_journal(tmp_path / "journal")
    assert (damaged.state, "offset" in damaged.found, "restore" in damaged.mend) == ("broken", True, True)
    assert of_journal(tmp_path / "none").state == "broken"


def _told(**more: Any) -> dict[str, Any]:
    worker = {"name": "nacre-risk", "stages": ["risk"], "going": True, "silent_ns": 0}
    told = {
        "name": "core", "seq": 7, "workers": [worker], "restarts": {"count": 0}, "kills": [], "halts": [],
        "sends": {"unknown": 0, "intents": 3}, "journal": {"path": "/"},
    }  # fmt: skip
    return told | more


@pytest.mark.parametrize(
    ("told", "name", "state"),
    [
        ({"workers": [{"stages": ["risk"], "going": False, "silent_ns": 0}]}, "engine risk", "broken"),
        ({"workers": [{"stages": ["risk"], "going": True, "silent_ns": 9 * 10**9}]}, "engine risk", "broken"),
        ({"restarts": {"count": 2}}, "restarts", "costs"),
        ({"kills": [{}]}, "kills", "costs"),
        ({"halts": [{"scope": "venue", "key": "V", "reason": "overfill"}]}, "halts", "broken"),
        ({"halts": [{"scope": "account", "key": "A", "reason": ""}]}, "halts", "costs"),
        ({"sends": {"unknown": 1, "intents": 3}}, "sends", "broken"),
        ({"journal": {"path": "/not/there"}}, "journal's disk", "broken"),
    ],
)
def test_what_a_core_tells(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], name: str, state: str
) -> None:
    monkeypatch.setattr(checkup, "ask", lambda _socket, _op: _told(**told))
    found = {finding.name: finding for finding in checkup.of_core(Path("core.sock"))}
    assert found[name].state == state
    assert found[name].mend
    assert found["core"].state == "ok"


@pytest.mark.parametrize(("free", "state"), [(50, "ok"), (30, "costs"), (25, "costs"), (10, "broken")])
def test_how_full_the_journals_disk_is(monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    stat = os.statvfs_result((4096, 4096, 100, free, free, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _path: stat)
    assert checkup.of_disk(Path("/journal")).state == state


def test_processes_beside_a_core(tmp_path: Path) -> None:
    rows = [{"name": "core", "state": "running"}, {"name": "risk", "state": "unhealthy"}]
    status = {"time_ns": time.time_ns(), "parts": rows}
    (tmp_path / FILE).write_text(json.dumps(status))
    found = list(checkup.of_services(tmp_path))
    assert [(each.name, each.state) for each in found] == [("service risk", "broken"), ("services", "costs")]
    result = CliRunner().invoke(root, ["doctor", "--local", str(tmp_path / "none"), "-o", "json"])
    assert result.exit_code == 2


def test_the_command() -> None:
    result = CliRunner().invoke(root, ["doctor", "-o", "json"])
    assert result.exit_code == 0
    assert {finding["name"] for finding in json.loads(result.stdout)["findings"]} >= {
        "processors",
        "governor",
    }
    assert "processors" in CliRunner().invoke(root, ["doctor"]).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    result = CliRunner().invoke(root, ["completion", shell])
    assert result.exit_code == 0
    assert "_NACRE_COMPLETE" in result.stdout
