"""Who may use the backend: people, what they may do, their passwords and codes of one time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from periphery.backend import passwords
from periphery.backend.database import Database
from periphery.backend.problems import Refusal, missing

SCOPES = ("view", "trade", "risk", "admin")
NAME = r"^[a-z][a-z0-9._-]{0,30}$"
ALL = "*"
"""In place of accounts: of all that there are and will be."""
ACCOUNT = r"^[!-~]{1,31}$"


@dataclass(frozen=True, slots=True)
class User:
    """One person. generation: grows with each change that ends what was given out before. accounts: that they
    may see and act on, ("*",): all.
    """

    name: str
    scopes: tuple[str, ...]
    enabled: bool
    generation: int
    has_totp: bool
    made_ns: int
    accounts: tuple[str, ...] = (ALL,)


class Users:
    """All of them. A name that was read once is still known while the file can't be read."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[str, User] = {}

    def get(self, name: str) -> User | None:
        """None: there is no such user."""
        try:
            row = self._db.one("SELECT * FROM users WHERE name = ?", (name,))
        except Refusal:
            if name in self._known:
                return self._known[name]
            raise
        if row is None:
            self._known.pop(name, None)
            return None
        found = User(
            row["name"],
            tuple(row["scopes"].split()),
            bool(row["enabled"]),
            row["generation"],
            bool(row["totp"]),
            row["made_ns"],
            tuple(row["accounts"].split()),
        )
        self._known[name] = found
        return found

    def need(self, name: str) -> User:
        """Refusal (404): there is no such user."""
        found = self.get(name)
        if found is None:
            raise missing("user", name, "GET /users lists them", "path.name")
        return found

    def all(self) -> list[User]:
        names = [row["name"] for row in self._db.rows("SELECT name FROM users ORDER BY name")]
        return [found for name in names if (found := self.get(name)) is not None]

    def add(self, name: str, password: str, scopes: Iterable[str], accounts: Iterable[str] = (ALL,)) -> User:
        """Refusal (409): the name is taken. ValueError: what isn't a name, password, scope or account."""
        if not re.fullmatch(NAME.strip("^$"), name):
            raise ValueError(f"user {name!r}: small letters, digits, . _ -, a letter first, 31 at most")
        values = (name, _hash_of(password), _text_of(scopes), time.time_ns(), _text_of_accounts(accounts))
        with self._db.change() as run:
            if run("SELECT 1 FROM users WHERE name = ?", (name,)):
                raise Refusal(
                    409,
                    "user_exists",
                    f"user {name} is there already",
                    hint="take another name",
                    place="body.name",
                )
            run(
                "INSERT INTO users (name, password, scopes, made_ns, accounts) VALUES (?, ?, ?, ?, ?)", values
            )
        return self.need(name)

    def change(
        self,
        name: str,
        scopes: Iterable[str] | None = None,
        enabled: bool | None = None,
        password: str | None = None,
        accounts: Iterable[str] | None = None,
    ) -> User:
        """All tokens and sessions of the user are over. Refusal: no such user, or nobody would be admin."""
        self.need(name)
        sets, values = ["generation = generation + 1"], list[object]()
        for column, value in (
            ("scopes", None if scopes is None else _text_of(scopes)),
            ("enabled", None if enabled is None else int(enabled)),
            ("password", None if password is None else _hash_of(password)),
            ("accounts", None if accounts is None else _text_of_accounts(accounts)),
        ):
            if value is not None:
                sets.append(f"{column} = ?")
                values.append(value)
        with self._db.change() as run:
            run(f"UPDATE users SET {', '.join(sets)} WHERE name = ?", (*values, name))
            _need_admin(run)
        return self.need(name)

    def remove(self, name: str) -> None:
        """Refusal: no such user, or nobody would be admin."""
        self.need(name)
        with self._db.change() as run:
            run("DELETE FROM users WHERE name = ?", (name,))
            _need_admin(run)

    def check_password(self, name: str, password: str) -> User | None:
        """None: no such user, another password, or disabled."""
        row = self._db.one("SELECT password, enabled FROM users WHERE name = ?", (name,))
        known = row["password"] if row is not None and row["enabled"] else None
        return self.get(name) if passwords.matches(password, known) else None

    # ---- codes of one time ---------------------------------------------------------------------------------

    def offer_totp(self, name: str) -> str:
        """A new secret, in force once a code of it was shown."""
        secret = passwords.new_totp()
        with self._db.change() as run:
            run("UPDATE users SET totp_new = ? WHERE name = ?", (secret, name))
        return secret

    def take_totp(self, name: str, code: str) -> bool:
        """Whether the code is of the secret that was offered; it is in force from then on."""
        with self._db.change() as run:
            (secret,) = run("SELECT totp_new FROM users WHERE name = ?", (name,))[0]
            step = passwords.totp_step(secret, code, 0) if secret else None
            if step is not None:
                sql = "UPDATE users SET totp = ?, totp_new = '', totp_last = ? WHERE name = ?"
                run(sql, (secret, step, name))
        return step is not None

    def use_totp(self, name: str, code: str) -> bool:
        """Whether the code holds now; it never holds again."""
        with self._db.change() as run:
            secret, last = run("SELECT totp, totp_last FROM users WHERE name = ?", (name,))[0]
            step = passwords.totp_step(secret, code, last) if secret else None
            if step is not None:
                run("UPDATE users SET totp_last = ? WHERE name = ?", (step, name))
        return step is not None

    def drop_totp(self, name: str) -> None:
        """For who has lost the device: an admin does it."""
        self.need(name)
        with self._db.change() as run:
            run("UPDATE users SET totp = '', totp_new = '' WHERE name = ?", (name,))


def _need_admin(run: object) -> None:
    assert callable(run)
    if not run("SELECT 1 FROM users WHERE enabled = 1 AND ' ' || scopes || ' ' LIKE '% admin %'"):
        raise Refusal(
            409, "last_admin", "nobody would be admin any more", hint="make another admin first", place="body"
        )


def _text_of(scopes: Iterable[str]) -> str:
    wanted = set(scopes)
    unknown = wanted - set(SCOPES)
    if unknown or not wanted:
        raise ValueError(f"scopes {', '.join(sorted(unknown)) or 'none'}: some of {', '.join(SCOPES)}")
    return " ".join(scope for scope in SCOPES if scope in wanted)


def _text_of_accounts(accounts: Iterable[str]) -> str:
    wanted = list(dict.fromkeys(accounts))
    bad = [name for name in wanted if not re.fullmatch(ACCOUNT.strip("^$"), name)]
    if bad or not wanted:
        raise ValueError(
            f"accounts {', '.join(map(repr, bad)) or 'none'}: names of accounts, or {ALL} for all"
        )
    return ALL if ALL in wanted else " ".join(wanted)


def _hash_of(password: str) -> str:
    if not passwords.PASSWORD_LEAST <= len(password) <= passwords.PASSWORD_MOST:
        raise ValueError(
            f"the password has {len(password)} characters: {passwords.PASSWORD_LEAST} to "
            f"{passwords.PASSWORD_MOST}"
        )
    return passwords.hashed(password)
