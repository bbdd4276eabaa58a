"""Short tokens of people: signed, with the scopes they asked for, over after minutes."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import jwt

from periphery.backend.problems import Refusal
from periphery.backend.users import User
from periphery.service.rotating import Rotating

ALGORITHM = "HS256"
FILE = "secret"
BYTES_MIN = 32


@dataclass(frozen=True, slots=True)
class Claims:
    """login_s: when the password was shown. generation: of the user, then."""

    user: str
    scopes: tuple[str, ...]
    generation: int
    login_s: int


class Tokens:
    """token_s: how long one holds; session_s: how long after a login it may be renewed. The file of the
    secret may be exchanged meanwhile: tokens that the old one signed are over then.
    """

    def __init__(self, folder: Path, token_s: float, session_s: float) -> None:
        self.token_s = token_s
        self.session_s = session_s
        self._secret = Rotating(folder / FILE, read_secret)

    def make(self, user: User, scopes: Iterable[str], login_s: int | None = None) -> str:
        now = int(time.time())
        claims = {
            "sub": user.name,
            "scope": " ".join(scopes),
            "gen": user.generation,
            "login": now if login_s is None else login_s,
            "iat": now,
            "exp": now + int(self.token_s),
            "jti": secrets.token_hex(8),
        }
        return jwt.encode(claims, self._secret.now(), ALGORITHM)

    def read(self, token: str) -> Claims:
        """Refusal (401)."""
        try:
            found = jwt.decode(
                token,
                self._secret.now(),
                [ALGORITHM],
                options={"require": ["sub", "scope", "gen", "login", "exp"]},
            )
            return Claims(found["sub"], tuple(found["scope"].split()), int(found["gen"]), int(found["login"]))
        except jwt.ExpiredSignatureError:
            raise unknown(
                "the token is over", "renew it before its end (POST /auth/refresh), or log in"
            ) from None
        except (jwt.InvalidTokenError, ValueError, AttributeError):
            raise unknown("the token isn't one of this backend", "log in: POST /auth/token") from None

    def renewable(self, claims: Claims) -> bool:
        return time.time() < claims.login_s + self.session_s


def unknown(message: str, hint: str) -> Refusal:
    """401, as RFC 6750 wants it."""
    return Refusal(
        401,
        "unauthorized",
        message,
        hint=hint,
        place="header.Authorization",
        headers={"WWW-Authenticate": 'Bearer realm="nacre"'},
    )


def read_secret(path: Path) -> bytes:
    """The key that tokens are signed with; made where there is none, for this user's eyes alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = path.read_bytes()
        if len(found) < BYTES_MIN:
            raise ValueError(
                f"{path}: {len(found)} bytes, not {BYTES_MIN} or more: too easy to guess"
            ) from None
        return found
    with os.fdopen(fd, "wb") as out:
        made = secrets.token_bytes(32)
        out.write(made)
        out.flush()
        os.fsync(out.fileno())
    return made
