"""The kill page as a file beside the core's socket: any process of the user kills with it."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
from pathlib import Path

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


def write_names(socket: Path, names: dict[str, list[str]]) -> None:
    """Every name by its index, for who kills without the core."""
    path = beside(socket, "names")
    fresh = path.with_suffix(".names.new")
    fresh.write_text(json.dumps(names))
    fresh.replace(path)


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
