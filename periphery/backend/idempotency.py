"""One key, one order: what was sent by a key, and what was answered, kept through restarts.

The order's id is a digest of user and key, so that the core itself refuses a second one, whatever this file
has lost.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from periphery.backend.database import Database
from periphery.backend.problems import Refusal

KEPT_NS = 7 * 86_400_000_000_000
WAIT_S = 15.0
ID_CHARS = 26


@dataclass(frozen=True, slots=True)
class Sent:
    """What is answered. final: it is kept, and is the answer for ever; else the next one looks again."""

    status: int
    body: Mapping[str, Any]
    final: bool = True
    replayed: bool = False


type Send = Callable[[str, bool], Sent]
"""(cl_ord_id, again) to what came of it. again: it may have been sent before, by a backend that died."""


def id_of(user: str, key: str) -> str:
    """The order's id."""
    digest = hashlib.sha256(f"{user}\0{key}".encode()).digest()
    return "b" + base64.b32encode(digest).decode().rstrip("=").lower()[:ID_CHARS]


class Idempotency:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._turn = threading.Condition()
        self._busy: set[tuple[str, str]] = set()

    def once(self, user: str, key: str, request: str, send: Send) -> Sent:
        """What the request comes to; of several by the same key one sends, and the others are told the same.

        Refusal: 409 the key was of another request; 503 who sends takes too long.
        """
        self._enter(user, key)
        try:
            known = self._begin(user, key, request)
            if known is not None and known.final:
                return known
            found = send(id_of(user, key), known is not None)
            if found.final:
                self._keep(user, key, found)
            return found
        finally:
            with self._turn:
                self._busy.discard((user, key))
                self._turn.notify_all()

    def _enter(self, user: str, key: str) -> None:
        with self._turn:
            if not self._turn.wait_for(lambda: (user, key) not in self._busy, WAIT_S):
                raise Refusal(
                    503,
                    "key_busy",
                    f"a request by the key {key!r} is under way",
                    place="header.Idempotency-Key",
                    hint="ask again by the same key: it is done once",
                    headers={"Retry-After": "1"},
                )
            self._busy.add((user, key))

    def _begin(self, user: str, key: str, request: str) -> Sent | None:
        """What is known by the key; None: nothing was, and now it is on the disk that something is sent."""
        digest = hashlib.sha256(request.encode()).hexdigest()
        with self._db.change() as run:
            found = run("SELECT * FROM idempotency WHERE user = ? AND key = ?", (user, key))
            if not found:
                values = (user, key, digest, id_of(user, key), time.time_ns())
                run(
                    "INSERT INTO idempotency (user, key, request, cl_ord_id, time_ns) VALUES (?,?,?,?,?)",
                    values,
                )
                return None
            row = found[0]
        if row["request"] != digest:
            raise Refusal(
                409,
                "key_reused",
                f"the key {key!r} was of another request",
                place="header.Idempotency-Key",
                hint="a new request takes a new key",
            )
        if not row["status"]:
            return Sent(0, {}, final=False)
        return Sent(row["status"], json.loads(row["answer"]), replayed=True)

    def _keep(self, user: str, key: str, found: Sent) -> None:
        text = json.dumps(found.body)
        with self._db.change() as run:
            sql = "UPDATE idempotency SET status = ?, answer = ? WHERE user = ? AND key = ?"
            run(sql, (found.status, text, user, key))
            run("DELETE FROM idempotency WHERE time_ns < ? AND status != 0", (time.time_ns() - KEPT_NS,))
