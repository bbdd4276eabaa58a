"""The doctor and the completion scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli import root
from core.host import Finding, examine


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
