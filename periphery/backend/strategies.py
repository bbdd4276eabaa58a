"""Strategies beside the core: their files, the processes that were started for them, their sessions.

A process that was started here goes on without the backend, and is stopped by a signal of the core.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from periphery.backend.backtests import named
from periphery.backend.config import Config
from periphery.backend.problems import Refusal

MOST = 32
LOG_LINES = 50


class Strategies:
    def __init__(self, config: Config, socket: Path, say: Callable[..., None]) -> None:
        self._folder = config.strategies
        self._state = Path(config.state)
        self._socket = socket
        self._token_file = config.token_file
        self._say = say
        self._turn = threading.Lock()
        self._started: dict[str, tuple[str, subprocess.Popen[bytes]]] = {}

    def files(self) -> list[str]:
        """Of the folder, by name."""
        if not self._folder:
            return []
        found = Path(self._folder).glob("*.py")
        return sorted(path.name for path in found if not path.name.startswith(("_", ".")))

    def start(self, file: str, session: str, params: Mapping[str, str], name: str | None) -> dict[str, Any]:
        """Refusal: 404 no such file; 409 one of that name runs; 503 too many."""
        path = named(self._folder, file, "strategy", "body.file")
        with self._turn:
            running = [each for each, (_, process) in self._started.items() if process.poll() is None]
            if session in running:
                raise Refusal(
                    409,
                    "runs",
                    f"strategy {session} runs already",
                    hint="stop it first",
                    place="body.session",
                )
            if len(running) >= MOST:
                raise Refusal(503, "too_many", f"{MOST} strategies run", hint="stop one", place="strategies")
            self._started[session] = (file, self._process(path, session, params, name))
        self._say("strategy started", session=session, file=file)
        return self.told(session)

    def _process(
        self, path: Path, session: str, params: Mapping[str, str], name: str | None
    ) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "core.cli", "strategy", "run", str(path), "--name", session]
        words += ["--connect", str(self._socket)]
        words += ["--token-file", self._token_file] if self._token_file else []
        words += ["--strategy", name] if name else []
        for key, value in params.items():
            words += ["--param", f"{key}={value}"]
        with self.log_file(session).open("wb") as log:
            return subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def log_file(self, session: str) -> Path:
        return self._state / f"strategy-{session}.log"

    def told(self, session: str) -> dict[str, Any]:
        """What is known of one that was started here."""
        file, process = self._started[session]
        code = process.poll()
        return {
            "session": session,
            "file": file,
            "pid": process.pid,
            "exit_code": code,
            "log": self._log(session),
        }

    def all(self) -> dict[str, dict[str, Any]]:
        """Those that were started here, by session."""
        with self._turn:
            return {session: self.told(session) for session in self._started}

    def _log(self, session: str) -> list[str]:
        try:
            text = self.log_file(session).read_text(errors="replace")
        except OSError:
            return []
        return text.splitlines()[-LOG_LINES:]
