"""A session that takes its seat when egress no longer keeps all of its answers is told where they begin."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.live import sessions
from core.live.sessions import RESPONSES
from core.recovery import snapshots
from core.topology import LIVE_STAGES
from core_ext.spine import Spine

support = import_module("tests.unit.core.live.conftest")
KEPT = int(support.SMALL.spine)  # responses that egress keeps


def answered(bench: Any, count: int) -> Any:
    """So many denials to a session whose answers nobody takes yet; the rings that it will have."""
    rings = bench.sit(0, "late")
    bench.chain.stage("egress").close_seat(0)
    for n in range(count):
        bench.order(0, f"x-{n}", qty=0)
        if n % 64 == 63:
            bench.run()
    bench.run()
    assert rings.responses.claimed_seq == 0
    return rings


def numbers(responses: Spine) -> list[int]:
    """Of what is there to be read, from where it begins."""
    whole = range(responses.first_seq, responses.claimed_seq + 1)
    assert all(responses.is_published(seq) for seq in whole)
    rows = [np.frombuffer(responses.read(seq) or b"", m.RESPONSE, 1)[0] for seq in whole]
    return [int(row["number"]) for row in rows]


def test_who_is_seated_in_time_misses_nothing(bench: Any) -> None:
    rings = answered(bench, KEPT)
    bench.open_responses(0)
    assert numbers(rings.responses) == list(range(1, KEPT + 1))


def test_what_egress_does_not_keep_is_said_to_be_missing(bench: Any) -> None:
    rings = answered(bench, KEPT + 3)
    bench.open_responses(0)
    assert rings.responses.first_seq == 4
    assert numbers(rings.responses) == list(range(4, KEPT + 4))
    bench.order(0, "one-more", qty=0)
    bench.run()
    assert numbers(rings.responses)[-1] == KEPT + 4


def test_an_egress_that_comes_back_begins_nowhere_else(bench: Any) -> None:
    """What its predecessor told is there, however little it keeps itself."""
    rings = bench.sit(0, "here")
    for n in range(2 * KEPT):
        bench.order(0, f"x-{n}", qty=0)
        bench.run()
    assert 2 * KEPT < RESPONSES
    for _ in range(2):
        bench.restart(bench.groups[0][0])
        assert rings.responses.first_seq == 1
        assert numbers(rings.responses) == list(range(1, 2 * KEPT + 1))


def test_an_egress_that_comes_back_leaves_newer_answers_where_they_are(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its predecessor died with answers told that its cursor didn't say yet, in a ring of few places."""
    monkeypatch.setattr(sessions, "RESPONSES", 8)
    rings = bench.sit(0, "small")
    for n in range(20):
        bench.order(0, f"x-{n}", qty=0)
        bench.run()
    egress = bench.chain.stage("egress")
    bench.board.spine.move_cursor(egress.cursor, bench.board.seq - 3)
    bench.restart("egress")
    assert [seq for seq in range(13, 21) if not rings.responses.is_published(seq)] == []


def test_an_egress_without_responses_takes_no_empty_place_for_one(tmp_path: Path) -> None:
    """One that begins at a snapshot has its counts, and nothing of what it told."""
    others = tuple(name for name in LIVE_STAGES[:-1] if name != "egress")
    bench = support.Bench(tmp_path, others, ("egress",))
    rings = answered(bench, 5)
    bench.chain.close()
    shadow = bench.shadow()
    snapshots.write(tmp_path / "journal", shadow)
    bench.chain = support.Chain(tmp_path, bench.groups, shadow.events, **bench.more)
    bench.open_responses(0)
    assert (rings.responses.first_seq, rings.responses.claimed_seq) == (6, 0)
    bench.chain.close()
