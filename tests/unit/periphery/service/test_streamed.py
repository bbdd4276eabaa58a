"""An engine over a core's stream says what it says over the journal, byte for byte."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from periphery.risk.engine import RiskEngine
from periphery.service.config import BadConfig, Config, read_config
from periphery.service.mark import BEGIN
from periphery.service.runner import Runner
from periphery.service.source import Gone, JournalSource
from periphery.service.streamed import StreamSource
from periphery.stream.subscriber import Refused
from tests.unit.periphery.risk.test_engine import MIDS, PARAMS, day
from tests.unit.periphery.stream.turning import PATIENCE_S, streaming


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
