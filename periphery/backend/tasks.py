"""Questions that take a journal's replay: in processes of their own, two at a time, so many waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from core.errors import CoreFault
from core_ext.journal import JournalError
from periphery.backend.problems import Refusal

PROCESSES = 2
WAITING_MOST = 16
TASKS_EACH = 50
"""A process lives so long: what it held of a large journal goes with it."""


class Tasks:
    """`run`, from any thread."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(WAITING_MOST)
        self._turn = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def run(self, task: Callable[..., Any], *given: Any, within_s: float = 300.0) -> Any:
        """What the task gives; a function of this package. Refusal: 409 the journal isn't whole, 503 busy."""
        if not self._places.acquire(blocking=False):
            raise Refusal(
                503,
                "busy",
                f"{WAITING_MOST} questions about journals wait already",
                hint="ask again",
                place="backend",
                headers={"Retry-After": "5"},
            )
        try:
            return self._executor().submit(task, *given).result(within_s)
        except TimeoutError:
            raise Refusal(
                504,
                "no_answer",
                f"no answer within {within_s:g} s",
                hint="ask on the host: nacre journal, nacre tca",
                place="backend",
            ) from None
        except BrokenProcessPool as error:
            self.close()
            raise Refusal(503, "task_died", str(error), hint="ask again", place="backend") from error
        except (OSError, ValueError, JournalError, CoreFault, MemoryError) as error:
            hint = "see nacre journal verify"
            raise Refusal(409, "bad_input", str(error), hint=hint, place="journal") from error
        finally:
            self._places.release()

    def _executor(self) -> ProcessPoolExecutor:
        with self._turn:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    PROCESSES, mp_context=get_context("spawn"), max_tasks_per_child=TASKS_EACH
                )
            return self._pool

    def close(self) -> None:
        with self._turn:
            pool, self._pool = self._pool, None
        if pool is not None:
            running = list(pool._processes.values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.terminate()


# ---- tasks -------------------------------------------------------------------------------------------------


def journal_info(folder: Path) -> dict[str, Any]:
    from core.recovery import info

    return info(folder)


def journal_verify(folder: Path) -> dict[str, Any]:
    from core.recovery import verify

    return verify(folder)


def tca(folder: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    """What executions cost: see core.analytics.report."""
    from core.analytics.observer import Observer
    from core.analytics.report import figures

    return figures(Observer(folder).catch_up().measure(), keys)


def reconcile(
    folder: Path, kept: Path, rows: list[tuple[str, str, str]], today: str | None
) -> dict[str, Any]:
    """Our books against rows of (account, symbol or currency, quantity or cash). kept: breaks."""
    from fractions import Fraction

    from core.positions import reconcile as books
    from core.positions.daybook import read_daybook
    from core.positions.statement import suspended

    day = read_daybook(folder)
    day_of = date.fromisoformat(today or day.as_of[:10]).isoformat()
    theirs: dict[tuple[str, str], Fraction] = {}
    for account, what, qty in rows:
        theirs[account, what] = theirs.get((account, what), Fraction(0)) + Fraction(qty)
    ours, currencies = books.our_side(day)
    ours = books.restrict(ours, theirs, currencies)
    breaks = books.Breaks(kept)
    found = breaks.update(books.reconcile(ours, theirs, currencies, day_of), day_of)
    waiting = suspended(day, [])
    late = [fill for fill in day.fills() if fill["time"][:10] > day_of]
    for one in found:
        books.hint(one, waiting, late)
    breaks.save()
    told = [one.told(day_of) for one in found]
    return {"date": day_of, "breaks": told, "open": sum(one["status"] == "open" for one in told)}
