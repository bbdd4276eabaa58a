"""History out of a core's journal that goes on while it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.bridge import Writer
from core import messages as m
from core.live.book import Book
from core_ext.journal import JournalReader
from periphery.client.codec import MarketRow
from periphery.client.directory import Directory
from periphery.client.events import Gap
from periphery.strategy import Strategy
from periphery.strategy.journaled import market_row
from periphery.strategy.state import Kept, load_state, save_state
from periphery.strategy.streamed import Streamed
from periphery.strategy.warming import warm_by_journal


class Quotes(Strategy):
    def on_start(self) -> None:
        self.times: list[int] = []

    def on_quote(self, quote: Any) -> None:
        self.times.append(quote.time_ns)

    def save(self) -> list[int]:
        return self.times

    def load(self, state: list[int]) -> None:
        self.times = state


class Host(Streamed):
    """Whose market goes on while it warms up."""

    def __init__(self, folder: Path, state: Path | None = None) -> None:
        book = Book("test")
        book.restore(JournalReader(folder))
        session: Any = SimpleNamespace(directory=Directory(book.told(), ["A"]), index=1, name="quotes")
        super().__init__(Quotes(), session, m.NONE)
        self.state = state
        self.meanwhile: list[Callable[[], None]] = []
        self.logged: list[str] = []

    def breathe(self) -> None:
        if self.meanwhile:
            self.meanwhile.pop()()

    def load(self) -> Kept | None:
        return None if self.state is None else load_state(self.state, self.strategy)

    def signal_name(self, index: int) -> str:
        return str(index)

    def send_line(self, line: Mapping[str, Any]) -> str:
        raise NotImplementedError

    def log(self, message: str, values: Mapping[str, Any]) -> None:
        self.logged.append(message)

    @property
    def times(self) -> list[int]:
        assert isinstance(self.strategy, Quotes)
        return self.strategy.times


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer(tmp_path / "journal")
    yield made
    made.close()


def row_of(folder: Path, event: int) -> MarketRow:
    seq, body = next(record for record in JournalReader(folder) if record[0] == event)
    row = market_row(seq, np.frombuffer(body, m.HEADER, 1)[0], body)
    assert row is not None
    return row


def test_what_comes_meanwhile_is_told_once_and_none_is_missed(writer: Writer, tmp_path: Path) -> None:
    """The rings show it while the journal is told, and lose what their reader was too late for."""
    journal = tmp_path / "journal"
    times = list(range(10**18, 10**18 + 9))
    for time_ns in times[:4]:
        writer.write(time_ns)
    host = Host(journal)

    def comes(several: list[int]) -> None:
        host.hear(Gap("quotes", 1, 3))
        for time_ns in several:
            writer.write(time_ns)
            host.hear(row_of(journal, writer.seq))

    host.meanwhile = [lambda: comes(times[6:8]), lambda: comes(times[4:6])]
    assert warm_by_journal(host, journal) == 9  # with the one that the declarations end with
    assert host.times[1:] == times[:8]
    assert (host.missed, host.logged, host.warm_after) == (0, [], writer.seq)
    writer.write(times[8])
    for event in (writer.seq - 1, writer.seq):
        host.hear(row_of(journal, event))
    assert host.times[1:] == times, "what history had isn't told again, what is later is"


def test_what_the_state_knows_is_not_told_again(writer: Writer, tmp_path: Path) -> None:
    journal, state = tmp_path / "journal", tmp_path / "state.json"
    times = list(range(10**18, 10**18 + 6))
    for time_ns in times[:3]:
        writer.write(time_ns)
    first = Host(journal)
    warm_by_journal(first, journal)
    assert save_state(state, first.strategy, times[2], writer.seq)
    for time_ns in times[3:]:
        writer.write(time_ns)
    second = Host(journal, state)
    warm_by_journal(second, journal)
    assert second.times[1:] == times


def test_a_state_of_another_journal_knows_nothing_of_this_one(writer: Writer, tmp_path: Path) -> None:
    """Events are counted from 1 in each."""
    state, old = tmp_path / "state.json", Quotes()
    old.times = [7]
    assert save_state(state, old, 10, 1_000_000)
    writer.write(10**18)
    host = Host(tmp_path / "journal", state)
    warm_by_journal(host, tmp_path / "journal")
    assert host.times[0] == 7
    assert host.times[-1] == 10**18
