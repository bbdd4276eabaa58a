"""The live core under simulation: a few seeds on each run of the tests, and planted errors that it must see.

The long form: make simulate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.enums import Sweep
from core.live.intents import Intents
from core.scenario.encoder import Event
from core.simulation import marks, runner, swarm
from core.simulation.play import CALM_TURNS, Play
from core.simulation.runner import Failure, Result, run_seed, run_seeds
from core.simulation.script import Script, script
from core.simulation.shrink import shrink
from core.topology import LIVE_CURSORS

SEEDS, STEPS = 60, 3000
PLANTED = 60  # seeds within which a planted error is to be seen
ONE = (
    (
        "sequencer",
        "resolve",
        "risk",
        "orders",
        "router",
        "execution",
        "positions",
        "journal",
        "egress",
        "gateways",
    ),
)


LOSSY: dict[str, Any] = {
    "matching": 0,
    "outside": 1,
    "astray": {"drop": 150, "repeat": 20, "late": 0, "reject": 20, "reject_cancel": 20, "die_in_write": 0},
}


@pytest.fixture
def place() -> Iterator[Path]:
    with runner.memory() as made:
        yield made


def test_seeds() -> None:
    result = run_seeds(0, SEEDS, STEPS)
    assert not result.failures, result.failures
    assert result.seeds == SEEDS
    assert result.steps > SEEDS * STEPS
    assert result.events > SEEDS * 100
    assert 0 < result.most_turns < CALM_TURNS // 4
    print("missed in a short run:", marks.missed(result.marks))
    often = ("worker_died", "core_died", "redo", "send_suppressed", "report_dropped", "spine_full")
    for name in (*often, "break_unknown", "break_conflict", "break_overfill", "venue_halted", "venue_armed"):
        assert result.marks[name], name


def test_a_seed_is_one_run(place: Path) -> None:
    first, second = (run_seed(11, STEPS, place) for _ in range(2))
    assert first == second
    assert first.steps != run_seed(12, STEPS, place).steps


def test_a_session_that_takes_its_seat_late_is_told_where_its_answers_begin(place: Path) -> None:
    """More were made between its connect and its seat than egress keeps: it must not wait for the first."""
    result = run_seed(84, 2500, place, **LOSSY)
    assert not result.failures, result.failures
    assert result.marks["session_began_late"]


def test_a_core_that_stops_for_space_while_a_session_leaves_comes_back(place: Path) -> None:
    """What the error's frames held of the dead core kept its journal's lock."""
    result = run_seed(1051, 2500, place, **LOSSY)
    assert not result.failures, result.failures
    assert result.marks["stopped_journal_full"]
    assert result.marks["session_left"]


def test_a_journal_that_has_no_room_to_begin_stops_the_core(place: Path) -> None:
    """Its process died while the disk was full: there is no place for a segment of its own."""
    astray = {"drop": 150, "repeat": 150, "late": 150, "reject": 20, "reject_cancel": 150, "die_in_write": 4}
    result = run_seed(3354, 2500, place, matching=0, outside=2, astray=astray)
    assert not result.failures, result.failures
    assert result.marks["stopped_journal_full"]


def test_a_kill_after_the_gateways_decided_and_died_is_none_that_they_missed(place: Path) -> None:
    """Their cursor had not said so: who comes back is done with what they let go before the kill."""
    result = run_seed(5278, 2500, place, **LOSSY)
    assert not result.failures, result.failures
    assert result.marks["died_before_cursor"]


def test_who_lives_through_events_again_is_not_overtaken_by_the_spine(place: Path) -> None:
    """Risk was ahead of the others of its worker when that died, and new events came in the place of those
    that it still had to live through: the core stood still.
    """
    result = run_seed(1012822, 4000, place)
    assert not result.failures, result.failures
    assert result.marks["redo"]
    assert result.marks["spine_full"]


@pytest.mark.parametrize("seed", [1002993, 1000467, 1000900])
def test_more_may_wait_for_a_slow_venue_than_it_has_room_for(place: Path, seed: int) -> None:
    """Its gateway seldom has a turn: sends wait in the journal (of the first seed more than 4,096). Once it
    has more turns, reports hold it back: of the others there are more than 2,048 at a time.
    """
    result = run_seed(seed, 20_000, place)
    assert not result.failures, result.failures
    assert result.steps > 20_000


def test_a_core_that_died_with_questions_to_ask_asks_them(place: Path) -> None:
    """That its venue was up is in its journal, and nobody else had seen it."""
    result = run_seed(1300903, 1000, place)
    assert not result.failures, result.failures
    assert result.marks["core_died"] + result.marks["machine_died"]


def seen(plant: Callable[[Play], None], place: Path, **options: Any) -> Failure:
    """The first seed that fails with that planted."""
    for seed in range(PLANTED):
        failures = run_seed(seed, STEPS, place, plant, **options).failures
        if failures:
            return failures[0]
    raise AssertionError(f"nothing of it is seen within {PLANTED} seeds")


def every(play: Play, steps: int, what: Callable[[], None]) -> None:
    """Does that again and again, at steps that chance has no part in."""

    def again() -> None:
        what()
        play.put_off(steps, again)

    play.put_off(steps, again)


FULL = {"request": 6000, "quote": 5000, "outside": 3000, "trade": 2000, "fault": 160}
OUTSIDE = {"matching": 0, "outside": 2, "groups": ONE}


def test_a_gateway_that_writes_again_is_seen(place: Path) -> None:
    def plant(play: Play) -> None:
        for outside in play.outsides:
            outside.resends, outside.die_in_write = True, 40

    assert "twice" in seen(plant, place, **OUTSIDE).what


def test_a_replaced_that_is_never_told_is_seen(place: Path) -> None:
    def plant(play: Play) -> None:
        for outside in play.outsides:
            outside.forgets = int(m.ExecType.REPLACED)

    assert "has child" in seen(plant, place, **OUTSIDE, faults={}).what


def test_a_late_fill_that_is_booked_as_another_is_seen(place: Path) -> None:
    """Of one share more than the venue has filled behind its cancel."""

    def plant(play: Play) -> None:
        for outside in play.outsides:
            outside.late, outside.late_qty = 500, 2

    assert "has child" in seen(plant, place, **OUTSIDE, faults={}).what


def test_a_question_that_nothing_called_for_is_seen(place: Path) -> None:
    """The core asks about what its venue hasn't answered yet, again and again."""
    sweep = np.frombuffer(b"\xff" * m.SWEEP_EVENT.itemsize, m.SWEEP_EVENT).copy()
    sweep["scope"]["venue"] = sweep["cursor"] = 0
    sweep["kind"] = Sweep.ASK

    def plant(play: Play) -> None:
        every(play, 200, lambda: play.tell(Event(int(m.Kind.SWEEP), 0, sweep.tobytes())))

    assert "asks about child" in seen(plant, place, **OUTSIDE, faults={}).what


@pytest.mark.parametrize("stage", ["journal", "egress", "gateways", "risk"])
def test_a_cursor_that_is_moved_too_early_is_seen(place: Path, stage: str) -> None:
    def plant(play: Play) -> None:
        cursor = LIVE_CURSORS.index(stage)
        every(play, 40, lambda: play.board.spine.move_cursor(cursor, play.board.seq + 1))

    assert seen(plant, place)


@pytest.mark.parametrize("stage", ["risk", "orders", "execution", "positions"])
def test_an_event_that_is_passed_over_after_a_death_is_seen(place: Path, stage: str) -> None:
    """The cursor of one that died is ahead of what it did: another one takes it at its word."""

    def plant(play: Play) -> None:
        def die() -> None:
            i = play.workers.index(stage)
            if play.firsts[i] is not None:
                play.lose(i)
                cursor = LIVE_CURSORS.index(stage)
                play.board.spine.move_cursor(
                    cursor, min(play.board.spine.get_cursor(cursor) + 3, play.board.seq)
                )
                play.bring_back()

        every(play, 100, die)

    assert seen(plant, place, groups=tuple((each,) for each in ONE[0]), matching=0, outside=2, faults={})


def test_a_kill_page_that_gateways_do_not_read_is_seen(place: Path) -> None:
    def plant(play: Play) -> None:
        play.workers.gateways().gateway.kill_page = None

    assert "kill page blocks" in seen(plant, place, faults={"kill": 1, "rearm": 1}, groups=ONE).what


def test_a_kill_that_the_stream_never_hears_of_is_seen(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engines' kills are those of another scope than was told."""

    def plant(play: Play) -> None:
        play.checker.stream_kills([(0, 0xFFFFFFFF, 1)])

    assert "forbids" in seen(plant, place, faults={}).what


def test_a_break_that_halts_nobody_is_seen(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Venues that are declared as a scenario's are: a break is alerted, and nothing more."""

    def declared(*given: int) -> Script:
        made = script(*given)
        return replace(made, events=tuple(_only_alerts(event) for event in made.events))

    monkeypatch.setattr("core.simulation.play.script", declared)
    found = seen(lambda play: None, place, **OUTSIDE, faults={}, astray={"stray": 60})
    assert "not halted their venue" in found.what


def _only_alerts(event: Event) -> Event:
    if event.kind != m.Kind.VENUE:
        return event
    row = np.frombuffer(event.request, m.VENUE_EVENT, 1).copy()
    assert row["halts"] == 1
    row["halts"] = 0
    return Event(event.kind, event.session, row.tobytes())


def test_something_new_at_a_halted_venue_is_seen(place: Path) -> None:
    def plant(play: Play) -> None:
        play.checker.halt_venues([0, 1])  # which the core never heard of
        play.arming.update((0, 1))

    assert "is halted" in seen(plant, place, **OUTSIDE, faults={}).what


def test_intents_that_are_forgotten_are_seen(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that comes back and doesn't know what its predecessor has sent."""
    real = Intents.__init__

    def forgetful(self: Intents, *given: Any) -> None:
        real(self, *given)
        self.sent_through = max(self.sent_through - 2, 0)
        self.rows["seq"][self.rows["seq"] > self.sent_through] = 0

    monkeypatch.setattr(Intents, "__init__", forgetful)

    def plant(play: Play) -> None:
        def die() -> None:
            if play.firsts[0] is not None:
                play.lose(0)
                play.bring_back()

        every(play, 60, die)

    assert seen(plant, place, **OUTSIDE)


def test_venues_that_are_never_asked_are_seen(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Play, "ask_venues", lambda play: None)

    def plant(play: Play) -> None:
        for outside in play.outsides:
            outside.drop = 200

    assert "has child" in seen(plant, place, **OUTSIDE, faults={}).what


def test_a_synced_record_that_is_lost_is_seen(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk did not keep what it said that it keeps."""
    real = Play._tear
    monkeypatch.setattr(Play, "_tear", lambda play, durable: real(play, max((durable or 0) - 40, 60)))

    assert seen(
        lambda play: None, place, durability="group", matching=0, outside=2, faults={"machine_dies": 1}
    )


def test_a_disk_that_stays_full_is_seen(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Play, "room_comes", lambda play: None)

    def plant(play: Play) -> None:
        every(play, 200, play.burst)

    assert "journal" in seen(plant, place, faults={"room_ends": 1}, rates=FULL, segment_bytes=1 << 15).what


def test_a_session_that_is_asked_again_is_seen(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sequencer that comes back counts a session's requests from where its ring began."""

    def opened(play: Play, i: int) -> None:
        play.bases.pop(i, None)
        real(play, i)

    real = Play._open_requests
    monkeypatch.setattr(Play, "_open_requests", opened)
    assert seen(lambda play: None, place, faults={"worker_dies": 1}, groups=ONE, sessions=3)


def test_a_failure_is_shrunk(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Play.run

    def run(play: Play, steps: int) -> None:
        real(play, min(steps, 700))
        if steps >= 700:
            raise ValueError("planted")

    monkeypatch.setattr(Play, "run", run)
    (failure,) = run_seed(5, STEPS, place).failures
    least = shrink(failure, place)
    assert least.failure.what == failure.what
    assert 700 <= least.failure.steps < 1000
    assert not any(least.options["faults"].values())


def test_marks_missed() -> None:
    result = Result(marks=dict.fromkeys(marks.MARKS, 1) | {"redo": 0})
    assert marks.missed(result.marks) == ["redo"]


def test_options_are_the_seeds() -> None:
    assert swarm.of(3) == swarm.of(3) != swarm.of(4)
    groups = [swarm.of(seed).groups for seed in range(200)]
    assert len({len(each) for each in groups}) > 5
    assert any(("venues",) in each for each in groups)
