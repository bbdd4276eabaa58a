"""`bench throughput`: the core comes to what was counted without it, and a difference is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import cost, fed, orders, throughput
from bench.orders import MAX_QTY, Inputs, Shape, names
from bench.throughput_loop import Feed
from core import messages as m
from core.fused import Fused


def test_the_core_and_the_count_agree(tiny: Shape) -> None:
    found = throughput.run(tiny, no_journal=True)
    assert found["ok"], found["reference_equal"]
    assert found["checks"] == [
        "max_order_notional",
        "max_order_qty",
        "max_position",
        "order_rate",
        "price_collar_bps",
    ]
    assert found["accepted"] + found["denied"] == tiny.orders
    assert found["denied"] > 0
    assert found["filled"] == tiny.filled
    assert found["journal"] is None


def test_with_a_journal_every_event_is_in_it_and_it_is_removed(tiny: Shape, tmp_path: Path) -> None:
    found = throughput.run(tiny, tmp_path)
    assert found["ok"], found["reference_equal"]
    assert found["journal"]["last_sequence"] == found["events"]
    assert found["sustained_quotes_per_s"] <= found["disk_bytes_per_s"] / found["quote_record_bytes"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", ["accepted", "denied", "filled", "positions", "marks"])
def test_a_difference_is_seen(monkeypatch: pytest.MonkeyPatch, tiny: Shape, what: str) -> None:
    compare = fed.compare

    def wrong(feed: Feed, inputs: Inputs) -> dict[str, bool]:
        expected = inputs.expected
        if what == "positions":
            expected.qty[0, 0] += 1
        elif what == "marks":
            expected.marks[next(iter(expected.marks))] += 1
        else:
            setattr(expected, what, getattr(expected, what) + 1)
        return compare(feed, inputs)

    monkeypatch.setattr(throughput, "compare", wrong)
    found = throughput.run(tiny, no_journal=True)
    assert not found["ok"]
    assert [name for name, equal in found["reference_equal"].items() if not equal] == [what]


def test_each_limit_of_the_desk_is_tested(monkeypatch: pytest.MonkeyPatch, tiny: Shape) -> None:
    """Where one is nothing, every order is denied by it: none of them is passed by."""
    for check in ("max_order_notional", "price_collar_bps", "max_position", "order_rate"):
        strict = orders.limits(tiny) | {check: "1"}
        with monkeypatch.context() as patch:
            patch.setattr(orders, "limits", lambda _, strict=strict: strict)
            feed, inputs, _ = fed.opened(tiny)
        fed.run_rows(feed, inputs.orders(100))
        assert int(m.Reason[check.upper()]) in feed.core.egress.denials_by_reason(), check


def test_cost_ratio_holds_its_states_and_tells_both_sides(tiny: Shape) -> None:
    found = cost.run(tiny, pairs=3)
    assert found["ok"]
    assert (found["many"]["live"], found["many"]["symbols"]) == (500, 50)
    assert (found["few"]["live"], found["few"]["symbols"]) == (50, 2)
    assert found["rows_a_block"] == 50


def test_the_few_stay_as_many() -> None:
    shape = Shape(symbols=3, accounts=2, live=50, new=200, filled=200, quotes=1)
    side = cost.Side(shape)
    for _ in range(4):
        side.block(50)
    expected = side.inputs.expected
    assert expected.filled + expected.denied > 190
    assert feed_fills(side) == expected.filled


def feed_fills(side: cost.Side) -> int:
    return side.feed.core.egress.fills


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
    feed = Feed(Fused(fed.capacity(tiny)))
    with pytest.raises(ValueError, match="an input at 64 of a row of 100 bytes"):
        feed.run(np.zeros(100, np.uint8), 100, np.array([64], np.int64))
    assert feed.run(np.zeros(0, np.uint8), 100, np.array([0], np.int64)) == 0


def test_a_core_with_a_fault_is_not_measured(tiny: Shape) -> None:
    inputs = Inputs(tiny)
    inputs.declared(5)  # a gap: nothing came before
    feed = Feed(Fused(fed.capacity(tiny)))
    fed.run_rows(feed, inputs.orders(3))
    assert feed.inputs == 1
    assert feed.core.faults
