"""`bench hop`: both ends saw everything, in order, and a run that went wrong says so."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from bench import hop, machine
from bench.hop_loop import BOARD_BYTES, SLOT_BYTES, Asker, answer
from core_ext.histogram import Histogram
from core_ext.region import SHM_DIRECTORY
from core_ext.spine import Spine

KEYS = ("ratio_p50", "ratio_iqr", "raw_ns", "hop_ns", "blocks", "machine", "placement", "wait")


@pytest.mark.usefixtures("two_processors")
@pytest.mark.parametrize(("wait", "slots", "lines"), [("spin", 1024, 1), ("pause", 16, 5), ("spin", 1, 2)])
def test_every_sequence_is_seen_by_both_ends(
    monkeypatch: pytest.MonkeyPatch, wait: str, slots: int, lines: int
) -> None:
    monkeypatch.setattr(hop, "LEAST_TRIPS", 1)  # whoever else runs here may take a processor
    before = os.sched_getaffinity(0)
    found = hop.run(blocks=3, block_ms=0.5, wait=wait, slots=slots, lines=lines)
    assert found["ok"], found
    assert set(KEYS) <= set(found)
    seen = found["seen"]
    assert seen["hops_asked"] == seen["hops_answered"] == seen["claimed"] > 0
    assert seen["raw_asked"] == seen["raw_answered"] > 0
    assert found["hop_ns"]["count"] <= seen["hops_asked"]
    assert found["blocks"] == 3
    assert os.sched_getaffinity(0) == before
    assert not list(Path(SHM_DIRECTORY).glob(f"*nacre-bench-hop-{os.getpid()}*"))


def test_one_processor_is_refused_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "usable", lambda: [3])
    with pytest.raises(machine.TooFewProcessors, match=r"need 2 processors, this one may use 1 \(\[3\]\)"):
        hop.run(blocks=1)


def board(slots: int = 4) -> tuple[memoryview, Spine, Asker]:
    memory = np.zeros(BOARD_BYTES + Spine.bytes_needed(slots, SLOT_BYTES, 2) + 64, np.uint8)
    start = -memory.ctypes.data % 64
    block = memoryview(memory)[start:]
    spine = Spine.format(block[BOARD_BYTES:], slots, SLOT_BYTES, 2)
    return block, spine, Asker(block, spine, np.zeros(100, np.int64), 0.05)


def test_ananswerer_that_is_told_nothing_leaves() -> None:
    block, spine, _ = board()
    assert answer(block, spine, 0.01) is False


def test_an_asker_without_an_answer_gives_up() -> None:
    _, _, asker = board()
    asker.hiccup(1000)
    assert asker.lost
    assert asker.raw(1000) == asker.hop(1000) == asker.hiccup(1000) == 0


def test_two_threads_end_a_block_at_its_room_and_keep_the_times() -> None:
    block, spine, _ = board()
    asker = Asker(block, spine, np.zeros(100, np.int64), 20)
    other = threading.Thread(target=answer, args=(block, spine, 20))
    other.start()
    counts = [asker.hop(10**10, True), asker.raw(10**10, True), asker.hop(10**10, True)]
    asker.end()
    other.join()
    assert counts == [100, 100, 100]
    seen = asker.seen()
    assert (seen["hops_answered"], seen["raw_answered"], seen["broken"], seen["wrong"]) == (200, 100, 0, 0)
    histogram = Histogram()
    asker.record(histogram, 50)
    assert histogram.count == 50


@pytest.mark.parametrize("lines", [0, 6])
def test_lines_are_those_of_header_and_request(lines: int) -> None:
    block, spine, _ = board()
    with pytest.raises(ValueError, match=f"{lines} lines; 1 to 5"):
        Asker(block, spine, np.zeros(1, np.int64), 1, lines)


def test_a_wrong_answer_is_counted() -> None:
    """The answer of sequence 1 is there before it is asked for, and is made of nothing."""
    block, spine, _ = board()
    asker = Asker(block, spine, np.zeros(1, np.int64), 0.05)
    answer_at = np.frombuffer(block, np.uint64, 1, BOARD_BYTES + 4 * 64 + SLOT_BYTES + 320)
    answer_at[0] = 1
    assert asker.hop(1000) == 1
    assert asker.wrong == 7
    assert asker.lost


@pytest.mark.parametrize(
    "wrong",
    [
        {"hops_answered": 6},
        {"claimed": 8},
        {"asker_cursor": 6},
        {"raw_answered": 4},
        {"broken": 1},
        {"wrong": 1},
    ],
)
def test_a_run_that_lost_something_is_not_ok(wrong: dict[str, int]) -> None:
    same = ("hops_asked", "hops_answered", "claimed", "asker_cursor", "answerer_cursor")
    good = dict.fromkeys(same, 7) | {"raw_asked": 5, "raw_answered": 5, "broken": 0, "wrong": 0}
    assert hop._whole(good)
    assert not hop._whole(good | wrong)
