"""What a strategy keeps from one run to the next: a file that is whole, or isn't there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from periphery.strategy.strategy import BadState, Strategy


class Kept(msgspec.Struct, frozen=True):
    """The file, as JSON. version: the class's `state_version` when it was written. time_ns, event: of the
    last that the strategy had heard; event 0: an older file doesn't say.
    """

    strategy: str
    version: int
    time_ns: int
    state: Any
    event: int = 0

    def knows(self, event: int, time_ns: int) -> bool:
        """Whether the strategy had heard that event; one of another journal is later than all it knows."""
        return event <= self.event and time_ns <= self.time_ns


def save_state(path: Path, strategy: Strategy, time_ns: int, event: int = 0) -> bool:
    """Writes what `save` gives; False: it gives nothing. BadState: JSON can't say it. The rename commits."""
    state = strategy.save()
    if state is None:
        return False
    name = type(strategy).__name__
    try:
        text = msgspec.json.encode(Kept(name, strategy.state_version, time_ns, state, event))
    except (TypeError, ValueError) as error:
        raise BadState(f"{name}.save: {error}: give what JSON can say") from error
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
    return True


def load_state(path: Path, strategy: Strategy) -> Kept | None:
    """Gives the strategy what the file has, migrated where it is older; None: there is no file. BadState."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, OSError) as error:
        raise BadState(f"{path}: not a strategy's state: {error}: delete it to begin anew") from error
    name, version = type(strategy).__name__, strategy.state_version
    if kept.strategy != name:
        raise BadState(f"{path}: the state of {kept.strategy}, not of {name}: give another --state")
    if kept.version > version:
        raise BadState(
            f"{path}: state of version {kept.version}, this {name} has version {version}: run the newer file"
        )
    state = kept.state
    if kept.version < version:
        try:
            state = strategy.migrate(state, kept.version)
        except NotImplementedError:
            raise BadState(
                f"{path}: state of version {kept.version}, {name} has version {version}: define "
                "migrate(state, version), or delete the file to begin anew"
            ) from None
    strategy.load(state)
    return kept
