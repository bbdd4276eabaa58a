"""Users, passwords, codes of one time, keys, tokens."""

from __future__ import annotations

import stat
from pathlib import Path

import jwt
import pyotp
import pytest

from periphery.backend import passwords
from periphery.backend.database import FILE, Database
from periphery.backend.keys import Keys
from periphery.backend.problems import Refusal
from periphery.backend.tokens import Tokens
from periphery.backend.users import Users
from tests.support_backend import PASSWORD


@pytest.fixture
def db(tmp_path: Path):
    found = Database(tmp_path / "state")
    yield found
    found.close()


def test_a_password_is_kept_as_a_hash_in_a_file_of_this_user_alone(db: Database) -> None:
    users = Users(db)
    users.add("anna", PASSWORD, ["view", "admin"])
    assert users.check_password("anna", PASSWORD) is not None
    assert users.check_password("anna", PASSWORD + "x") is None
    assert users.check_password("nobody", PASSWORD) is None
    assert PASSWORD.encode() not in db.path.read_bytes()
    assert stat.S_IMODE(db.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(db.path.parent.stat().st_mode) == 0o700
    assert db.path.name == FILE


@pytest.mark.parametrize(("name", "password"), [("Anna", PASSWORD), ("anna", "short"), ("", PASSWORD)])
def test_bad_names_and_short_passwords_are_refused(db: Database, name: str, password: str) -> None:
    with pytest.raises(ValueError, match=r"user|password"):
        Users(db).add(name, password, ["view"])
    with pytest.raises(ValueError, match="scopes"):
        Users(db).add("bob", PASSWORD, ["root"])


def test_somebody_stays_admin(db: Database) -> None:
    users = Users(db)
    users.add("anna", PASSWORD, ["admin"])
    for change in (
        lambda: users.remove("anna"),
        lambda: users.change("anna", scopes=["view"]),
        lambda: users.change("anna", enabled=False),
    ):
        with pytest.raises(Refusal, match="admin"):
            change()
    assert users.need("anna").scopes == ("admin",)
    users.add("bob", PASSWORD, ["admin"])
    users.remove("anna")


def test_a_change_ends_what_was_given_out(db: Database) -> None:
    users = Users(db)
    before = users.add("anna", PASSWORD, ["admin"]).generation
    assert users.change("anna", password=PASSWORD + "2").generation > before
    assert users.check_password("anna", PASSWORD) is None


def test_a_code_holds_once_and_only_near_its_time() -> None:
    secret = passwords.new_totp()
    made, now = pyotp.TOTP(secret), 1_800_000_000
    step = now // 30
    assert passwords.totp_step(secret, made.at(now), 0, now) == step
    assert passwords.totp_step(secret, made.at(now - 30), 0, now) == step - 1
    assert passwords.totp_step(secret, made.at(now), step, now) is None
    assert passwords.totp_step(secret, made.at(now - 90), 0, now) is None
    assert passwords.totp_step(secret, "", 0, now) is None


def test_a_code_s_secret_is_in_force_once_it_was_shown(db: Database) -> None:
    users = Users(db)
    users.add("anna", PASSWORD, ["risk", "admin"])
    secret = users.offer_totp("anna")
    assert not users.need("anna").has_totp
    assert not users.use_totp("anna", pyotp.TOTP(secret).now())
    assert users.take_totp("anna", pyotp.TOTP(secret).now())
    assert users.need("anna").has_totp
    assert not users.use_totp("anna", pyotp.TOTP(secret).now())  # it was shown before


def test_a_key_is_told_once_and_checked_by_its_hash(db: Database) -> None:
    users, keys = Users(db), Keys(db)
    users.add("anna", PASSWORD, ["view", "admin"])
    key, text = keys.add("anna", "desk", ["view"])
    assert keys.check(text) == key
    assert keys.check(text) == key  # the second time out of memory
    assert keys.check(text + "x") is None
    assert keys.check("nacre_nothing_at") is None
    assert text.encode() not in db.path.read_bytes()
    keys.remove("anna", key.id)
    assert keys.check(text) is None
    with pytest.raises(Refusal):
        keys.remove("anna", key.id)


def test_users_read_once_are_known_while_the_file_can_t_be_read(db: Database, tmp_path: Path) -> None:
    users = Users(db)
    users.add("anna", PASSWORD, ["admin"])
    db.close()
    with pytest.raises(Refusal):
        users.get("bob")
    assert users.get("anna") is not None


def test_tokens_end_and_can_t_be_made_elsewhere(tmp_path: Path, db: Database) -> None:
    user = Users(db).add("anna", PASSWORD, ["view", "admin"])
    tokens = Tokens(tmp_path, 600.0, 1200.0)
    claims = tokens.read(tokens.make(user, ["view"]))
    assert (claims.user, claims.scopes) == ("anna", ("view",))
    assert tokens.renewable(claims)
    assert not tokens.renewable(tokens.read(tokens.make(user, ["view"], claims.login_s - 1201)))
    assert Tokens(tmp_path, 600.0, 1200.0).read(tokens.make(user, ["view"])).user == "anna"
    others = Tokens(tmp_path / "other", 600.0, 1200.0)
    over = Tokens(tmp_path, -10.0, 1200.0)
    unsigned = jwt.encode({"sub": "anna", "scope": "admin", "gen": 1, "login": 0, "exp": 2**33}, None, "none")
    for token in (others.make(user, ["view"]), over.make(user, ["view"]), unsigned, "", "x.y.z"):
        with pytest.raises(Refusal) as refused:
            tokens.read(token)
        assert refused.value.status == 401
