"""One secret for a pair of hosts and their witnesses: who has it belongs to them.

    message on the wire:  16 bytes of keyed blake2b | the message

Every message carries its seal, over either transport. Over ZeroMQ it is encrypted as well: the CURVE keys
of both ends are derived from the secret. Aeron encrypts nothing: what it carries can be read on its way,
though not forged.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

SECRET_BYTES = 32
SEAL_BYTES = 16


class BadSecret(ValueError):
    """A file of a secret that isn't there or is no good; the message names it."""


class Secret:
    """What both ends know. It is in no log: it has no repr of its own."""

    def __init__(self, key: bytes) -> None:
        if len(key) != SECRET_BYTES:
            raise BadSecret(
                f"a secret has {SECRET_BYTES} bytes, not {len(key)}: make one with `nacre standby secret`"
            )
        self._key = key

    def __repr__(self) -> str:
        return "Secret(...)"

    def seal(self, message: bytes) -> bytes:
        """The message as it goes out."""
        return hashlib.blake2b(message, key=self._key, digest_size=SEAL_BYTES).digest() + message

    def open(self, sealed: bytes) -> bytes | None:
        """The message that came in; None: nobody of ours sent it."""
        seal, message = sealed[:SEAL_BYTES], sealed[SEAL_BYTES:]
        good = hashlib.blake2b(message, key=self._key, digest_size=SEAL_BYTES).digest()
        return message if hmac.compare_digest(seal, good) else None

    def curve(self, end: str) -> tuple[bytes, bytes]:
        """(public, secret) key of ZeroMQ's CURVE for that end, "server" or "client"."""
        import zmq
        from zmq.utils import z85

        raw = hashlib.blake2b(end.encode(), key=self._key, digest_size=32, person=b"nacre curve").digest()
        secret = z85.encode(raw)
        return zmq.curve_public(secret), secret


def make(path: Path) -> None:
    """A new secret in a file of its user's own. BadSecret: it is there already."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise BadSecret(f"{path}: is there already: give another name, or move it away") from None
    with os.fdopen(fd, "w") as out:
        out.write(secrets.token_hex(SECRET_BYTES) + "\n")


def read(path: Path) -> Secret:
    """That of a file. BadSecret: it isn't there, is none, or others may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise BadSecret(f"{path}: others may read this secret: chmod 600 it")
        return Secret(bytes.fromhex(path.read_text().strip()))
    except OSError as error:
        raise BadSecret(f"{path}: {error.strerror}: make one with `nacre standby secret`") from None
    except ValueError as error:
        raise BadSecret(f"{path}: {error}") from None
