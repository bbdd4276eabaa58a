"""What of old may go: backups by age and size, finished journals by age; never what no verified backup
covers.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core_ext.held_lock import HeldLock
from core_ext.journal import SUFFIX, JournalError, JournalReader
from periphery.backup import manifest as m
from periphery.backup.manifest import BackupError, Manifest
from periphery.backup.take import PREFIX

DAY_NS = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """One folder, and what is done with it: `gone`, or why it stays."""

    folder: Path
    size: int
    gone: bool
    why: str


def backups(into: Path) -> list[tuple[Path, Manifest]]:
    """The whole ones, the oldest first. What isn't whole is no backup, and isn't touched."""
    found = []
    for folder in sorted(into.glob(f"{PREFIX}*")):
        try:
            found.append((folder, m.read(folder)))
        except BackupError:
            continue
    return sorted(found, key=lambda each: each[1].made_ns)


def newest(into: Path) -> Path:
    """The last verified one. BackupError: there is none."""
    for folder, _ in reversed(backups(into)):
        if m.is_verified(folder):
            return folder
    raise BackupError(f"{into}: no verified backup is there: `nacre backup verify` one")


def prune(into: Path, now_ns: int, days: float | None, size: int | None, dry_run: bool = False) -> list[Kept]:
    """Deletes backups older than `days`, and the oldest while all together are larger than `size` bytes.
    The newest verified one stays, whatever it is; so does each whose contents no newer verified one has.
    """
    all_ = backups(into)
    total = sum(found.size for _, found in all_)
    out = []
    for at, (folder, found) in enumerate(all_):
        old = days is not None and now_ns - found.made_ns > days * DAY_NS
        large = size is not None and total > size
        stays = "" if old or large else "is young, and there is room"
        stays = stays or _needed(folder, found, all_[at + 1 :])
        if not stays:
            total -= found.size
            if not dry_run:
                _delete(folder)
        out.append(
            Kept(folder, found.size, not stays, stays or ("older than asked" if old else "more than asked"))
        )
    return out


def _needed(folder: Path, found: Manifest, newer: Sequence[tuple[Path, Manifest]]) -> str:
    """Why a backup can't go."""
    for later, other in newer:
        if m.is_verified(later) and _covers(later, other, folder, found):
            return ""
    return "no newer verified backup has what is in it"


def _covers(later: Path, other: Manifest, folder: Path, found: Manifest) -> bool:
    """A journal's newer copy goes on where the older one ends; a database's newer copy takes the older
    one's place.
    """
    if not found.stores.keys() <= other.stores.keys():
        return False
    if found.journal is None:
        return True
    if other.journal is None or other.journal.last_sequence < found.journal.last_sequence:
        return False
    return _goes_on(later / "journal", folder / "journal")


def _goes_on(later: Path, earlier: Path) -> bool:
    """Whether one journal begins with all records of the other."""
    try:
        reader = JournalReader(later)
        return all(record == next(reader, None) for record in JournalReader(earlier))
    except (JournalError, OSError):
        return False


def _delete(folder: Path) -> None:
    """Its manifest first: what is left of it, should this end here, is no backup."""
    (folder / m.FILE).unlink()
    shutil.rmtree(folder)


def prune_journals(folder: Path, into: Path, now_ns: int, days: float, dry_run: bool = False) -> list[Kept]:
    """Deletes the journals in a folder of journals that nobody writes, that are older than `days`, and all
    of whose records are in a verified backup.
    """
    out = []
    for journal in sorted(
        path for path in folder.iterdir() if path.is_dir() and any(path.glob(f"*{SUFFIX}"))
    ):
        segments = list(journal.glob(f"*{SUFFIX}"))
        size = sum(path.stat().st_size for path in segments)
        changed_ns = max(path.stat().st_mtime_ns for path in segments)
        stays = "is young" if now_ns - changed_ns <= days * DAY_NS else _unsafe(journal, into)
        if not stays and not dry_run:
            shutil.rmtree(journal)
        out.append(Kept(journal, size, not stays, stays or "older than asked"))
    return out


def _unsafe(journal: Path, into: Path) -> str:
    """Why a journal can't go."""
    try:
        HeldLock(str(journal / "lock")).release()
    except BlockingIOError:
        return "a core writes it"
    for later, found in reversed(backups(into)):
        if found.journal is not None and m.is_verified(later) and _goes_on(later / "journal", journal):
            return ""
    return "no verified backup has all of it"
