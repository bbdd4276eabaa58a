"""A run of tests that is told to end takes along what it started."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.live_core import until

TESTS = Path(__file__).resolve().parents[1]
STARTS = """
import subprocess, time
from pathlib import Path
import pytest

@pytest.fixture
def started():
    process = subprocess.Popen(["sleep", "600"])
    yield
    process.kill()
    process.wait()
    Path("ended").touch()

def test_waits(started):
    Path("begun").touch()
    time.sleep({seconds})
"""


@pytest.mark.parametrize("times", [1, 2])
def test_sigterm_ends_it_in_order(tmp_path: Path, times: int) -> None:
    shutil.copy(TESTS / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(STARTS.format(seconds=60))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        until((tmp_path / "begun").exists, "the test has begun", 60.0)
        for _ in range(times):
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == pytest.ExitCode.INTERRUPTED
        assert (tmp_path / "ended").exists()
    finally:
        process.kill()
        process.wait()


def test_a_fork_of_it_ends_at_once() -> None:
    process = multiprocessing.get_context("fork").Process(target=signal.pause)
    process.start()
    os.kill(process.pid or 0, signal.SIGTERM)
    process.join(60)
    assert process.exitcode == -signal.SIGTERM
