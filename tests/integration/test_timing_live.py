"""Times of a live core, and what who only observes can do to it: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.live.observe import observe
from core.timing import TIMED_EVERY
from tests.integration.live_core import Client, Process


@pytest.fixture(params=["fused", "pinned"])
def core(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path, "--placement", request.param, "--wait", "sleep")
    process.start()
    yield process
    process.end()


def test_a_core_times_one_event_in_so_many(core: Process) -> None:
    client = Client(core)
    board = observe(core.socket)
    for n in range(5 * TIMED_EVERY):
        client.quote("1.10000", f"1.1{n % 9 + 1}000")
    timed = board.seq // TIMED_EVERY
    for name in ("risk", "router", "journal"):
        assert 1 <= board.timings[name].hop.count <= timed, name
        assert board.timings[name].since.count >= board.timings[name].hop.count
        assert board.timings[name].service.count >= 1
    assert board.timings["execution"].hop.count < timed, "it passes quotes by"
    times = board.timings["risk"].times(timed * TIMED_EVERY)
    assert times["sequencer"] == 0
    assert 0 < times["risk"] <= times["router"]


def test_what_an_observer_writes_is_its_own(core: Process) -> None:
    board, other = observe(core.socket), observe(core.socket)
    board.timings["risk"].hop.add(1, 1000)
    board.call(0)
    assert other.timings["risk"].hop.count < 1000
    client = Client(core)
    client.quote("1.10000", "1.10010")
    assert other.seq == core.ask("status")["seq"]
