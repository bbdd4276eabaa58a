"""The registry of counters: labels, lines, and two processes that register at once."""

import struct
import subprocess
import sys

import pytest

from core_ext.counters import Counters, CountersFull
from core_ext.region import Region


def test_counters_count_and_are_read_by_label() -> None:
    counters = Counters(4)
    counters.add("orders")
    counters.add("orders", 2)
    counters.set("depth", -5)
    assert counters.snapshot() == {"orders": 3, "depth": -5}
    assert (counters.get("orders"), counters.get("new"), counters.capacity) == (3, 0, 4)


def test_each_counter_has_a_line_of_its_own() -> None:
    buffer = bytearray(Counters.bytes_needed(2))
    counters = Counters.format(buffer, 2)
    counters.add("a", 7)
    counters.add("b", 8)
    assert struct.unpack_from("<8sII", buffer) == (b"NACRCNTR", 1, 2)
    assert struct.unpack_from("<Q2s", buffer, 64) == (2, b"a\0")
    assert [struct.unpack_from("<q", buffer, 64 * i)[0] for i in (3, 4)] == [7, 8]
    assert Counters.attach(buffer).snapshot() == {"a": 7, "b": 8}


def test_full_and_misuse_are_named() -> None:
    counters = Counters(1)
    counters.add("x" * 55)
    with pytest.raises(CountersFull, match="no room for 'y': all 1 are taken"):
        counters.add("y")
    with pytest.raises(ValueError, match="has 56 bytes; 1 to 55"):
        counters.add("x" * 56)
    with pytest.raises(ValueError, match="no registry"):
        Counters.attach(bytearray(1000))
    with pytest.raises(ValueError, match="2 counters need 320"):
        Counters.format(bytearray(319), 2)
    with pytest.raises(ValueError, match="capacity 0"):
        Counters(0)


REGISTER = """
import sys
from core_ext.counters import Counters
from core_ext.region import Region
region = Region.attach("nacre-test-counters", 1)
counters = Counters.attach(region)
for i in range(200):
    counters.add(f"{sys.argv[1]}.{i}", i)
    counters.get(f"shared.{i}")
"""


def test_processes_may_register_at_once() -> None:
    with Region.create("nacre-test-counters", Counters.bytes_needed(600), 1) as region:
        counters = Counters.format(region, 600)
        children = [subprocess.Popen([sys.executable, "-c", REGISTER, who]) for who in "ab"]
        assert [child.wait(timeout=60) for child in children] == [0, 0]
        values = counters.snapshot()
        assert len(values) == 600
        assert all(values[f"{who}.{i}"] == i for who in "ab" for i in range(200))
        del counters
