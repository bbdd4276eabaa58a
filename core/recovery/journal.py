"""A journal as its user sees it: what it is, whether it is whole, its events as text."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any, TextIO

import numpy as np

from core import messages as m
from core.build import build_id
from core.capacity import Capacity
from core_ext import journal

type Path = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a journal, and where."""

    what: str
    file: str
    offset: int
    sequence: int


def header_of(body: bytes) -> np.void:
    """A record's header."""
    row: np.void = np.frombuffer(body, m.HEADER, 1)[0]
    return row


def capacity_of(path: Path) -> Capacity:
    """The sizes of the tables that the journal was made with: its first event. ValueError: it has none."""
    for _, body in journal.JournalReader(path):
        if header_of(body)["kind"] == m.Kind.CONFIG:
            names = [field.name for field in fields(Capacity)]
            sizes = struct.unpack_from(f"<{len(names)}I", body, m.HEADER.itemsize)
            return Capacity(**dict(zip(names, sizes, strict=True)))
        break
    raise ValueError("the journal doesn't begin with a configuration event: it isn't a core's whole journal")


def info(path: Path) -> dict[str, Any]:
    """What the journal is: its segments, and the events in them by kind."""
    segments = journal.info(path)
    kinds: dict[str, int] = {}
    first = last = 0
    for sequence, body in journal.JournalReader(path):
        first = first or sequence
        last = sequence
        kind = m.Kind(int(header_of(body)["kind"])).name.lower()
        kinds[kind] = kinds.get(kind, 0) + 1
    newest = segments[-1]
    return {
        "path": os.fspath(path),
        "segments": len(segments),
        "bytes": sum(segment.size for segment in segments),
        "records": sum(kinds.values()),
        "first_sequence": first,
        "last_sequence": last,
        "schema_version": newest.schema_version,
        "build_id": newest.build_id.hex(),
        "same_build": newest.build_id == build_id(),
        "run_epoch": newest.run_epoch,
        "events": dict(sorted(kinds.items())),
    }


def verify(path: Path) -> dict[str, Any]:
    """Reads and checks every record. `problems`: each with file, offset, sequence; `ok`: there are none."""
    report = journal.verify(path)
    problems: list[Problem] = []
    if report.error is not None:
        error = report.error
        problems.append(Problem(str(error), error.path, error.offset, error.sequence))
    if report.torn_at is not None:
        torn = report.torn_at
        problems.append(
            Problem(
                "torn tail: the last record is half written; opening the journal to go on cuts it",
                torn.path,
                torn.offset,
                report.last_sequence + 1,
            )
        )
    return {
        "path": os.fspath(path),
        "records": report.records,
        "first_sequence": report.first_sequence,
        "last_sequence": report.last_sequence,
        "bytes": report.size,
        "problems": [asdict(problem) for problem in problems],
        "ok": not problems,
    }


def export(path: Path, out: TextIO) -> None:
    """The journal's events as JSON lines: the header's fields, then the request's."""
    for _, body in journal.JournalReader(path):
        print(json.dumps(event(body), separators=(",", ":")), file=out)


def event(body: bytes) -> dict[str, Any]:
    """One record as a mapping."""
    header = header_of(body)
    kind = m.Kind(int(header["kind"]))
    derived = bool(header["flags"] & m.HeaderFlag.DERIVED)
    out: dict[str, Any] = {
        "seq": int(header["seq"]),
        "time_ns": int(header["time_ns"]),
        "kind": kind.name.lower(),
        "source": int(header["source"]),
        "source_seq": int(header["source_seq"]),
        "session": int(header["session"]),
    }
    if derived:
        out |= {"derived": True, "engine": int(header["engine"]), "cause": int(header["cause"])}
    dtype = m.REQUESTS.get(kind)
    if kind == m.Kind.ORDER and header["length"] == m.ALGO_ORDER_EVENT.itemsize:
        dtype = m.ALGO_ORDER_EVENT
    if dtype is not None and header["length"]:
        request = body[m.HEADER.itemsize :].ljust(dtype.itemsize, b"\0")
        out["request"] = dict(_fields(np.frombuffer(request, dtype, 1)[0]))
    return out


def _fields(row: np.void) -> Iterator[tuple[str, Any]]:
    """A struct's fields by name: texts as text, 128-bit integers whole, padding left out."""
    names = row.dtype.names or ()
    for name in names:
        if name.startswith("pad") or name.endswith("_hi"):
            continue
        value = row[name]
        if name.endswith("_lo"):
            yield name[:-3], (int(row[name[:-3] + "_hi"]) << 64) | int(value)
        elif value.dtype.names:
            yield name, {key: part for key, part in _fields(value) if part != m.NONE}
        elif value.dtype.kind == "V":
            raw = value.tobytes()
            yield name, raw[1 : 1 + raw[0]].decode("utf-8", "replace")
        else:
            yield name, value.tolist()
