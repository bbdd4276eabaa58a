"""`bench bridge`: three real processes, and each event that was written was heard once."""

from __future__ import annotations

import pytest

from bench import bridge, bridge_ear


def test_what_was_written_was_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "BLOCK", 5)
    found = bridge.run(pairs=2, events=3000, rate=2000, seconds=0.2, wait="sleep")
    assert found["ok"], found
    assert all(found["reference_equal"].values())
    assert (found["batches"]["count"], found["open_loop"]["count"], found["open_loop"]["drops"]) == (
        3000,
        400,
        0,
    )
    assert found["hop"]["ratio_p50"] > 0


@pytest.mark.parametrize(("what", "check"), [("events", "events"), ("bid_sum", "bids"), ("gaps", "no_drops")])
def test_a_difference_is_seen(monkeypatch: pytest.MonkeyPatch, what: str, check: str) -> None:
    monkeypatch.setattr(bridge, "BLOCK", 2)
    ask = bridge.Ear.ask

    def wrong(self: bridge.Ear, words: str, count: int) -> dict[str, object]:
        found = ask(self, words, count)
        return {**found, what: found[what] + 1} if words == "end" else found

    monkeypatch.setattr(bridge.Ear, "ask", wrong)
    found = bridge.run(pairs=2, events=100, rate=1000, seconds=0.1, wait="sleep")
    assert not found["ok"]
    assert [name for name, holds in found["reference_equal"].items() if not holds] == [check]


def test_times_are_told_whole() -> None:
    import numpy as np

    told = bridge_ear.told(np.arange(1, 1001))
    assert (told["count"], told["p50_ns"], told["max_ns"]) == (1000, 500, 1000)
    assert bridge_ear.told(np.array([]))["count"] == 0
