"""Environments that have NautilusTrader: each of its versions one of its own, since its pins conflict with
nacre's.

An environment has the wheels of `locks/VERSION.lock`, by their hashes, and sees the folder that nacre
runs from: its client library and its compiled modules. So it needs the Python that nacre was compiled
for.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

VERSIONS = {"1": "1.231.0", "2": "2.0.0rc7"}
LOCKS = Path(__file__).with_name("locks")
ROOT = Path(__file__).resolve().parents[2]
STAMP = "nacre.stamp"


class NoEnvironment(RuntimeError):
    """It can't be made; the message says why and what to do."""


def version_of(name: str) -> str:
    """1 or 2, or a version in full. NoEnvironment: there is no lock of it."""
    version = VERSIONS.get(name, name)
    if not (LOCKS / f"{version}.lock").exists():
        raise NoEnvironment(f"NautilusTrader {name}: one of {', '.join((*VERSIONS, *VERSIONS.values()))}")
    return version


def default_folder(version: str) -> Path:
    """Where it is made: $XDG_CACHE_HOME/nacre/nt/VERSION."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "nacre" / "nt" / version


def python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def is_made(version: str, folder: Path) -> bool:
    """Whether it is whole, and of today's lock."""
    return _is_made(LOCKS / f"{version}.lock", folder)


def _is_made(lock: Path, folder: Path) -> bool:
    stamp = folder / STAMP
    return stamp.exists() and stamp.read_text() == _stamp(lock)


def make(version: str, folder: Path) -> bool:
    """Make it, or leave it as it is; whether there was anything to do. NoEnvironment."""
    what = f"NautilusTrader {version} (its wheels need glibc 2.35, Python 3.12 to 3.14)"
    return install(LOCKS / f"{version}.lock", folder, what)


def install(lock: Path, folder: Path, what: str) -> bool:
    """The same of any lock; what: what couldn't be installed, for the error."""
    if _is_made(lock, folder):
        return False
    stamp = folder / STAMP
    stamp.unlink(missing_ok=True)
    venv.create(folder, with_pip=True)
    command = [str(python_of(folder)), "-m", "pip", "install", "-q", "--no-deps", "--require-hashes"]
    done = subprocess.run(
        [*command, "--only-binary", ":all:", "-r", str(lock)], check=False, text=True, stderr=subprocess.PIPE,
    )  # fmt: skip
    if done.returncode:
        raise NoEnvironment(f"{folder}: pip could not install {what}:\n{done.stderr[-2000:]}")
    _see(folder)
    stamp.write_text(_stamp(lock))
    return True


def _see(folder: Path) -> None:
    """Let the environment import nacre from where it is."""
    site = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (site / "nacre.pth").write_text(f"{ROOT}\n")


def _stamp(lock: Path) -> str:
    of = hashlib.sha256(lock.read_bytes()).hexdigest()
    return f"{sys.version.split()[0]} {ROOT} {of}\n"
