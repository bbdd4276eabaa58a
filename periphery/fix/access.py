"""What a session's two sides know of each other beside their names: Username (553) and Password (554)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.venues.fix.agreement import PASSWORD, USERNAME, Field


class BadConfig(ValueError):
    """A file that can't be followed; the message names the key and what may stand there."""


def credentials(row: dict[str, Any], name: str, folder: Path) -> tuple[Field, ...]:
    """Of a broker's session: what its Logon says. The password is a file's first line. BadConfig."""
    if row.get("role") != "broker":
        return ()
    if "password_hash" in row:
        raise BadConfig(f"session {name}.password_hash: who calls has a password_file")
    if "password_file" not in row:
        return () if "username" not in row else ((USERNAME, _text(row, "username", name)),)
    path = folder / _text(row, "password_file", name).decode()
    try:
        lines = path.read_bytes().splitlines()
    except OSError as wrong:
        raise BadConfig(f"session {name}.password_file: {path}: {wrong.strerror}") from wrong
    if not lines or not lines[0] or b"\x01" in lines[0]:
        raise BadConfig(f"session {name}.password_file: {path}: write the password on its first line")
    return (USERNAME, _text(row, "username", name)), (PASSWORD, lines[0])


def admits(row: dict[str, Any], name: str) -> Callable[[str, str], bool] | None:
    """Of a session that others begin: whether a Logon's username and password are right. BadConfig."""
    if row.get("role") == "broker" or not {"username", "password_hash"} & set(row):
        return None
    username, known = (_text(row, key, name) for key in ("username", "password_hash"))
    try:
        from periphery.backend.passwords import is_hash, matches
    except ModuleNotFoundError as missing:
        raise BadConfig(f"session {name}.password_hash needs `pip install 'nacre[backend]'`") from missing
    if not is_hash(known.decode()):
        raise BadConfig(f"session {name}.password_hash: give what `nacre fix password` prints")

    def right(user: str, password: str) -> bool:
        same = hmac.compare_digest(user.encode(), username)
        return matches(password, known.decode()) and same  # a wrong name takes as long

    return right


def _text(row: dict[str, Any], key: str, name: str) -> bytes:
    found = row.get(key)
    if not isinstance(found, str) or not found or not found.isprintable():
        raise BadConfig(f"session {name}.{key}: give some text")
    return found.encode()
