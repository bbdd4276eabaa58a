"""`bench client`: a whole core, a real client, and a final state that is counted apart from both."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench import client, machine
from bench.desk_core import CoreFailed, desk_core
from core_ext.region import SHM_DIRECTORY
from periphery.client import NoAnswer, connect

KEYS = {"raw_rtt_ns", "submit_to_ack_ns", "submit_ns", "decode_ns", "machine", "placement", "wait"}


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks count whatever runs beside them, and tables are small."""
    monkeypatch.setattr(client, "LEAST_TRIPS", 0)
    monkeypatch.setattr(client, "MOST_ORDERS", 1 << 14)


@pytest.mark.usefixtures("two_processors", "tiny")
def test_the_core_comes_to_what_was_counted(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0), signal.getsignal(signal.SIGTERM)
    found = client.run(blocks=2, block_ms=2.0, journal=tmp_path)
    assert found["ok"], found
    assert set(found) > KEYS
    assert all(found["reference_equal"].values())
    assert len(found["reference_equal"]) == 12
    assert found["blocks"] == 2
    counts = found["counts"]
    assert counts["orders"] == counts["fills"] + counts["cancels"] > 4 * client.WARM_ORDERS
    assert found["submit_to_ack_ns"]["count"] == found["submit_ns"]["count"] > 0
    assert found["raw_rtt_ns"]["count"] > 0
    assert not list(tmp_path.iterdir())
    assert not list(Path(SHM_DIRECTORY).glob(f"*nacre-bench-client-{os.getpid()}*"))
    assert (os.sched_getaffinity(0), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.usefixtures("two_processors", "tiny")
@pytest.mark.parametrize(
    ("what", "checks"),
    [
        ("bought", ["position"]),
        ("cancels", ["requests", "sends", "journaled_cancels", "journaled_cancelled"]),
    ],
)
def test_a_difference_is_seen(monkeypatch: pytest.MonkeyPatch, what: str, checks: list[str]) -> None:
    measure = client.Pair.measure

    def wrong(self: client.Pair, into: client.Blocks, pairs: int) -> client.Blocks:
        done = measure(self, into, pairs)
        self._trader.counts[what] += 1
        return done

    monkeypatch.setattr(client.Pair, "measure", wrong)
    found = client.run(blocks=1, block_ms=0.5)
    assert not found["ok"]
    assert [name for name, equal in found["reference_equal"].items() if not equal] == checks


def test_one_processor_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "usable", lambda: [3])
    with pytest.raises(machine.TooFewProcessors):
        client.run(blocks=1)


def test_another_answer_than_must_come_ends_it() -> None:
    trader = client.Trader.__new__(client.Trader)
    trader.counts = Counter()
    with pytest.raises(client.Lost, match="new of x was to come, not None"):
        trader._expect(None, "x", "new")


def test_a_core_is_stopped_and_resumed_whole_and_leaves_nothing(tmp_path: Path) -> None:
    with desk_core(None, client.DECLARED, {"orders": 64}, "sleep", tmp_path) as core:
        core.pause()
        with pytest.raises(NoAnswer):
            connect(core.socket, timeout=0.1)
        core.resume()
        connect(core.socket).close()
        told = core.stop()
        assert told["journal"] == str(core.journal)
        pid = core.pid
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not list(tmp_path.iterdir())


def test_a_core_that_does_not_start_says_why(tmp_path: Path) -> None:
    nonsense: list[dict[str, Any]] = [{"type": "venue", "venue": "V", "mode": "match", "symbols": ["NONE"]}]
    with pytest.raises(CoreFailed, match="NONE"), desk_core(None, nonsense, {}, "sleep", tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_a_core_that_was_killed_is_not_waited_for(tmp_path: Path) -> None:
    with desk_core(None, client.DECLARED, {"orders": 64}, "sleep", tmp_path) as core:
        os.kill(core.pid, signal.SIGKILL)
        with pytest.raises(CoreFailed, match="the core has ended"):
            core.pause()
        with pytest.raises(CoreFailed, match="the core ended with -9"):
            core.stop()
