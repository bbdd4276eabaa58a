"""A core in `group` durability on a disk that fails, or that a machine's death leaves half written."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import SubprocessError

from core import messages as m
from core.torture.disk import Disk
from core.torture.live import until
from core.torture.rounds import Round, Tally, order_names
from core_ext.held_lock import HeldLock

WAIT_S = 60.0
PRESS_S = 300.0
BURST = 32
LOAD_S = 0.4
SLOW_MS = 30


class OnDisk(Round):
    """A round whose journal is on a disk that can fail."""

    def __init__(self, folder: Path, rng: random.Random, tally: Tally) -> None:
        self.disk = Disk(folder / "disk")
        super().__init__(folder, "fused", rng, tally, 'durability = "group"\n', env=self.disk.env)

    def is_over(self) -> bool:
        """Whether the core has ended by itself."""
        return self.core.process is None or self.core.process.poll() is not None

    def last_words(self) -> str:
        """What the core that has ended said at its end."""
        return self.core.reap()[2][-2000:] if self.core.process is not None else ""

    def await_unlocked(self) -> None:
        """Until no process of the core has the journal any more."""

        def free() -> bool:
            try:
                HeldLock(str(self.core.journal / "lock")).release()
            except BlockingIOError:
                return False
            return True

        until(free, "the journal is let go of", WAIT_S)

    def press(self, over: Callable[[], bool]) -> None:
        """Orders until that is so. What they are told is read."""
        end = time.monotonic() + PRESS_S
        while not over() and time.monotonic() < end:
            for _ in range(BURST):
                self.session.push(self.rng)
            time.sleep(0.002)
        if not over():
            self.wrong(f"not within {PRESS_S:g} s: {over.__name__}")

    def denied_full(self) -> bool:
        rows = (row for told in self.session.told.values() for row in told)
        return any(row["reason"] == m.Reason.JOURNAL_FULL for row in rows)

    def goes_on_after_death(self) -> None:
        """The core ended, or is ended; another goes on with its journal, and nothing that it said is
        missing.
        """
        self.disk.be()
        if self.core.process is not None:
            self.core.process.kill()
            self.core.reap()
        self.await_unlocked()
        self.come_back()
        self.session.load(self.rng, LOAD_S)
        self.end()


def _full(one: OnDisk) -> None:
    """No new segment: new orders are denied, what goes on uses the reserve up, then the core stops."""
    one.disk.be(full=True)
    _until_refused(one)


def _read_only(one: OnDisk) -> None:
    one.disk.be(read_only=True)
    _until_refused(one)


def _until_refused(one: OnDisk) -> None:
    def denied_or_over() -> bool:
        return one.denied_full() or one.is_over()

    one.press(denied_or_over)
    if not one.disk.refused:
        one.wrong("the disk refused nothing")
    if not one.is_over():
        one.disk.be()  # space again: it takes orders again, in the same life, if its reserve lasted so long
        before = one.session.orders

        def takes_orders_again_or_over() -> bool:
            return _taken_since(one, before) or one.is_over()

        one.press(takes_orders_again_or_over)
    if one.is_over() and "journal and its reserve are full" not in (said := one.last_words()):
        one.wrong(f"it ended for another reason than space: {said}")
    one.goes_on_after_death()


def _taken_since(one: OnDisk, before: int) -> bool:
    names = [f"{one.session.name}-{i}" for i in range(before, one.session.orders)]
    return any(row["kind"] == 2 for name in names for row in one.session.told.get(name, ()))


def _slow(one: OnDisk) -> None:
    """It takes longer, and nothing else."""
    one.disk.be(slow_ms=SLOW_MS)
    one.session.load(one.rng, LOAD_S)
    one.session.until_answered()
    one.disk.be()
    one.end()


def _broken(one: OnDisk) -> None:
    """What can't be brought to the disk is not told, and the core stops."""
    one.session.load(one.rng, LOAD_S)
    one.disk.be(broken=True)
    one.press(one.is_over)
    one.goes_on_after_death()


def _power(one: OnDisk) -> None:
    """The machine dies: of what no sync has covered any page may be there or not. All that was told is
    there.
    """
    one.session.load(one.rng, LOAD_S)
    one.core.kill()
    one.await_unlocked()
    told = one.session.acknowledged()
    one.session.read()
    told |= one.session.acknowledged()
    one.disk.lose_power(one.core.journal, one.rng)
    missing = told - set(order_names(one.core.journal))
    if missing:
        one.tally.lost += len(missing)
        one.wrong(f"told, and lost with the machine: {sorted(missing)[:5]}")
    one.goes_on_after_death()


FAILURES: dict[str, Callable[[OnDisk], None]] = {
    "full": _full, "read only": _read_only, "slow": _slow, "broken": _broken, "power": _power,
}  # fmt: skip


def fail(name: str, place: Path, rng: random.Random, tally: Tally) -> None:
    """One failure of a disk, and what comes after it."""
    one = OnDisk(place, rng, tally)
    try:
        FAILURES[name](one)
        tally.disks[name] += 1
        if not one.disk.syncs:
            one.wrong("the core doesn't sync through this disk")
    except (AssertionError, OSError, ValueError, SubprocessError) as error:
        one.failed(error)
        tally.note(f"disk: {name}")
    finally:
        one.close()
