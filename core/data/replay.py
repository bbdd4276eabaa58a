"""Plays recordings through a core on recorded time, and tells the market that the core has at the end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.backtest.recorded import Recorded
from core.build import SCHEMA_VERSION, build_id
from core.capacity import Capacity
from core.data.check import Report, report_of, summed
from core.data.desk import NEVER, Desk, take
from core.data.instruments import Listing, TooMany, declare, scan
from core.data.play import Player
from core.data.reader import Reader
from core.data.recording import BadRecording, Options, open_all, run_merged
from core.recovery import replay as replay_journal, verify
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder
from core.scenario.reader import Line
from core.scenario.values import convert
from core_ext.journal import JournalWriter

if TYPE_CHECKING:
    from core.data.reader import Events

SOURCE_DESK = 0

type Advance = Callable[[int], object]


def replay(
    paths: Sequence[Path],
    options: Options,
    journal: Path | None = None,
    advance: Advance | None = None,
    orders: Path | None = None,
    write: Callable[[Any], None] | None = None,
) -> Report:
    """Reads all twice, plays it the second time; {"ok", counts, "state_hash", "books", "check"}.

    journal: an empty folder for one, verified and replayed afterwards. orders: a scenario's lines to be
    played with it, see core.data.desk; what the core says to them goes to `write`, an object a line.

    Raises TooMany where the core hasn't room for the symbols, BadRecording where the folder isn't empty,
    ScenarioError where the lines are bad.
    """
    if journal is not None:
        journal.mkdir(parents=True, exist_ok=True)
        if any(journal.iterdir()):
            raise BadRecording(f"--journal {journal}: not empty; a journal is never overwritten")
    played = Replay(paths, options, declare(scan(paths, options, advance)), journal, orders, write)
    return played.run(advance)


class Replay:
    """One run of recordings through a core."""

    def __init__(
        self,
        paths: Sequence[Path],
        options: Options,
        listing: Listing,
        journal: Path | None,
        orders: Path | None = None,
        write: Callable[[Any], None] | None = None,
    ) -> None:
        self.paths = paths
        self.options = options
        self.listing = listing
        self.folder = journal
        self.journal = None
        if journal is not None:
            self.journal = JournalWriter(
                journal, schema_version=SCHEMA_VERSION, build_id=build_id(), helper=True
            )
        self.directory = Directory()
        capacity = Capacity(depths=_depths(listing))
        if len(listing.instruments) > capacity.symbols or len(listing.venues) > capacity.venues:
            raise TooMany(
                f"{len(listing.instruments):,} symbols at {len(listing.venues)} venues: a core holds "
                f"{capacity.symbols:,} at {capacity.venues}"
            )
        self.encoder = Encoder("recordings", self.directory)
        declared, self.desk = listing.lines, None
        if orders is not None:
            declared, lines = take(orders, listing.lines)
            self.desk = Desk(lines, self.directory, self.encoder, write or _nowhere)
        self.core = Recorded(capacity, self.journal, None if self.desk is None else self.desk.page)
        if self.desk is not None:
            self.desk.begin(self.core)
        self._declare(declared)
        self.readers: list[Reader] = []
        self.players: dict[int, Player] = {}

    def _declare(self, lines: list[dict[str, Any]]) -> None:
        for number, declared in enumerate(lines, 1):
            line_type, at, data = convert(json.loads(json.dumps(declared)))
            for event in self.encoder.encode(Line(number, at or 0, line_type, data)):
                self.core.feed(event.kind, at or 0, event.request, event.session, SOURCE_DESK)

    def run(self, advance: Advance | None) -> Report:
        """Plays all and tells what came of it."""
        declared = self.core.core.sequencer.seq
        recordings, _ = open_all(self.paths, self.options, self._sink, None, advance)
        self.readers = [reader for recording in recordings for reader in recording.readers]
        for reader in self.readers:
            reader.by_orders = self.desk is not None
        start_ns = time.perf_counter_ns()
        run_merged(self.readers)
        if self.desk is not None:
            self.desk.end()
        run_ns = time.perf_counter_ns() - start_ns
        report = summed([found for recording in recordings for found in report_of(recording)])
        events = self.core.core.sequencer.seq - declared
        state_hash = self.core.core.state_hash()
        unfit = sum(player.unfit for player in self.players.values())
        found = {
            "ok": report["ok"] and unfit == 0,
            "events": events,
            **self._by_word(),
            "unfit": unfit,
            "run_ns": run_ns,
            "events_per_s": events * 1_000_000_000 // max(run_ns, 1),
            "state_hash": state_hash,
        }
        found |= {name: value for name, value in report.items() if name not in ("ok", "files")}
        return self._journaled(found, state_hash) | {"market": self._market()}

    def _sink(self, n: int) -> Callable[[Events], None]:
        def take(events: Events) -> None:
            self._player(n, self.readers[n]).play(events)

        return take

    def _player(self, n: int, reader: Reader) -> Player:
        """The reader's player, made anew when symbols have come."""
        player = self.players.get(n)
        if player is None:
            player = self.players[n] = Player(self.core, self._symbols(reader), self._venue(reader))
            player.before = self._before
            player.due_ns = NEVER if self.desk is None else self.desk.due_ns
        player.symbols = (
            self._symbols(reader) if len(player.symbols) < len(reader.streams.all) else player.symbols
        )
        return player

    def _before(self, at: int) -> None:
        """The desk's lines that are due, before the market goes on."""
        if self.desk is None:
            return
        self.desk.until(at)
        for player in self.players.values():
            player.due_ns = self.desk.due_ns

    def _venue(self, reader: Reader) -> int:
        return self.directory.venues[self.listing.venue(reader)]

    def _symbols(self, reader: Reader) -> Any:
        table = np.zeros((max(len(reader.streams.all), 1), 3), np.int64)
        for row, stream in enumerate(reader.streams.all):
            symbol = self.directory.symbols[self.listing.name(reader, stream.symbol)]
            table[row] = symbol.index, symbol.price_precision, symbol.qty_precision
        return table

    def _by_word(self) -> dict[str, int]:
        total = {"quotes": 0, "trades": 0, "levels": 0} | ({} if self.desk is None else {"orders": 0})
        for player in self.players.values():
            for word, count in player.by_word().items():
                if word in total:
                    total[word] += count
        return total

    def _market(self) -> list[dict[str, Any]]:
        """Of each instrument and venue, the best prices that the readers have at their end, and the core's
        mark.
        """
        found = []
        for reader in self.readers:
            for stream in reader.streams.all:
                report = stream.report()
                top = report.get("book", report.get("quote", {}))
                symbol = self.directory.symbols[self.listing.name(reader, stream.symbol)]
                mark2 = self.core.core.risk.mark2_of(symbol.index)
                found.append(
                    {"venue": self.listing.venue(reader), "symbol": symbol.name}
                    | {key: top.get(key, "") for key in ("bid_px", "bid_qty", "ask_px", "ask_qty")}
                    | {"trades": stream.trades, "mark": _half(mark2, symbol.price_precision)}
                )
        return found

    def _journaled(self, found: Report, state_hash: str) -> Report:
        """Closes the journal, verifies it and plays it into a fresh core."""
        if self.journal is None or self.folder is None:
            return found
        self.journal.close()
        checked = verify(self.folder)
        replayed: dict[str, Any] = replay_journal(self.folder) if checked["ok"] else {"state_hash": ""}
        same = replayed["state_hash"] == state_hash
        ok = found["ok"] and checked["ok"] and same
        return found | {"ok": ok, "journal": str(self.folder), "replay_hash": replayed["state_hash"]}


def _nowhere(_line: Any) -> None:
    """Nobody reads what the core says."""


def _depths(listing: Listing) -> int:
    """Books that the core must have room for."""
    return max(256, sum(len(instrument.venues) for instrument in listing.instruments.values()))


def _half(mark2: int | None, precision: int) -> str:
    """Half of a price, as a decimal string."""
    from core.data.decimals import text

    return "" if mark2 is None else text(mark2 * 5, precision + 1)
