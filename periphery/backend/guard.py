"""What stands before every route: the rate of an address, the size of a body; after it audit and metrics."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from periphery.backend.access import READS, too_many
from periphery.backend.problems import Refusal

if TYPE_CHECKING:
    from periphery.backend.services import Backend

OPEN = ("/live", "/ready")
LOGIN = "/auth/token"


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self.app = app
        self.backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, metrics = time.perf_counter(), 500, self.backend.metrics
        metrics.asked()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._guarded(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "")
            metrics.answered(scope["method"], route, status, time.perf_counter() - began)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in OPEN:
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        try:
            self._rate(scope)
            body = await self._body(scope, receive)
        except Refusal as refusal:
            self.backend.metrics.refused(refusal.body["code"])
            await refusal.response()(scope, receive, send)
            return
        if scope["method"] in READS:
            await self.app(scope, _again(body, receive), send)
        else:
            await self._audited(scope, body, receive, send)

    def _rate(self, scope: Scope) -> None:
        """Refusal (429). A kill isn't counted."""
        if scope["path"] == "/kill":
            return
        address = address_of(scope)
        wait_s = self.backend.address_rate.wait_s(address)
        if not wait_s and scope["path"] == LOGIN and scope["method"] == "POST":
            wait_s = self.backend.login_rate.wait_s(address)
        if wait_s:
            raise too_many(f"{address} asks too often", wait_s)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """All of it. Refusal: 413, 408."""
        limits, body = self.backend.config.limits, bytearray()
        try:
            async with asyncio.timeout(limits.body_s):
                while True:
                    message = await receive()
                    body += message.get("body", b"")
                    if len(body) > limits.body_bytes:
                        raise Refusal(
                            413,
                            "too_large",
                            f"more than {limits.body_bytes:,} bytes",
                            place="body",
                            hint="send less at once",
                            headers={"Connection": "close"},
                        )
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            raise Refusal(
                408,
                "slow_body",
                f"no whole body within {limits.body_s:g} s",
                place="body",
                hint="send it again",
                headers={"Connection": "close"},
            ) from None

    async def _audited(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Recorded once it was answered, whatever the answer."""
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, _again(body, receive), noting)
        finally:
            await asyncio.shield(asyncio.to_thread(self._record, scope, body, status))

    def _record(self, scope: Scope, body: bytes, status: int) -> None:
        person = scope["state"].get("person")
        name, via = (person.name, person.via) if person else (scope["state"].get("tried", ""), "")
        route = getattr(scope.get("route"), "path", "")
        detail = detail_of(body) | scope["state"].get("detail", {})
        action = f"{scope['method']} {route or scope['path']}"
        self.backend.audit.add(name, via, address_of(scope), action, scope["path"], status, detail)


def detail_of(body: bytes) -> dict[str, Any]:
    """What was sent, where it is JSON; a form has a password in it, and is left out."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, whole, then whatever comes."""
    told = False

    async def replayed() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
