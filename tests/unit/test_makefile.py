"""The targets that the documentation promises are there, each with its line of help."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROMISED = {"demo", "test", "deps", "fresh", "lock", "lint", "build", "clean", "help"}


def make(*arguments: str) -> str:
    # Silent and without changing folders: a make around this test would add its own lines.
    command = ["make", "-s", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_help_names_every_target() -> None:
    assert set(re.findall(r"^  make (\w+) +\S", make("help"), re.MULTILINE)) >= PROMISED


def test_help_is_the_default() -> None:
    assert make() == make("help")


def test_the_documents_name_targets_that_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = (ROOT / "README.md").read_text() + (ROOT / "docs" / "setup.md").read_text()
    named = set(re.findall(r"`make ([a-z]+)", text))
    assert named
    assert named <= targets
