"""Who a client is, and what it may see: by a token that is signed and ends soon, or by a key in a file."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import msgspec

from periphery.service.config import BadConfig
from periphery.service.rotating import Rotating
from periphery.view.topics import GROUPS, KINDS, Topic

AUDIENCE = "nacre-websocket"
ALL = "*"
SECRET_BYTES_MIN = 32
_ALGORITHM = "HS256"


class Refused(ValueError):
    """A token or key that lets nobody in; the message says why."""


@dataclass(frozen=True, slots=True)
class Rights:
    """name: who it is. accounts, kinds: what it may see, "*" is all. expires_s: by the clock; None: never."""

    name: str
    accounts: frozenset[str]
    kinds: frozenset[str]
    expires_s: float | None = None

    def may(self, topic: Topic) -> bool:
        """Whether it may see the topic, if there is one."""
        if ALL not in self.kinds and topic.kind not in self.kinds:
            return False
        account = topic.account
        return account is None or ALL in self.accounts or (account != GROUPS and account in self.accounts)


class _Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sha256: str
    accounts: list[str]
    topics: list[str]


class Door:
    """Lets clients in. secret, keys: files, which may be exchanged meanwhile; an empty name is none."""

    def __init__(self, secret: str, keys: str) -> None:
        """BadConfig."""
        self._secret = Rotating(Path(secret), read_secret) if secret else None
        self._keys = Rotating(Path(keys), _read_keys) if keys else None

    def let_in(self, given: str) -> Rights:
        """By a token or a key. Refused."""
        digest = hashlib.sha256(given.encode()).hexdigest()
        known = self._keys.now() if self._keys is not None else {}
        for name, key in known.items():
            if hmac.compare_digest(key.sha256.lower(), digest):
                return Rights(name, frozenset(key.accounts), _kinds(key.topics))
        if self._secret is None or given.count(".") != 2:
            raise Refused("neither a key nor a token that is known here")
        return self._by_token(given, self._secret.now())

    def _by_token(self, token: str, secret: bytes) -> Rights:
        try:
            claims = jwt.decode(
                token,
                secret,
                [_ALGORITHM],
                audience=AUDIENCE,
                options={"require": ["exp", "sub", "aud"]},
            )
            told = msgspec.convert(claims, _Claims)
            kinds = _kinds(told.topics)
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Refused(f"token: {error}") from error
        return Rights(told.sub, frozenset(told.accounts), kinds, float(told.exp))


class _Claims(msgspec.Struct, frozen=True):
    sub: str
    exp: int
    accounts: list[str]
    topics: list[str]


def make_token(
    secret: bytes,
    name: str,
    accounts: Iterable[str],
    topics: Iterable[str],
    for_s: float,
    now_s: float | None = None,
) -> str:
    """A token that ends after `for_s`. ValueError: there is no such topic."""
    claims: dict[str, Any] = {
        "sub": name,
        "aud": AUDIENCE,
        "exp": int((time.time() if now_s is None else now_s) + for_s),
        "accounts": sorted(accounts),
        "topics": sorted(_kinds(topics)),
    }
    return jwt.encode(claims, secret, _ALGORITHM)


def make_key(name: str, accounts: Iterable[str], topics: Iterable[str]) -> tuple[str, str]:
    """A key, and its section of a file of keys, which has only its digest. ValueError."""
    key = secrets.token_urlsafe(32)
    lines = [
        f"[keys.{msgspec.json.encode(name).decode()}]",
        f'sha256 = "{hashlib.sha256(key.encode()).hexdigest()}"',
        f"accounts = {msgspec.json.encode(sorted(accounts)).decode()}",
        f"topics = {msgspec.json.encode(sorted(_kinds(topics))).decode()}",
    ]
    return key, "\n".join(lines) + "\n"


def read_secret(path: Path) -> bytes:
    """BadConfig: it isn't there, is short, or others may read it."""
    try:
        secret = path.read_bytes().strip()
        mode = path.stat().st_mode
    except OSError as error:
        raise BadConfig(f"{error}: make one with `nacre websocket secret {path}`") from error
    if len(secret) < SECRET_BYTES_MIN:
        raise BadConfig(f"{path}: {len(secret)} bytes, not {SECRET_BYTES_MIN} or more: too easy to guess")
    if mode & 0o077:
        raise BadConfig(f"{path}: others may read it: chmod 600 {path}")
    return secret


def _read_keys(path: Path) -> dict[str, _Key]:
    try:
        found = msgspec.convert(tomllib.loads(path.read_text()), dict[str, dict[str, _Key]])
        if found.keys() - {"keys"}:
            raise ValueError(f"section {sorted(found.keys() - {'keys'})[0]!r}: give [keys.NAME]")
        for key in found.get("keys", {}).values():
            _kinds(key.topics)
    except (OSError, ValueError) as error:
        raise BadConfig(f"{path}: {error}") from error
    return found.get("keys", {})


def _kinds(topics: Iterable[str]) -> frozenset[str]:
    found = frozenset(topics)
    unknown = found - KINDS.keys() - {ALL}
    if unknown:
        raise ValueError(f"topic {sorted(unknown)[0]!r}: one of {', '.join(KINDS)}, {ALL}")
    return found
