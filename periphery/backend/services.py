"""What the routers work with: everything that a running backend has, made once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from periphery.backend.approvals import Approvals
from periphery.backend.audit import Audit
from periphery.backend.backtests import Backtests
from periphery.backend.buckets import Buckets
from periphery.backend.config import Config
from periphery.backend.database import Database
from periphery.backend.idempotency import Idempotency
from periphery.backend.keys import Keys
from periphery.backend.link import CoreLink
from periphery.backend.metrics import Metrics
from periphery.backend.portfolios import Portfolios
from periphery.backend.problems import Refusal
from periphery.backend.remembered import Remembered
from periphery.backend.strategies import Strategies
from periphery.backend.tasks import Tasks
from periphery.backend.tokens import Tokens
from periphery.backend.users import Users
from periphery.client.control import socket_path
from periphery.recorder.store import Store, StoreDown, StoreError
from periphery.recorder.stores import open_store
from periphery.service.log import Log

READ_ONLY = "read_only"
STORE_S = 20.0
PROBED_S, DATABASE_SEEN_S = 0.9, 5.0
"""So long the map of engines holds what it was told by others, and by the store."""
type Rows = list[dict[str, Any]]


class Backend:
    """`start`, then requests, then `close`."""

    def __init__(self, config: Config) -> None:
        """Refusal, OSError: the state can't be opened."""
        self.config = config
        self.state = Path(config.state)
        self.socket = socket_path(config.core or None)
        self.log = Log("backend", lambda: 0)
        self.db = Database(self.state)
        self.users = Users(self.db)
        self.keys = Keys(self.db)
        self.tokens = Tokens(self.state, config.token_s, config.session_s)
        self.audit = Audit(self.db, self.log.say)
        self.idempotency = Idempotency(self.db)
        self.approvals = Approvals(self.db)
        limits = config.limits
        self.user_rate = Buckets(limits.user_per_s, limits.user_burst)
        self.address_rate = Buckets(limits.address_per_s, limits.address_burst)
        self.login_rate = Buckets(limits.login_per_minute / 60.0, limits.login_burst)
        token = Path(config.token_file).read_text().strip() if config.token_file else None
        self.link = CoreLink(self.socket, token, config.answer_s, self.log.say)
        self.tasks = Tasks()
        self.backtests = Backtests(self.db, self.state / "backtests", config, self.log.say)
        self.strategies = Strategies(config, self.socket, self.log.say)
        self.portfolios = Portfolios(self.state / "portfolios", self.socket, config)
        self.kill_thread = ThreadPoolExecutor(2, "kill")
        self.journal: Path | None = None  # the core's, once it has said where it is
        self.peers: set[object] = set()  # who follows over a websocket
        self.listening = Remembered[Rows](PROBED_S)
        self.probed = Remembered[Rows](PROBED_S)
        self.database_seen = Remembered[Rows](DATABASE_SEEN_S)
        self.metrics = Metrics(self)
        self._store: Store | None = None
        self._store_thread = ThreadPoolExecutor(1, "store")  # SQLite's connection is of one thread alone
        self._read_only = self.setting(READ_ONLY, "1" if config.read_only else "") == "1"

    def start(self) -> None:
        self.metrics.beat()
        self.link.start()
        self.backtests.start()

    def close(self) -> None:
        """What runs is ended; what waits in the queue goes on at the next start."""
        self.metrics.close()
        self.backtests.close()
        self.tasks.close()
        self.link.close()
        self.kill_thread.shutdown()
        self.audit.flush()
        self._store_thread.submit(self._close_store)
        self._store_thread.shutdown()
        self.db.close()

    # ---- modes ---------------------------------------------------------------------------------------------

    @property
    def read_only(self) -> bool:
        """By the configuration, or by an admin."""
        return self.config.read_only or self._read_only

    def set_read_only(self, on: bool) -> None:
        """Also over a restart. Refusal (409): the configuration says so."""
        if self.config.read_only and not on:
            raise Refusal(
                409,
                "read_only",
                "read-only by its configuration",
                place="body.read_only",
                hint="take read_only out of the configuration, and start the backend again",
            )
        with self.db.change() as run:
            run("INSERT OR REPLACE INTO settings VALUES (?, ?)", (READ_ONLY, "1" if on else ""))
        self._read_only = on

    def setting(self, name: str, default: str) -> str:
        row = self.db.one("SELECT value FROM settings WHERE name = ?", (name,))
        return default if row is None else str(row["value"])

    # ---- history -------------------------------------------------------------------------------------------

    def history[T](self, read: Callable[[Store], T]) -> T:
        """What it reads of the recorder's store, on the one thread that has it. StoreError; Refusal (503)."""
        if not self.config.store:
            raise Refusal(
                503,
                "no_store",
                "no recorder's store is configured",
                place="store",
                hint="give `store` in the configuration, and run nacre recorder",
            )
        asked = self._store_thread.submit(self._read, read)
        try:
            return asked.result(STORE_S)
        except TimeoutError:
            asked.cancel()
            raise StoreDown(f"{self.config.store}: no answer within {STORE_S:g} s") from None

    def _read[T](self, read: Callable[[Store], T]) -> T:
        """A store that is down is opened anew the next time."""
        if self._store is None:
            self._store = open_store(self.config.store, make=False)
        try:
            return read(self._store)
        except StoreDown:
            self._close_store()
            raise

    def _close_store(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            with contextlib.suppress(StoreError):
                store.close()
