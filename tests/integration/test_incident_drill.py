"""The incident drill: something is broken, and both the doctor and the alerts of a real Prometheus name it,
and then that it is mended; by the steps of docs/runbook.md.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.recovery import replay
from tests.integration.live_core import ROOT
from tests.integration.monitored import Monitored
from tests.support_prometheus import need, until

WAIT_S = 120.0
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Monitored]:
    need("prometheus")
    made = Monitored(tmp_path, "--placement", "pinned", "--wait", "sleep")
    try:
        yield made
    finally:
        made.end()


def doctor(system: Monitored, *more: str) -> dict[str, str]:
    """What it finds wrong with the core: state by name."""
    words = ["doctor", "--socket", str(system.core.socket), "-o", "json", *more]
    ran = subprocess.run(
        [sys.executable, "-m", "core.cli", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    found = {row["name"]: row for row in json.loads(ran.stdout)["findings"]}
    assert ran.returncode == int(any(row["state"] == "broken" for row in found.values()))
    assert all(row["cost"] and row["mend"] for row in found.values() if row["state"] == "broken")
    return {name: row["state"] for name, row in found.items()}


def test_the_doctor_and_the_alerts_name_what_is_broken(system: Monitored) -> None:
    prometheus = system.watch()
    assert doctor(system)["core"] == "ok"
    assert {"kills": "ok", "sends": "ok"}.items() <= doctor(system).items()

    os.kill(system.pid_of("risk"), signal.SIGKILL)  # an engine dies
    until(lambda: "NacreEngineRestarted" in prometheus.firing(), prometheus.firing)
    assert doctor(system)["restarts"] == "costs"

    with system.client() as client:  # a person stops trading
        client.kill("all", "", "anna")
        until(lambda: "NacreKilled" in prometheus.firing(), prometheus.firing)
        assert doctor(system)["kills"] == "costs"
        client.rearm("all", "", "anna", second="boris")
        until(lambda: "NacreKilled" not in prometheus.firing(), prometheus.firing)

    system.core.kill()  # the whole core dies
    until(lambda: "NacreCoreDown" in prometheus.firing(), prometheus.firing)
    assert doctor(system, "--journal", str(system.core.journal))["core"] == "broken"
    assert doctor(system, "--journal", str(system.core.journal))["journal"] in (
        "ok",
        "costs",
    )  # torn, perhaps
    hash_before = replay(system.core.journal)["state_hash"]

    system.core.start()  # recover
    assert system.core.ask("status")["restored"]["state_hash"] == hash_before
    until(lambda: "NacreCoreDown" not in prometheus.firing(), prometheus.firing)
    assert {"core": "ok", "kills": "ok"}.items() <= doctor(system).items()


def test_the_runbook_knows_every_alert() -> None:
    """And every command in it is one."""
    alerts = set(re.findall(r"- alert: (\w+)", (ROOT / "deploy/prometheus/rules/alerts.yml").read_text()))
    assert alerts <= set(re.findall(r"Nacre\w+", RUNBOOK))
    from click.testing import CliRunner

    from core.cli import root

    said = {tuple(words.split()) for words in re.findall(r"\bnacre ([a-z-]+(?: [a-z-]+)?)\b", RUNBOOK)}
    assert len(said) > 15
    for words in said:
        asked = CliRunner().invoke(root, [*words, "--help"])
        alone = CliRunner().invoke(root, [words[0], "--help"])
        assert asked.exit_code == 0 or alone.exit_code == 0, words
