"""Gathers the wheels of an image: nacre's own, and what it depends on, in the versions and with the hashes
of the lock.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "deploy" / "setup" / "requirements.lock"


def gather(target: Path, extras: Iterable[str]) -> None:
    """What nacre with these extras depends on, into a folder. The registry is asked for what pip's cache
    lacks.
    """
    if not (found := list(extras)):
        return
    wanted = target / "requirements.txt"
    wanted.write_text("".join(entries(names(found))))
    download(target, wanted)
    wanted.unlink()


def own(target: Path) -> None:
    """nacre's, of this checkout."""
    _pip("wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(target), str(ROOT))


def download(target: Path, lock: Path) -> None:
    """What a file names, by version and hash."""
    words = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "-d", str(target), "-r", str(lock))
    _pip("download", "-q", *words)


def names(extras: Iterable[str]) -> set[str]:
    """Of the packages in an image with these extras, and of what they depend on, as installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = list(project["dependencies"])
    for extra in extras:
        asked += project["optional-dependencies"][extra]
    waiting, seen = [Requirement(each) for each in asked], set()
    while waiting:
        each = waiting.pop()
        for extra in ("", *each.extras):
            if (name := canonicalize_name(each.name), extra) not in seen:
                seen.add((name, extra))
                waiting += _needs(name, extra)
    return {name for name, _ in seen}


def _needs(name: str, extra: str) -> list[Requirement]:
    """What a package depends on here, for that extra of its own."""
    found = [Requirement(each) for each in requires(name) or ()]
    return [each for each in found if each.marker is None or each.marker.evaluate({"extra": extra})]


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
