"""Backtests in a queue: so many run at a time, each in a process of its own, so many wait."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from periphery.backend.config import Config
from periphery.backend.database import Database
from periphery.backend.problems import Refusal, missing

if TYPE_CHECKING:
    from periphery.strategy.results import Curve

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)
NAP_S = 0.05
TERM_S = 5.0
STEP_S = 0.2


@dataclass(frozen=True, slots=True)
class Run:
    """progress: 0 to 1, of the bytes of the recordings."""

    id: int
    request: Mapping[str, Any]
    by: str
    state: str
    progress: float
    made_ns: int
    ended_ns: int
    error: str
    has_result: bool


class Backtests:
    """`start`, then from any thread; `close` ends what runs, which begins anew at the next start."""

    def __init__(self, db: Database, folder: Path, config: Config, say: Callable[..., None]) -> None:
        self._db = db
        self._folder = folder
        self._most, self._count = config.backtests_waiting, config.backtests
        self._strategies, self._data = config.strategies, config.data
        self._say = say
        self._news = threading.Condition()
        self._ending = False
        self._cancelled: set[int] = set()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with self._db.change() as run:
            run("UPDATE backtests SET state = ? WHERE state = ?", (QUEUED, RUNNING))
        for n in range(self._count):
            self._threads.append(threading.Thread(target=self._work, name=f"backtest-{n}", daemon=True))
            self._threads[-1].start()

    def close(self) -> None:
        with self._news:
            self._ending = True
            self._news.notify_all()
        for thread in self._threads:
            thread.join()

    # ---- from any thread -----------------------------------------------------------------------------------

    def ask(self, request: Mapping[str, Any], by: str) -> Run:
        """Refusal: 404 no such file, 503 the queue is full."""
        named(self._strategies, request["strategy"], "strategy", "body.strategy")
        for name in request["data"]:
            named(self._data, name, "recording", "body.data")
        with self._db.change() as run:
            ((waiting,),) = run("SELECT count(*) FROM backtests WHERE state = ?", (QUEUED,))
            if waiting >= self._most:
                raise Refusal(
                    503,
                    "queue_full",
                    f"{waiting} backtests wait already",
                    hint="ask again later",
                    place="backtests",
                    headers={"Retry-After": "10"},
                )
            sql = "INSERT INTO backtests (request, by, state, made_ns) VALUES (?, ?, ?, ?)"
            run(sql, (json.dumps(request), by, QUEUED, time.time_ns()))
            ((run_id,),) = run("SELECT last_insert_rowid()")
        with self._news:
            self._news.notify()
        return self.get(run_id)

    def get(self, run_id: int) -> Run:
        """Refusal (404)."""
        row = self._db.one("SELECT * FROM backtests WHERE id = ?", (run_id,))
        if row is None:
            raise missing("backtest", str(run_id), "GET /backtests lists them", "path.backtest_id")
        return self._run(row)

    def all(self, most: int) -> list[Run]:
        """The newest first."""
        return [
            self._run(r) for r in self._db.rows("SELECT * FROM backtests ORDER BY id DESC LIMIT ?", (most,))
        ]

    def result(self, run_id: int) -> dict[str, Any]:
        """Refusal: 404; 409 there is none."""
        found = self.get(run_id)
        if not found.has_result:
            raise Refusal(
                409,
                "no_result",
                f"backtest {run_id} is {found.state}",
                reason=found.state,
                place="path.backtest_id",
                hint=found.error or "ask again when it is done",
            )
        row = self._db.one("SELECT result FROM backtests WHERE id = ?", (run_id,))
        told: dict[str, Any] = json.loads(row["result"]) if row is not None else {}
        return told

    def cancel(self, run_id: int) -> Run:
        """It waits or runs no more. Refusal: 404; 409 it has ended."""
        found = self.get(run_id)
        with self._db.change() as run:
            sql = "UPDATE backtests SET state = ?, ended_ns = ? WHERE id = ? AND state IN (?, ?) RETURNING id"
            done = run(sql, (CANCELLED, time.time_ns(), run_id, QUEUED, RUNNING))
        if not done:
            raise Refusal(
                409,
                "ended",
                f"backtest {run_id} is {found.state}",
                reason=found.state,
                place="path.backtest_id",
                hint="only one that waits or runs can be cancelled",
            )
        self._cancelled.add(run_id)
        return self.get(run_id)

    def _run(self, row: Any) -> Run:
        progress = 1.0 if row["state"] == DONE else 0.0
        if row["state"] == RUNNING:
            progress = read_progress(self._folder / f"{row['id']}.progress")
        return Run(
            row["id"],
            json.loads(row["request"]),
            row["by"],
            row["state"],
            progress,
            row["made_ns"],
            row["ended_ns"],
            row["error"],
            bool(row["result"]),
        )

    # ---- the threads that run them -------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._news:
                if self._ending:
                    return
            try:
                found = self._next()
            except Refusal as error:
                self._say("backtests can't be read", why=str(error))
                found = None
            if found is not None:
                self._play(*found)
                continue
            with self._news:
                if not self._ending:
                    self._news.wait(1.0)

    def _next(self) -> tuple[int, dict[str, Any]] | None:
        sql = (
            "UPDATE backtests SET state = ? WHERE id = (SELECT min(id) FROM backtests WHERE state = ?)"
            " RETURNING id, request"
        )
        with self._db.change() as run:
            rows = run(sql, (RUNNING, QUEUED))
        return (rows[0]["id"], json.loads(rows[0]["request"])) if rows else None

    def _play(self, run_id: int, request: dict[str, Any]) -> None:
        """One, until it ends, is cancelled, or the backend ends."""
        out, progress = self._folder / f"{run_id}.json", self._folder / f"{run_id}.progress"
        work = request | {
            "strategy": str(Path(self._strategies, request["strategy"])),
            "data": [str(Path(self._data, name)) for name in request["data"]],
        }
        process = get_context("spawn").Process(target=play, args=(work, str(out), str(progress)))
        process.start()
        while process.is_alive() and not self._ending and run_id not in self._cancelled:
            process.join(NAP_S)
        if process.is_alive():
            process.terminate()
            process.join(TERM_S)
            process.kill()
            process.join()
        if not self._ending:
            self._end(run_id, process.exitcode, out)
        self._cancelled.discard(run_id)
        process.close()
        for path in (out, progress):
            path.unlink(missing_ok=True)

    def _end(self, run_id: int, code: int | None, out: Path) -> None:
        try:
            told = json.loads(out.read_text())
        except (OSError, ValueError):
            told = {"error": f"its process ended with {code}"}
        error = str(told.get("error", ""))
        result = "" if error else json.dumps(told["result"])
        values = (FAILED if error else DONE, time.time_ns(), error, result, run_id, RUNNING)
        with self._db.change() as run:
            run("UPDATE backtests SET state=?, ended_ns=?, error=?, result=? WHERE id=? AND state=?", values)


def named(folder: str, name: str, what: str, place: str) -> Path:
    """A file of the folder, and of no other one. Refusal (404)."""
    if folder and not name.startswith(".") and "/" not in name and "\0" not in name:
        found = Path(folder, name)
        if found.is_file():
            return found
    raise missing(
        what, name, f"GET /{'strategies' if what == 'strategy' else 'backtests/data'} lists them", place
    )


def read_progress(path: Path) -> float:
    try:
        return min(max(float(path.read_text() or 0), 0.0), 1.0)
    except (OSError, ValueError):
        return 0.0


# ---- in the process of a backtest --------------------------------------------------------------------------


def play(work: dict[str, Any], out: str, progress: str) -> None:
    """Writes {result} or {error} to `out`, and now and then how far it is to `progress`."""
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        told: dict[str, Any] = {"result": _played(work, Path(progress))}
    except Exception as error:  # whatever a strategy's file raises is told to who asked
        told = {"error": f"{type(error).__name__}: {error}"}
    draft = Path(f"{out}.new")
    draft.write_text(json.dumps(told, default=str))
    draft.replace(out)


def _played(work: dict[str, Any], progress: Path) -> dict[str, Any]:
    from core.data.recording import Options
    from periphery.strategy.backtest import Backtest, Terms
    from periphery.strategy.loading import load_strategy
    from periphery.strategy.results import results

    strategy = load_strategy(Path(work["strategy"]), work["name"])(work["params"])
    paths = [Path(path) for path in work["data"]]
    size = 2 * sum(path.stat().st_size for path in paths) or 1  # they are read twice
    done, told_s = 0, 0.0

    def advance(count: int) -> None:
        nonlocal done, told_s
        done += count
        if time.monotonic() - told_s > STEP_S:
            told_s = time.monotonic()
            progress.write_text(f"{min(done / size, 1.0):.4f}")

    test = Backtest(strategy, paths, Options(symbol=work["symbol"]), Terms(**work["terms"]), None, advance)
    report = test.run()
    found, report["statistics"] = results(test, report)
    report["curve"] = _curve(found)
    report["fills_shown"] = test.fills[:1000]
    return report


def _curve(found: Curve) -> dict[str, list[Any]]:
    """Equity and drawdown over the recording; None: there was no mark."""
    return {
        "time_ns": found.times_ns.tolist(),
        "equity": [value if isfinite(value) else None for value in found.equity.tolist()],
        "drawdown": [value if isfinite(value) else None for value in found.drawdown.tolist()],
    }
