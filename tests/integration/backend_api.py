"""Walks through the backend's interface, by hand and by chance. As a command it walks for longer:

python -m tests.integration.backend_api --examples 200
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyotp
import schemathesis
from hypothesis import HealthCheck, settings

from periphery.recorder.recorder import Recorder
from periphery.recorder.stores import open_store
from tests.integration.backend_core import running_core, until_status
from tests.integration.live_core import ROOT, Process, until
from tests.support_backend import PASSWORD, ROLES, UNHURRIED_S, Serving, config_of, order

EVERY = ("view", "trade", "risk", "admin")
FULL = {**ROLES, "fuzz": EVERY, "mate": EVERY}
DESTROYS = ("PUT /mode", "POST /auth/logout")
"""What would end a walk by chance: the walk by hand has them."""
SAMPLE = ROOT / "periphery" / "strategy" / "samples" / "ema_cross.py"
IDLE = '''"""A strategy that does nothing."""

from periphery.strategy import Strategy


class Idle(Strategy):
    pass
'''


@contextmanager
def prepared(folder: Path) -> Iterator[Serving]:
    """A core, its recorder's store, a backend with files to run and play, and users who may everything."""
    strategies, data, store = folder / "strategies", folder / "data", f"sqlite:///{folder / 'nacre.db'}"
    strategies.mkdir()
    data.mkdir()
    (strategies / "idle.py").write_text(IDLE)
    shutil.copy(SAMPLE, strategies)
    (data / "quotes.csv").write_text(_quotes())
    with running_core(folder) as core:
        kept = open_store(store)
        kept.migrate()
        more: dict[str, Any] = {"store": store, "strategies": str(strategies), "data": str(data)}
        with Serving(config_of(folder, core.socket, **more), FULL) as backend:
            backend.core = core  # type: ignore[attr-defined]
            yield backend
        kept.close()


def _quotes() -> str:
    """A recording of quotes, as Lean has them."""
    rows = ["ts,symbol,bid_px,bid_qty,ask_px,ask_qty"]
    for n in range(200):
        px = 1.1 + (n % 20) / 1e4
        rows.append(
            f"{1_700_000_000_000_000_000 + n * 1_000_000_000},EURUSD,{px:.5f},1000,{px + 0.0001:.5f},1000"
        )
    return "\n".join(rows) + "\n"


def recorded(core: Process, store: str) -> None:
    """All of the core's journal so far, into the store."""
    kept = open_store(store)
    recorder = Recorder(core.journal, kept, "core")
    recorder.catch_up()
    kept.close()


class Walk:
    """Each operation once, in an order in which each can succeed; answers are held against the document."""

    def __init__(self, backend: Serving, schema: Any) -> None:
        self.backend = backend
        self.schema = schema
        self.reached: dict[str, int] = {}
        self.keys = 0

    def ask(
        self,
        operation: str,
        body: Any = None,
        user: str = "fuzz",
        query: dict[str, Any] | None = None,
        **path: Any,
    ) -> Any:
        """Its answer, which must be a success and of the document's form."""
        method, template = operation.split()
        headers = {"Authorization": f"Bearer {self.backend.token(user)}"}
        more: dict[str, Any] = {} if body is None else {"body": body, "media_type": "application/json"}
        if template.startswith("/orders") and method in ("POST", "PATCH", "DELETE"):
            self.keys += 1
            headers["Idempotency-Key"] = f"walk-{self.keys:06}"
        case = self.schema[template][method].Case(
            path_parameters=path, query=query or {}, headers=headers, **more
        )
        answer = case.call(timeout=UNHURRIED_S)
        case.validate_response(
            answer, excluded_checks=[schemathesis.checks.CHECKS.get_one("positive_data_acceptance")]
        )
        assert 200 <= answer.status_code < 300, (operation, answer.status_code, answer.text)
        self.reached[operation] = answer.status_code
        return answer.json() if answer.content else None

    def all(self) -> None:
        self._system()
        self._people()
        self._orders()
        self._history()
        self._risk()
        self._books()
        self._strategies()
        self._backtests()
        self._portfolio()

    def _system(self) -> None:
        for operation in (
            "GET /live",
            "GET /ready",
            "GET /mode",
            "GET /engines",
            "GET /engines/map",
            "GET /reference",
            "GET /now",
        ):
            self.ask(operation)
        for operation in ("GET /market/levels", "GET /market/bars"):
            self.ask(operation, query={"symbol": "EURUSD"})
        self.ask("PUT /mode", {"read_only": True})
        self.ask("PUT /mode", {"read_only": False})

    def _people(self) -> None:
        form = {"username": "fuzz", "password": PASSWORD, "grant_type": "password"}
        answer = self.backend.http.post(f"{self.backend.url}/auth/token", data=form, timeout=UNHURRIED_S)
        self.reached["POST /auth/token"] = answer.status_code
        for operation in ("GET /me", "POST /auth/refresh", "GET /me/keys", "GET /users"):
            self.ask(operation)
        key = self.ask("POST /me/keys", {"name": "desk", "scopes": ["view"]})
        self.ask("DELETE /me/keys/{key_id}", key_id=key["id"])
        self.ask("PUT /me/password", {"password": PASSWORD, "new_password": PASSWORD + "!"}, user="viewer")
        secret = self.ask("POST /me/totp", {"password": PASSWORD}, user="trader")["secret"]
        self.ask("PUT /me/totp", {"code": pyotp.TOTP(secret).now()}, user="trader")
        self.ask("DELETE /users/{name}/totp", name="trader")
        self.ask("POST /users", {"name": "guest", "password": PASSWORD, "scopes": ["view"]})
        self.ask("GET /users/{name}", name="guest")
        self.ask("PATCH /users/{name}", {"enabled": False}, name="guest")
        self.ask("DELETE /users/{name}", name="guest")
        self.ask("POST /auth/logout", user="viewer")

    def _orders(self) -> None:
        self.ask("POST /orders/preview", order())
        self.ask("POST /orders/route", order())
        first = self.ask("POST /orders", order())["cl_ord_id"]
        until_status(self.backend, first, "new")
        self.ask("GET /orders")
        self.ask("GET /orders/{cl_ord_id}", cl_ord_id=first)
        second = self.ask("PATCH /orders/{cl_ord_id}", {"price": "0.99"}, cl_ord_id=first)["cl_ord_id"]
        until_status(self.backend, second, "new")
        self.ask("DELETE /orders/{cl_ord_id}", cl_ord_id=second)
        self.ask("POST /orders", order(price="1.20000"))
        self.ask("POST /orders/cancel", {"account": "A"})
        self.ask("GET /positions")
        self.ask("GET /pnl")

    def _history(self) -> None:
        recorded(self.backend.core, self.backend.config.store)  # type: ignore[attr-defined]
        rows = self.ask("GET /orders/history", query={"account": "A", "most": 3})["rows"]
        assert rows
        assert self.ask("GET /orders/fills")["rows"]
        self.ask("GET /positions/history")
        self.ask("GET /denials")

    def _risk(self) -> None:
        self.ask("GET /limits")
        limit = {"check": "max_order_qty", "account": "A", "why": "a walk"}
        self.ask("POST /limits", limit | {"value": "5000"})
        waits = self.ask("POST /limits", limit | {"value": "6000"})["approval"]["id"]
        self.ask("POST /approvals/{approval_id}/approve", {}, user="mate", approval_id=waits)
        waits = self.ask("POST /limits", limit | {"value": "7000"})["approval"]["id"]
        self.ask("GET /approvals")
        self.ask("GET /approvals/{approval_id}", approval_id=waits)
        self.ask("POST /approvals/{approval_id}/reject", user="mate", approval_id=waits)
        self.ask("POST /kill", {"scope": "account", "key": "A", "confirm": "KILL"})
        self.ask("GET /kills")
        wanted = {"scope": "account", "key": "A", "why": "a walk", "totp": self.backend.code("fuzz")}
        waits = self.ask("POST /rearm", wanted)["id"]
        code = {"totp": self.backend.code("mate")}
        self.ask("POST /approvals/{approval_id}/approve", code, user="mate", approval_id=waits)

    def _books(self) -> None:
        rows = [{"account": "A", "symbol": "EURUSD", "qty": "7"}]
        found = self.ask("POST /reconciliation", {"rows": rows})
        assert found["open"] == 1
        assert self.ask("GET /reconciliation/breaks")["open"] == 1
        self.ask("POST /reconciliation/breaks/explain", {"id": found["breaks"][0]["id"], "why": "late"})
        booked = {"id": found["breaks"][0]["id"], "venue": "V1", "price": "1.1", "why": "theirs is right"}
        waits = self.ask("POST /reconciliation/breaks/book", booked)["id"]
        self.ask("POST /approvals/{approval_id}/approve", {}, user="mate", approval_id=waits)
        assert self.ask("POST /reconciliation", {"rows": rows})["open"] == 0
        self.ask("GET /journal")
        assert self.ask("GET /journal/verify")["ok"]
        assert self.ask("GET /tca", query={"by": ["venue"]})["total"]
        assert self.ask("GET /tca/orders")["orders"]
        self.ask("GET /audit")
        assert self.ask("GET /audit/search", query={"who": "mate", "path": "/approvals/"})["rows"]
        assert self.ask("GET /audit/verify")["ok"]

    def _strategies(self) -> None:
        self.ask("POST /strategies", {"file": "idle.py", "session": "idle"})

        def connected() -> bool:
            rows = self.ask("GET /strategies")["strategies"]
            return any(row["session"] == "idle" and row["connected"] for row in rows)

        until(connected, "the strategy has a session", UNHURRIED_S)
        self.ask("PUT /strategies/{session}/params", {"params": {"qty": "1"}}, session="idle")
        self.ask("POST /strategies/{session}/stop", session="idle")

        def ended() -> bool:
            told = self.ask("GET /strategies")["strategies"]
            return any(row["session"] == "idle" and row["exit_code"] == 0 for row in told)

        until(ended, "the strategy has ended", UNHURRIED_S)

        self.ask("POST /strategies/signals", {"name": "target", "value": "0.5", "symbol": "EURUSD"})
        recorded(self.backend.core, self.backend.config.store)  # type: ignore[attr-defined]
        assert self.ask("GET /strategies/signals", query={"name": "target"})["rows"]

    def _portfolio(self) -> None:
        made = self.ask("POST /portfolio", {"account": "A", "weights": {"EURUSD": "0.0001"}})
        self.ask("POST /portfolio/{proposal_id}/approve", user="mate", proposal_id=made["id"])
        assert self.ask("POST /portfolio/{proposal_id}/send", proposal_id=made["id"])["orders"]
        assert self.ask("GET /portfolio")["proposals"][0]["state"] == "sent"

    def _backtests(self) -> None:
        assert self.ask("GET /backtests/data")["files"] == ["quotes.csv"]
        wanted = {"strategy": "idle.py", "data": ["quotes.csv"]}
        first = self.ask("POST /backtests", wanted)["id"]
        second = self.ask("POST /backtests", wanted)["id"]
        assert self.ask("DELETE /backtests/{backtest_id}", backtest_id=second)["state"] == "cancelled"

        def done() -> bool:
            told = self.ask("GET /backtests/{backtest_id}", backtest_id=first)
            assert told["state"] != "failed", told["error"]
            return bool(told["state"] == "done")

        until(done, "the backtest is done", UNHURRIED_S)
        self.ask("GET /backtests/{backtest_id}/result", backtest_id=first)
        self.ask("GET /backtests")


def machine(backend: Serving, examples: int, steps: int) -> None:
    """Walks by chance along the document's links, with a token that holds; every answer is checked."""
    schema = schemathesis.openapi.from_url(f"{backend.url}/openapi.json", timeout=UNHURRIED_S)
    for operation in DESTROYS:
        method, path = operation.split()
        schema = schema.exclude(method=method, path=path)

    class Machine(schema.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            for name in ("fuzz", "mate"):
                if backend.backend.users.get(name) is None:
                    backend.backend.users.add(name, PASSWORD, EVERY)
                backend.backend.users.change(name, EVERY, True)
            return {"headers": {"Authorization": f"Bearer {backend.token('fuzz')}"}, "timeout": UNHURRIED_S}

    Machine.run(
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--steps", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nacre-api-") as folder, prepared(Path(folder)) as backend:
        begin = time.monotonic()
        walk = Walk(
            backend, schemathesis.openapi.from_url(f"{backend.url}/openapi.json", timeout=UNHURRIED_S)
        )
        walk.all()
        print(f"{len(walk.reached)} operations reached a success")
        machine(backend, given.examples, given.steps)
        print(f"{given.examples} walks of {given.steps} steps held, in {time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
