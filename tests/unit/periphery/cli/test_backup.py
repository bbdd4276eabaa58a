"""`nacre backup`, as it is typed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from periphery.cli.backup import command
from tests.unit.periphery.recorder.day import recorded

WAIT_S = 60.0


def typed(*words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    recorded(tmp_path / "journal")
    return tmp_path / "journal"


def test_one_is_made_listed_verified_and_brought_back(journal: Path, tmp_path: Path) -> None:
    into = tmp_path / "backups"
    made = json.loads(typed("take", into, "--journal", journal, "-o", "json").stdout)
    assert made["ok"]
    assert typed("verify", made["backup"]).exit_code == 0
    (row,) = json.loads(typed("list", into, "-o", "json").stdout)
    assert (row["verified"], row["last_sequence"] > 10) == (True, True)
    back = typed("restore", into, "--newest", "--journal", tmp_path / "back")
    assert back.exit_code == 0, back.output
    again = typed("restore", into, "--newest", "--journal", tmp_path / "back")
    assert (again.exit_code, "isn't empty" in again.output) == (2, True)
    assert typed("restore", into, "--newest", "--unless-there", "--journal", tmp_path / "back").exit_code == 0
    typed("take", into, "--journal", journal)
    gone = json.loads(typed("prune", into, "--size", "1KB", "-o", "json").stdout)
    assert [each["gone"] for each in gone] == [True, False]


def test_what_is_harmed_ends_with_one(journal: Path, tmp_path: Path) -> None:
    made = json.loads(typed("take", tmp_path / "backups", "--journal", journal, "-o", "json").stdout)
    segment = next((Path(made["backup"]) / "journal").glob("*.nacre"))
    segment.write_bytes(segment.read_bytes()[:-8])
    ran = typed("verify", made["backup"])
    assert (ran.exit_code, "isn't what was written" in ran.output) == (1, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["take", "x"], "nothing to back up"),
        (["take", "x", "--journal", "none"], "no segment"),
        (["take", "x", "--store", "mysql://x"], "give sqlite"),
        (["restore", "."], "say what comes back"),
        (["restore", ".", "--newest", "--journal", "x"], "no verified backup"),
        (["verify", "."], "isn't a backup"),
        (["prune", "x"], "--days"),
        (["prune", "x", "--size", "many"], "number of bytes"),
        (["prune", "x", "--size", "1GB", "--journals", "x"], "--days"),
    ],
)
def test_wrong_usage(words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = typed(*words)
    assert (ran.exit_code, told in ran.output) == (2, True), ran.output


def test_one_each_so_often_until_it_is_told_to_end(journal: Path, tmp_path: Path) -> None:
    into = tmp_path / "backups"
    words = [sys.executable, "-m", "core.cli", "backup", "run", into, "--every", "1", "--days", "0"]
    running = subprocess.Popen([*words, "--journal", journal], stderr=subprocess.PIPE, text=True)
    try:
        assert running.stderr is not None
        told = ""
        end = time.monotonic() + WAIT_S
        while "deleted" not in told and time.monotonic() < end:
            told += running.stderr.readline()
        assert told.count("made and verified") >= 2
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=WAIT_S)
    assert running.returncode == 0
    assert len(json.loads(typed("list", into, "-o", "json").stdout)) >= 1
