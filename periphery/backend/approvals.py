"""What takes two people: one asks, another one decides, before the time is over."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from periphery.backend.database import Database
from periphery.backend.problems import Refusal, missing

HOLDS_NS = 15 * 60 * 1_000_000_000
PENDING, DECIDING, APPROVED, REJECTED, EXPIRED = "pending", "deciding", "approved", "rejected", "expired"


@dataclass(frozen=True, slots=True)
class Approval:
    """kind: rearm, limit, book (a break) or portfolio. request: as it was asked for. second: who decided."""

    id: int
    kind: str
    request: Mapping[str, Any]
    why: str
    state: str
    by: str
    made_ns: int
    until_ns: int
    second: str
    decided_ns: int


class Approvals:
    def __init__(self, db: Database) -> None:
        """What a backend that died was deciding is to be decided again: the core takes each once."""
        self._db = db
        with db.change() as run:
            run("UPDATE approvals SET state = ?, second = '' WHERE state = ?", (PENDING, DECIDING))

    def ask(self, kind: str, request: Mapping[str, Any], why: str, by: str) -> Approval:
        now = time.time_ns()
        values = (kind, json.dumps(request), why, PENDING, by, now, now + HOLDS_NS)
        with self._db.change() as run:
            sql = "INSERT INTO approvals (kind, request, why, state, by, made_ns, until_ns) VALUES"
            sql += " (?, ?, ?, ?, ?, ?, ?)"
            run(sql, values)
            ((approval_id,),) = run("SELECT last_insert_rowid()")
        return self.get(approval_id)

    def get(self, approval_id: int) -> Approval:
        """Refusal (404)."""
        row = self._db.one("SELECT * FROM approvals WHERE id = ?", (approval_id,))
        if row is None:
            raise missing("approval", str(approval_id), "GET /approvals lists them", "path.approval_id")
        return _approval(row)

    def all(self, state: str | None, most: int) -> list[Approval]:
        """The newest first."""
        rows = self._db.rows("SELECT * FROM approvals ORDER BY id DESC LIMIT ?", (most,))
        found = [_approval(row) for row in rows]
        return [each for each in found if state in (None, each.state)]

    def decide(self, approval_id: int, by: str, state: str, act: Callable[[Approval], object]) -> Approval:
        """`act`, once; where it fails the approval waits on. Refusal: 404, 403 (the same person), 409."""
        asked = self.get(approval_id)
        if state == APPROVED and asked.by == by:
            raise Refusal(
                403,
                "same_person",
                f"{by} asked for it: a second person decides",
                reason="second_person",
                hint="ask somebody else with scope risk",
                place="header.Authorization",
            )
        if asked.state == EXPIRED or not self._move(approval_id, PENDING, DECIDING, by):
            raise Refusal(
                409,
                "decided",
                f"approval {approval_id} is {asked.state}",
                reason=asked.state,
                hint="ask for it anew",
                place="path.approval_id",
            )
        try:
            act(asked)
        except BaseException:
            self._move(approval_id, DECIDING, PENDING, "")
            raise
        self._move(approval_id, DECIDING, state, by)
        return self.get(approval_id)

    def _move(self, approval_id: int, before: str, after: str, second: str) -> bool:
        decided = time.time_ns() if after in (APPROVED, REJECTED) else 0
        sql = "UPDATE approvals SET state=?, second=?, decided_ns=? WHERE id=? AND state=? RETURNING id"
        with self._db.change() as run:
            return bool(run(sql, (after, second, decided, approval_id, before)))


def _approval(row: Any) -> Approval:
    state = row["state"]
    if state == PENDING and row["until_ns"] < time.time_ns():
        state = EXPIRED
    return Approval(
        row["id"],
        row["kind"],
        json.loads(row["request"]),
        row["why"],
        state,
        row["by"],
        row["made_ns"],
        row["until_ns"],
        row["second"],
        row["decided_ns"],
    )
