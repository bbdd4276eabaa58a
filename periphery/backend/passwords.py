"""Secrets that people and programs know: argon2 hashes of them, and codes of one time."""

from __future__ import annotations

import hmac
import threading
import time

import pyotp
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

PASSWORD_LEAST = 12
PASSWORD_MOST = 256
STEP_S = 30
ISSUER = "nacre"

_hasher = PasswordHasher()
_turn = threading.BoundedSemaphore(2)
"""A check takes 64 MiB and all of a processor for a while: two at a time."""


def hashed(secret: str) -> str:
    with _turn:
        return _hasher.hash(secret)


_NOBODY: list[str] = []


def matches(secret: str, known: str | None) -> bool:
    """Whether it is the secret. None: nobody is known by that name; it takes as long."""
    if known is None:
        if not _NOBODY:
            _NOBODY.append(hashed("nobody"))
        known, secret = _NOBODY[0], ""
    with _turn:
        try:
            return _hasher.verify(known, secret)
        except (VerificationError, InvalidHashError):
            return False


def is_hash(text: str) -> bool:
    """Whether it is what `hashed` gives."""
    try:
        extract_parameters(text)
    except InvalidHashError:
        return False
    return True


def new_totp() -> str:
    """A secret for codes of one time."""
    return pyotp.random_base32()


def totp_address(secret: str, user: str) -> str:
    """What an authenticator reads, as a QR code mostly."""
    return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=user, issuer_name=ISSUER)


def totp_step(secret: str, code: str, after: int, now_s: float | None = None) -> int | None:
    """The step that the code is of: this one, the one before or the one after.

    None: it is of none of them, or that step or a later one was used already."""
    made = pyotp.TOTP(secret, interval=STEP_S)
    this = int(time.time() if now_s is None else now_s) // STEP_S
    for step in (this - 1, this, this + 1):
        if step > after and hmac.compare_digest(made.at(step * STEP_S), code):
            return step
    return None
