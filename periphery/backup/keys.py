"""Secrets are never in a backup: it tells which there were, so that the right ones are brought back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from periphery.backup.manifest import Key

_COST = {"n": 1 << 14, "r": 8, "p": 1, "maxmem": 1 << 26, "dklen": 16}
"""A fingerprint is slow to make, so that a short password can't be found from it."""


def fingerprints(places: Iterable[Path], salt: str) -> list[Key]:
    """Of each file, and of each file in a folder."""
    files = [file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*")))]
    return [
        Key(str(file.absolute()), file.stat().st_mode & 0o7777, _of(file, salt))
        for file in files
        if file.is_file()
    ]


def _of(file: Path, salt: str) -> str:
    return hashlib.scrypt(file.read_bytes(), salt=bytes.fromhex(salt), **_COST).hex()


def compare(wanted: Iterable[Key], salt: str) -> list[str]:
    """Which of them are missing here, changed, or open to others."""
    found = []
    for key in wanted:
        path = Path(key.path)
        if not path.is_file():
            found.append(f"{path}: is missing: bring it back from where keys are kept")
        elif _of(path, salt) != key.fingerprint:
            found.append(
                f"{path}: is another key than the one that was backed up: bring that one back, or rotate it"
            )
        elif path.stat().st_mode & 0o077 & ~key.mode:
            found.append(f"{path}: may be read by more than before: chmod {key.mode:o} {path}")
    return found
