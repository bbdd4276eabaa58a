"""A backend in this process, served over a socket on a thread, with users of every role."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyotp
import requests
from argon2 import PasswordHasher

from periphery.backend import passwords
from periphery.backend.config import Config, Limits
from periphery.backend.serve import Server, make_server
from periphery.backend.services import Backend

PASSWORD = "correct horse battery"
ROLES = {
    "viewer": ("view",),
    "trader": ("view", "trade"),
    "risker": ("view", "risk"),
    "second": ("view", "risk"),
    "admin": ("view", "admin"),
}
WIDE = Limits(
    user_per_s=1e6,
    user_burst=10**6,
    address_per_s=1e6,
    address_burst=10**6,
    login_per_minute=1e6,
    login_burst=10**6,
)
START_S = 60.0
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # cheap: tests make many users
UNHURRIED_S = 60.0


def config_of(folder: Path, socket: Path | None = None, **more: Any) -> Config:
    """Settings with a free port and no bounds that a test would meet by chance."""
    given = {"listen": "127.0.0.1:0", "limits": WIDE, "answer_s": 20.0} | more
    return Config(state=str(folder / "backend"), core=str(socket or folder / "no.sock"), **given)


class Serving:
    """Runs from `with` on. totp: of each user that has codes of one time."""

    def __init__(self, config: Config, roles: dict[str, tuple[str, ...]] | None = None) -> None:
        self.config = config
        self.roles = ROLES if roles is None else roles
        self.totp: dict[str, str] = {}
        self._steps: dict[str, int] = {}
        self._port = 0
        self._up = threading.Event()
        self.http = requests.Session()

    def __enter__(self) -> Self:
        self.server: Server = make_server(self.config, self._listening)
        self.app = self.server.config.app
        self.backend: Backend = self.app.state.backend
        for name, scopes in self.roles.items():
            if self.backend.users.get(name) is None:
                self.backend.users.add(name, PASSWORD, scopes)
        self._thread = threading.Thread(target=self.server.run)
        self._thread.start()
        assert self._up.wait(START_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()
        self.server.should_exit = True
        self._thread.join(START_S)
        assert not self._thread.is_alive()

    def _listening(self, port: int) -> None:
        self._port = port
        self._up.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def token(self, user: str) -> str:
        """As a login gives it, without hashing a password each time."""
        found = self.backend.users.need(user)
        return self.backend.tokens.make(found, found.scopes)

    def ask(
        self,
        user: str | None,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        """One request, in the user's name."""
        known = {} if user is None else {"Authorization": f"Bearer {self.token(user)}"}
        return self.http.request(
            method, self.url + path, json=body, headers=known | (headers or {}), timeout=UNHURRIED_S
        )

    def must(self, user: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """What it says; it must be a success."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.ask(user, method, path, body, named)
        assert answer.ok, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def audited(self, count: int) -> list[dict[str, Any]]:
        """The audit's rows, once there are so many: a request is recorded after its answer."""
        end = time.monotonic() + UNHURRIED_S
        while len(rows := self.must("admin", "GET", "/audit")["rows"]) < count:
            assert time.monotonic() < end, rows
            time.sleep(0.01)
        return list(rows)

    def code(self, user: str) -> str:
        """A code of one time that holds now and wasn't used, with a secret where there is none yet."""
        if user not in self.totp:
            self.totp[user] = self.backend.users.offer_totp(user)
            made = pyotp.TOTP(self.totp[user])
            self._steps[user] = int(time.time()) // 30 - 1
            assert self.backend.users.take_totp(user, made.at(self._steps[user] * 30))
        self._steps[user] = max(self._steps[user] + 1, int(time.time()) // 30 - 1)
        while self._steps[user] > int(time.time()) // 30 + 1:
            time.sleep(0.5)
        return pyotp.TOTP(self.totp[user]).at(self._steps[user] * 30)


def order(**more: Any) -> dict[str, Any]:
    """A limit order that rests."""
    return {
        "account": "A",
        "symbol": "EURUSD",
        "side": "buy",
        "order_qty": "100",
        "ord_type": "limit",
        "price": "1.00000",
        "time_in_force": "gtc",
    } | more


def problem(answer: requests.Response, status: int) -> dict[str, Any]:
    """The error, which has the one form."""
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    assert set(found) == {"code", "message", "reason", "hint", "place"}, json.dumps(found)
    assert all(isinstance(value, str) for value in found.values())
    assert found["message"]
    assert found["hint"]
    return found
