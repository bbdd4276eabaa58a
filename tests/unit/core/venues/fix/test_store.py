"""A session's file: what it says after any death, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from core.venues.fix.store import Corrupt, DiskStore, MemoryStore

_DID = st.lists(
    st.one_of(
        st.tuples(st.just("intend"), st.binary(max_size=40)),
        st.tuples(st.just("done"), st.just(0)),
        st.tuples(st.just("expect"), st.integers(1, 1000)),
        st.tuples(st.just("reset"), st.integers(1, 1000)),
    ),
    max_size=30,
)


def state(store: DiskStore | MemoryStore) -> object:
    kept = list(store.messages(1, store.next_out))
    return store.next_out, store.next_in, store.began_ns, store.done_through, kept


def act(store: DiskStore | MemoryStore, did: list[tuple[str, object]]) -> None:
    for what, value in did:
        getattr(store, what)(store.next_out - 1 if what == "done" else value)


@settings(max_examples=60, deadline=None)
@given(did=_DID, later=_DID)
def test_opened_again_it_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, did: list[tuple[str, object]], later: list[tuple[str, object]]
) -> None:
    folder, model = tmp_path_factory.mktemp("fix"), MemoryStore(7)
    for part in (did, later):
        store = DiskStore(folder, "a", 7)
        act(store, part)
        act(model, part)
        assert state(store) == state(model)
        store.close()


def filled(folder: Path) -> bytes:
    store = DiskStore(folder, "a", 7)
    for i in range(5):
        store.intend(b"message %d" % i)
        store.done(i + 1)
        store.expect(i + 2)
    store.close()
    return (folder / "a.fix").read_bytes()


def test_a_torn_tail_is_cut_wherever_it_is_torn(tmp_path: Path) -> None:
    whole = filled(tmp_path)
    for size in range(len(whole)):
        (tmp_path / "a.fix").write_bytes(whole[:size])
        store = DiskStore(tmp_path, "a", 9)
        assert store.next_in in (store.next_out, store.next_out - 1)
        assert len(list(store.messages(1, 100))) == store.next_out - 1
        number = store.intend(b"more")
        store.close()
        again = DiskStore(tmp_path, "a", 9)
        assert dict(again.messages(number, number)) == {number: b"more"}
        again.close()


def test_a_broken_middle_is_named(tmp_path: Path) -> None:
    whole = bytearray(filled(tmp_path))
    whole[60] ^= 1
    (tmp_path / "a.fix").write_bytes(whole)
    with pytest.raises(Corrupt, match="broken"):
        DiskStore(tmp_path, "a", 9)


def test_one_process_has_it(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, "a", 7)
    with pytest.raises(BlockingIOError):
        DiskStore(tmp_path, "a", 7)
    store.close()
    DiskStore(tmp_path, "a", 7).close()


def test_what_was_intended_and_not_done_is_unknown(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, "a", 7, sync=True)
    store.intend(b"one")
    store.done(1)
    store.intend(b"two")
    store.close()
    again = DiskStore(tmp_path, "a", 7)
    assert list(again.unknown) == [2]
    again.close()


def test_the_last_stretch_stays_beside_the_new_one(tmp_path: Path) -> None:
    whole = filled(tmp_path)
    store = DiskStore(tmp_path, "a", 7)
    store.reset(11)
    store.close()
    assert (tmp_path / "a.previous").read_bytes() == whole
