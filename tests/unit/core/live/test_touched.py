"""touch_memory: what a process of a core takes at its start is what it ever takes."""

from __future__ import annotations

import ctypes
import mmap
from importlib import import_module
from pathlib import Path

import pytest

from core.topology import LIVE_STAGES

support = import_module("tests.unit.core.live.conftest")
APART = (LIVE_STAGES[:-1], ("venues",))
KEY_BYTES = 56
CHILDREN = support.SMALL.orders + support.SMALL.more_children


def resident(view: memoryview) -> list[bool]:
    """Of each page that the memory lies on, whether the machine has given it."""
    at = ctypes.addressof(ctypes.c_char.from_buffer(view))
    first = at - at % mmap.PAGESIZE
    pages = -(-(at + len(view) - first) // mmap.PAGESIZE)
    found = (ctypes.c_ubyte * pages)()
    libc = ctypes.CDLL(None, use_errno=True)
    size = ctypes.c_size_t(pages * mmap.PAGESIZE)
    assert libc.mincore(ctypes.c_void_p(first), size, found) == 0, ctypes.get_errno()
    return [bool(page & 1) for page in found]


@pytest.mark.parametrize("touch", [False, True])
def test_venues_take_no_memory_with_orders(tmp_path: Path, touch: bool) -> None:
    """What they keep of each order, to see one that comes twice, has its place before the first."""
    bench = support.Bench(tmp_path, *APART, touch=touch)
    keys = bench.chain.stage("venues").arena.add_table("venues.seen.keys", KEY_BYTES, CHILDREN)
    before = resident(keys)
    assert all(before) == touch
    bench.sit(0, "s")
    for i in range(300):
        bench.order(0, f"o{i}", price=900)
        bench.run()
    assert bench.board.counts()["venue_messages"] == 300
    assert (resident(keys) == before) == touch
    keys.release()
    bench.chain.close()
