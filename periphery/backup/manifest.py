"""What a backup holds: one JSON file in its folder, written last, so that a folder without it is no
backup.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

FILE = "manifest.json"
VERIFIED = "verified.json"
FORMAT = 1
BLOCK = 1 << 20


class BackupError(Exception):
    """What can't be backed up, restored or trusted; the message names the place and what to do."""


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the backup, by its path in it."""

    path: str
    size: int
    sha256: str


class JournalPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """records_digest: over every record, whatever segments they stand in. state_hash: of the core that
    played them; "" where the build that decided isn't the one that backed it up.
    """

    records: int
    first_sequence: int
    last_sequence: int
    records_digest: str
    build_id: str
    schema_version: int
    state_hash: str


class StorePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A database. kind: sqlite, postgres or backend. migrations: the steps that its form is of, in order.
    days: of each partitioned table, those that have a partition.
    """

    kind: str
    rows: dict[str, int]
    migrations: list[str] = []
    days: dict[str, list[int]] = {}


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A secret that is not in the backup: how to tell that the right one was brought back."""

    path: str
    mode: int
    fingerprint: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """salt: of the keys' fingerprints."""

    format: int = FORMAT
    nacre: str
    made_ns: int
    files: list[File]
    journal: JournalPart | None = None
    stores: dict[str, StorePart] = {}
    keys: list[Key] = []
    salt: str = ""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


class Verified(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That all of a backup was read and compared. manifest: the digest of the manifest that it is about."""

    time_ns: int
    manifest: str


def read(folder: Path) -> Manifest:
    """BackupError: there is none, or it isn't of a form that is known."""
    path = folder / FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise BackupError(f"{folder}: has no {FILE}: it isn't a backup, or wasn't finished") from error
    except (OSError, msgspec.DecodeError) as error:
        raise BackupError(f"{path}: {error}") from error
    if found.format != FORMAT:
        raise BackupError(
            f"{path}: is of format {found.format}, this nacre reads {FORMAT}: use the one that made it"
        )
    return found


def write(folder: Path, manifest: Manifest) -> None:
    _put(folder / FILE, msgspec.json.format(msgspec.json.encode(manifest)))


def mark_verified(folder: Path, time_ns: int) -> None:
    """Retention may from now on rely on it."""
    _put(folder / VERIFIED, msgspec.json.encode(Verified(time_ns, digest(folder / FILE))))


def is_verified(folder: Path) -> bool:
    """Whether it was read and compared, and its manifest is still the one of then."""
    try:
        found = msgspec.json.decode((folder / VERIFIED).read_bytes(), type=Verified)
        return found.manifest == digest(folder / FILE)
    except (OSError, msgspec.DecodeError):
        return False


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def listed(folder: Path) -> list[File]:
    """Every file in it but the manifest, on the disk."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        File(str(path.relative_to(folder)), path.stat().st_size, digest(path))
        for path in found
        if path.name not in (FILE, VERIFIED)
    ]


def _put(path: Path, data: bytes) -> None:
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Names in it are on the disk."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(at)
    finally:
        os.close(at)
