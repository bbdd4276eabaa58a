"""Where Alertmanager posts what fires."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

from periphery.monitoring.acting import Actor
from periphery.service.listening import Listening

BODY_MAX = 1 << 20


class Hook(Listening):
    """POST /alerts with the token. address: as Listening's. ValueError."""

    def __init__(self, actor: Actor, address: str) -> None:
        super().__init__(address, _handler(actor))


def _handler(actor: Actor) -> type[BaseHTTPRequestHandler]:
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10.0

        def do_POST(self) -> None:
            if self.path != "/alerts":
                self._answer(404, "post to /alerts")
            elif not actor.may(self.headers.get("Authorization", "")):
                self._answer(401, "give the token: Authorization: Bearer ...")
            else:
                self._take()

        def _take(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > BODY_MAX:
                self._answer(413, f"give a body of at most {BODY_MAX} bytes")
                return
            try:
                told = json.loads(self.rfile.read(int(length)))
                with one_at_a_time:
                    acts = actor.take(told)
            except (ValueError, AttributeError, TypeError, KeyError) as error:
                self._answer(400, f"not what Alertmanager posts: {error}")
                return
            self._answer(200, json.dumps({"acts": acts}))

        def _answer(self, code: int, text: str) -> None:
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            """The actor says what it does."""

    return Handler
