"""A journal's copy: also of one that a core is writing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from core.build import build_id
from core.recovery import replay
from core_ext.journal import SUFFIX, JournalCorrupt, JournalError, JournalReader, info
from periphery.backup.manifest import BLOCK, BackupError, JournalPart

TRIES = 5
_ZEROS = bytes(BLOCK)


def copy(journal: Path, to: Path) -> JournalPart:
    """All whole records through the newest one, without the core noticing. BackupError."""
    for left in reversed(range(TRIES)):
        _copy_segments(journal, to)
        try:
            JournalReader(to).cut()
            return describe(to)
        except JournalCorrupt as error:
            if not left or _is_corrupt(journal):
                raise BackupError(f"{journal}: {error}: mend it first (`nacre journal verify`)") from error
            for path in to.iterdir():  # a record that was being written while it was copied
                path.unlink()
        except (JournalError, OSError, ValueError) as error:
            raise BackupError(f"{journal}: {error}") from error
    raise AssertionError


def _is_corrupt(journal: Path) -> bool:
    try:
        JournalReader(journal).skip_to_end()
    except JournalCorrupt:
        return True
    return False


def _copy_segments(journal: Path, to: Path) -> None:
    segments = sorted(journal.glob(f"*{SUFFIX}"))
    if not segments:
        raise BackupError(f"{journal}: no segment of a journal is there")
    to.mkdir(parents=True, exist_ok=True)
    for segment in segments:
        _copy_sparse(segment, to / segment.name)


def _copy_sparse(source: Path, target: Path) -> None:
    """From its begin to its end, in order: a record's words come before what publishes the next one."""
    with source.open("rb") as give, target.open("wb") as take:
        while block := give.read(BLOCK):
            if block == _ZEROS[: len(block)]:
                take.seek(len(block), os.SEEK_CUR)
            else:
                take.write(block)
        take.truncate()
        take.flush()
        os.fsync(take.fileno())


def describe(journal: Path) -> JournalPart:
    """JournalCorrupt, ValueError."""
    digest = hashlib.sha256()
    reader = JournalReader(journal)
    last = 0
    for sequence, body in reader:
        digest.update(sequence.to_bytes(8, "little") + len(body).to_bytes(4, "little") + body)
        last = sequence
    newest = [segment for segment in info(journal) if segment.used][-1]
    return JournalPart(
        records=reader.records,
        first_sequence=reader.first_sequence,
        last_sequence=last,
        records_digest=digest.hexdigest(),
        build_id=newest.build_id.hex(),
        schema_version=newest.schema_version,
        state_hash=_state_hash(journal) if newest.build_id == build_id() else "",
    )


def _state_hash(journal: Path) -> str:
    played = replay(journal)
    if not played["ok"]:
        raise ValueError(f"{journal}: replay stops: {played['problem']}")
    return str(played["state_hash"])


def compare(journal: Path, wanted: JournalPart) -> list[str]:
    """What is otherwise than in the manifest. The state is compared where the build is that of the backup."""
    try:
        found = describe(journal)
    except (JournalError, OSError, ValueError, IndexError) as error:
        return [f"{journal}: {error}"]
    differing = []
    for name in ("records", "first_sequence", "last_sequence", "records_digest"):
        if getattr(found, name) != getattr(wanted, name):
            differing.append(f"{journal}: {name} is {getattr(found, name)}, was {getattr(wanted, name)}")
    if found.state_hash and wanted.state_hash and found.state_hash != wanted.state_hash:
        differing.append(f"{journal}: state_hash is {found.state_hash}, was {wanted.state_hash}")
    return differing


def restore(backup: Path, to: Path) -> None:
    """Into a folder that is empty or not there. BackupError."""
    if to.exists() and any(path.name != "lock" for path in to.iterdir()):
        raise BackupError(f"{to}: isn't empty: restore into an empty folder, then point the core at it")
    to.mkdir(parents=True, exist_ok=True)
    for segment in sorted(backup.glob(f"*{SUFFIX}")):
        _copy_sparse(segment, to / segment.name)
