"""A journal played again into a fresh core."""

from __future__ import annotations

import os
from typing import Any

from core.build import build_id
from core.errors import CoreFault
from core.recovery.journal import capacity_of
from core.recovery.replay import Replay
from core_ext import journal


def replay(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Plays the journal through the engines of this build. `ok`: all that they derived is what was recorded.

    state_hash is that of the core's state after the last event. Raises JournalCorrupt where a record is bad.
    """
    played = Replay(capacity_of(path))
    problem = ""
    reader = journal.JournalReader(path)
    try:
        played.play(reader)
    except CoreFault as fault:
        problem = f"{type(fault).__name__}: {fault}"
    out: dict[str, Any] = {
        "path": os.fspath(path),
        "events": played.events,
        "derived": played.derived,
        "completed": played.completed,
        "state_hash": played.core.state_hash(),
        "same_build": journal.info(path)[-1].build_id == build_id(),
        "ok": not problem,
    }
    if reader.torn_at is not None:
        out["torn_at"] = (
            f"{reader.torn_at.path}, offset {reader.torn_at.offset}: played to the last whole record"
        )
    if problem:
        out["problem"] = problem
    return out
