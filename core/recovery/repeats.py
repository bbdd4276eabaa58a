"""cl_ord_ids that a journal uses although an earlier one did.

A core knows every id of its own journal, and denies it a second time. Those of earlier journals it doesn't
keep in memory: they are looked for here, off the path, also while the core runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from core import messages as m
from core_ext.journal import JournalReader

type Path = str | os.PathLike[str]

_REQUESTS = (m.Kind.ORDER, m.Kind.REPLACE, m.Kind.CANCEL)


class Use(NamedTuple):
    """The first time that a journal uses an id."""

    account: str  # "": not one that the core knows
    cl_ord_id: str
    request: str  # order, replace, cancel
    sequence: int
    time_ns: int


def repeats(path: Path, earlier: Sequence[Path]) -> dict[str, Any]:
    """Which ids of the journal at `path` its account used in an earlier one: there and then, here and now.

    `ok`: there are none. In memory are the ids of one journal. Raises JournalCorrupt, ValueError where a
    journal can't be read.
    """
    now = {(use.account, use.cl_ord_id): use for use in uses(path)}
    found = [
        {**now[key]._asdict(), "earlier": os.fspath(each), "was": use.request, "was_ns": use.time_ns}
        for each in earlier
        for use in uses(each)
        if (key := (use.account, use.cl_ord_id)) in now
    ]
    found.sort(key=lambda row: (row["sequence"], row["was_ns"]))
    return {
        "path": os.fspath(path),
        "ids": len(now),
        "earlier": len(earlier),
        "repeats": found,
        "ok": not found,
    }


def uses(path: Path) -> Iterator[Use]:
    """Each id that clients used, once, denied requests' too.

    A replace and a cancel are of the account of the order that they name; what the core made itself is left
    out.
    """
    accounts: dict[int, str] = {}
    whose: dict[bytes, str] = {}
    for _, body in JournalReader(path):
        header = np.frombuffer(body, m.HEADER, 1)[0]
        kind = int(header["kind"])
        if kind == m.Kind.ACCOUNT:
            row = _request(body, m.ACCOUNT_EVENT)
            accounts[int(row["account"])] = _text(row["text"].tobytes())
        if kind not in _REQUESTS or header["flags"] & m.HeaderFlag.DERIVED:
            continue
        row = _request(body, m.REQUESTS[m.Kind(kind)])
        name = row["cl_ord_id"].tobytes()
        if name in whose:
            continue
        if kind == m.Kind.ORDER:
            whose[name] = accounts.get(int(row["account"]), "")
        else:
            whose[name] = whose.get(row["orig_cl_ord_id"].tobytes(), "")
        request = m.Kind(kind).name.lower()
        yield Use(whose[name], _text(name), request, int(header["seq"]), int(header["time_ns"]))


def _request(body: bytes, dtype: np.dtype[Any]) -> np.void:
    row: np.void = np.frombuffer(body[m.HEADER.itemsize :].ljust(dtype.itemsize, b"\0"), dtype, 1)[0]
    return row


def _text(field: bytes) -> str:
    return field[1 : 1 + field[0]].decode("utf-8", "replace")
