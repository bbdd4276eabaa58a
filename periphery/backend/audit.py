"""Who changed what: rows that are only added, each with a hash over itself and the one before."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from periphery.backend.database import Database
from periphery.backend.problems import Refusal

WAITING_MOST = 10_000
BEGIN = "0" * 64
SECRETS = ("password", "totp", "code", "token", "secret")
COLUMNS = ("time_ns", "who", "via", "address", "action", "path", "status", "detail")

type Entry = tuple[Any, ...]


class Audit:
    """Where its file can't be written, rows wait (a kill is never held up for it) and other changes don't."""

    def __init__(self, db: Database, say: Callable[..., None]) -> None:
        self._db = db
        self._say = say
        self._turn = threading.Lock()
        self.waiting: deque[Entry] = deque(maxlen=WAITING_MOST)

    def add(
        self, who: str, via: str, address: str, action: str, path: str, status: int, detail: Mapping[str, Any]
    ) -> None:
        """One change, or the attempt."""
        text = json.dumps(without_secrets(detail), sort_keys=True, default=str)
        self.waiting.append((time.time_ns(), who, via, address, action, path, status, text))
        self.flush()

    def flush(self) -> bool:
        """Writes what waits; whether nothing does any more."""
        with self._turn:
            try:
                while self.waiting:
                    self._write(self.waiting[0])
                    self.waiting.popleft()
            except Refusal as error:
                self._say("audit can't be written", why=str(error), waiting=len(self.waiting))
        return not self.waiting

    def _write(self, entry: Entry) -> None:
        with self._db.change() as run:
            last = run("SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1")
            n, before = tuple(last[0]) if last else (0, BEGIN)
            values = (n + 1, *entry, link_hash(before, n + 1, entry))
            run(f"INSERT INTO audit VALUES ({', '.join('?' * len(values))})", values)

    def need(self) -> None:
        """Refusal (503): a change would not be in it."""
        if not self.flush():
            raise Refusal(
                503,
                "no_audit",
                "changes can't be recorded now, so none is made",
                place="backend",
                hint="free its disk, or see who holds it; a kill works all the same",
            )

    def rows(self, after: int, most: int, who: str | None = None) -> list[dict[str, Any]]:
        """The oldest first."""
        test, values = ("AND who = ?", (who,)) if who is not None else ("", ())
        found = self._db.rows(
            f"SELECT * FROM audit WHERE n > ? {test} ORDER BY n LIMIT ?", (after, *values, most)
        )
        return [dict(row) | {"detail": json.loads(row["detail"])} for row in found]

    def broken_at(self) -> int:
        """The first row that isn't what was written; 0: none."""
        before = BEGIN
        for row in self._db.rows("SELECT * FROM audit ORDER BY n"):
            if row["hash"] != link_hash(before, row["n"], tuple(row[name] for name in COLUMNS)):
                return int(row["n"])
            before = row["hash"]
        return 0


def link_hash(before: str, n: int, entry: Entry) -> str:
    return hashlib.sha256(json.dumps([before, n, *entry]).encode()).hexdigest()


def without_secrets(value: Any) -> Any:
    """The same, with what nobody may read left out."""
    if isinstance(value, Mapping):
        return {k: "***" if k.lower() in SECRETS else without_secrets(v) for k, v in value.items()}
    return [without_secrets(each) for each in value] if isinstance(value, list) else value
