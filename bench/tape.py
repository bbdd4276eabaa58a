"""A recorded stretch of a core's life, page by page, with its journal: what every placement of an engine is
fed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.path_rows import SYMBOLS, VENUES, declarations, make, quote
from core import messages as m
from core.backtest.recorded import Recorded
from core.build import SCHEMA_VERSION, build_id
from core.capacity import Capacity
from core.recovery.replay import Replay
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder
from core.scenario.reader import Line
from core.scenario.values import convert
from core_ext.journal import JournalReader, JournalWriter

CAPACITY = Capacity(
    symbols=64, accounts=16, orders=1 << 16, ids=1 << 17, more_children=1 << 14, fills=1 << 16
)
STEP_NS = 10_000
REFRESH = 64  # requests between two quotes of a symbol


@dataclass(frozen=True, slots=True)
class Tape:
    """pages: uint8 (events, 1024), as the core on one thread left them. journal: of the same events."""

    pages: Any
    journal: Path
    requests: int


def record(folder: Path, requests: int, seed: int) -> Tape:
    """Orders that rest, fill, are routed, replaced and canceled, over two simulated venues, into an empty
    folder.
    """
    journal = folder / "journal"
    journal.mkdir()
    options: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "build_id": build_id()}
    with JournalWriter(journal, **options) as writer:
        _play(Recorded(CAPACITY, writer), requests, seed)
    pages: list[bytes] = []
    played = Replay(CAPACITY)
    played.on_page = pages.append
    played.play(JournalReader(journal))
    array = np.frombuffer(b"".join(pages), np.uint8).reshape(len(pages), m.PAGE.itemsize)
    np.save(folder / "pages.npy", array)
    (folder / "tape.json").write_text(json.dumps({"requests": requests}))
    return Tape(array, journal, requests)


def load(folder: Path) -> Tape:
    """What `record` left there."""
    requests = json.loads((folder / "tape.json").read_text())["requests"]
    return Tape(np.load(folder / "pages.npy"), folder / "journal", requests)


def _play(core: Recorded, requests: int, seed: int) -> None:
    encoder = Encoder("tape", Directory())
    at = 0

    def say(line: dict[str, Any]) -> None:
        kind, _, data = convert(line)
        for event in encoder.encode(Line(1, at, kind, data)):
            core.feed(event.kind, at, event.request, event.session)

    for line in declarations():
        say(line)
    rows = make(requests, seed)
    lengths = {
        int(m.Kind.ORDER): m.ORDER_EVENT,
        int(m.Kind.REPLACE): m.REPLACE_EVENT,
        int(m.Kind.CANCEL): m.CANCEL_EVENT,
    }
    for number, row in enumerate(rows.inputs):
        at += STEP_NS
        if number % REFRESH < VENUES * SYMBOLS:
            say(quote(number % REFRESH // VENUES, number % VENUES))
        kind = int(row["kind"])
        core.feed(kind, at, row["request"].tobytes()[: lengths[kind].itemsize])
