"""Settings, adapters, recording: what is between a venue and a core, without either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.data.reader import Reader
from periphery.market_data.lines import Lines
from periphery.market_data.recording import Recording
from periphery.market_data.service import MarketData
from periphery.market_data.settings import SECTION, Settings
from periphery.market_data.venues import VENUES, adapter_of
from periphery.service.config import BadConfig, read_settings
from tests.support_market_data import books, head, read, sums

FEED = {"venue": "kraken", "symbols": ["A/B", "C/D"]}


def test_settings_come_from_the_file_then_the_environment_then_the_command(tmp_path: Path) -> None:
    file = tmp_path / "market.toml"
    file.write_text('[market_data]\nvenue = "binance"\nsymbols = ["BTCUSDT"]\ndepth = 10\nroll_s = 5\n')
    environment = {"NACRE_MARKET_DATA_SYMBOLS": "ETHUSDT, XRPUSDT", "NACRE_MARKET_DATA_DEPTH": "20"}
    found = read_settings(Settings, SECTION, file, {"depth": "30"}, environment)
    assert (found.venue, found.symbol_list, found.depth, found.roll_s) == (
        "binance",
        ["ETHUSDT", "XRPUSDT"],
        30,
        5,
    )
    assert found.channel_list == ["book", "trades", "quotes"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"venue": "binance"}, "symbols"),
        (FEED | {"symbols": " , "}, "name at least one"),
        (FEED | {"channels": "book,tape"}, "channels tape: some of book, trades, quotes"),
        (FEED | {"channels": []}, "channels none"),
        (FEED | {"depth": 129}, "depth"),
        (FEED | {"roll_s": 0}, "roll_s"),
        (FEED | {"deep": 1}, "deep"),
    ],
)
def test_bad_settings_are_refused_by_name(given: dict[str, Any], word: str) -> None:
    with pytest.raises(BadConfig, match=word):
        read_settings(Settings, SECTION, None, given, {})


def test_a_venue_or_calendar_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match=f"venue 'nasdaq': one of {', '.join(VENUES)}"):
        MarketData(Settings(**FEED | {"venue": "nasdaq"}))
    with pytest.raises(ValueError, match="calendar 'never'"):
        MarketData(Settings(**FEED, calendar="never"))


def test_each_venue_is_asked_in_its_own_words() -> None:
    spot = adapter_of(Settings(venue="binance", symbols=["BTCUSDT"], channels=["book", "trades"]))
    assert spot.address() == "wss://stream.binance.com:9443/stream?streams=btcusdt@depth@100ms/btcusdt@trade"
    assert spot.snapshot_url("BTCUSDT") == "https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=5000"
    coins = adapter_of(Settings(venue="binance_coinm", symbols=["BTCUSD_PERP"], rest="http://h:1/"))
    assert coins.snapshot_url("BTCUSD_PERP") == "http://h:1/dapi/v1/depth?symbol=BTCUSD_PERP&limit=1000"
    kraken = adapter_of(Settings(**FEED, channels=["book", "quotes"]))
    assert [json.loads(text) for text in kraken.subscriptions()] == [
        {"event": "subscribe", "pair": ["A/B", "C/D"], "subscription": {"name": "book", "depth": 1000}},
        {"event": "subscribe", "pair": ["A/B", "C/D"], "subscription": {"name": "spread"}},
    ]
    assert [json.loads(text)["event"] for text in kraken.again(["C/D"])] == ["unsubscribe", "subscribe"]
    coinbase = adapter_of(Settings(venue="coinbase", symbols=["BTC-USD"]))
    assert json.loads(coinbase.subscriptions()[0])["channels"] == [
        "level2_batch",
        "matches",
        "ticker",
        "heartbeat",
    ]


# ---- recording ---------------------------------------------------------------------------------------------


class Day:
    """A recording of lines that goes into files, with a clock that goes as it is told."""

    def __init__(self, venue: str, path: Path, folder: Path, **more: Any) -> None:
        self.raw = path.read_bytes().splitlines()
        self.said: list[str] = []
        settings = Settings(
            venue=venue, symbols=[s.symbol for s in read(path)[0].streams.all], record=str(folder), **more
        )
        adapter = adapter_of(settings)
        self.at = 1_700_000_000_000_000_000
        self.lines = Lines(adapter.name, adapter.decoder(), adapter.symbols, clock=self.now)
        self.recording = Recording(settings, self.lines, adapter.name, self.say)

    def now(self) -> int:
        self.at += 1_000_000
        return self.at

    def say(self, message: str, **_values: Any) -> None:
        self.said.append(message)

    def play(self, turns: tuple[int, ...] = ()) -> None:
        """Every message; before those whose number is in `turns` the file is ended."""
        self.recording.turn()
        for n, line in enumerate(self.raw):
            if n in turns:
                self.recording._began_s -= 1e9
                self.recording.turn()
            if line.startswith(b"1"):
                self.lines.message(line.partition(b": ")[2])
        self.recording.close()


def files(folder: Path) -> list[Path]:
    """In the order in which they were begun: by second, then by number."""

    def place(path: Path) -> tuple[str, int]:
        begun, _, number = path.stem.rpartition("_")
        return begun, int(number)

    return sorted(folder.glob("*.parquet"), key=place)


def tops(reader: Reader) -> dict[str, Any]:
    return {symbol: [side[:10] for side in sides] for symbol, sides in books(reader).items()}


@pytest.mark.parametrize("venue", ["kraken", "coinbase"])
def test_each_file_can_be_read_alone_and_together_they_are_the_recording(venue: str, tmp_path: Path) -> None:
    path = head(venue, tmp_path, 2500)
    whole, report = read(path)
    day = Day(venue, path, tmp_path / "files")
    day.play((700, 1500, 1501))
    names = files(tmp_path / "files")
    assert len(names) == 4
    assert not list((tmp_path / "files").glob(".*"))
    trades = 0
    for name in names:
        reader, told = read(name)
        assert told["errors"] == 0
        trades += sum(found["trades"] for found in told["symbols"].values())
    assert tops(reader) == tops(whole)
    assert trades == sum(found["trades"] for found in report["symbols"].values())
    assert day.recording.counts()["recorded_files"] == 4
    assert sums(report)


def test_a_file_ends_when_it_is_large_enough(tmp_path: Path) -> None:
    path = head("coinbase", tmp_path, 1500)
    day = Day("coinbase", path, tmp_path / "files", roll_mb=1e-6)
    day.play((100,))
    assert day.recording.files == 2


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(tmp_path: Path) -> None:
    path = head("coinbase", tmp_path, 600)
    day = Day("coinbase", path, tmp_path / "files")
    day.recording.folder = tmp_path / "gone"
    day.play()
    assert day.recording.failures >= 1
    assert "gone" in day.recording.why
    assert "a file can't be written: what it held is lost" in day.said
    day.recording.folder = tmp_path / "files"
    day.recording._not_before_s = 0
    day.recording.turn()
    assert day.recording.why == ""
    day.recording.close()
    assert len(files(tmp_path / "files")) == 1


def test_a_file_without_a_row_is_none(tmp_path: Path) -> None:
    path = head("coinbase", tmp_path, 600)
    day = Day("coinbase", path, tmp_path / "files")
    day.recording.turn()
    day.recording.close()
    assert list((tmp_path / "files").iterdir()) == []


def test_what_was_never_finished_is_told(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / ".KRAKEN_20240101T000000Z_1.parquet.part").write_bytes(b"PAR1")
    day = Day("kraken", head("kraken", tmp_path, 600), tmp_path / "files")
    assert day.said == ["a file was never finished, and has no rows that can be read"]
