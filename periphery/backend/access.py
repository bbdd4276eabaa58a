"""Who asks, and whether they may: a dependency of every route but the few that are open to all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, WebSocket

from periphery.backend.problems import Refusal
from periphery.backend.services import Backend
from periphery.backend.tokens import unknown
from periphery.backend.users import ALL, User

type Row = dict[str, Any]

HEADER = "X-API-Key"
READS = ("GET", "HEAD", "OPTIONS")

_hashing = ThreadPoolExecutor(2, "keys")
"""Not the threads of requests: those may all be waiting for the core, and a kill must not wait for them."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. via: password or key. scopes: of what was shown, as far as the user still has them. accounts:
    that they may see and act on; None: all.
    """

    name: str
    scopes: frozenset[str]
    via: str
    accounts: frozenset[str] | None = None

    def may(self, account: str | None) -> bool:
        """Whether that account is theirs; None: what is of all accounts."""
        return self.accounts is None or account in self.accounts

    def need(self, account: str | None, place: str = "body.account") -> None:
        """Refusal (403): it isn't theirs."""
        if not self.may(account):
            raise not_theirs(self.accounts or frozenset(), place)

    def theirs(self, rows: Iterable[Row]) -> list[Row]:
        """Rows of their accounts."""
        return [row for row in rows if self.may(row.get("account"))]


def backend_of(request: Request) -> Backend:
    found: Backend = request.app.state.backend
    return found


Services = Annotated[Backend, Depends(backend_of)]


class Allow:
    """Lets pass who has one of the scopes. always: also while the backend is read-only or can't be audited.

    people: not a program by its key: what it does takes a person. whole: only who has all accounts: what it
    tells or does is of all of them.
    """

    def __init__(self, *scopes: str, always: bool = False, people: bool = False, whole: bool = False) -> None:
        self.scopes = scopes
        self.whole = whole
        self.always = always
        self.people = people

    async def __call__(self, request: Request) -> Person:
        """Refusal: 401, 403, 429, 503."""
        backend = backend_of(request)
        person = await who(backend, request)
        request.scope["state"]["person"] = person
        wait_s = 0.0 if self.always else backend.user_rate.wait_s(person.name)
        if wait_s:
            raise too_many(f"user {person.name} asks too often", wait_s)
        self._check(person)
        if request.method not in READS and not self.always:
            _need_changes(backend)
        return person

    def _check(self, person: Person) -> None:
        if not person.scopes & set(self.scopes):
            raise Refusal(
                403,
                "forbidden",
                f"this takes scope {' or '.join(self.scopes)}",
                reason="scope",
                hint="ask an admin for it, or log in with it",
                place="header.Authorization",
            )
        if self.people and person.via != "password":
            raise Refusal(
                403,
                "forbidden",
                "a key may not do this",
                reason="person",
                hint="log in with a password",
                place=f"header.{HEADER}",
            )
        if self.whole:
            person.need(None, "header.Authorization")


def not_theirs(accounts: frozenset[str], place: str) -> Refusal:
    return Refusal(
        403,
        "forbidden",
        f"this user has accounts {', '.join(sorted(accounts))}",
        reason="account",
        hint="name one of them, or ask an admin for more",
        place=place,
    )


def _need_changes(backend: Backend) -> None:
    if backend.read_only:
        raise Refusal(
            403,
            "read_only",
            "the backend is read-only",
            reason="read_only",
            place="backend",
            hint="an admin ends it (PUT /mode); a kill works all the same",
        )
    if backend.audit.waiting:
        backend.audit.need()


async def who(backend: Backend, peer: Request | WebSocket) -> Person:
    """By the token or the key in the headers. Refusal (401)."""
    kind, _, token = peer.headers.get("Authorization", "").partition(" ")
    key = peer.headers.get(HEADER)
    if kind.lower() == "bearer" and token:
        return by_token(backend, token.strip())
    if key:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_hashing, by_key, backend, key)
    raise unknown("who asks? neither token nor key", f"log in (POST /auth/token), or send {HEADER}")


def by_token(backend: Backend, token: str) -> Person:
    """Refusal (401)."""
    claims = backend.tokens.read(token)
    user = backend.users.get(claims.user)
    if user is None or not user.enabled or user.generation != claims.generation:
        raise unknown("the token was ended", "log in again: POST /auth/token")
    return Person(user.name, frozenset(claims.scopes) & frozenset(user.scopes), "password", _accounts(user))


def by_key(backend: Backend, text: str) -> Person:
    """Refusal (401)."""
    key = backend.keys.check(text)
    user = backend.users.get(key.user) if key is not None else None
    if key is None or user is None or not user.enabled:
        raise unknown("nobody has this key", "make one: POST /me/keys")
    return Person(user.name, frozenset(key.scopes) & frozenset(user.scopes), "key", _accounts(user))


def _accounts(user: User) -> frozenset[str] | None:
    return None if user.accounts == (ALL,) else frozenset(user.accounts)


def too_many(message: str, wait_s: float) -> Refusal:
    return Refusal(
        429,
        "too_many",
        message,
        hint=f"ask again in {wait_s:.1f} s",
        place="client",
        headers={"Retry-After": str(int(wait_s) + 1)},
    )


def allowed_by(dependant: Any) -> Allow | None:
    """The Allow of a route's dependencies; None: it is open to all."""
    for each in dependant.dependencies:
        found = each.call if isinstance(each.call, Allow) else allowed_by(each)
        if found is not None:
            return found
    return None


Viewer = Annotated[Person, Depends(Allow("view"))]
WholeViewer = Annotated[Person, Depends(Allow("view", whole=True))]
Trader = Annotated[Person, Depends(Allow("trade"))]
WholeTrader = Annotated[Person, Depends(Allow("trade", whole=True))]
RiskPerson = Annotated[Person, Depends(Allow("risk", people=True))]
WholeRiskPerson = Annotated[Person, Depends(Allow("risk", people=True, whole=True))]
Admin = Annotated[Person, Depends(Allow("admin", people=True))]
ModeAdmin = Annotated[Person, Depends(Allow("admin", always=True, people=True))]
Killer = Annotated[Person, Depends(Allow("trade", "risk", "admin", always=True))]
Anyone = Annotated[Person, Depends(Allow("view", "trade", "risk", "admin"))]
AnyPerson = Annotated[Person, Depends(Allow("view", "trade", "risk", "admin", people=True))]
