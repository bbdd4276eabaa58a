"""Making a backup, reading one to its last byte, and bringing one back on a host that has nothing."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from periphery.backend.database import FILE as BACKEND_FILE
from periphery.backup import journals, keys, manifest as m, sqlite
from periphery.backup.manifest import BackupError, Manifest, StorePart

JOURNAL = "journal"
STORES = "stores"
PREFIX = "backup-"
PART = ".part"
SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Places:
    """What is backed up, or where it goes. store: an address as the recorder has it; backend: its state's
    folder; keys: files and folders of secrets, of which fingerprints are kept.
    """

    journal: Path | None = None
    store: str = ""
    backend: Path | None = None
    keys: Iterable[Path] = field(default_factory=tuple)


def take(into: Path, places: Places) -> Path:
    """A new folder in `into`. It has its name only once all of it is on the disk. BackupError."""
    if places.journal is None and not places.store and places.backend is None:
        raise BackupError("nothing to back up: name a journal, a store or a backend's folder")
    now_ns = time.time_ns()
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = into / (PREFIX + datetime.fromtimestamp(now_ns / 1e9, UTC).strftime("%Y%m%dT%H%M%S.%fZ"))
    part = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=PART, dir=into))
    try:
        m.write(part, _gather(part, places, now_ns))
        part.rename(done)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    m.sync_folder(into)
    return done


def _gather(part: Path, places: Places, now_ns: int) -> Manifest:
    """The stores before the journal: what they have is then in it."""
    stores = {}
    if places.store:
        stores["store"] = _copy_store(places.store, part / STORES / "store")
    if places.backend is not None:
        stores["backend"] = sqlite.copy(places.backend / BACKEND_FILE, part / STORES / "backend", "backend")
    journal = journals.copy(places.journal, part / JOURNAL) if places.journal is not None else None
    salt = secrets.token_hex(16)
    return Manifest(
        nacre=version("nacre"), made_ns=now_ns, files=m.listed(part), journal=journal, stores=stores,
        keys=keys.fingerprints(places.keys, salt), salt=salt,
    )  # fmt: skip


def _copy_store(address: str, to: Path) -> StorePart:
    if address.startswith(SQLITE):
        return sqlite.copy(Path(address.removeprefix(SQLITE)), to, "sqlite")
    if address.startswith(("postgresql://", "postgres://")):
        from periphery.backup import postgres

        return postgres.copy(address, to)
    raise BackupError(f"store {address!r}: give sqlite:///FILE or postgresql://USER@HOST/NAME")


def verify(backup: Path) -> list[str]:
    """What of it isn't as it was made: each file by its digest, the journal played again, databases read.
    Where nothing is wrong it counts as verified from then on. BackupError: it is no backup.
    """
    found = m.read(backup)
    problems = _files(backup, found)
    if not problems and found.journal is not None:
        problems += journals.compare(backup / JOURNAL, found.journal)
    for name, part in found.stores.items():
        if part.kind != "postgres" and not problems:
            problems += sqlite.compare(backup / STORES / name / sqlite.FILE, part)
            problems += _chain(backup / STORES / name / sqlite.FILE, part)
    if not problems:
        m.mark_verified(backup, time.time_ns())
    return problems


def _files(backup: Path, wanted: Manifest) -> list[str]:
    problems = []
    for file in wanted.files:
        path = backup / file.path
        if not path.is_file():
            problems.append(f"{path}: is missing")
        elif path.stat().st_size != file.size or m.digest(path) != file.sha256:
            problems.append(f"{path}: isn't what was written: use another backup")
    return problems


def _chain(database: Path, part: StorePart) -> list[str]:
    """That the audit's rows are those that were written."""
    if part.kind != "backend":
        return []
    from periphery.backup.audit import broken_at

    row = broken_at(database)
    return [f"{database}: row {row} of audit isn't what was written"] if row else []


def restore(backup: Path, places: Places) -> list[str]:
    """Puts it back in places that are empty, and compares what is there then with the manifest; what
    differs. BackupError: it isn't whole, or a place isn't empty: nothing was put there.
    """
    problems = verify(backup)
    if problems:
        raise BackupError("; ".join(problems))
    found = m.read(backup)
    _asked(backup, found, places)
    if places.journal is not None and found.journal is not None:
        journals.restore(backup / JOURNAL, places.journal)
        problems += journals.compare(places.journal, found.journal)
    if places.store:
        problems += _restore_store(backup / STORES / "store", places.store, found.stores["store"])
    if places.backend is not None:
        target = places.backend / BACKEND_FILE
        sqlite.restore(backup / STORES / "backend", target)
        problems += sqlite.compare(target, found.stores["backend"])
    return problems + keys.compare(found.keys, found.salt)


def _asked(backup: Path, found: Manifest, places: Places) -> None:
    """That it has what is asked for."""
    asked = {
        "journal": (places.journal is not None, found.journal is not None),
        "store": (bool(places.store), "store" in found.stores),
        "backend": (places.backend is not None, "backend" in found.stores),
    }
    for name, (wanted, there) in asked.items():
        if wanted and not there:
            raise BackupError(f"{backup}: has no {name}")


def _restore_store(backup: Path, address: str, part: StorePart) -> list[str]:
    if part.kind == "sqlite" and address.startswith(SQLITE):
        target = Path(address.removeprefix(SQLITE))
        sqlite.restore(backup, target)
        return sqlite.compare(target, part)
    if part.kind == "postgres" and address.startswith(("postgresql://", "postgres://")):
        from periphery.backup import postgres

        postgres.restore(backup, address, part)
        return postgres.compare(address, part)
    raise BackupError(f"store {address!r}: the backup's is of {part.kind}: restore it into one of that kind")
