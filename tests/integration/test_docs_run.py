"""Pages whose commands are run as they stand, in a new folder, with nothing but the checkout.

Of the others tests/unit/test_docs_commands.py says whether they are commands at all; they need what a test
can't have: NOT_RUN says what.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support_docs import ROOT, Block, blocks

RUN = {"docs/journal.md": ("bad", "torn")}
"""Page: words of the commands that must fail there, and do."""

NOT_RUN = {
    "README.md": "in parts: see below; the others have pages of their own",
    "docs/algos.md": "recordings of the reader's own",
    "docs/analytics.md": "a day's journal",
    "docs/backend.md": "a password is asked for",
    "docs/bench.md": "it takes minutes",
    "docs/command.md": "it is a shell's own file",
    "docs/containers.md": "a container engine: tests/containers",
    "docs/core.md": "a desk's declarations: tests/integration/test_live.py",
    "docs/data.md": "recordings of the reader's own",
    "docs/factor.md": "minutes; tests/unit/periphery/cli has each command",
    "docs/features.md": "recordings of the reader's own",
    "docs/fix.md": "a peer: tests/integration/test_fix.py",
    "docs/market-data.md": "a venue's network",
    "docs/from-nautilustrader.md": "NautilusTrader in an environment of its own",
    "docs/frontend.md": "Node and a browser",
    "docs/kubernetes.md": "a cluster",
    "docs/licences.md": "it reads what is installed",
    "docs/operations.md": "a host's own folders",
    "docs/performance.md": "a day's journal",
    "docs/standby.md": "three hosts",
    "docs/ml.md": "recordings of the reader's own",
    "docs/monitoring.md": "servers: tests/integration/test_monitoring.py",
    "docs/portfolio.md": "a core with those accounts: tests/integration/test_portfolio.py",
    "docs/positions.md": "a core with those accounts",
    "docs/recorder.md": "a core with a day: tests/integration/test_local_day.py",
    "docs/risk.md": "two persons; tests/integration/test_risk_live.py",
    "docs/runbook.md": "a core in trouble",
    "docs/setup.md": "it installs",
    "docs/strategies.md": "a strategy of the reader's own: tests/integration/test_live_strategy.py",
    "docs/stream.md": "another host's keys: tests/integration/test_bridge.py",
    "docs/websocket.md": "a browser: tests/integration",
}
"""Page: what its commands need that isn't here, or what else runs them."""

READY = "for n in $(seq 600); do [ -S {0} ] && {1} core status >/dev/null 2>&1 && break; sleep 0.1; done"


def test_every_page_with_commands_is_run_or_says_why_not() -> None:
    pages = {block.page for block in blocks()}
    assert pages - set(RUN) - set(NOT_RUN) == set()
    assert not set(RUN) & set(NOT_RUN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def run(folder: Path, lines: list[str]) -> str:
    """What a shell prints; every line must succeed. What it left in the background ends with it."""
    script = "\n".join(["set -e", *lines])
    environment = os.environ | {
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "XDG_RUNTIME_DIR": str(folder),
        "TERM": "dumb",
    }
    pipe = subprocess.PIPE
    shell = subprocess.Popen(
        ["bash", "-c", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=pipe,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = shell.communicate(timeout=240)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        said, _ = shell.communicate()
    assert shell.returncode == 0, said
    return said


def of(page: str) -> list[Block]:
    return [block for block in blocks() if block.page == page]


def test_the_journal_s_page(folder: Path) -> None:
    fail = RUN["docs/journal.md"]
    lines = [
        f"! {command}" if command.startswith("nacre") and command.split()[-1] in fail else command
        for block in of("docs/journal.md")
        for command in block.commands()
    ]
    said = run(folder, lines)
    assert "torn tail" in said


def test_the_readme_s_question_and_its_trade(folder: Path) -> None:
    text = (ROOT / "README.md").read_text()
    scenario = re.search(r"```json\n(\{\"type\":\"instrument\".*?)```", text, re.DOTALL)
    assert scenario is not None
    (folder / "route.jsonl").write_text(scenario[1])
    (folder / "desk.jsonl").write_text("".join(scenario[1].splitlines(keepends=True)[:5]))
    said = run(folder, [".venv/bin/nacre scenario run route.jsonl"])
    shown = re.search(r"shortened to some lines and keys:\n\n```json\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    assert shown[1].count("\n") <= said.count("\n")
    assert '"reason":"max_order_qty"' in said
    (trade,) = (block for block in of("README.md") if "core run" in block.text)
    lines = [f"{command} --yes" if " kill " in command else command for command in trade.commands()]
    at = next(n for n, line in enumerate(lines) if line.endswith("&"))
    lines[at] = lines[at].removesuffix("&").rstrip() + " >core.log 2>&1 &"
    socket = folder / f"nacre-{os.getuid()}" / "core.sock"
    lines[at + 1 : at + 1] = [READY.format(socket, ".venv/bin/nacre")]
    stop = next(n for n, line in enumerate(lines) if line.endswith("core stop"))
    lines[stop + 1 : stop + 1] = ["wait"]  # for the core, before its journal is played
    said = run(folder, lines)
    assert "AAPL" in said
    assert "ok" in said
