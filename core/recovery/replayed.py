"""A journal played again into a fresh core."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from core.build import build_id
from core.errors import CoreFault
from core.recovery.journal import capacity_of
from core.recovery.replay import Replay
from core.recovery.snapshots import newest, reader_from
from core_ext import journal


def replay(path: str | os.PathLike[str], *, from_snapshot: bool = False) -> dict[str, Any]:
    """Plays the journal through the engines of this build. `ok`: all that they derived is what was recorded.

    state_hash is that of the core's state after the last event. from_snapshot: only what came after the
    newest good snapshot is played. Raises JournalCorrupt where a record is bad.
    """
    capacity = capacity_of(path)
    played, began, passed_over = Replay(capacity), 0, list[str]()
    if from_snapshot:
        played = newest(Path(path), 1 << 63, lambda: Replay(capacity), passed_over.append)
        began = played.events
    problem = ""
    reader = reader_from(Path(path), began + 1) if began else journal.JournalReader(path)
    try:
        played.play(reader)
    except CoreFault as fault:
        problem = f"{type(fault).__name__}: {fault}"
    used = [
        segment for segment in journal.info(path) if segment.used
    ]  # one may be prepared and never written
    out: dict[str, Any] = {
        "path": os.fspath(path),
        "events": played.events,
        "derived": played.derived,
        "completed": played.completed,
        "state_hash": played.core.state_hash(),
        "same_build": bool(used) and used[-1].build_id == build_id(),
        "ok": not problem,
    }
    if reader.torn_at is not None:
        out["torn_at"] = (
            f"{reader.torn_at.path}, offset {reader.torn_at.offset}: played to the last whole record"
        )
    if from_snapshot:
        out |= {"snapshot": began, "passed_over": passed_over}
    if problem:
        out["problem"] = problem
    return out
