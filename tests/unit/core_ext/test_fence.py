"""The fence: open until a time, closed by itself after it."""

from __future__ import annotations

import mmap

import pytest

from core_ext.fence import FENCE_BYTES, Fence, boottime

HOUR_NS = 3600 * 10**9


def test_it_is_made_closed() -> None:
    assert not Fence.format(mmap.mmap(-1, FENCE_BYTES)).opened


def test_it_is_open_until_its_time_and_others_see_it() -> None:
    memory = mmap.mmap(-1, FENCE_BYTES)
    holder, reader = Fence.format(memory), Fence.attach(memory)
    holder.hold(3, boottime() + HOUR_NS)
    assert (reader.opened, reader.epoch) == (True, 3)
    holder.hold(3, boottime() - 1)
    assert not reader.opened
    holder.hold(4, boottime() + HOUR_NS)
    holder.close()
    assert (reader.opened, reader.epoch, reader.until_ns) == (False, 4, 0)


@pytest.mark.parametrize("size", [64, FENCE_BYTES])
def test_what_is_no_fence_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="not a fence"):
        Fence.attach(mmap.mmap(-1, size))


def test_it_needs_its_room() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        Fence.format(mmap.mmap(-1, 64))
