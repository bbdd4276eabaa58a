"""The websocket engine's stream for pages, under the backend's own address and by the backend's own token.

A page's first message is {"op": "auth", "token": ...} with the token that it has for everything else. What
the engine then takes and tells is passed on as it is: see docs/websocket.md. Another `auth` before the token
is over goes on with the new one. So a page needs one origin, one certificate and one token.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from periphery.backend.access import by_token
from periphery.backend.problems import Refusal
from periphery.backend.services import Backend
from periphery.service.config import BadConfig
from periphery.websocket.rights import ALL, make_token, read_secret

router = APIRouter()
PEERS_MOST = 64
HELLO_S = 10.0
END_S = 5.0
POLICY, TRY_LATER = 1008, 1013


@router.websocket("/stream")
async def follow(websocket: WebSocket) -> None:
    """Until either side ends."""
    backend: Backend = websocket.app.state.backend
    await websocket.accept()
    if len(backend.peers) >= PEERS_MOST:
        await _end(websocket, TRY_LATER, f"{PEERS_MOST} peers are connected")
        return
    backend.peers.add(websocket)
    try:
        first = await asyncio.wait_for(websocket.receive_text(), HELLO_S)
        await _pass_on(backend, websocket, _signed(backend, first))
    except WebSocketDisconnect:
        pass
    except TimeoutError:
        await _end(websocket, POLICY, "no token in time")
    except Refusal as refusal:
        await _end(websocket, POLICY, str(refusal))
    except (OSError, InvalidHandshake, BadConfig) as error:
        await _end(websocket, TRY_LATER, f"no websocket engine: {error}")
    finally:
        backend.peers.discard(websocket)


async def _pass_on(backend: Backend, page: WebSocket, first: str) -> None:
    address = backend.config.websocket
    if not address:
        raise Refusal(503, "no_stream", "no websocket engine is configured", hint="websocket = HOST:PORT")
    async with connect(f"ws://{address}/ws", compression=None, max_size=None, proxy=None) as engine:
        await engine.send(first)
        ways = [asyncio.create_task(_up(backend, page, engine)), asyncio.create_task(_down(page, engine))]
        done, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for each in done:
            each.result()


async def _up(backend: Backend, page: WebSocket, engine: ClientConnection) -> None:
    while True:
        text = await page.receive_text()
        await engine.send(_signed(backend, text) if '"auth"' in text else text)


async def _down(page: WebSocket, engine: ClientConnection) -> None:
    try:
        while True:
            text = await engine.recv()
            await page.send_text(text if isinstance(text, str) else text.decode())
    except ConnectionClosed:
        await _end(page, engine.close_code or TRY_LATER, engine.close_reason or "the engine is gone")
    except (RuntimeError, WebSocketDisconnect):  # the page is gone
        return


def _signed(backend: Backend, text: str) -> str:
    """A message; of `auth`, with a token of the engine's in place of the backend's. Refusal, BadConfig."""
    try:
        message: dict[str, Any] = json.loads(text)
        if message.get("op") != "auth":
            return text
        token = str(message["token"])
    except (ValueError, KeyError, AttributeError) as error:
        raise Refusal(400, "bad_hello", 'the first message is {"op": "auth", "token": ...}') from error
    person = by_token(backend, token)
    if "view" not in person.scopes:
        raise Refusal(403, "forbidden", "this takes scope view")
    secret = read_secret(Path(backend.config.websocket_secret))
    for_s = backend.config.token_s
    accounts = [ALL] if person.accounts is None else person.accounts
    return json.dumps(message | {"token": make_token(secret, person.name, accounts, [ALL], for_s)})


async def _end(websocket: WebSocket, code: int, why: str) -> None:
    code = code if code in (1000, 1001, 1008, 1009, 1011, 1013) or 3000 <= code < 5000 else TRY_LATER
    try:
        await asyncio.wait_for(websocket.close(code, why[:120]), END_S)
    except (RuntimeError, TimeoutError, WebSocketDisconnect):
        return
