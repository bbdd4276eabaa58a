"""Questions that take a journal's replay: in processes of their own, two at a time, so many waiting.

What is asked again and again has one more process, which keeps what it has read and reads on from there; it
ends once nobody has asked for a while, and its memory with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
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
KEPT_S = 600.0
"""So long after the last question what was read is kept."""


class Tasks:
    """`run`, from any thread."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._places = threading.BoundedSemaphore(WAITING_MOST)
        self._turn = threading.Lock()
        self._kept_s = kept_s
        self._pools: dict[bool, ProcessPoolExecutor] = {}  # by whether it keeps what it has read
        self._giving_up: threading.Timer | None = None

    def run(self, task: Callable[..., Any], *given: Any, within_s: float = 300.0, kept: bool = False) -> Any:
        """What the task gives; a function of this package. kept: by the process that keeps what it has read.

        Refusal: 409 the journal isn't whole, 503 busy.
        """
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
            return self._submit(kept, task, *given).result(within_s)
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

    def _submit(self, kept: bool, task: Callable[..., Any], *given: Any) -> Future[Any]:
        with self._turn:
            if kept:
                self._give_up_later()
            if kept not in self._pools:
                self._pools[kept] = ProcessPoolExecutor(
                    1 if kept else PROCESSES,
                    mp_context=get_context("spawn"),
                    max_tasks_per_child=None if kept else TASKS_EACH,
                )
            return self._pools[kept].submit(task, *given)

    def _give_up_later(self) -> None:
        """What is kept, `kept_s` after this question."""
        if self._giving_up is not None:
            self._giving_up.cancel()
        self._giving_up = threading.Timer(self._kept_s, self._give_up)
        self._giving_up.daemon = True
        self._giving_up.start()

    def _give_up(self) -> None:
        """What is asked just now is answered first."""
        with self._turn:
            pool = self._pools.pop(True, None)
        if pool is not None:
            pool.shutdown(wait=False)

    @property
    def keeps(self) -> bool:
        """Whether there is a process that keeps what it has read."""
        return True in self._pools

    def close(self) -> None:
        with self._turn:
            pools, self._pools = list(self._pools.values()), {}
            if self._giving_up is not None:
                self._giving_up.cancel()
        for pool in pools:
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
