"""Keys of programs: `nacre_<id>_<secret>`, shown once, kept as an argon2 hash, with scopes of its user's."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from periphery.backend import passwords
from periphery.backend.database import Database
from periphery.backend.problems import missing

PREFIX = "nacre"
CHECKED_MOST = 1024
CHECKED_S = 60.0
"""A key that was checked isn't hashed again for so long: a program that trades asks often."""


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    user: str
    name: str
    scopes: tuple[str, ...]
    made_ns: int


class Keys:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._checked: OrderedDict[bytes, float] = OrderedDict()

    def add(self, user: str, name: str, scopes: Iterable[str]) -> tuple[Key, str]:
        """(what is known of it, the key itself, which nobody can be told again)."""
        key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(24)
        text, made_ns = " ".join(scopes), time.time_ns()
        values = (key_id, user, name, passwords.hashed(secret), text, made_ns)
        with self._db.change() as run:
            run(
                "INSERT INTO keys (id, user, name, secret, scopes, made_ns) VALUES (?, ?, ?, ?, ?, ?)", values
            )
        return Key(key_id, user, name, tuple(text.split()), made_ns), f"{PREFIX}_{key_id}_{secret}"

    def all(self, user: str) -> list[Key]:
        rows = self._db.rows("SELECT * FROM keys WHERE user = ? ORDER BY made_ns", (user,))
        return [Key(r["id"], r["user"], r["name"], tuple(r["scopes"].split()), r["made_ns"]) for r in rows]

    def remove(self, user: str, key_id: str) -> None:
        """Refusal (404)."""
        with self._db.change() as run:
            if not run("DELETE FROM keys WHERE user = ? AND id = ? RETURNING id", (user, key_id)):
                raise missing("key", key_id, "GET /me/keys lists yours", "path.id")

    def check(self, text: str) -> Key | None:
        """Whose it is; None: nobody's."""
        prefix, _, rest = text.partition("_")
        key_id, _, secret = rest.partition("_")
        row = self._db.one("SELECT * FROM keys WHERE id = ?", (key_id,))
        if prefix != PREFIX or row is None:
            return None
        mark = hashlib.sha256(f"{row['secret']} {text}".encode()).digest()
        if self._checked.get(mark, 0.0) < time.monotonic():
            if not passwords.matches(secret, row["secret"]):
                return None
            self._checked[mark] = time.monotonic() + CHECKED_S
            while len(self._checked) > CHECKED_MOST:
                self._checked.popitem(last=False)
        return Key(row["id"], row["user"], row["name"], tuple(row["scopes"].split()), row["made_ns"])
