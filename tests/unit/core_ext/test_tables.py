"""IdTable and Map64 against dict, and what happens when they are full."""

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core_ext.arena import Arena, ArenaFull
from core_ext.tables import IdTable, Map64

TEXTS = st.text(st.characters(codec="ascii"), max_size=39) | st.sampled_from(["a", "b", "c", "", "\0", "a\0"])
KEYS = st.integers(0, 2**64 - 1) | st.integers(0, 40)


class TablesAgainstDict(RuleBasedStateMachine):
    """Both tables in one arena, saved, loaded and attached in between."""

    @initialize(capacity=st.integers(1, 24), seed=st.integers(0, 2**64 - 1))
    def make(self, capacity: int, seed: int) -> None:
        self.capacity, self.seed = capacity, seed
        self.arena = Arena(1 << 16)
        self.open()
        self.texts: dict[str, int] = {}
        self.values: dict[int, int] = {}

    def open(self) -> None:
        self.ids = IdTable(self.arena, "ids", self.capacity, seed=self.seed)
        self.map = Map64(self.arena, "map", self.capacity, seed=self.seed)

    @rule(text=TEXTS)
    def add(self, text: str) -> None:
        if text not in self.texts and len(self.texts) < self.capacity:
            self.texts[text] = len(self.texts)
        assert self.ids.add(text) == self.texts.get(text)

    @rule(text=TEXTS)
    def get(self, text: str) -> None:
        assert self.ids.get(text) == self.texts.get(text)

    @rule(key=KEYS, value=st.integers(0, 2**32 - 2))
    def set(self, key: int, value: int) -> None:
        room = key in self.values or len(self.values) < self.capacity
        assert self.map.set(key, value) is room
        if room:
            self.values[key] = value

    @rule(key=KEYS)
    def discard(self, key: int) -> None:
        assert self.map.discard(key) is (self.values.pop(key, None) is not None)

    @precondition(lambda self: bool(getattr(self, "values", None)))
    @rule(data=st.data())
    def discard_one_that_is_there(self, data: st.DataObject) -> None:
        self.discard(data.draw(st.sampled_from(sorted(self.values))))

    @rule()
    def save_and_load(self) -> None:
        saved, digest = self.arena.save(), self.arena.digest()
        self.arena = Arena(1 << 16)
        self.open()
        self.arena.load(saved)
        assert self.arena.digest() == digest

    @invariant()
    def agree(self) -> None:
        if hasattr(self, "values"):
            assert len(self.ids) == len(self.texts)
            assert len(self.map) == len(self.values)
            assert {t: self.ids.get(t) for t in self.texts} == self.texts
            assert [self.ids.text(i) for i in range(len(self.ids))] == list(self.texts)
            assert {k: self.map.get(k) for k in self.values} == self.values


TablesAgainstDict.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestTablesAgainstDict = TablesAgainstDict.TestCase


@given(st.lists(st.integers(0, 15), min_size=1, max_size=60), st.integers(0, 2**64 - 1))
def test_removal_in_a_crowded_map(keys: list[int], seed: int) -> None:
    """Capacity 8 in 16 slots: runs form, wrap round the end, and are pulled back."""
    table, model = Map64(Arena(1 << 14), "m", 8, seed=seed), dict[int, int]()
    for key in keys:
        if key in model:
            assert table.discard(key)
            del model[key]
        elif table.set(key, key * 10):
            model[key] = key * 10
        assert [table.get(k) for k in range(16)] == [model.get(k) for k in range(16)]


def test_full_is_an_answer() -> None:
    arena = Arena(1 << 14)
    ids, table = IdTable(arena, "ids", 2), Map64(arena, "map", 2)
    assert [ids.add(t) for t in ("x", "y", "z", "x")] == [0, 1, None, 0]
    assert [table.set(k, 1) for k in (1, 2, 3, 1)] == [True, True, False, True]
    assert not table.set(1, 0xFFFFFFFF)
    ids.clear()
    table.clear()
    assert (ids.add("z"), ids.get("x"), len(table), table.get(1)) == (0, None, 0, None)


def test_other_key_widths() -> None:
    arena = Arena(1 << 14)
    for width in (8, 24, 56, 256):
        ids = IdTable(arena, f"w{width}", 4, key_size=width)
        longest = "k" * min(width - 1, 255)
        assert (ids.add(longest), ids.get(longest), ids.text(0)) == (0, 0, longest)
        with pytest.raises(ValueError, match="shorten it"):
            ids.add(longest + "k")


def test_one_seed_gives_one_layout() -> None:
    arenas = [Arena(1 << 14) for _ in range(3)]
    for arena, seed in zip(arenas, (1, 1, 2), strict=True):
        table = Map64(arena, "m", 100, seed=seed)
        for key in range(100):
            table.set(key, key)
    digests = [arena.digest() for arena in arenas]
    assert digests[0] == digests[1] != digests[2]


def test_a_derived_map_is_not_in_the_digest() -> None:
    arena = Arena(1 << 14)
    table = Map64(arena, "m", 4, derived=True)
    before = arena.digest()
    table.set(1, 1)
    assert arena.digest() == before


def test_misuse_is_named() -> None:
    arena = Arena(1 << 14)
    IdTable(arena, "ids", 4, seed=1)
    with pytest.raises(ValueError, match="'ids': made for 4 keys of 40 bytes with seed 1"):
        IdTable(arena, "ids", 4, seed=2)
    with pytest.raises(ValueError, match="capacity 0"):
        Map64(arena, "m", 0)
    with pytest.raises(ValueError, match="key size 41"):
        IdTable(arena, "k", 4, key_size=41)
    with pytest.raises(IndexError, match="index 0 of 0"):
        IdTable(arena, "ids", 4, seed=1).text(0)
    with pytest.raises(ArenaFull, match=r"'big\.keys' needs 40000 bytes"):
        IdTable(arena, "big", 1000)


def test_bytes_needed_is_what_is_taken() -> None:
    arena = Arena(1 << 16)
    before = arena.free
    IdTable(arena, "ids", 100)
    assert before - arena.free == IdTable.bytes_needed(100)
    before = arena.free
    Map64(arena, "map", 100)
    assert before - arena.free == Map64.bytes_needed(100)


def test_records_leave_room_beside_each_key() -> None:
    arena = Arena(1 << 20)
    table = IdTable(arena, "t", 8, record_size=64)
    beside = arena.add_table("t.keys", 64, 8)
    assert [table.add("one"), table.add("two")] == [0, 1]
    beside[64 + 40 : 128] = bytes(range(24))
    assert [table.text(i) for i in range(2)] == ["one", "two"]
    assert [table.get("one"), table.get("two"), table.get("three")] == [0, 1, None]
    assert bytes(beside[64 + 40 : 128]) == bytes(range(24))
    table.clear()
    assert not any(beside)
    assert IdTable.bytes_needed(8, 40, 64) - IdTable.bytes_needed(8) == 8 * 64 - 8 * 40
    for size in (32, 44):
        with pytest.raises(ValueError, match=f"record size {size}"):
            IdTable(arena, "u", 8, record_size=size)


def test_an_index_that_spreads_finds_every_key_also_after_a_load() -> None:
    """Beyond 262,144 keys the index has doubled; one that was saved before is loaded over one after it."""
    count = 270_000
    arena, other = Arena(1 << 26), Arena(1 << 26)
    table, same = IdTable(arena, "t", 1 << 19, key_size=8), IdTable(other, "t", 1 << 19, key_size=8)
    for i in range(count):
        assert table.add(str(i)) == i
    assert all(table.get(str(i)) == i for i in range(count))
    assert (table.get("x"), table.add("7"), len(table)) == (None, 7, count)
    same.add("first")
    few = other.save()
    other.load(arena.save())
    assert all(same.get(str(i)) == i for i in range(count))
    arena.load(few)
    assert (table.get("first"), table.get("7"), table.add("7")) == (0, None, 1)
    assert arena.digest() != other.digest()
