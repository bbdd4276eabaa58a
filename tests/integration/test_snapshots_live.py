"""A live core that writes snapshots, and comes back from them: whole, and each of its processes alone."""

from __future__ import annotations

import random
from pathlib import Path

from core.recovery.snapshots import files
from core.torture.live import until
from core.torture.rounds import CORE, Round, Tally

EVERY = 100
WAIT_S = 60.0


def loaded(one: Round, taken: int) -> None:
    """Until so many more snapshots are there."""

    def has() -> bool:
        one.session.load(one.rng, 0.05)
        return bool(one.status()["snapshot"]["taken"] >= taken)

    until(has, f"{taken} snapshots", WAIT_S)


def test_a_core_and_its_processes_come_back_from_snapshots(tmp_path: Path) -> None:
    tally = Tally()
    one = Round(tmp_path, "pinned", random.Random(3), tally, f"snapshot_events = {EVERY}\n")
    try:
        loaded(one, 2)
        assert len(list(files(one.core.journal))) <= 3, "two are kept, and the one that is being written"
        for target in ("risk", CORE):
            one.strike(target)
            loaded(one, 1)
        restored = one.status()["restored"]
        assert restored["snapshot"] >= EVERY
        assert restored["passed_over"] == []
        assert one.status()["snapshot"]["wrong"] == ""
        one.end()
    except (AssertionError, OSError) as error:
        one.failed(error)
    finally:
        one.core.end()
    assert tally.problems == []
