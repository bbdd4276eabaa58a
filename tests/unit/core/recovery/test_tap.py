"""The tap: a journal's events as rows, also while it is being written."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core import messages as m
from core.build import SCHEMA_VERSION, build_id
from core.recovery.journal import capacity_of
from core.recovery.replay import Replay
from core.recovery.tap import Tap
from core_ext.journal import JournalReader, JournalWriter
from tests.support import declared, order, quote

KINDS = 64
ROW = m.HEADER.itemsize + m.REQUEST_SIZE
QUOTES, REST, BOOKED = 0, 1, 2
TOPIC_OF = bytes(QUOTES if kind == m.Kind.QUOTE else REST for kind in range(KINDS))
SIZES = (ROW, m.PAGE_SIZE, m.PAGE_SIZE)
PATIENCE_S = 90.0
COUNT = 200_000


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    with JournalWriter(tmp_path / "j", schema_version=SCHEMA_VERSION, build_id=build_id()) as writer:
        run = declared(journal=writer)
        for i in range(20):
            run.feed(quote(bid=f"{90 + i}.00", at=i + 1), order(f"o{i}", qty="1"))
    return tmp_path / "j"


def tap(journal: Path, most: int = 1000) -> Tap:
    return Tap(capacity_of(journal), TOPIC_OF, BOOKED, SIZES, most)


def played(journal: Path) -> list[bytes]:
    found: list[bytes] = []
    replay = Replay(capacity_of(journal))
    replay.on_page = found.append
    replay.play(JournalReader(journal))
    return found


@pytest.mark.parametrize("most", [1, 7, 1000])
def test_rows_are_the_pages_of_a_replay(journal: Path, most: int) -> None:
    tapped, reader = tap(journal, most), JournalReader(journal, follow=True)
    found: list[bytes] = [b""] * 3
    while tapped.poll(reader):
        taken = tapped.take()
        found = [before + taken.get(topic, b"") for topic, before in enumerate(found)]
    whole = played(journal)
    kinds = [page[40] for page in whole]
    assert found[QUOTES] == b"".join(
        page[: 64 + m.QUOTE_EVENT.itemsize].ljust(ROW, b"\0") for page in whole if page[40] == m.Kind.QUOTE
    )
    booked = np.frombuffer(found[BOOKED], m.PAGE)
    assert (booked["header"]["kind"] == m.Kind.REPORT).all()
    assert (booked["booking"]["qty"] == np.arange(1, 21)).all()
    assert len(found[REST]) // m.PAGE_SIZE == len(whole) - len(booked) - kinds.count(m.Kind.QUOTE)
    assert (tapped.through, tapped.time_ns) == (
        len(whole),
        int(np.frombuffer(whole[-1], m.HEADER, 1)["time_ns"][0]),
    )
    assert tapped.record() == whole[-1][: 64 + int.from_bytes(whole[-1][42:44], "little")]


def test_it_stops_where_it_is_told_and_may_leave_no_rows(journal: Path) -> None:
    tapped, reader = tap(journal), JournalReader(journal, follow=True)
    assert tapped.poll(reader, 10, rows=False) == 10
    assert tapped.take() == {}
    assert tapped.poll(reader, 12) == 2
    with pytest.raises(ValueError, match="take them first"):
        tapped.poll(reader)


def test_skimming_lives_through_nothing(journal: Path) -> None:
    tapped, reader = tap(journal), JournalReader(journal, follow=True)
    assert tapped.skim(reader, 15) == 15
    taken = tapped.take()
    assert (taken.keys(), tapped.events) == ({QUOTES}, 0)
    assert len(taken[QUOTES]) == ROW * sum(page[40] == m.Kind.QUOTE for page in played(journal)[:15])
    assert tapped.record() == played(journal)[14][: 64 + int.from_bytes(played(journal)[14][42:44], "little")]


def test_what_comes_meanwhile_is_no_torn_tail(journal: Path) -> None:
    """A record that is stored between two looks at its place: the follower must not take it for damage."""
    script = (
        "import struct, sys\n"
        "from core.build import SCHEMA_VERSION, build_id\n"
        "from core_ext.journal import JournalReader, JournalWriter\n"
        f"records = [r for r in JournalReader({str(journal)!r}) if r[1][40] == {int(m.Kind.QUOTE)}]\n"
        f"last = list(JournalReader({str(journal)!r}))[-1]\n"
        "row, stamp = bytearray(records[-1][1]), struct.Struct('<QqQQQ')\n"
        "seq, source_seq = last[0], stamp.unpack_from(row)[2]\n"
        f"with JournalWriter({str(journal)!r}, schema_version=SCHEMA_VERSION, build_id=build_id()) as out:\n"
        f"    for n in range(1, {COUNT} + 1):\n"
        "        stamp.pack_into(row, 0, seq + n, 10**12 + n, SOURCE + n, seq + n, seq + n)\n"
        "        out.append_bytes(seq + n, row)\n"
    )
    sources = [int(np.frombuffer(page, m.HEADER, 1)["source_seq"][0]) for page in played(journal)
               if not page[50] & m.HeaderFlag.DERIVED and page[48] == 0]  # fmt: skip
    whole = len(played(journal))
    command = [sys.executable, "-c", script.replace("SOURCE", str(sources[-1]))]
    tapped, reader = tap(journal), JournalReader(journal, follow=True)
    end = time.monotonic() + PATIENCE_S
    with subprocess.Popen(command, cwd=Path(__file__).parents[4]) as process:
        while tapped.through < whole + COUNT and time.monotonic() < end:
            if tapped.poll(reader):
                tapped.take()
            elif not tapped.wait(reader, 1_000_000, 500_000, 50_000):
                reader.refresh()
    assert process.returncode == 0
    assert tapped.through == whole + COUNT
