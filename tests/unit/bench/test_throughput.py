"""`bench throughput`: the core comes to what was counted without it, and a difference is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import throughput
from bench.orders import MAX_QTY, Inputs, Shape, names
from bench.throughput_loop import Feed
from core.fused import Fused


def test_the_core_and_the_count_agree(tiny: Shape) -> None:
    found = throughput.run(tiny)
    assert found["ok"], found["reference_equal"]
    assert found["accepted"] + found["denied"] == tiny.orders
    assert found["denied"] > 0
    assert found["filled"] == tiny.filled
    assert found["journal"] is None


def test_with_a_journal_every_event_is_in_it_and_it_is_removed(tiny: Shape, tmp_path: Path) -> None:
    found = throughput.run(tiny, tmp_path)
    assert found["ok"], found["reference_equal"]
    assert found["journal"]["last_sequence"] == found["events"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", ["accepted", "denied", "filled", "positions", "marks"])
def test_a_difference_is_seen(monkeypatch: pytest.MonkeyPatch, tiny: Shape, what: str) -> None:
    compare = throughput._compare

    def wrong(feed: Feed, inputs: Inputs) -> dict[str, bool]:
        expected = inputs.expected
        if what == "positions":
            expected.qty[0, 0] += 1
        elif what == "marks":
            expected.marks[next(iter(expected.marks))] += 1
        else:
            setattr(expected, what, getattr(expected, what) + 1)
        return compare(feed, inputs)

    monkeypatch.setattr(throughput, "_compare", wrong)
    found = throughput.run(tiny)
    assert not found["ok"]
    assert [name for name, equal in found["reference_equal"].items() if not equal] == [what]


def test_orders_follow_the_shape(tiny: Shape) -> None:
    inputs = Inputs(tiny)
    inputs.declared(9)
    rows = inputs.orders(1000)
    request = rows["request"]
    assert rows["source_seq"].tolist() == list(range(10, 1010))
    assert len({bytes(name) for name in request["cl_ord_id"]}) == 1000
    assert set(request["account"].tolist()) == {0, 1}
    counts = np.bincount(request["symbol"], minlength=tiny.symbols)
    assert counts[0] > counts[-1] > 0
    assert 0 < np.count_nonzero(request["qty"] > MAX_QTY) <= 10 * tiny.orders // 100


def test_no_order_is_filled_twice(tiny: Shape) -> None:
    inputs = Inputs(tiny)
    inputs.declared(1)
    rows = inputs.filled(tiny.filled, inputs.orders(tiny.live))
    assert len({bytes(name) for name in rows["trade"]["request"]["child_id"]}) == tiny.filled
    with pytest.raises(ValueError, match="ask for more live orders"):
        inputs.filled(100, inputs.orders(10))


def test_names_are_length_and_text() -> None:
    (name,) = names(b"C", np.array([123]), 56, b".1")
    assert bytes(name) == b"\x0cC000000123.1".ljust(56, b"\0")


def test_an_input_beyond_its_row_is_refused(tiny: Shape) -> None:
    feed = Feed(Fused(throughput.capacity(tiny)))
    with pytest.raises(ValueError, match="an input at 64 of a row of 100 bytes"):
        feed.run(np.zeros(100, np.uint8), 100, np.array([64], np.int64))
    assert feed.run(np.zeros(0, np.uint8), 100, np.array([0], np.int64)) == 0


def test_a_core_with_a_fault_is_not_measured(tiny: Shape) -> None:
    inputs = Inputs(tiny)
    inputs.declared(5)  # a gap: nothing came before
    feed = Feed(Fused(throughput.capacity(tiny)))
    throughput._run(feed, inputs.orders(3))
    assert feed.inputs == 1
    assert feed.core.faults
