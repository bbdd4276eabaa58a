"""Gathers the wheels of an image: nacre's own, and what it depends on, in the versions and with the hashes
of the lock.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "deploy" / "setup" / "requirements.lock"
ALSO = ("markdown-it-py", "mdurl", "pygments", "psycopg-binary", "psycopg-pool", "typing-extensions")
"""What rich and psycopg depend on."""


def gather(target: Path) -> None:
    """Into an empty folder. The registry is asked for what pip's cache lacks."""
    _pip("wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(target), str(ROOT))
    wanted = target / "requirements.txt"
    wanted.write_text("".join(entries(names())))
    _pip(
        "download",
        "-q",
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-d",
        str(target),
        "-r",
        str(wanted),
    )
    wanted.unlink()


def names() -> set[str]:
    """Of the packages that run in an image."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["periphery"]]
    return {re.split(r"[<>=!~ \[]", each, maxsplit=1)[0].lower() for each in asked} | set(ALSO)


def entries(wanted: set[str]) -> list[str]:
    """Their entries of the lock. LookupError: one isn't in it."""
    found = {}
    for entry in re.findall(r"^(?:[a-z].*\n(?: .*\n)*)", LOCK.read_text(), re.MULTILINE):
        found[entry.partition("==")[0]] = entry
    missing = wanted - found.keys()
    if missing:
        raise LookupError(f"{LOCK.name} lacks {', '.join(sorted(missing))}: run `make lock`")
    return [found[name] for name in sorted(wanted)]


def _pip(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", *words], cwd=ROOT, check=True)
