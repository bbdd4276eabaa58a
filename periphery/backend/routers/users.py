"""Users, for an admin."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path

from periphery.backend import users as known
from periphery.backend.access import Admin, Services
from periphery.backend.problems import answers
from periphery.backend.schemas import users as s

router = APIRouter(prefix="/users", tags=["users"])
Name = Annotated[str, Path(pattern=known.NAME)]


def _told(user: known.User) -> dict[str, Any]:
    found = asdict(user)
    found.pop("generation")
    return found


@router.get("", response_model=s.Users)
def users(backend: Services, _admin: Admin) -> dict[str, Any]:
    """All users."""
    return {"users": [_told(user) for user in backend.users.all()]}


@router.get("/{name}", response_model=s.User, responses=answers(404))
def user(backend: Services, _admin: Admin, name: Name) -> dict[str, Any]:
    """One user."""
    return _told(backend.users.need(name))


@router.post("", response_model=s.User, status_code=201, responses=answers(409))
def add(backend: Services, _admin: Admin, body: s.NewUser) -> dict[str, Any]:
    """A new user."""
    return _told(backend.users.add(body.name, body.password, body.scopes, body.accounts))


@router.patch("/{name}", response_model=s.User, responses=answers(404, 409))
def change(backend: Services, _admin: Admin, name: Name, body: s.ChangeUser) -> dict[str, Any]:
    """Other scopes or accounts, another password, enabled or not; what was given out before is over."""
    return _told(backend.users.change(name, body.scopes, body.enabled, body.password, body.accounts))


@router.delete("/{name}", status_code=204, responses=answers(404, 409))
def remove(backend: Services, _admin: Admin, name: Name) -> None:
    """The user and the user's keys are gone; the audit keeps what was done."""
    backend.users.remove(name)


@router.delete("/{name}/totp", status_code=204, responses=answers(404))
def drop_totp(backend: Services, _admin: Admin, name: Name) -> None:
    """For who has lost the device of codes."""
    backend.users.drop_totp(name)
