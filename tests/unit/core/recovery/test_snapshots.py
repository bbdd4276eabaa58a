"""Snapshots: a core that goes on from one is the core that lived through everything, whatever happens to
files.
"""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from core.recovery import capacity_of, replay, snapshots
from core.recovery.replay import Replay
from core.recovery.snapshots import BadSnapshot, files, load, newest, reader_from, write
from core_ext.crc32c import crc32c
from core_ext.journal import JournalReader
from tests.unit.periphery.days import day, journaled, market, walks


class Died(Exception):
    """In place of a process's death."""


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Orders that are filled, rest and wait for quotes; timers; a derived event is under way at many
    places.
    """
    place = tmp_path_factory.mktemp("journal") / "one"
    orders = {i: [market("AA", "buy", 10 + i), market("BB", "sell", 5)] for i in range(0, 40, 2)}
    day(place, walks(40, 5), orders)
    return place


@pytest.fixture
def copy(journal: Path, tmp_path: Path) -> Path:
    place = tmp_path / "copy"
    place.mkdir()
    for file in journal.iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    return place


def played(journal: Path, until: int) -> Replay:
    made = Replay(capacity_of(journal))
    made.play(JournalReader(journal), until)
    return made


def fresh(journal: Path) -> Replay:
    return Replay(capacity_of(journal))


def events(journal: Path) -> int:
    return int(replay(journal)["events"])


def test_writing_one_copies_no_table(copy: Path) -> None:
    """Whoever writes one has no more memory for it than before, however large the state is."""
    made = played(copy, events(copy))
    write(copy, made)  # what is imported or made once is
    tracemalloc.start()
    path = write(copy, made)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert path.stat().st_size > 1 << 20
    assert most < path.stat().st_size / 8


def test_from_any_event_the_rest_comes_to_the_same_state(copy: Path) -> None:
    whole = replay(copy)
    last = whole["events"]
    for seq in {1, 10, *range(12, last, last // 5), last - 1, last}:
        for old in files(copy):
            old.unlink()
        write(copy, played(copy, seq))
        told = replay(copy, from_snapshot=True)
        assert (told["snapshot"], told["passed_over"], told["ok"]) == (seq, [], True)
        assert (told["events"], told["state_hash"]) == (last, whole["state_hash"])


def test_two_are_kept_and_the_newest_is_taken(copy: Path) -> None:
    for seq in (20, 30, 40):
        write(copy, played(copy, seq))
    assert [snapshots.head_of(path).seq for path in files(copy)] == [40, 30]
    assert newest(copy, 1 << 63, lambda: fresh(copy)).events == 40
    assert newest(copy, 39, lambda: fresh(copy)).events == 30
    assert newest(copy, 29, lambda: fresh(copy)).events == 0


@pytest.mark.parametrize("where", [0, 9, 60, 3000, 1_000_000, -40, -1])
def test_a_damaged_one_is_passed_over_and_said(copy: Path, where: int) -> None:
    write(copy, played(copy, 20))
    path = write(copy, played(copy, 30))
    raw = bytearray(path.read_bytes())
    raw[where] ^= 0x40
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="snapshot"):
        load(path, fresh(copy))
    told = replay(copy, from_snapshot=True)
    assert (told["snapshot"], len(told["passed_over"])) == (20, 1)
    assert str(path) in told["passed_over"][0]
    assert told["state_hash"] == replay(copy)["state_hash"]


def test_one_of_an_older_format_is_passed_over_and_said(copy: Path) -> None:
    path = write(copy, played(copy, 30))
    raw = b"NACRSNAP" + path.read_bytes()[8:-4]
    path.write_bytes(raw + crc32c(raw).to_bytes(4, "little"))
    told = replay(copy, from_snapshot=True)
    assert (told["snapshot"], told["ok"]) == (0, True)
    assert told["passed_over"] == [f"{path}: is no snapshot of this format"]


def test_one_whose_tables_are_not_of_its_state_is_refused(copy: Path) -> None:
    """Whole by its CRC: what lies in the core then is what the hash is of."""
    path = write(copy, played(copy, 30))
    raw = path.read_bytes()[:-4]
    told = snapshots.head_of(path).state_hash.encode()
    raw = raw.replace(told, told[::-1])
    path.write_bytes(raw + crc32c(raw).to_bytes(4, "little"))
    with pytest.raises(BadSnapshot, match="another state's hash"):
        load(path, fresh(copy))


@pytest.mark.parametrize("keep", [0, 5, 40, 4000])
def test_one_that_is_cut_off_is_passed_over(copy: Path, keep: int) -> None:
    path = write(copy, played(copy, 30))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BadSnapshot):
        load(path, fresh(copy))
    assert replay(copy, from_snapshot=True)["snapshot"] == 0


STEPS = ["begin", "part", "written", "synced", "renamed", "committed", "removed"]


@pytest.mark.parametrize("step", STEPS)
def test_a_death_at_any_step_leaves_a_good_one(copy: Path, step: str) -> None:
    write(copy, played(copy, 20))
    write(copy, played(copy, 30))

    def die(at: str) -> None:
        if at == step:
            raise Died(at)

    with pytest.raises(Died):
        write(copy, played(copy, 40), die)
    told = replay(copy, from_snapshot=True)
    is_committed = STEPS.index(step) >= STEPS.index("renamed")
    assert told["snapshot"] == (40 if is_committed else 30)
    assert told["passed_over"] == []
    assert told["state_hash"] == replay(copy)["state_hash"]
    write(copy, played(copy, 41))  # what was left lying about is in nobody's way
    assert snapshots.head_of(next(files(copy))).seq == 41


def test_one_of_events_that_the_journal_has_otherwise_is_passed_over(copy: Path, tmp_path: Path) -> None:
    """A machine that died had lost its journal's end, and went on otherwise."""
    other = tmp_path / "other"
    day(other, walks(40, 6), {})
    path = write(other, played(other, 60))
    (copy / path.name).write_bytes(path.read_bytes())
    told = replay(copy, from_snapshot=True)
    assert told["snapshot"] == 0
    assert "another event 60" in told["passed_over"][0]


def test_one_beyond_the_journals_end_is_passed_over(copy: Path, tmp_path: Path) -> None:
    last = events(copy)
    path = write(copy, played(copy, last))
    longer = tmp_path / "short"
    with journaled(longer) as run:
        from tests.unit.periphery.days import DECLARED

        run.feed(*DECLARED)
    (longer / path.name).write_bytes(path.read_bytes())
    assert replay(longer, from_snapshot=True)["snapshot"] == 0


def test_another_build_is_passed_over(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(snapshots, "build_id", lambda: b"another")
        write(copy, played(copy, 30))
    told = replay(copy, from_snapshot=True)
    assert told["snapshot"] == 0
    assert "another build" in told["passed_over"][0]


def test_it_is_laid_into_a_fresh_core_alone(copy: Path) -> None:
    path = write(copy, played(copy, 30))
    with pytest.raises(ValueError, match="lived already"):
        load(path, played(copy, 3))


def test_a_journal_is_read_from_any_event_on(copy: Path) -> None:
    last = events(copy)
    assert next(reader_from(copy, 17))[0] == 17
    assert next(reader_from(copy, last + 1), None) is None
    with pytest.raises(ValueError, match="ends before"):
        reader_from(copy, last + 9)
