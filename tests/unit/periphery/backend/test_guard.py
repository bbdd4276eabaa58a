"""What stands before every route: rates, sizes, the audit, read-only, one form of error."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from periphery.backend.config import Limits
from tests.integration.live_core import until
from tests.support_backend import PASSWORD, UNHURRIED_S, WIDE, Serving, config_of, problem

KILL = {"scope": "all", "confirm": "KILL"}


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Serving]:
    with Serving(config_of(tmp_path)) as found:
        yield found


def limited(tmp_path: Path, **more: float) -> Serving:
    given = {name: getattr(WIDE, name) for name in WIDE.__struct_fields__} | more
    return Serving(config_of(tmp_path, limits=Limits(**given)))


def test_a_user_who_asks_too_often_waits_and_others_don_t(tmp_path: Path) -> None:
    with limited(tmp_path, user_per_s=0.001, user_burst=3) as backend:
        assert [backend.ask("viewer", "GET", "/me").status_code for _ in range(3)] == [200] * 3
        answer = backend.ask("viewer", "GET", "/me")
        assert problem(answer, 429)["code"] == "too_many"
        assert int(answer.headers["Retry-After"]) >= 1
        assert backend.ask("trader", "GET", "/me").status_code == 200


def test_an_address_that_asks_too_often_waits_but_may_kill(tmp_path: Path) -> None:
    with limited(tmp_path, address_per_s=0.001, address_burst=2) as backend:
        assert [backend.ask("viewer", "GET", "/me").status_code for _ in range(3)] == [200, 200, 429]
        assert backend.ask("trader", "POST", "/kill", KILL).status_code == 503  # there is no core
        assert backend.ask(None, "GET", "/live").status_code == 200


def test_passwords_can_t_be_tried_one_after_another(tmp_path: Path) -> None:
    with limited(tmp_path, login_per_minute=0.01, login_burst=2) as backend:
        tries = [
            backend.http.post(
                f"{backend.url}/auth/token", data={"username": "admin", "password": word}, timeout=UNHURRIED_S
            )
            for word in ("one", "two", PASSWORD)
        ]
        assert [each.status_code for each in tries] == [401, 401, 429]
        rows = backend.audited(2)
        assert [(row["who"], row["status"]) for row in rows[:2]] == [("admin", 401)] * 2
        assert PASSWORD not in str(rows)


def test_a_body_that_is_too_large_or_too_slow_is_refused(tmp_path: Path) -> None:
    with limited(tmp_path, body_bytes=1000, body_s=0.2) as backend:
        large = backend.ask("trader", "POST", "/orders", {"x": "y" * 2000})
        assert problem(large, 413)["code"] == "too_large"
        chunks = backend.http.post(f"{backend.url}/orders", data=iter([b"x" * 600] * 3), timeout=UNHURRIED_S)
        assert chunks.status_code == 413
        host, port = backend.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), UNHURRIED_S) as slow:
            slow.sendall(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
            assert b"408" in slow.recv(1000)


def test_every_change_and_attempt_is_recorded_without_secrets(backend: Serving) -> None:
    new = {"name": "guest", "password": PASSWORD, "scopes": ["view"]}
    backend.must("admin", "POST", "/users", new)
    assert backend.ask("viewer", "POST", "/users", new).status_code == 403
    assert backend.ask(None, "POST", "/users", new).status_code == 401
    backend.must("viewer", "GET", "/me")
    rows = backend.audited(3)
    told = [(row["who"], row["via"], row["action"], row["status"]) for row in rows]
    assert told == [
        ("admin", "password", "POST /users", 201),
        ("viewer", "password", "POST /users", 403),
        ("", "", "POST /users", 401),
    ]
    assert rows[0]["detail"]["name"] == "guest"
    assert PASSWORD not in str(rows)
    assert backend.must("admin", "GET", "/audit/verify")["ok"]
    page = backend.must("admin", "GET", "/audit?most=2")
    assert page["next_after"] == 2
    assert len(backend.must("admin", "GET", "/audit?after=2")["rows"]) >= 1


def test_read_only_changes_nothing_but_a_kill_and_stays_over_a_restart(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    with Serving(config) as backend:
        assert backend.must("admin", "PUT", "/mode", {"read_only": True})["read_only"]
        no = problem(backend.ask("admin", "DELETE", "/users/viewer"), 403)
        assert (no["code"], no["reason"]) == ("read_only", "read_only")
        assert backend.ask("trader", "POST", "/kill", KILL).status_code == 503
        backend.must("viewer", "GET", "/me")
    with Serving(config) as backend:
        assert backend.must("viewer", "GET", "/mode")["read_only"]
        backend.must("admin", "PUT", "/mode", {"read_only": False})
        backend.must("admin", "DELETE", "/users/viewer")
    with Serving(config_of(tmp_path, read_only=True)) as backend:
        assert problem(backend.ask("admin", "PUT", "/mode", {"read_only": False}), 409)


def test_no_change_is_made_that_can_t_be_recorded(backend: Serving) -> None:
    backend.must("admin", "GET", "/users")
    with backend.backend.db.change() as run:
        run("ALTER TABLE audit RENAME TO gone")
    assert backend.ask("admin", "DELETE", "/users/viewer").status_code == 204  # the last, which then waits
    until(lambda: backend.backend.audit.waiting, "it waits", UNHURRIED_S)
    assert problem(backend.ask("admin", "DELETE", "/users/trader"), 503)["code"] == "no_audit"
    assert backend.ask("trader", "POST", "/kill", KILL).status_code == 503  # for want of a core alone
    with backend.backend.db.change() as run:
        run("ALTER TABLE gone RENAME TO audit")
    backend.must("admin", "DELETE", "/users/trader")
    rows = backend.must("admin", "GET", "/audit")["rows"]
    assert rows[0]["path"] == "/users/viewer"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no_such_path"),
        ("DELETE", "/live", 405, "no_such_method"),
        ("GET", "/orders", 503, "no_core"),
        ("GET", "/orders/history", 503, "no_store"),
        ("GET", "/backtests/1", 404, "no_backtest"),
        ("GET", "/backtests/x", 422, "bad_field"),
        ("GET", "/users/nobody", 404, "no_user"),
    ],
)
def test_every_error_has_one_form(backend: Serving, method: str, path: str, status: int, code: str) -> None:
    user = "admin" if path.startswith("/users") else "viewer"
    assert problem(backend.ask(user, method, path), status)["code"] == code


def test_what_is_no_json_is_said_so(backend: Serving) -> None:
    head = {"Authorization": f"Bearer {backend.token('admin')}", "Content-Type": "application/json"}
    answer = backend.http.post(f"{backend.url}/users", data="{", headers=head, timeout=UNHURRIED_S)
    assert problem(answer, 400)["code"] == "bad_json"
