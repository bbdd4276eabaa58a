"""What an engine has said, wherever it is: in its own folder, or in a store, where the recorder put it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOGETHER = 10_000

type Said = tuple[int, dict[str, Any]]
"""The time of the event at which it was said, in ns, and what."""


class NotSaid(ValueError):
    """A place in which nothing that an engine said can be read; the message names it."""


def read(place: str, topic: str, source: str) -> Iterator[Said]:
    """place: an engine's folder, its file of outputs, or a store's address, where source is what the recorder
    calls the engine's outputs (core/features). NotSaid.
    """
    return _of_store(place, topic, source) if "://" in place else _of_folder(Path(place), topic)


def _of_folder(path: Path, topic: str) -> Iterator[Said]:
    from periphery.service.state import read_said

    path = path / "outputs" if path.is_dir() else path
    if not path.is_file():
        raise NotSaid(f"{path}: no engine has said anything there")
    try:
        found = read_said(path)
    except (OSError, ValueError) as error:
        raise NotSaid(f"{path}: {error}") from error
    yield from ((time_ns, values) for _, time_ns, about, values in found if about == topic)


def _of_store(address: str, topic: str, source: str) -> Iterator[Said]:
    from periphery.recorder.store import StoreError
    from periphery.recorder.stores import open_store

    try:
        store = open_store(address, make=False)
        try:
            last = 0
            while rows := store.read("outputs", {"source": source, "topic": topic}, last, TOGETHER):
                last = rows[-1]["seq"]
                yield from ((int(row["time_ns"]), json.loads(row["said"])) for row in rows)
        finally:
            store.close()
    except StoreError as error:
        raise NotSaid(str(error)) from error
