"""Pages whose commands are run as they stand, in a new folder, with nothing but the checkout.

Of the others tests/unit/test_docs_commands.py says whether they are commands at all; they need what a test
can't have: NOT_RUN says what.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support_docs import ROOT, Block, blocks


@dataclass(frozen=True, slots=True)
class Page:
    """fails: words of the commands that must fail there, and do. may_fail: of those whose check needs a
    machine that does nothing else: exit 1 will do. left_out: of those that are run elsewhere.
    files_of: the pages whose files it speaks of. before: commands that make what it begins with. recording:
    what stands here for its FILE..., the reader's own.
    """

    fails: tuple[str, ...] = ()
    may_fail: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    files_of: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    recording: str = ""


TUTORIAL = ("docs/tutorial.md",)
RECORDING = ("python3 walk.py",)
TRADES = (
    "echo time,symbol,px,qty > trades.csv",  # one a minute, from 13:30 to 20:00 of a day
    "for n in $(seq 0 389); do echo $((1700055000 + 60 * n))000000000,AAPL,1.5,$((9 + n)); done >>trades.csv",
)
JOURNAL = (*RECORDING, ".venv/bin/nacre backtest mine.py --data walk.csv --journal journal")
RUN = {
    "docs/journal.md": Page(fails=("verify bad", "verify torn")),
    "docs/tutorial.md": Page(
        fails=("EURUSD 600000",),
        left_out=("git clone", "make ", "nacre up", "nacre ps", "nacre down"),  # tests/containers
    ),
    "docs/how-to-desk.md": Page(files_of=TUTORIAL),
    "docs/how-to-strategies.md": Page(files_of=TUTORIAL, before=RECORDING),
    "docs/how-to-operations.md": Page(files_of=TUTORIAL, before=JOURNAL),
    "docs/how-to-performance.md": Page(may_fail=("bench hop",)),
    "docs/algos.md": Page(before=TRADES, recording="trades.csv"),
    "docs/analytics.md": Page(files_of=TUTORIAL, before=JOURNAL, left_out=("--follow",)),  # it goes on
    "docs/command.md": Page(),
    "docs/data.md": Page(files_of=TUTORIAL, before=RECORDING, recording="walk.csv"),
    "docs/performance.md": Page(
        files_of=TUTORIAL,
        before=JOURNAL,
        left_out=("sp500_dataset", "engine run"),  # tests/unit/periphery/analytics: test_history, test_engine
    ),
    "docs/stream.md": Page(left_out=("bridge run",)),  # tests/integration/test_bridge.py
    "docs/websocket.md": Page(left_out=("websocket run",)),  # tests/integration/test_websocket_live.py
}

NOT_RUN = {
    "README.md": "in parts: see below; the others have pages of their own",
    "docs/backend.md": "a password is asked for",
    "docs/bench.md": "it takes minutes",
    "docs/containers.md": "a container engine: tests/containers",
    "docs/core.md": "a desk's declarations: tests/integration/test_live.py",
    "docs/factor.md": "minutes; tests/unit/periphery/cli has each command",
    "docs/features.md": "recordings of the reader's own",
    "docs/fix.md": "a peer: tests/integration/test_fix.py",
    "docs/market-data.md": "a venue's network",
    "docs/from-nautilustrader.md": "NautilusTrader in an environment of its own",
    "docs/frontend.md": "Node and a browser",
    "docs/kubernetes.md": "a cluster",
    "docs/licences.md": "it reads the checkout: tests/unit/deploy/test_licences.py",
    "docs/operations.md": "a host's own folders",
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
}
"""Page: what its commands need that isn't here, or what else runs them."""

UNTIL = "for n in $(seq 900); do {0} >/dev/null 2>&1 && break; sleep 0.1; done; {0} >/dev/null"
STARTED = UNTIL.format(".venv/bin/nacre core status")
BEGUN = UNTIL.format(".venv/bin/nacre core status -o json | grep -q '\"Mine\"'")
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


def files(page: str) -> dict[str, str]:
    """The files that a page shows, each after a line that ends with its name and a colon."""
    shown = re.finditer(r"`([a-z_]+\.[a-z]+)`:\n\n```[a-z]*\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    return {match[1]: match[2] for match in shown}


def without_brackets(command: str) -> str:
    """What `[-o json]` leaves to the reader is given."""
    return re.sub(r"(?<= )\[(-[^]]*)\]", r"\1", command)


def script(page: str) -> Iterator[str]:
    """The page's commands as a shell runs them; what goes on in the background is waited for."""
    told = RUN[page]
    yield from told.before
    for command in (without_brackets(command) for block in of(page) for command in block.commands()):
        command = command.replace("FILE...", told.recording) if told.recording else command
        if any(words in command for words in told.left_out):
            continue
        if command.endswith("&"):
            yield f"{command[:-1]} >>background.log 2>&1 &"
            yield STARTED if "core run" in command else BEGUN
        elif any(words in command for words in told.fails):
            yield f"! {command}"
        elif any(words in command for words in told.may_fail):
            yield f"{command} || test $? = 1"
        else:
            yield command
        if command.endswith("core stop"):
            yield "wait"


@pytest.mark.parametrize("page", RUN)
def test_a_page_runs_as_it_stands(page: str, folder: Path) -> None:
    for source in (page, *RUN[page].files_of):
        for name, text in files(source).items():
            (folder / name).write_text(text)
    said = run(folder, list(script(page)))
    assert page != "docs/journal.md" or "torn tail" in said


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
