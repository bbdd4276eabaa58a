"""Memory ordering: a ring and a spine between processes, every byte of every slot checked, no times."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from core_ext.region import Region
from core_ext.ring import Ring
from core_ext.spine import Spine
from core_ext.stress import ring_consume, ring_produce, spine_follow, spine_observe, spine_write

COUNT = 200_000
CHILD = """
import sys
from core_ext.region import Region
from core_ext.ring import Ring
from core_ext.spine import Spine
from core_ext.stress import *
region = Region.attach(sys.argv[1], 1)
print(eval(sys.argv[2]))
"""


def child(expression: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CHILD, "nacre-test-stress", expression]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def answer(process: "subprocess.Popen[str]") -> str:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return out.strip()


@pytest.fixture
def region() -> Iterator[Region]:
    with Region.create("nacre-test-stress", 1 << 20, 1) as made:
        yield made


@pytest.mark.parametrize(("capacity", "slot"), [(2, 64), (64, 128), (1024, 8)])
def test_ring_between_two_processes(region: Region, capacity: int, slot: int) -> None:
    ring = Ring.format(region, capacity, slot)
    consumer = child(f"ring_consume(Ring.attach(region), {COUNT})")
    assert ring_produce(ring, COUNT) == COUNT
    assert answer(consumer) == f"({COUNT}, 0)"
    assert len(ring) == 0
    del ring


def test_spine_between_three_processes_with_a_lapped_observer(region: Region) -> None:
    spine = Spine.format(region, 64, 192, 2, [0, 1])
    followers = [child(f"spine_follow(Spine.attach(region), {i}, {COUNT})") for i in (0, 1)]
    observer = child(f"spine_observe(Spine.attach(region), 0, {COUNT})")
    assert spine_write(spine, COUNT) == COUNT
    assert [answer(f) for f in followers] == [f"({COUNT}, 0)"] * 2
    good, refused, torn = eval(answer(observer))
    assert torn == 0
    assert good + refused > 0
    del spine


def test_the_checks_see_a_wrong_word() -> None:
    buffer = bytearray(Ring.bytes_needed(4, 64))
    ring = Ring.format(buffer, 4, 64)
    ring_produce(ring, 4)
    buffer[256 + 64 + 63] ^= 1
    assert ring_consume(ring, 4) == (4, 1)


def test_the_spines_checks_see_a_wrong_word() -> None:
    buffer = bytearray(Spine.bytes_needed(4, 64, 1))
    spine = Spine.format(buffer, 4, 64, 1, [])
    spine_write(spine, 4)
    buffer[-1] ^= 1  # sequence 3
    assert spine_follow(spine, 0, 4) == (4, 1)
    assert spine_observe(spine, 0, 4)[2] == 0  # looks at sequence 1 only
    spine.move_cursor(0, 6)
    assert spine_observe(spine, 0, 5)[2] == 1  # looks at sequence 3


def test_a_lost_message_ends_at_the_deadline() -> None:
    ring = Ring.format(bytearray(Ring.bytes_needed(4, 8)), 4, 8)
    assert ring_consume(ring, 1, 0.01) == (0, 0)
    assert ring_produce(ring, 5, 0.01) == 4
