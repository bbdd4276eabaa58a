"""A user of one account: what the core and the store have of another one is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from periphery.recorder.recorder import Recorder
from periphery.recorder.sqlite import SqliteStore
from tests.integration.backend_core import keyed, running_core, until_status
from tests.integration.live_core import Process, until
from tests.support_backend import ROLES, UNHURRIED_S, Serving, config_of, order, problem

EVERY = ("view", "trade", "risk")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Serving]]:
    folder = tmp_path_factory.mktemp("accounts")
    store = f"sqlite:///{folder / 'store.db'}"
    kept = SqliteStore(folder / "store.db")
    kept.migrate()
    kept.close()
    roles = ROLES | {"alice": EVERY, "bob": EVERY}
    with running_core(folder) as core, Serving(config_of(folder, core.socket, store=store), roles) as backend:
        for name, account in (("alice", "A"), ("bob", "B")):
            backend.backend.users.change(name, accounts=[account])
        yield core, backend


def sent(backend: Serving, user: str, n: int, **more: Any) -> str:
    """An order of the user's; its id."""
    header = keyed(n)
    told = backend.must(user, "POST", "/orders", order(**more), **header)
    return str(told["cl_ord_id"])


def test_each_sees_and_moves_their_own(both: tuple[Process, Serving]) -> None:
    core, backend = both
    mine = sent(backend, "alice", 1, account="A")
    theirs = sent(backend, "bob", 2, account="B")
    filled = sent(backend, "bob", 3, account="B", price="1.20000")
    until_status(backend, filled, "filled")
    until_status(backend, mine, "new")
    until_status(backend, theirs, "new")

    assert {row["account"] for row in backend.must("alice", "GET", "/orders?live_only=false")["orders"]} == {
        "A"
    }
    assert backend.must("alice", "GET", f"/orders/{mine}")["account"] == "A"
    assert backend.must("alice", "GET", "/positions")["positions"] == []
    assert [row["account"] for row in backend.must("bob", "GET", "/positions")["positions"]] == ["B"]
    assert [row["account"] for row in backend.must("alice", "GET", "/pnl")["accounts"]] == ["A"]
    assert [row["name"] for row in backend.must("alice", "GET", "/reference")["accounts"]] == ["A"]
    assert {row["account"] for row in backend.must("bob", "GET", "/limits")["limits"]} <= {"B"}
    for method, body in (("GET", None), ("PATCH", {"order_qty": "1"}), ("DELETE", None)):
        answer = backend.ask("alice", method, f"/orders/{theirs}", body, keyed(4))
        assert problem(answer, 404)["code"] == "no_order"
    assert until_status(backend, theirs, "new")["order_qty"] == "100"

    backend.must("alice", "DELETE", f"/orders/{mine}", **keyed(5))
    until(lambda: backend.must("alice", "GET", "/orders")["orders"] == [], "canceled", UNHURRIED_S)
    assert until_status(backend, theirs, "new")["account"] == "B"
    history(core, backend, mine, filled)


def history(core: Process, backend: Serving, mine: str, filled: str) -> None:
    """Out of the store, too."""
    store = SqliteStore(Path(backend.config.store.removeprefix("sqlite:///")))
    Recorder(core.journal, store).catch_up()
    store.close()
    for path in ("/orders/history", "/orders/fills", "/positions/history"):
        told = {user: backend.must(user, "GET", path)["rows"] for user in ("alice", "bob", "viewer")}
        assert {row["account"] for row in told["bob"]} == {"B"}, path
        assert {row["account"] for row in told["alice"]} <= {"A"}, path
        assert len(told["alice"]) + len(told["bob"]) == len(told["viewer"]), path
    rows = backend.must("alice", "GET", f"/orders/history?cl_ord_id={mine}")["rows"]
    assert rows
    assert backend.must("alice", "GET", f"/orders/history?cl_ord_id={filled}")["rows"] == []
    backend.backend.users.change("alice", accounts=["A", "B"])
    both = backend.must("alice", "GET", "/orders/history")["rows"]
    assert both == backend.must("viewer", "GET", "/orders/history")["rows"]
    first = backend.must("alice", "GET", "/orders/history?most=2")
    rest = backend.must("alice", "GET", f"/orders/history?after={first['next_after']}")
    assert first["rows"] + rest["rows"] == both
    backend.backend.users.change("alice", accounts=["A"])


def test_kills_and_approvals_are_of_their_own(both: tuple[Process, Serving]) -> None:
    _core, backend = both
    told = backend.must("alice", "POST", "/kill", {"scope": "account", "key": "A", "confirm": "KILL"})
    assert told["epoch"] > 0
    kills = {user: backend.must(user, "GET", "/kills")["kills"] for user in ("alice", "bob")}
    assert ([row["key"] for row in kills["alice"]], kills["bob"]) == (["A"], [])
    wanted = {"scope": "account", "key": "A", "why": "over", "totp": backend.code("alice")}
    asked = backend.must("alice", "POST", "/rearm", wanted)
    assert backend.must("bob", "GET", "/approvals")["approvals"] == []
    approval = f"/approvals/{asked['id']}"
    for method, path, body in (
        ("GET", approval, None),
        ("POST", f"{approval}/approve", {"totp": backend.code("bob")}),
        ("POST", f"{approval}/reject", None),
    ):
        assert problem(backend.ask("bob", method, path, body), 404)["code"] == "no_approval"
    backend.must("risker", "POST", f"/approvals/{asked['id']}/approve", {"totp": backend.code("risker")})
    assert backend.must("alice", "GET", "/kills")["kills"] == []


def test_the_live_feed_tells_of_their_own(both: tuple[Process, Serving]) -> None:
    _core, backend = both
    sent(backend, "bob", 6, account="B")
    mine = sent(backend, "alice", 7, account="A")
    url = backend.url.replace("http", "ws") + "/live/ws"
    with connect(url, open_timeout=UNHURRIED_S) as peer:
        peer.send(f'{{"token": "{backend.token("alice")}", "topics": ["orders", "positions"]}}')
        snapshot = json.loads(peer.recv(timeout=UNHURRIED_S))
        assert {row["account"] for row in snapshot["orders"]} == {"A"}
        assert mine in {row["cl_ord_id"] for row in snapshot["orders"]}
        assert snapshot["positions"] == []
