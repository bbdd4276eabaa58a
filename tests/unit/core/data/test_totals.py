"""What the recordings are known to hold: every total comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.data.check import check
from core.data.recording import Options, open_all

ROWS = {
    "l3/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip": ("lobster", 147_916),
    "l3/bitstamp_btcusd_20150501_l3_orders.csv.xz": ("bitstamp_orders", 50_414),
    "l3/esm4_mbo_2024-05-08_2s.dbn.zst": ("dbn", 13_796),
    "l3/nasdaq_itch50_first1000.itch": ("itch50_prefixed", 1_000),
    "l3/ex20101224.TEST_ITCH_50.gz": ("itch50_zero", 12_012),
    "crypto/binance_spot_btcusdt_20240808.gz": ("binance", 41_249),
    "crypto/binance_usdm_btcusdt_20240808.gz": ("binance", 93_954),
    "crypto/binance_cm_btcusd_perp_20240808.gz": ("binance", 48_270),
    "crypto/cryptofeed_KRAKEN.ws.50.0.gz": ("cryptofeed_kraken", 4_325),
    "crypto/cryptofeed_COINBASE.ws.28.0.gz": ("cryptofeed_coinbase", 9_952),
    "fx/fxcm_eurusd_tick_20140502.zip": ("lean_quotes", 96_406),
    "fx/oanda_eurusd_tick_20140502.zip": ("lean_quotes", 49_341),
    "fx/truefx_usdjpy_20130101_1000.csv": ("csv", 1_000),
}
BINANCE = {
    "spot_btcusdt": ("BINANCE_SPOT", "BTCUSDT", "61685.99000000", "61686.00000000", 9_757, "212.03315000"),
    "usdm_btcusdt": ("BINANCE_USDM", "BTCUSDT", "61659.70", "61659.80", 21_313, "2429.366"),
    "cm_btcusd_perp": ("BINANCE_COINM", "BTCUSD_PERP", "61668.6", "61668.7", 2_286, "83241"),
}


def told(shared: Path, *names: str) -> dict[str, Any]:
    for name in names:
        if not (shared / name).is_file():
            pytest.skip(f"no {name} in {shared}")
    recordings, _ = open_all([shared / name for name in names], Options())
    return check(recordings)


@pytest.mark.parametrize("name", ROWS)
def test_rows_without_an_error_or_a_gap(name: str, shared: Path) -> None:
    report = told(shared, name)
    assert (report["files"][0]["format"], report["rows"]) == ROWS[name]
    assert (report["errors"], report["gaps"], report["trade_gaps"], report["ok"]) == (0, 0, 0, True)
    assert report["first"] <= report["last"]
    assert report["unordered"] == 0


def test_goog_follows_row_by_row(shared: Path) -> None:
    (file,) = told(shared, "l3/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip")["files"]
    assert (file["book_transitions_ok"], file["book_transitions_bad"]) == (147_915, 0)
    assert file["types"] == {"1": 71_258, "2": 19, "3": 64_961, "4": 7_765, "5": 3_913}
    assert (file["crossed"], file["book_rows"], file["levels"]) == (0, 147_916, 10)
    assert file["first_time"] == "2012-06-21T13:30:00.015105074Z"  # 09:30 in New York
    alone = file["by_messages_alone"]
    assert (alone["unknown_ids"], alone["mismatched"], alone["duplicate_ids"]) == (3_363, 0, 0)


def test_msft_s_two_files_are_one_recording(shared: Path) -> None:
    names = [f"l3/lobster_excerpt_MSFT_{part}.csv.gz" for part in ("msgs", "book")]
    for order in (names, names[::-1]):
        (file,) = told(shared, *order)["files"]
        assert (file["rows"], file["book_rows"], file["book_transitions_ok"]) == (1_950, 1_950, 1_949)
        assert (file["book_transitions_bad"], file["unterminated"], file["clock"]) == (0, 2, "midnight")


@pytest.mark.parametrize("name", BINANCE)
def test_binance_ends_with_the_known_market(name: str, shared: Path) -> None:
    (file,) = told(shared, f"crypto/binance_{name}_20240808.gz")["files"]
    venue, symbol, bid, ask, trades, volume = BINANCE[name]
    found = file["symbols"][symbol]
    assert file["venue"] == venue
    for kind in ("book", "quote"):
        assert (found[kind]["bid_px"], found[kind]["ask_px"]) == (bid, ask)
    assert (found["trades"], found["volume"], found["synced"]) == (trades, volume, True)


def test_kraken_s_checksums_hold(shared: Path) -> None:
    report = told(shared, "crypto/cryptofeed_KRAKEN.ws.50.0.gz")
    assert (report["checksums_ok"], report["checksums_bad"]) == (4_269, 0)
    assert len(report["files"][0]["symbols"]) == 10


@pytest.mark.parametrize(("venue", "books"), [("BINANCE_FUTURES", 4), ("BITSTAMP", 10)])
def test_answers_of_requests_are_the_books_that_deltas_follow(venue: str, books: int, shared: Path) -> None:
    names = [f"crypto/cryptofeed_{venue}.{way}.gz" for way in ("http.0.0", "ws.1.0")]
    report = told(shared, *names)
    assert (report["ok"], report["gaps"]) == (True, 0)
    symbols = report["files"][0]["symbols"].values()
    assert sum(bool(symbol.get("synced")) for symbol in symbols) == books


def test_coinbase_has_ten_books_none_crossed(shared: Path) -> None:
    (file,) = told(shared, "crypto/cryptofeed_COINBASE.ws.28.0.gz")["files"]
    assert sum(symbol["synced"] for symbol in file["symbols"].values()) == 10
    assert (file["crossed"], file["kinds"]["match"]) == (0, 97)


def test_crossed_quotes_of_two_banks(shared: Path) -> None:
    report = told(shared, "fx/fxcm_eurusd_tick_20140502.zip", "fx/oanda_eurusd_tick_20140502.zip")
    assert [file["crossed"] for file in report["files"]] == [12_061, 0]
    assert [file["venue"] for file in report["files"]] == ["FXCM", "OANDA"]
    assert report["files"][0]["first_time"] == "2014-05-02T05:00:00.611000000Z"


def test_bitstamp_s_dirt_is_told_apart(shared: Path) -> None:
    (file,) = told(shared, "l3/bitstamp_btcusd_20150501_l3_orders.csv.xz")["files"]
    assert file["orders"]["duplicate_rows"] == 1
    assert file["orders"]["deleted_without_create"] == 182
    assert file["kinds"] == {"changed": 602, "created": 24_894, "deleted": 24_918}


def test_es_book_after_two_seconds(shared: Path) -> None:
    (file,) = told(shared, "l3/esm4_mbo_2024-05-08_2s.dbn.zst")["files"]
    book = file["symbols"]["ESM4"]["book"]
    assert (book["bid_px"], book["ask_px"]) == ("5214.000000000", "5214.250000000")
    assert (file["orders"]["unknown_ids"], file["crossed"]) == (0, 0)
