"""The kill page as a file beside the core's socket: any process of the user kills with it."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
from pathlib import Path
from typing import Any

from core import messages as m
from core.live.places import beside
from core_ext.killpage import PAGE_BYTES, KillPage

SCOPES = tuple(scope.name.lower() for scope in m.Scope if scope not in (m.Scope.SECTOR, m.Scope.GROUP))


def open_page(socket: Path, *, create: bool = False) -> KillPage:
    """The page of the core that listens there. FileNotFoundError: no core ever did."""
    path = beside(socket, "kill")
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)
    try:
        is_new = os.fstat(fd).st_size < PAGE_BYTES
        if is_new:
            os.posix_fallocate(fd, 0, PAGE_BYTES)
        memory = mmap.mmap(fd, PAGE_BYTES)
    finally:
        os.close(fd)
    return KillPage.format(memory) if is_new else KillPage.attach(memory)


def write_names(socket: Path, journal: Path, names: dict[str, list[str]]) -> None:
    """Every name by its index in that journal, for who kills without the core."""
    path = beside(socket, "names")
    fresh = path.with_suffix(".names.new")
    fresh.write_text(json.dumps({**names, "journal": str(journal.resolve())}))
    fresh.replace(path)


def carry_over(page: KillPage, socket: Path, journal: Path | None, names: dict[str, list[str]]) -> None:
    """Kills of another journal's indices, under those that the same names have in this one.

    journal: that goes on; None: it is new. What this one has no name for is killed with all else: that nobody
    may trade can be taken back.
    """
    path = beside(socket, "names")
    before: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    rows = page.rows()
    if journal is not None and before.get("journal", own := str(journal.resolve())) == own:
        return
    for row in rows:
        page.kill(*_named(row, before, names), row["by"])
    page.clear(row["epoch"] for row in rows)


def _named(row: dict[str, Any], before: dict[str, Any], names: dict[str, list[str]]) -> tuple[int, int]:
    """Kind and key of a kill where `names` are in force, by the name that it had."""
    scope = m.Scope(row["kind"]).name.lower()
    had, has = before.get(scope, []), names.get(scope, [])
    if row["kind"] != m.Scope.ALL and row["key"] < len(had) and had[row["key"]] in has:
        return row["kind"], has.index(had[row["key"]])
    return int(m.Scope.ALL), 0


def kill_directly(socket: Path, scope: str, key: str | None, by: str) -> int:
    """Kills without asking the core; the epoch. ValueError: no such scope or name. OSError: no page."""
    if scope not in SCOPES:
        raise ValueError(f"scope {scope!r}: one of {', '.join(SCOPES)}")
    if scope == "all":
        return open_page(socket).kill(0, 0, by)
    known: list[str] = json.loads(beside(socket, "names").read_text())[scope]
    if key not in known:
        raise ValueError(
            f"{scope} {key!r} isn't known to the core; use scope all, or one of {', '.join(known)}"
        )
    return open_page(socket).kill(int(m.Scope[scope.upper()]), known.index(key), by)


def forget(path: Path) -> None:
    """Removes a file that may not be there."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
