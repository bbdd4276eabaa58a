"""Where a core of this user is found: what a command must know of it, and no more."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def default_socket(name: str) -> Path:
    """Where the core of that name listens: $NACRE_SOCKET, else in the user's own folder."""
    told = os.environ.get("NACRE_SOCKET")
    if told:
        return Path(told)
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") / f"nacre-{os.getuid()}" / f"{name}.sock"


def beside(socket: Path, what: str) -> Path:
    """A file of the state folder, the socket's: `core.sock` has `core.token`, `.kill`, `.names`, `.lock`."""
    return socket.with_suffix(f".{what}")


def make_token(path: Path) -> str:
    """The secret that clients and engines tell; it outlives the core, so that they can come back."""
    if not path.exists():
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w") as out:
            out.write(secrets.token_hex(32))
    return path.read_text().strip()
