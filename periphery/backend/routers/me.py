"""Who asks: password, keys of programs, codes of one time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path

from periphery.backend.access import Anyone, AnyPerson, Services
from periphery.backend.problems import Refusal, answers
from periphery.backend.schemas import users as s
from periphery.backend.users import SCOPES

router = APIRouter(prefix="/me", tags=["me"])


@router.get("", response_model=s.Me)
def me(backend: Services, person: Anyone) -> dict[str, Any]:
    """Who asks, and what they may do with what they showed."""
    user = asdict(backend.users.need(person.name))
    user.pop("generation")
    return user | {"now": [scope for scope in SCOPES if scope in person.scopes], "via": person.via}


@router.put("/password", status_code=204, responses=answers(403))
def change_password(backend: Services, person: AnyPerson, body: s.ChangePassword) -> None:
    """Another password; tokens that are out are over."""
    _need_password(backend, person.name, body.password)
    backend.users.change(person.name, password=body.new_password)


@router.get("/keys", response_model=s.Keys)
def keys(backend: Services, person: AnyPerson) -> dict[str, Any]:
    """The keys of who asks."""
    return {"keys": [_told(key) for key in backend.keys.all(person.name)]}


@router.post("/keys", response_model=s.MadeKey, status_code=201)
def make_key(backend: Services, person: AnyPerson, body: s.NewKey) -> dict[str, Any]:
    """A key for a program; it is told this once. Its scopes are some of one's own."""
    if not set(body.scopes) <= person.scopes:
        raise Refusal(
            403,
            "forbidden",
            "a key has no more scopes than who makes it",
            reason="scope",
            hint=f"some of {', '.join(sorted(person.scopes))}",
            place="body.scopes",
        )
    key, text = backend.keys.add(person.name, body.name, [x for x in SCOPES if x in body.scopes])
    return _told(key) | {"key": text}


@router.delete("/keys/{key_id}", status_code=204, responses=answers(404))
def drop_key(
    backend: Services, person: AnyPerson, key_id: Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
) -> None:
    """The key is nobody's from now on."""
    backend.keys.remove(person.name, key_id)


@router.post("/totp", response_model=s.OfferedTotp)
def offer_totp(backend: Services, person: AnyPerson, body: s.OfferTotp) -> dict[str, Any]:
    """A secret for codes of one time. Where there is one already, a code of it must be shown."""
    from periphery.backend.passwords import totp_address

    _need_password(backend, person.name, body.password)
    if backend.users.need(person.name).has_totp:
        need_totp(backend, person.name, body.totp)
    secret = backend.users.offer_totp(person.name)
    return {"secret": secret, "address": totp_address(secret, person.name)}


@router.put("/totp", status_code=204)
def show_totp(backend: Services, person: AnyPerson, body: s.ShowTotp) -> None:
    """The secret that was offered is in force, once a code of it is shown."""
    if not backend.users.take_totp(person.name, body.code):
        raise _no_code("the code isn't of the secret that was offered", "body.code")


def need_totp(backend: Services, user: str, code: str | None, place: str = "body.totp") -> None:
    """Refusal (403): no code, another one, or one that was used."""
    if not backend.users.need(user).has_totp:
        raise Refusal(
            403,
            "no_totp",
            f"{user} has no codes of one time",
            reason="totp",
            place=place,
            hint="POST /me/totp, then PUT /me/totp with a code",
        )
    if code is None or not backend.users.use_totp(user, code):
        raise _no_code("the code doesn't hold, or was used already", place)


def _no_code(message: str, place: str) -> Refusal:
    return Refusal(
        403,
        "bad_totp",
        message,
        reason="totp",
        hint="wait for the next code; is the clock right?",
        place=place,
    )


def _need_password(backend: Services, user: str, password: str) -> None:
    if backend.users.check_password(user, password) is None:
        raise Refusal(
            403,
            "bad_password",
            "it isn't your password",
            reason="password",
            hint="give it again",
            place="body.password",
        )


def _told(key: Any) -> dict[str, Any]:
    return {"id": key.id, "name": key.name, "scopes": list(key.scopes), "made_ns": key.made_ns}
