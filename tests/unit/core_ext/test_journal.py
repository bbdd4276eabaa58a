"""The journal: round trips, every byte flipped, every length cut, bounds, runs, followers."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from core_ext.journal import (
    JournalCorrupt,
    JournalGap,
    JournalReader,
    JournalTorn,
    JournalWriter,
    Place,
    info,
    segment_of,
    verify,
)

HEADER, RECORD = 128, 16


def writer(path: Path, **settings: Any) -> JournalWriter:
    chosen: dict[str, Any] = {
        "schema_version": 3,
        "build_id": b"build",
        "segment_bytes": 4096,
        "reserve_bytes": 512,
    }
    return JournalWriter(path, **(chosen | settings))


def body(seq: int) -> bytes:
    return bytes([seq % 251]) * (1 + seq * 7 % 61)


def fill(log: JournalWriter, count: int) -> None:
    for _ in range(count):
        seq = log.last_sequence + 1
        assert log.append_bytes(seq, body(seq))


def read(path: Path) -> list[tuple[int, bytes]]:
    return list(JournalReader(path))


def expected(count: int) -> list[tuple[int, bytes]]:
    return [(seq, body(seq)) for seq in range(1, count + 1)]


def crashed(path: Path, count: int, **settings: Any) -> None:
    """As a killed process leaves it: no end record, prepared zeros behind."""
    log = writer(path, **settings)
    fill(log, count)
    del log


def test_a_record_is_where_the_drawing_says(tmp_path: Path) -> None:
    with writer(tmp_path) as log:
        log.append_bytes(1, b"hello")
    raw = (tmp_path / "00000001.nacre").read_bytes()
    assert raw[:16] == b"NACRJRNL" + (1).to_bytes(4, "little") + (3).to_bytes(4, "little")
    assert raw[32:64] == b"build".ljust(32, b"\0")
    assert raw[HEADER + 4 : HEADER + 24] == b"\5\0\0\0\1\0\0\0\0\0\0\0hello\0\0\0"
    assert raw[HEADER + 28 : HEADER + 40] == b"\xff\xff\xff\xff\2\0\0\0\0\0\0\0"
    assert len(raw) == HEADER + 24 + RECORD


@given(st.lists(st.binary(min_size=1, max_size=900), max_size=40))
@settings(max_examples=25, deadline=None)
def test_what_is_appended_is_read(tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("journal")
    with writer(path) as log:
        for seq, data in enumerate(bodies, 1):
            assert log.append_bytes(seq, data)
    assert read(path) == list(enumerate(bodies, 1))
    report = verify(path)
    assert (report.ok, report.records, report.last_sequence) == (True, len(bodies), len(bodies))
    shutil.rmtree(path)


def test_a_part_is_read_from_any_record_on(tmp_path: Path) -> None:
    with writer(tmp_path) as log:
        fill(log, 200)
    firsts = [each.first_sequence for each in info(tmp_path) if each.used]
    assert len(firsts) > 2
    for seq in (1, firsts[1] - 1, firsts[1], firsts[1] + 1, 200, 201):
        number = segment_of(tmp_path, seq)
        assert number == sum(first <= seq for first in firsts)
        reader = JournalReader(tmp_path, from_segment=number)
        left = seq - firsts[number - 1]
        assert reader.skip(left) == left
        assert list(reader) == expected(200)[seq - 1 :]
    assert JournalReader(tmp_path).skip(201) == 200
    assert segment_of(tmp_path, 0) is None


def test_records_are_picked_by_a_number_in_them_and_all_are_checked(tmp_path: Path) -> None:
    bodies = [n.to_bytes(2, "little") * (1 + n % 3) for n in [0, 63, 64, 5, 65, 63, 5]]
    with writer(tmp_path) as log:
        for seq, made in enumerate([*bodies, b"\5"], 1):
            assert log.append_bytes(seq, made)
    wanted = 1 << 63 | 1 << 5
    found = list(JournalReader(tmp_path).picked(0, wanted))
    assert found == [(2, bodies[1]), (4, bodies[3]), (6, bodies[5]), (7, bodies[6])]
    segment = next(tmp_path.glob("*.nacre"))
    raw = bytearray(segment.read_bytes())
    raw[raw.index(bodies[4])] ^= 2  # of one that isn't picked
    segment.write_bytes(raw)
    with pytest.raises(JournalCorrupt):
        list(JournalReader(tmp_path).picked(0, wanted))


def test_a_body_in_two_parts_is_one_body(tmp_path: Path) -> None:
    parts = [(b"header", b"request"), (b"", b"tail"), (b"head", b""), (b"x" * 2000, b"y" * 1900)]
    with writer(tmp_path) as log:
        for seq, (a, b) in enumerate(parts, 1):
            assert log.append_bytes(seq, a, b, reserved=seq % 2 == 0)
    assert read(tmp_path) == [(seq, a + b) for seq, (a, b) in enumerate(parts, 1)]


def test_prepared_ahead_no_append_makes_a_segment(tmp_path: Path) -> None:
    with writer(tmp_path) as log:
        for _ in range(30):
            assert log.prepare()
            fill(log, 20)
        assert log.stalls == 0
    assert len(info(tmp_path)) > 5
    assert read(tmp_path) == expected(600)


def test_nobody_prepared_append_does_it_and_counts(tmp_path: Path) -> None:
    with writer(tmp_path) as log:
        fill(log, 600)
        assert log.stalls > 5
    assert read(tmp_path) == expected(600)


def test_more_retired_segments_than_wait(tmp_path: Path) -> None:
    with writer(tmp_path, reserve_bytes=0) as log:
        for seq in range(1, 101):
            assert log.append_bytes(seq, bytes([seq]) * 3900)
    assert verify(tmp_path).records == 100


def test_the_helper_prepares(tmp_path: Path) -> None:
    with writer(tmp_path, helper=True) as log:
        fill(log, 600)
    assert read(tmp_path) == expected(600)


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ (1 << at % 8)]))


def test_every_flipped_byte_of_a_closed_journal_is_found_and_placed(tmp_path: Path) -> None:
    """Only the very last record, the end record, may pass for a torn tail: it carries nothing."""
    with writer(tmp_path, reserve_bytes=0) as log:
        for seq in range(1, 10):
            log.append_bytes(seq, bytes([seq]) * 900)
    for number in (1, 2, 3):
        path = tmp_path / f"{number:08d}.nacre"
        size, last = path.stat().st_size, number == 3
        for at in range(0, size, 1 if size < 2000 else 3):
            flip(path, at)
            report = verify(tmp_path)
            assert not report.ok, (number, at)
            if last and at >= size - RECORD:
                assert report.torn_at == Place(str(path), size - RECORD)
                assert report.records == 9
            else:
                error = report.error
                assert error is not None
                assert error.path in (str(path), str(tmp_path / f"{number + 1:08d}.nacre"))
                assert f"sequence {error.sequence}" in str(error)
                assert report.records == error.sequence - 1 or error.sequence == 0
                if at >= HEADER and error.path == str(path):
                    assert error.offset <= at
            flip(path, at)
    assert verify(tmp_path).ok


def test_a_flipped_byte_with_whole_records_after_it_names_both_checksums(tmp_path: Path) -> None:
    crashed(tmp_path, 20)
    flip(tmp_path / "00000001.nacre", HEADER + RECORD)
    reader = JournalReader(tmp_path)
    with pytest.raises(
        JournalCorrupt, match=r"00000001\.nacre: offset 128: a damaged record with whole ones"
    ) as found:
        next(reader)
    assert (found.value.offset, found.value.sequence) == (HEADER, 1)
    assert found.value.crc_stored != found.value.crc_computed
    with pytest.raises(JournalCorrupt):
        next(reader)
    with pytest.raises(JournalCorrupt):
        JournalReader(tmp_path).cut()


def test_cut_anywhere_the_tail_is_torn_or_clean_and_the_rest_stays(tmp_path: Path) -> None:
    source, copy = tmp_path / "a", tmp_path / "b"
    crashed(source, 12)
    segment = source / "00000001.nacre"
    raw = segment.read_bytes()
    ends = [HEADER]
    for seq in range(1, 13):
        ends.append(ends[-1] + RECORD + (len(body(seq)) + 7) // 8 * 8)
    copy.mkdir()
    for size in range(0, ends[-1] + 1):
        (copy / segment.name).write_bytes(raw[:size])
        whole = sum(end <= size for end in ends[1:])
        reader = JournalReader(copy)
        assert [seq for seq, _ in reader] == list(range(1, whole + 1))
        torn = 0 < size < HEADER or (size >= HEADER and any(raw[max(e for e in ends if e <= size) : size]))
        assert (reader.torn_at is not None) is torn, size
        if torn and size >= HEADER:
            assert reader.torn_at == Place(str(copy / segment.name), ends[whole])


@pytest.mark.parametrize("zeroed", [True, False])
def test_a_torn_tail_is_cut_and_the_next_run_goes_on(tmp_path: Path, zeroed: bool) -> None:
    crashed(tmp_path, 12)
    path = tmp_path / "00000001.nacre"
    at = HEADER + sum(RECORD + (len(body(s)) + 7) // 8 * 8 for s in range(1, 12))
    if zeroed:  # killed between the body and the word that publishes it
        with path.open("r+b") as file:
            file.seek(at)
            file.write(bytes(8))
    else:
        os.truncate(path, at + 20)
    with pytest.raises(JournalTorn, match=f"offset {at}"):
        writer(tmp_path)
    if zeroed:
        assert JournalReader(tmp_path).cut() == Place(str(path), at)
        assert path.stat().st_size == at
    with writer(tmp_path, cut_torn=True) as log:
        assert (log.last_sequence, log.run_epoch) == (11, 2)
        fill(log, 5)
    assert read(tmp_path) == expected(16)
    assert [s.run_epoch for s in info(tmp_path)] == [1, 2]
    assert verify(tmp_path).ok


def test_runs_that_crash_again_and_again(tmp_path: Path) -> None:
    for run in range(1, 6):
        crashed(tmp_path, 70)
        assert read(tmp_path) == expected(70 * run)
        assert verify(tmp_path).ok
    assert [s.number for s in info(tmp_path) if s.used] == list(
        range(1, len([s for s in info(tmp_path) if s.used]) + 1)
    )


def test_a_crash_before_the_first_record_leaves_nothing_wrong(tmp_path: Path) -> None:
    crashed(tmp_path, 0)
    (tmp_path / "00000002.nacre").write_bytes(b"")  # killed between making and allocating the next
    assert verify(tmp_path).ok
    with writer(tmp_path) as log:
        fill(log, 3)
    assert read(tmp_path) == expected(3)


def test_a_missing_or_renamed_segment_is_named(tmp_path: Path) -> None:
    with writer(tmp_path) as log:
        fill(log, 300)
    (tmp_path / "00000002.nacre").rename(tmp_path / "aside")
    with pytest.raises(JournalGap, match="segment 2 is missing"):
        JournalReader(tmp_path)
    (tmp_path / "00000003.nacre").rename(tmp_path / "00000002.nacre")
    for number in range(4, len(info(tmp_path / "00000002.nacre")) + 6):
        (tmp_path / f"{number:08d}.nacre").unlink(missing_ok=True)
    error = verify(tmp_path).error
    assert error is not None
    assert "file name is not its number" in str(error)


def test_a_gap_between_runs_is_named(tmp_path: Path) -> None:
    crashed(tmp_path, 5)
    other = tmp_path / "other"
    for _ in range(2):
        crashed(other, 10)
    shutil.copy(other / "00000002.nacre", tmp_path / "00000002.nacre")  # begins with 11
    error = verify(tmp_path).error
    assert isinstance(error, JournalGap)
    assert error.sequence == 6
    assert "found 11" in str(error)


def test_a_lost_end_of_a_segment_within_a_run_is_corruption(tmp_path: Path) -> None:
    with writer(tmp_path) as log:
        fill(log, 300)
    path = tmp_path / "00000001.nacre"
    count = JournalReader(path).skip_to_end()
    at = HEADER + sum(RECORD + (len(body(s)) + 7) // 8 * 8 for s in range(1, count + 1))
    os.truncate(path, at)  # just the end record
    error = verify(tmp_path).error
    assert error is not None
    assert "lacks its end record" in str(error)


def test_max_bytes_denies_and_the_reserve_stays(tmp_path: Path) -> None:
    with writer(tmp_path, max_bytes=8192) as log:
        while log.append_bytes(log.last_sequence + 1, b"x" * 100):
            pass
        assert not log.has_room(100)
        assert log.last_error != 0
        denied_at, kept = log.last_sequence, 0
        while log.append_bytes(log.last_sequence + 1, b"y" * 100, reserved=True):
            kept += 1
        assert kept >= 512 // 120
        assert not log.append_bytes(log.last_sequence + 1, b"x")
    assert verify(tmp_path).last_sequence == denied_at + kept


def test_dropping_old_segments_makes_room(tmp_path: Path) -> None:
    with writer(tmp_path, max_bytes=4 * 4096) as log:
        while log.append_bytes(log.last_sequence + 1, b"x" * 100):
            pass
        assert log.drop_before(60) >= 1
        assert log.prepare()
        fill(log, 10)
        last = log.last_sequence
    report = verify(tmp_path)
    assert report.ok
    assert report.last_sequence == last
    assert 1 < report.first_sequence <= 60


def test_group_durability_counts_what_was_synced(tmp_path: Path) -> None:
    with writer(tmp_path, durability="group") as log:
        fill(log, 200)
        assert log.durable_sequence == 0
        log.sync()
        assert log.durable_sequence == 200
    with writer(tmp_path) as log:
        assert log.durable_sequence == 200
        fill(log, 1)
        assert log.durable_sequence == 201


@pytest.mark.parametrize("whole", [0, 1])
def test_a_tail_that_is_torn_before_the_last_segment_is_cut_there(tmp_path: Path, whole: int) -> None:
    """A machine that died in a sync may have kept the last segment and not the one before it.

    What a reader comes to is where the next run goes on. Seed 200012 of the simulation of a live core found a
    writer that went on behind it.
    """
    log = writer(tmp_path, durability="group")
    fill(log, 10)
    log.sync()
    log.sync()
    seq = 10
    while len([s for s in info(tmp_path) if s.used]) == 1:
        fill(log, 1)
        seq += 1
    fill(log, 3)
    del log
    at = HEADER + sum(RECORD + (len(body(s)) + 7) // 8 * 8 for s in range(1, 11 + whole))
    with (tmp_path / "00000001.nacre").open("r+b") as file:
        file.seek(at)
        file.write(bytes(8))
    assert read(tmp_path) == expected(10 + whole)
    with writer(tmp_path, durability="group", cut_torn=True) as log:
        assert log.last_sequence == 10 + whole
        fill(log, 2)
    assert read(tmp_path) == expected(12 + whole)
    assert verify(tmp_path).ok


def test_a_follower_sees_records_as_they_come(tmp_path: Path) -> None:
    with writer(tmp_path) as log:
        reader = JournalReader(tmp_path, follow=True)
        seen: list[tuple[int, bytes]] = []
        for _ in range(60):
            fill(log, 5)
            reader.refresh()
            seen += reader
        assert seen == expected(300)
        assert reader.torn_at is None


@pytest.mark.parametrize("left_out", [(1,), (2, 3), (1, 2, 4)])
def test_a_listing_may_leave_out_what_was_made_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left_out: tuple[int, ...]
) -> None:
    with writer(tmp_path) as log:
        fill(log, 600)
    whole = os.listdir(tmp_path)
    assert len(whole) > 5
    hidden = {f"{number:08d}.nacre" for number in left_out}
    monkeypatch.setattr(os, "listdir", lambda _: [name for name in whole if name not in hidden])
    assert read(tmp_path) == expected(600)
    assert [segment.number for segment in info(tmp_path)][:5] == [1, 2, 3, 4, 5]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with writer(tmp_path), pytest.raises(BlockingIOError):
        writer(tmp_path)
    with writer(tmp_path), pytest.raises(BlockingIOError):
        JournalReader(tmp_path).cut()


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"segment_bytes": 5000}, "segment_bytes 5000"),
        ({"reserve_bytes": 4000}, "reserve_bytes 4000"),
        ({"max_bytes": 1}, "max_bytes 1"),
        ({"durability": "maybe"}, "durability 'maybe'"),
        ({"build_id": b""}, "build_id has 0 bytes"),
    ],
)
def test_bad_settings_are_named(tmp_path: Path, settings: dict[str, Any], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        writer(tmp_path, **settings)


def test_a_wrong_record_is_refused(tmp_path: Path) -> None:
    with writer(tmp_path, first_sequence=100) as log:
        for seq, data in ((1, b"x"), (101, b"x"), (100, b""), (100, b"x" * 4000)):
            with pytest.raises(ValueError, match="the next sequence is 100"):
                log.append_bytes(seq, data)
        assert log.append_bytes(100, b"x")
    assert read(tmp_path) == [(100, b"x")]


def test_nothing_to_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        JournalReader(tmp_path / "none")
    assert (verify(tmp_path).records, read(tmp_path)) == (0, [])


KILLED = """
import sys
from core_ext.journal import JournalWriter
log = JournalWriter(sys.argv[1], schema_version=1, build_id=b"b", segment_bytes=1 << 16, reserve_bytes=0,
                    cut_torn=True, helper=True)
seq = log.last_sequence
print("go", flush=True)
while True:
    seq += 1
    log.append_bytes(seq, b"%d " % seq * 20)
"""


def test_killed_at_any_moment_the_next_run_goes_on(tmp_path: Path) -> None:
    last = 0
    for pause in (5000, 20000, 60000):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        while verify_floor(tmp_path) < last + pause // 100:
            pass
        process.send_signal(signal.SIGKILL)
        process.communicate()
        report = verify(tmp_path)
        assert report.error is None
        assert report.last_sequence > last
        last = report.last_sequence
    assert all(data == b"%d " % seq * 20 for seq, data in JournalReader(tmp_path))


def test_a_journal_that_is_being_written_may_be_read(tmp_path: Path) -> None:
    """Not followed: a reader may see a record that comes after one that it has just missed."""
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    reads = 0
    try:
        while verify_floor(tmp_path) < 50_000 and reads < 2000:
            newest = info(tmp_path)[-1]
            for path in (newest.path, tmp_path):
                for seq, data in JournalReader(path):
                    assert data == b"%d " % seq * 20
            reads += 1
    finally:
        process.kill()
        process.communicate()
    assert reads > 1


def verify_floor(path: Path) -> int:
    """The last sequence that surely is in the journal: the newest used segment's first."""
    return max((s.first_sequence for s in info(path) if s.used), default=0)


def resident_kib(path: Path) -> int:
    """Of a file that is mapped, as this process has it."""
    text = Path("/proc/self/smaps").read_text()
    _, _, rest = text.partition(str(path))
    return int(rest.split("Rss:", 1)[1].split()[0])


def test_a_reader_keeps_no_segment_in_memory_that_it_has_left(tmp_path: Path) -> None:
    segment = 1 << 20
    with writer(tmp_path, segment_bytes=segment) as log:
        for seq in range(1, 200):
            assert log.append_bytes(seq, bytes([seq]) * 60_000)
    used = [each for each in info(tmp_path) if each.used]
    assert len(used) > 5
    reader = JournalReader(tmp_path)
    for seq, _ in reader:
        if seq == 100:
            left = [each for each in used if each.first_sequence <= 100]
            kept = [resident_kib(Path(each.path)) for each in left]
            assert kept[:-1] == [0] * (len(left) - 1)
            assert kept[-1] > 0
    assert [resident_kib(Path(each.path)) for each in used] == [0] * len(used)
