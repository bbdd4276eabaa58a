"""Users, keys, tokens, codes of one time."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from periphery.backend.schemas.forms import Asked, Code, Name, Password, ScopeOfUser, Told, UserName


class Token(Told):
    access_token: str
    token_type: str
    expires_in: int
    scope: str


class User(Told):
    """accounts: that the user may see and act on; "*": all."""

    name: str
    scopes: list[ScopeOfUser]
    enabled: bool
    has_totp: bool
    made_ns: int
    accounts: list[str]


class Me(User):
    """now: the scopes of what was shown."""

    now: list[ScopeOfUser]
    via: str


class Users(Told):
    users: list[User]


class NewUser(Asked):
    name: UserName
    password: Password
    scopes: list[ScopeOfUser] = Field(min_length=1)
    accounts: list[Name] = Field(default=["*"], min_length=1, description='"*": all.')


class ChangeUser(Asked):
    scopes: list[ScopeOfUser] | None = Field(default=None, min_length=1)
    enabled: bool | None = None
    password: Password | None = None
    accounts: list[Name] | None = Field(default=None, min_length=1, description='"*": all.')


class ChangePassword(Asked):
    password: Password
    new_password: Password


class NewKey(Asked):
    name: Name
    scopes: list[ScopeOfUser] = Field(min_length=1)


class Key(Told):
    id: str
    name: str
    scopes: list[ScopeOfUser]
    made_ns: int


class MadeKey(Key):
    """key: told this once."""

    key: str


class Keys(Told):
    keys: list[Key]


class OfferTotp(Asked):
    """password: of who asks; totp: a code of the device that is there already, where there is one."""

    password: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    totp: Code | None = None


class OfferedTotp(Told):
    """In force once a code of it was shown."""

    secret: str
    address: str


class ShowTotp(Asked):
    code: Code
