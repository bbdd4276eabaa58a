"""The arena: tables in one block, digest, save and load, attach."""

import pytest

from core_ext.arena import Arena, ArenaFull
from core_ext.region import Region

DIRECTORY = 64 + 64 * 128


def test_tables_lie_on_cache_lines_one_after_another() -> None:
    with Region.plain(1 << 14) as region:
        arena = Arena.over(region)
        arena.add_table("a", 10, 3)[:2] = b"AA"
        arena.add_table("b", 64, 2)[:2] = b"BB"
        block = bytes(region)
        assert block[DIRECTORY : DIRECTORY + 2] == b"AA"
        assert block[DIRECTORY + 64 : DIRECTORY + 66] == b"BB"
        assert block[64:66] == b"a\0"
        assert arena.free == (1 << 14) - DIRECTORY - 64 - 128
        del arena


def test_a_second_object_finds_the_same_tables() -> None:
    for region in (Region.plain(1 << 14), Region.create("nacre-test-arena", 1 << 14, 1)):
        with region:
            one = Arena.over(region)
            one.add_table("a", 8, 4)[0] = 7
            two = Arena.attach(region)
            assert (two.table_names, two.add_table("a", 8, 4)[0]) == (["a"], 7)
            assert one.digest() == two.digest()
            with pytest.raises(ValueError, match="'a' has 4 items of 8 bytes, asked for 5 of 8"):
                two.add_table("a", 8, 5)
            del one, two


def test_the_digest_covers_items_in_use_of_state_tables() -> None:
    arena = Arena(1 << 14)
    arena.add_table("head", 8, 1)[0] = 2
    items = arena.add_table("items", 1, 10)
    derived = arena.add_table("index", 8, 4, derived=True)
    arena.count_by("items", "head")
    assert arena.used_items("items") == 2
    before = arena.digest()
    items[5] = 1
    derived[0] = 1
    assert arena.digest() == before
    items[1] = 1
    assert arena.digest() != before
    assert len(before) == 64


def test_a_wild_count_does_not_read_past_the_table() -> None:
    arena = Arena(1 << 14)
    arena.add_table("head", 8, 1)[:] = b"\xff" * 8
    arena.add_table("items", 8, 4)
    arena.count_by("items", "head")
    assert arena.used_items("items") == 4
    arena.save()


def test_load_brings_back_every_bit_and_zeroes_the_rest() -> None:
    arenas = [Arena(1 << 14) for _ in range(2)]
    for arena in arenas:
        arena.add_table("head", 8, 1)
        arena.add_table("items", 4, 8)
        arena.add_table("index", 8, 2, derived=True)
        arena.count_by("items", "head")
    first, second = arenas
    first.add_table("head", 8, 1)[0] = 3
    first.add_table("items", 4, 8)[:12] = b"abcdefghijkl"
    first.add_table("index", 8, 2)[:2] = b"zz"
    view = second.add_table("items", 4, 8)
    view[:] = b"x" * 32
    second.load(first.save())
    assert bytes(view) == b"abcdefghijkl" + bytes(20)
    assert bytes(second.add_table("index", 8, 2)[:2]) == b"zz"
    assert second.digest() == first.digest()


def test_any_flipped_byte_of_a_saved_arena_is_refused_and_nothing_changes() -> None:
    arena = Arena(1 << 14)
    arena.add_table("a", 8, 4)[:] = bytes(range(32))
    saved, digest = arena.save(), arena.digest()
    for at in range(len(saved)):
        with pytest.raises(ValueError, match="arena load"):
            arena.load(saved[:at] + bytes([saved[at] ^ 1]) + saved[at + 1 :])
        with pytest.raises(ValueError, match="arena load"):
            arena.load(saved[:at])
    assert arena.digest() == digest


def test_load_into_other_tables_is_refused_by_name() -> None:
    one, two, three = (Arena(1 << 14) for _ in range(3))
    one.add_table("a", 8, 4)
    two.add_table("b", 8, 4)
    three.add_table("a", 8, 5)
    with pytest.raises(ValueError, match=r"'a' has 4 of 4 items of 8 bytes.*no such table"):
        two.load(one.save())
    with pytest.raises(ValueError, match="here: 5 of 8 bytes"):
        three.load(one.save())
    with pytest.raises(ValueError, match="with 1 tables, here version 1 with 0"):
        Arena(1 << 14).load(one.save())


def test_full_and_misuse_are_named() -> None:
    arena = Arena(DIRECTORY + 128)
    with pytest.raises(ArenaFull, match="'a' needs 192 bytes, 128 of 8384 are free; give the arena 64 more"):
        arena.add_table("a", 129, 1)
    with pytest.raises(ValueError, match="both must be positive"):
        arena.add_table("a", 0, 1)
    with pytest.raises(ValueError, match="1 to 63"):
        arena.add_table("n" * 64, 8, 1)
    with pytest.raises(KeyError, match="no table 'q'"):
        arena.used_items("q")
    with pytest.raises(ValueError, match="less than the directory"):
        Arena(100)
    with pytest.raises(ValueError, match="no arena in this buffer"), Region.plain(1 << 14) as region:
        Arena.attach(region)
    small = Arena(Arena.bytes_needed([(8, 1)] * 65))
    for i in range(64):
        small.add_table(f"t{i}", 8, 1)
    with pytest.raises(ArenaFull, match="number 65 of 64"):
        small.add_table("t64", 8, 1)


def test_touch_changes_nothing() -> None:
    arena = Arena(1 << 14)
    arena.add_table("a", 8, 1)[0] = 5
    before = arena.save()
    arena.touch()
    assert arena.save() == before


def test_an_overwritten_directory_is_refused() -> None:
    with Region.plain(1 << 14) as region:
        arena = Arena.over(region)
        arena.add_table("a", 8, 4)
        del arena
        view = memoryview(region)
        view[64 + 64 + 16 + 3] = 1  # count of table 0
        view.release()
        with pytest.raises(ValueError, match="'a' lies outside"):
            Arena.attach(region)
