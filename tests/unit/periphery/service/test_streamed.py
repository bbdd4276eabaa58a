"""An engine over a core's stream says what it says over the journal, byte for byte."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from periphery.risk.engine import RiskEngine
from periphery.service.config import BadConfig, Config, read_config
from periphery.service.mark import BEGIN, Mark
from periphery.service.runner import Runner
from periphery.service.source import Gone, JournalSource, OtherJournal
from periphery.service.streamed import StreamSource, open_whole
from periphery.stream.subscriber import Refused
from periphery.view.view import Change, View
from tests.unit.periphery.risk.test_engine import MIDS, PARAMS, day
from tests.unit.periphery.stream.turning import PATIENCE_S, streaming
from tests.unit.periphery.view.test_view import day as view_day


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    day(tmp_path / "journal", MIDS)
    return tmp_path / "journal"


def over_journal(journal: Path, place: Path) -> Runner:
    return Runner(RiskEngine, Config(journal=str(journal), state=str(place), params=PARAMS))


def over_stream(address: str, place: Path, **more: Any) -> Runner:
    return Runner(RiskEngine, Config(connect=address, state=str(place), params=PARAMS, **more))


def finish(runner: Runner) -> bytes:
    """Until there is nothing more, and saved; all that it said."""
    end = time.monotonic() + PATIENCE_S
    while not runner.source.caught_up:
        poll(runner)
        assert time.monotonic() < end, runner.source.seq
    runner.save()
    runner.close()
    return runner.said.path.read_bytes()


def poll(runner: Runner) -> None:
    try:
        if not runner.source.poll():
            time.sleep(0.002)
    except Gone:
        time.sleep(0.01)


def test_it_says_the_same(journal: Path, tmp_path: Path) -> None:
    expected = over_journal(journal, tmp_path / "one").catch_up()
    with streaming(journal) as stream:
        runner = over_stream(stream.address, tmp_path / "two")
        assert finish(runner) == finish(expected)
    assert runner.said.digest == expected.said.digest
    assert (runner.source.mark, runner.inputs) == (expected.source.mark, expected.inputs)
    assert runner.source.book.directory.symbols.keys() == expected.source.book.directory.symbols.keys()


def test_a_state_goes_on_over_either(journal: Path, tmp_path: Path) -> None:
    """Killed at seeded points, each time begun over the other: from what is at hand, and from the journal."""
    expected = finish(over_journal(journal, tmp_path / "undisturbed").catch_up())
    chance = random.Random(5)
    for retain_bytes in (1 << 28, 1):
        place = tmp_path / f"either{retain_bytes}"
        with streaming(journal, retain_bytes=retain_bytes, most=5) as stream:
            for n in range(4):
                runner = over_stream(stream.address, place) if n % 2 else over_journal(journal, place)
                runner.source.step = 3
                until, end = runner.source.seq + chance.randrange(1, 30), time.monotonic() + PATIENCE_S
                while runner.source.seq < until:
                    poll(runner)
                    if chance.random() < 0.3:
                        runner.save()
                    assert time.monotonic() < end
                runner.close()  # its file may have more than its state says
            assert finish(over_stream(stream.address, place)) == expected


def test_a_mark_is_the_same_over_both(journal: Path) -> None:
    one = JournalSource(journal, lambda _: None, step=1)
    marks = {}
    while one.poll():
        marks[one.seq] = one.mark
    with streaming(journal, most=7) as stream:
        two = StreamSource(stream.address, RiskEngine.kinds, lambda _: None, step=2)
        seen = set()
        while not two.caught_up:
            try:
                two.poll()
            except Gone:
                continue
            if two.seq:
                assert two.mark == marks[two.seq]
                seen.add(two.seq)
        two.close()
    assert two.mark == one.mark
    assert len(seen) > 30


def followed(source: JournalSource | StreamSource) -> None:
    """All that there is."""
    end = time.monotonic() + PATIENCE_S
    while not source.caught_up:
        try:
            source.poll()
        except Gone:
            time.sleep(0.01)
        assert time.monotonic() < end, source.seq


def test_whole_it_gives_the_view_that_the_journal_gives(tmp_path: Path) -> None:
    """Also where the first events are no longer at hand; what was known before is told, and is not new."""
    view_day(tmp_path / "journal", 4, 120)
    over = JournalSource(tmp_path / "journal", lambda raw: view.page(raw), step=1)
    expected: list[Change] = []
    view, known = View(over.book, expected.append), BEGIN
    while over.poll():
        known = over.mark if over.seq == 60 else known
    for retain_bytes in (1 << 28, 1):
        with streaming(tmp_path / "journal", retain_bytes=retain_bytes, most=7) as stream:
            found, mark = viewed(stream.address, known)
        assert [change for change, _ in found] == expected
        assert [is_new for _, is_new in found] == [change.seq > 60 for change in expected]
        assert mark == over.mark


def viewed(address: str, known: Mark) -> tuple[list[tuple[Change, bool]], Mark]:
    """What a view of the whole stream is told, and whether it was new; the mark at its end."""
    found: list[tuple[Change, bool]] = []
    source = open_whole(address, lambda raw: view.page(raw), known)
    view = View(source.book, lambda change: found.append((change, source.is_new)))
    followed(source)
    source.close()
    return found, source.mark


def test_whole_another_journal_is_told(tmp_path: Path) -> None:
    view_day(tmp_path / "journal", 4, 60)
    view_day(tmp_path / "other", 5, 60)
    one = JournalSource(tmp_path / "journal", lambda _: None)
    followed(one)
    with streaming(tmp_path / "other") as stream:
        source = open_whole(stream.address, lambda _: None, one.mark)
        with pytest.raises(OtherJournal, match="isn't the one"):
            followed(source)
        source.close()


def test_another_journal_is_none_to_go_on_with(journal: Path, tmp_path: Path) -> None:
    finish(over_journal(journal, tmp_path / "risk").catch_up())
    day(tmp_path / "other", [mid + 1 for mid in MIDS])
    with streaming(tmp_path / "other") as stream:
        runner = over_stream(stream.address, tmp_path / "risk")
        with pytest.raises(Refused, match="another journal"):
            finish(runner)
        runner.close()


def test_without_a_publisher_it_is_unready_and_says_why(tmp_path: Path) -> None:
    runner = over_stream("tcp://127.0.0.1:9", tmp_path / "risk")
    with pytest.raises(Gone, match="nothing has answered"):
        runner.source.poll()
    assert not runner.source.caught_up
    assert runner.source.mark == BEGIN
    runner.close()


def test_it_has_one_source() -> None:
    for given in ({}, {"journal": "j", "connect": "tcp://127.0.0.1:7703"}):
        with pytest.raises(BadConfig, match="give journal"):
            read_config("risk", None, {"state": "s", **given}, {})
