"""A journal gives the state again, bit for bit; what differs, is missing or doubled is named."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.build import SCHEMA_VERSION, build_id
from core.errors import CoreFault, DoubledSend, JournalFull, SourceGap
from core.recovery import capacity_of, replay, verify
from core.recovery.replay import Replay
from core_ext.journal import JournalReader, JournalWriter
from tests.support import SMALL, Run, declared, order, quote

ROOMY = dataclasses.replace(SMALL, loopback=4096)  # what 24 events may derive


def writer(path: Path, **made: Any) -> JournalWriter:
    return JournalWriter(path, schema_version=SCHEMA_VERSION, build_id=build_id(), **made)


def busy_day(run: Run, orders: int = 40) -> None:
    """Routed and direct orders, fills, cancels, a timer, a kill."""
    for i in range(orders):
        at = (i + 1) * 1000
        run.feed(quote(at=at), quote("MANU", "99.99", "100.01", "30"))
        run.feed(order(f"o{i}", "buy" if i % 3 else "sell", "70"))
        run.feed(order(f"g{i}", ord_type="limit", price="99.00", time_in_force="gtd", expire_at=at + 1500))
        run.feed(order(f"d{i}", ord_type="limit", price="99.50", venue="MANU"))
        run.feed({"type": "cancel", "orig_cl_ord_id": f"d{i}", "cl_ord_id": f"c{i}"})
    run.feed({"type": "kill", "scope": "all", "by": "desk"})


def recorded_day(path: Path, **made: Any) -> Run:
    with writer(path) as journal:
        run = declared(journal=journal, **made)
        busy_day(run)
    return run


def test_the_journal_alone_gives_the_same_state(tmp_path: Path) -> None:
    run = recorded_day(tmp_path)
    assert verify(tmp_path)["ok"]
    again = replay(tmp_path)
    assert again["ok"], again
    assert again["derived"] > 100
    assert again["state_hash"] == run.state_hash
    assert capacity_of(tmp_path) == SMALL


def test_inputs_that_go_through_the_stages_together_give_the_same_state(tmp_path: Path) -> None:
    """The market, which fills what rests, with a timer and derived events between."""
    with writer(tmp_path) as journal:
        run = declared(capacity=ROOMY, journal=journal)
        busy_day(run, 10)
        for i in range(60):
            bid, ask = (f"{98 + i % 3}.{side}" for side in ("98", "99"))
            run.feed(quote("MANU", bid, ask, "30", at=20_000 + i), quote(bid=bid, ask=ask))
    again = replay(tmp_path)
    assert again["ok"], again
    assert again["state_hash"] == run.state_hash
    pages: list[bytes] = []
    told = Replay(ROOMY)
    told.on_page = pages.append  # one by one
    told.play(JournalReader(tmp_path))
    assert told.core.state_hash() == run.state_hash
    assert len(pages) == again["events"]


def test_the_same_lines_give_the_same_state_with_and_without_a_journal(tmp_path: Path) -> None:
    run = declared()
    busy_day(run)
    assert run.state_hash == recorded_day(tmp_path).state_hash


@pytest.mark.parametrize("engine", ["risk", "orders", "router"])
def test_a_planted_nondeterminism_is_named(tmp_path: Path, engine: str) -> None:
    with writer(tmp_path) as journal:
        run = declared(journal=journal)
        getattr(run.recorded.core, engine).emitter.plant(1, 1 | time.monotonic_ns() & 0xFF)
        with contextlib.suppress(CoreFault):  # the run itself may stop on it, or go on with what it says
            busy_day(run, 5)
    again = replay(tmp_path)
    assert not again["ok"]
    assert again["problem"].startswith(f"Nondeterminism: engine {engine} derived something else")


def test_a_state_that_differs_shows_in_the_hash() -> None:
    one, two = declared(), declared()
    one.feed(quote())
    two.feed(quote(qty="101"))
    assert one.state_hash != two.state_hash


def test_what_a_crash_cut_off_is_derived_and_sequenced(tmp_path: Path) -> None:
    """The journal ends after an order whose slices were never recorded."""
    whole = tmp_path / "whole"
    cut = tmp_path / "cut"
    with writer(whole) as journal:
        run = declared(journal=journal)
        run.feed(quote(), order("a"))
    hashes = run.state_hash
    records = list(JournalReader(whole))
    last_input = max(i for i, (_, body) in enumerate(records) if header_kind(body) == m.Kind.ORDER)
    with writer(cut) as journal:
        for sequence, body in records[: last_input + 1]:
            assert journal.append_bytes(sequence, body)
    played = Replay(SMALL)
    played.play(JournalReader(cut))
    assert played.completed == 1  # the slice; the venue's answers are inputs, and come from the venue
    assert hashes != played.core.state_hash()


def header_kind(body: bytes) -> int:
    return int(np.frombuffer(body, m.HEADER, 1)[0]["kind"])


def test_a_dropped_report_is_named() -> None:
    run = declared(drop_report=2)
    with pytest.raises(SourceGap, match=r"source 64: input 2 is missing, 3 came"):
        busy_day(run, 5)


def test_inputs_before_one_that_is_refused_count(tmp_path: Path) -> None:
    """They go through the stages together, and the one after them doesn't come there."""
    with writer(tmp_path / "good") as journal:
        run = declared(capacity=ROOMY, journal=journal)
        run.feed(*(quote(at=1000 + i) for i in range(40)))
    records = list(JournalReader(tmp_path / "good"))
    last = len(records) - 1  # of the quotes the last but one
    with writer(tmp_path / "bad") as journal:
        for seq, body in records:
            header = np.frombuffer(body, m.HEADER, 1).copy()
            header["source_seq"] += seq == last
            assert journal.append_bytes(seq, header.tobytes() + body[m.HEADER.itemsize :])
    told = replay(tmp_path / "bad")
    assert told["problem"].startswith("SourceGap")
    assert told["events"] == last - 1
    before = Replay(capacity_of(tmp_path / "good"))
    before.play(JournalReader(tmp_path / "good"), last - 1)
    assert told["state_hash"] == before.core.state_hash()


def test_a_doubled_send_is_named() -> None:
    run = declared(double_send=3)
    with pytest.raises(DoubledSend, match="came again"):
        busy_day(run, 5)
    assert run.recorded.gateway.sent == 3


def test_a_full_journal_denies_new_orders_and_lets_cancels_and_reports_through(tmp_path: Path) -> None:
    segment = 1 << 16
    made = {"segment_bytes": segment, "max_bytes": segment, "reserve_bytes": segment // 2}
    with writer(tmp_path, **made) as journal:
        run = declared(journal=journal)
        run.feed(quote("MANU"), order("first", ord_type="limit", price="99.00", venue="MANU"))
        reason, fed = "", 0
        while not reason:
            out = run.feed(order(f"o{fed}", ord_type="limit", price="99.00", venue="MANU", qty="1"))
            reason = out[0].get("reason", "")
            fed += 1
        assert reason == "journal_full"
        assert 10 < fed < 1000
        out = run.feed({"type": "cancel", "orig_cl_ord_id": "first", "cl_ord_id": "stop"})
        assert [line["type"] for line in out] == ["order", "send"]
        out = run.feed({"type": "report", "venue": "MANU", "child_id": "first.1", "exec_type": "canceled"})
        assert out[1]["ord_status"] == "canceled"
        live = run.state_hash
    assert verify(tmp_path)["ok"]
    assert replay(tmp_path)["state_hash"] == live


def test_a_journal_without_even_its_reserve_stops_the_core_by_name(tmp_path: Path) -> None:
    segment = 1 << 16
    made = {"segment_bytes": segment, "max_bytes": segment, "reserve_bytes": 4096}
    with writer(tmp_path, **made) as journal:
        run = declared(journal=journal)
        many = [quote(qty=str(i + 1)) for i in range(2000)]
        with pytest.raises(JournalFull, match="raise max_bytes"):
            run.feed(*many)
        last = run.recorded.core.sequencer.seq
    assert verify(tmp_path)["last_sequence"] == last - 1  # all before it is there


def test_a_flipped_byte_and_a_torn_tail_are_named(tmp_path: Path) -> None:
    recorded_day(tmp_path)
    segment = next(tmp_path.glob("*.nacre"))
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    found = verify(tmp_path)
    assert not found["ok"]
    assert found["problems"][0]["file"] == str(segment)
    assert 0 < found["problems"][0]["offset"] <= len(data) // 2


def test_a_journal_of_something_else_is_refused(tmp_path: Path) -> None:
    with writer(tmp_path) as journal:
        journal.append_bytes(1, bytes(m.HEADER.itemsize))
    with pytest.raises(ValueError, match="configuration event"):
        replay(tmp_path)


FULL: list[tuple[dict[str, int], str]] = [({"orders": 4}, "table_full"), ({"ids": 4}, "table_full")]


@pytest.mark.parametrize(("bound", "reason"), FULL)
def test_a_full_table_denies_new_orders_and_nothing_else(bound: dict[str, int], reason: str) -> None:
    run = declared(capacity=dataclasses.replace(SMALL, **bound))
    run.feed(quote("MANU"))
    printed = [run.feed(order(f"o{i}", ord_type="limit", price="99.00", venue="MANU"))[0] for i in range(6)]
    assert [line["type"] for line in printed] == ["order"] * 4 + ["deny"] * 2
    assert printed[-1]["reason"] == reason
    out = run.feed({"type": "report", "venue": "MANU", "child_id": "o0.1", "exec_type": "new"})
    assert out[0]["ord_status"] == "new"
