"""Who may do what: every route of the app, for every role. A route without a row here fails."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from periphery.backend.database import FILE, Database
from periphery.backend.openapi import api_routes
from periphery.backend.users import Users
from tests.support_backend import PASSWORD, ROLES, Serving, config_of, problem

V, T, R, A = "view", "trade", "risk", "admin"
ANY = (V, T, R, A)
MATRIX: dict[str, tuple[str, ...] | None] = {
    "POST /auth/token": None,
    "POST /auth/refresh": ANY,
    "POST /auth/logout": ANY,
    "GET /me": ANY,
    "PUT /me/password": ANY,
    "GET /me/keys": ANY,
    "POST /me/keys": ANY,
    "DELETE /me/keys/{key_id}": ANY,
    "POST /me/totp": ANY,
    "PUT /me/totp": ANY,
    "GET /users": (A,),
    "GET /users/{name}": (A,),
    "POST /users": (A,),
    "PATCH /users/{name}": (A,),
    "DELETE /users/{name}": (A,),
    "DELETE /users/{name}/totp": (A,),
    "GET /orders": (V,),
    "GET /orders/history": (V,),
    "GET /orders/fills": (V,),
    "POST /orders/preview": (T,),
    "POST /orders/cancel": (T,),
    "POST /orders": (T,),
    "GET /orders/{cl_ord_id}": (V,),
    "PATCH /orders/{cl_ord_id}": (T,),
    "DELETE /orders/{cl_ord_id}": (T,),
    "GET /positions": (V,),
    "GET /positions/history": (V,),
    "GET /pnl": (V,),
    "GET /limits": (V,),
    "GET /denials": (V,),
    "POST /limits": (R,),
    "GET /kills": (V,),
    "POST /kill": (T, R, A),
    "POST /rearm": (R,),
    "GET /approvals": (V,),
    "GET /approvals/{approval_id}": (V,),
    "POST /approvals/{approval_id}/approve": (R,),
    "POST /approvals/{approval_id}/reject": (R,),
    "POST /reconciliation": (R,),
    "GET /reconciliation/breaks": (V,),
    "POST /reconciliation/breaks/explain": (R,),
    "POST /reconciliation/breaks/book": (R,),
    "GET /strategies": (V,),
    "POST /strategies": (T,),
    "PUT /strategies/{session}/params": (T,),
    "POST /strategies/{session}/stop": (T,),
    "GET /strategies/signals": (V,),
    "POST /strategies/signals": (T,),
    "GET /backtests": (V,),
    "POST /backtests": (T,),
    "GET /backtests/data": (V,),
    "GET /backtests/{backtest_id}": (V,),
    "GET /backtests/{backtest_id}/result": (V,),
    "DELETE /backtests/{backtest_id}": (T,),
    "GET /engines": (V,),
    "GET /engines/map": (V,),
    "GET /journal": (V,),
    "GET /journal/verify": (V,),
    "GET /tca": (V,),
    "GET /tca/orders": (V,),
    "GET /portfolio": (V,),
    "POST /portfolio": (T,),
    "POST /portfolio/{proposal_id}/approve": (R,),
    "POST /portfolio/{proposal_id}/send": (T,),
    "GET /reference": (V,),
    "GET /now": ANY,
    "GET /market/levels": (V,),
    "GET /market/bars": (V,),
    "POST /orders/route": (T,),
    "GET /live": None,
    "GET /ready": None,
    "GET /mode": ANY,
    "PUT /mode": (A,),
    "GET /audit": (A,),
    "GET /audit/search": (A,),
    "GET /audit/verify": (A,),
}
PEOPLE = {
    "POST /auth/refresh", "POST /auth/logout", "PUT /me/password", "GET /me/keys", "POST /me/keys",
    "DELETE /me/keys/{key_id}", "POST /me/totp", "PUT /me/totp",
}  # fmt: skip
"""Not for programs, beside all that takes risk or admin alone."""
IN_PATH = {
    "name": "nobody",
    "key_id": "0" * 12,
    "cl_ord_id": "none",
    "session": "None",
    "proposal_id": "0" * 20,
}


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with Serving(config_of(tmp_path_factory.mktemp("access"))) as found:
        yield found


def path_of(operation: str) -> str:
    return re.sub(r"{(\w+)}", lambda m: IN_PATH.get(m[1], "999999"), operation.partition(" ")[2])


def test_every_route_has_a_row(backend: Serving) -> None:
    found = {f"{method} {route.path}" for route in api_routes(backend.app) for method in route.methods}
    assert found == set(MATRIX)


@pytest.mark.parametrize("operation", MATRIX)
def test_a_role_may_what_its_row_says(backend: Serving, operation: str) -> None:
    method, allowed = operation.partition(" ")[0], MATRIX[operation]
    anonymous = backend.ask(None, method, path_of(operation))
    assert (anonymous.status_code == 401) == (allowed is not None), anonymous.text
    for role, scopes in ROLES.items():
        answer = backend.ask(role, method, path_of(operation))
        may = allowed is None or bool(set(allowed) & set(scopes))
        assert (answer.status_code != 403) == may, (role, answer.status_code, answer.text)
        assert answer.status_code != 401, answer.text
        if not may:
            assert problem(answer, 403)["reason"] == "scope"


@pytest.mark.parametrize("operation", MATRIX)
def test_a_program_may_what_no_person_must_do(backend: Serving, operation: str) -> None:
    _, text = _key(backend)
    method, allowed = operation.partition(" ")[0], MATRIX[operation]
    answer = backend.ask(None, method, path_of(operation), headers={"X-API-Key": text})
    takes_person = allowed is not None and (set(allowed) <= {R, A} or operation in PEOPLE)
    assert (answer.status_code == 403) == takes_person, answer.text


_made: list[tuple[object, str]] = []


def _key(backend: Serving) -> tuple[object, str]:
    """Of a user with every scope; one for all tests, since a key is hashed."""
    if not _made:
        backend.backend.users.add("robot", PASSWORD, ANY)
        _made.append(backend.backend.keys.add("robot", "all", ANY))
    return _made[0]


def test_the_document_says_who_may(backend: Serving) -> None:
    document = backend.http.get(f"{backend.url}/openapi.json", timeout=60).json()
    for operation, allowed in MATRIX.items():
        method, path = operation.split()
        told = document["paths"][path][method.lower()]
        scopes = tuple(scope for each in told["security"] for scope in each.get("person", ()))
        assert scopes == (allowed or ())
        takes_person = allowed is not None and (set(allowed) <= {R, A} or operation in PEOPLE)
        assert ({"program": []} in told["security"]) == (allowed is not None and not takes_person)


def test_a_token_of_less_may_less(backend: Serving) -> None:
    form = {"username": "trader", "password": PASSWORD, "scope": "view"}
    answer = backend.http.post(f"{backend.url}/auth/token", data=form, timeout=60)
    token = answer.json()["access_token"]
    assert answer.json()["scope"] == "view"
    bearer = {"Authorization": f"Bearer {token}"}
    assert backend.ask(None, "POST", "/orders/cancel", {}, bearer).status_code == 403
    assert backend.ask(None, "GET", "/me", headers=bearer).json()["now"] == ["view"]
    assert backend.ask(None, "POST", "/auth/refresh", headers=bearer).json()["scope"] == "view"
    wrong = {"username": "trader", "password": "wrong", "scope": ""}
    assert problem(backend.http.post(f"{backend.url}/auth/token", data=wrong, timeout=60), 401)
    more = form | {"scope": "view admin"}
    assert problem(backend.http.post(f"{backend.url}/auth/token", data=more, timeout=60), 403)
    assert backend.ask(None, "POST", "/auth/logout", headers=bearer).status_code == 204
    assert problem(backend.ask(None, "GET", "/me", headers=bearer), 401)["hint"]


# ---- accounts ------------------------------------------------------------------------------------------

WHOLE = {
    "GET /denials", "GET /tca", "POST /strategies", "PUT /strategies/{session}/params",
    "POST /strategies/{session}/stop", "POST /reconciliation", "POST /reconciliation/breaks/explain",
    "POST /reconciliation/breaks/book", "GET /strategies/signals", "POST /strategies/signals",
}  # fmt: skip
"""Of all accounts at once: for who has all."""
THEIRS = {
    "GET /orders", "GET /orders/history", "GET /orders/fills", "POST /orders/preview", "POST /orders/cancel",
    "POST /orders", "GET /orders/{cl_ord_id}", "PATCH /orders/{cl_ord_id}", "DELETE /orders/{cl_ord_id}",
    "GET /positions", "GET /positions/history", "GET /pnl", "GET /limits", "POST /limits", "GET /kills",
    "POST /kill", "POST /rearm", "GET /approvals", "GET /approvals/{approval_id}",
    "POST /approvals/{approval_id}/approve",
    "POST /approvals/{approval_id}/reject", "GET /reconciliation/breaks", "GET /reference",
    "GET /tca/orders", "GET /portfolio", "POST /portfolio", "POST /portfolio/{proposal_id}/approve",
    "POST /portfolio/{proposal_id}/send", "POST /orders/route",
}  # fmt: skip
"""Shows and does what is of the user's accounts alone: tests/integration/test_backend_accounts.py."""
NONE = set(MATRIX) - WHOLE - THEIRS
"""Says nothing of any account."""
OF_NONE = re.compile(
    r"\w+ /(auth|me|users|live|ready|mode|audit|journal|engines|backtests|now|market)(/.*)?"
    r"|GET /strategies|GET /metrics"
)
ORDER = {"account": "B", "symbol": "EURUSD", "side": "buy", "order_qty": "1", "price": "1"}
KEYED = {"Idempotency-Key": "another-account"}
OF_B: dict[str, object] = {
    "GET /orders?account=B": None,
    "GET /orders/history?account=B": None,
    "GET /orders/fills?account=B": None,
    "GET /positions?account=B": None,
    "GET /positions/history?account=B": None,
    "GET /pnl?account=B": None,
    "POST /orders": ORDER,
    "POST /orders/preview": ORDER,
    "POST /orders/route": ORDER,
    "GET /tca/orders?account=B": None,
    "GET /tca/orders": None,
    "POST /portfolio": {"account": "B", "weights": {"EURUSD": "0.1"}},
    "POST /orders/cancel": {"account": "B"},
    "POST /orders/cancel ": {},
    "POST /limits": {"check": "max_order_qty", "account": "B", "value": "1", "why": "x"},
    "POST /limits ": {"check": "max_order_qty", "value": "1", "why": "x"},
    "POST /kill": {"scope": "account", "key": "B", "confirm": "KILL"},
    "POST /kill ": {"scope": "all", "confirm": "KILL"},
    "POST /kill  ": {"scope": "venue", "key": "V1", "confirm": "KILL"},
    "POST /rearm": {"scope": "account", "key": "B", "why": "x", "totp": "123456"},
    "POST /rearm ": {"scope": "all", "why": "x", "totp": "123456"},
}
"""What is asked of an account that isn't the user's, or of all."""


def test_each_route_is_of_accounts_or_not() -> None:
    assert {each for each in NONE if not OF_NONE.fullmatch(each)} == set()
    assert not WHOLE & THEIRS
    assert set(MATRIX) >= WHOLE | THEIRS


@pytest.fixture(scope="module")
def limited(backend: Serving) -> str:
    """A user with every scope, and account A alone."""
    backend.backend.users.add("limited", PASSWORD, ANY, ["A"])
    return "limited"


@pytest.mark.parametrize("operation", sorted(WHOLE))
def test_what_is_of_all_accounts_takes_all(backend: Serving, limited: str, operation: str) -> None:
    answer = backend.ask(limited, operation.partition(" ")[0], path_of(operation))
    assert problem(answer, 403)["reason"] == "account"


@pytest.mark.parametrize("operation", sorted(NONE))
def test_what_is_of_none_is_the_same(backend: Serving, limited: str, operation: str) -> None:
    answer = backend.ask(limited, operation.partition(" ")[0], path_of(operation), headers=KEYED)
    assert not (answer.status_code == 403 and answer.json()["reason"] == "account")


@pytest.mark.parametrize("operation", OF_B)
def test_another_account_is_refused(backend: Serving, limited: str, operation: str) -> None:
    method, _, path = operation.strip().partition(" ")
    answer = backend.ask(limited, method, path, OF_B[operation], KEYED)
    found = problem(answer, 403)
    assert (found["reason"], "account" in found["message"]) == ("account", True)


def test_accounts_are_an_admin_s_to_give(backend: Serving) -> None:
    body = {"name": "carl", "password": PASSWORD, "scopes": ["view"]}
    assert backend.must("admin", "POST", "/users", body)["accounts"] == ["*"]
    assert backend.must("admin", "PATCH", "/users/carl", {"accounts": ["A", "C"]})["accounts"] == ["A", "C"]
    assert backend.must("carl", "GET", "/me")["accounts"] == ["A", "C"]
    old = backend.token("carl")
    assert backend.must("admin", "PATCH", "/users/carl", {"accounts": ["*"]})["accounts"] == ["*"]
    answer = backend.ask(None, "GET", "/me", headers={"Authorization": f"Bearer {old}"})
    assert answer.status_code == 401
    for bad in ([], [""], ["a b"]):
        assert backend.ask("admin", "PATCH", "/users/carl", {"accounts": bad}).status_code == 422


def test_a_file_of_before_has_users_of_all_accounts(tmp_path: Path) -> None:
    Database(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("ALTER TABLE users DROP COLUMN accounts")
        db.execute("INSERT INTO users (name, password, scopes, made_ns) VALUES ('old', 'x', 'view', 1)")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    again = Database(tmp_path)
    assert Users(again).need("old").accounts == ("*",)
    again.close()
