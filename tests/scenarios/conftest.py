"""How a case is run: in this process where core.scenario offers run_text, else through the command."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

type Ran = tuple[int, str, str]
type Run = Callable[[Path], Ran]


def run_command(path: Path) -> Ran:
    command = [sys.executable, "-m", "core.cli", "scenario", "run", str(path)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture(scope="session")
def run() -> Run:
    try:
        from core.scenario import run_text
    except ImportError:
        return run_command

    def run_here(path: Path) -> Ran:
        code, out, err = run_text(str(path))
        return int(code), str(out), str(err)

    return run_here
