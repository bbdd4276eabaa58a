"""Memory of this process: zeroed, whoever had it before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core_ext import memory
from core_ext.arena import Arena
from core_ext.memory import Memory
from core_ext.region import Region

SIZE = 40 * 4096 + 100


@pytest.fixture
def keeping() -> Iterator[None]:
    memory.keep(True)
    yield
    memory.keep(False)


def test_it_is_a_writable_buffer_of_zeros() -> None:
    found = Memory(SIZE)
    view = memoryview(found)
    assert (found.size, view.nbytes, view.readonly) == (SIZE, SIZE, False)
    assert bytes(view) == bytes(SIZE)
    with pytest.raises(ValueError, match="0 bytes"):
        Memory(0)


def test_nothing_is_kept_unless_it_is_asked_for() -> None:
    del (found := [Memory(SIZE)])[:]
    assert (found, memory.kept()) == ([], 0)


@pytest.mark.usefixtures("keeping")
@pytest.mark.parametrize("touched", [[], [0], [3 * 4096], [0, 1, 5 * 4096, SIZE - 1], range(0, SIZE, 512)])
def test_what_is_kept_is_zeros_again(touched: list[int]) -> None:
    first = Memory(SIZE)
    view = memoryview(first)
    for at in touched:
        view[at] = 7
    view.release()
    del first
    assert memory.kept() == 1
    again = Memory(SIZE)
    assert memory.kept() == 0
    assert bytes(memoryview(again)) == bytes(SIZE)


@pytest.mark.usefixtures("keeping")
def test_another_size_is_no_use_and_who_is_held_is_not_given_away() -> None:
    view = memoryview(Memory(SIZE))
    assert memory.kept() == 0  # the view holds it
    view.release()
    assert memory.kept() == 1
    Memory(3 * SIZE)
    assert memory.kept() == 2


def test_turned_off_all_of_it_goes_back() -> None:
    memory.keep(True)
    Memory(SIZE)
    memory.keep(False)
    assert memory.kept() == 0


@pytest.mark.parametrize("filled", [0, 1, 4096, 5 * 4096 + 3, 30 * 4096])
def test_an_arena_of_its_own_loads_as_one_in_shared_memory(filled: int) -> None:
    """Over what was there before; a page of zeros in what is loaded is zeros too."""
    saved = Arena(1 << 20)
    content = saved.add_table("t", 1, 30 * 4096)
    content[:filled] = b"\x05" * filled
    content[4096:12288] = bytes(8192)
    with Region.plain(1 << 20) as region:
        for arena in (Arena(1 << 20), Arena.over(region)):
            table = arena.add_table("t", 1, 30 * 4096)
            table[:] = b"\x09" * len(table)
            arena.load(saved.save())
            assert bytes(table) == bytes(content)
            assert arena.digest() == saved.digest()
            del arena, table
