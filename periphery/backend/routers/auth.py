"""Tokens: log in with a password, renew, end."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.security import OAuth2PasswordRequestForm

from periphery.backend.access import AnyPerson, Services
from periphery.backend.problems import Refusal, answers
from periphery.backend.schemas import users as s
from periphery.backend.services import Backend
from periphery.backend.tokens import unknown
from periphery.backend.users import User

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/token", response_model=s.Token, responses=answers(401, 403))
def log_in(
    request: Request, backend: Services, form: Annotated[OAuth2PasswordRequestForm, Depends()]
) -> dict[str, Any]:
    """A token for a name and a password, with the scopes that are asked for (none: all of the user's)."""
    request.scope["state"]["tried"] = form.username[:31]
    user = backend.users.check_password(form.username, form.password)
    if user is None:
        raise unknown("no user of that name and password", "an admin adds one: nacre backend user add")
    wanted = form.scopes or list(user.scopes)
    if not set(wanted) <= set(user.scopes):
        raise Refusal(
            403,
            "forbidden",
            f"{user.name} has scopes {', '.join(user.scopes)}",
            reason="scope",
            hint="ask for some of these",
            place="body.scope",
        )
    return _token(backend, user, wanted)


@router.post("/refresh", response_model=s.Token)
def renew(request: Request, backend: Services, person: AnyPerson) -> dict[str, Any]:
    """Another token for one that holds, until the session's end."""
    token = request.headers["Authorization"].partition(" ")[2].strip()
    claims = backend.tokens.read(token)
    if not backend.tokens.renewable(claims):
        raise unknown("the session is over", "log in again: POST /auth/token")
    return _token(backend, backend.users.need(person.name), sorted(person.scopes), claims.login_s)


@router.post("/logout", status_code=204)
def end(backend: Services, person: AnyPerson) -> None:
    """All tokens of who asks are over."""
    backend.users.change(person.name)


def _token(backend: Backend, user: User, scopes: list[str], login_s: int | None = None) -> dict[str, Any]:
    return {
        "access_token": backend.tokens.make(user, scopes, login_s),
        "token_type": "bearer",
        "expires_in": int(backend.tokens.token_s),
        "scope": " ".join(scopes),
    }
