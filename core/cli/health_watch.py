"""How the parts of `nacre up --local` are: asked of those with probes, written where `nacre ps` reads it."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.cli.local import Part

LOOK_EVERY_S = 0.5
ANSWER_S = 2.0
FILE = "status.json"


class HealthWatch(threading.Thread):
    """Looks at each part in turn, and says what has changed. folder: where FILE goes; None: nowhere."""

    def __init__(self, parts: Sequence[Part], folder: Path | None, say: Callable[[str], object]) -> None:
        super().__init__(name="health", daemon=True)
        self.parts = parts
        self.file = None if folder is None else folder / FILE
        self.say = say
        self.told: dict[str, str] = {}
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            self.look()

    def end(self) -> None:
        """It looks no more, and takes its file away."""
        self._ended.set()
        if self.is_alive():
            self.join()
        if self.file is not None:
            self.file.unlink(missing_ok=True)

    def look(self) -> None:
        """Once at each part."""
        rows = [_row(part) for part in self.parts]
        for row in rows:
            is_now = f"{row['state']}: {row['why']}" if row["why"] else row["state"]
            if self.told.get(row["name"]) != is_now:
                self.told[row["name"]] = is_now
                self.say(f"{row['name']:10} is {is_now}")
        if self.file is not None:
            draft = self.file.with_suffix(".new")
            draft.write_text(json.dumps({"time_ns": time.time_ns(), "parts": rows}))
            draft.replace(self.file)


def read_status(folder: Path) -> list[dict[str, Any]]:
    """The parts as they were looked at last. ValueError: none run there, or nobody looks any more."""
    try:
        found = json.loads((folder / FILE).read_text())
    except OSError as error:
        raise ValueError(f"{folder}: nothing runs there: `nacre up --local` begins it") from error
    rows: list[dict[str, Any]] = found["parts"]
    most_s = LOOK_EVERY_S + (len(rows) + 1) * ANSWER_S
    if time.time_ns() - found["time_ns"] > most_s * 1e9:
        raise ValueError(
            f"{folder / FILE}: not written for more than {most_s:g} s: is `nacre up --local` there?"
        )
    return rows


def _row(part: Part) -> dict[str, Any]:
    process = part.process
    row = {"name": part.name, "state": "down", "why": "", "pid": None, "starts": part.starts, "http": None}
    if process is None or process.poll() is not None:
        return row
    row |= {"pid": process.pid, "state": "running"}
    if part.port is None:
        return row
    row["http"] = f"127.0.0.1:{part.port}"
    try:
        with urllib.request.urlopen(f"http://{row['http']}/status", timeout=ANSWER_S) as answer:
            told = json.loads(answer.read())
    except (OSError, ValueError, urllib.error.URLError) as error:
        return row | {"state": "unhealthy", "why": f"no answer within {ANSWER_S:g} s: {error}"}
    state = "ready" if told["ready"] else "unready" if told["live"] else "unhealthy"
    return row | {"state": state} | {k: told[k] for k in ("why", "inputs", "outputs", "last_seq", "digest")}
