"""The reader of Lean's FX ticks: exact, and never silent about what it leaves out."""

from __future__ import annotations

import random
import zipfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from core.backtest.fx_ticks import QUOTE, BadTickFile, parse_ticks, read_ticks

MIDNIGHT_NS = 1_398_988_800_000_000_000
GOOD = b"611,1.38626,1.38627\r\n"


def rows(data: bytes) -> list[tuple[int, ...]]:
    quotes = parse_ticks(data, 0, "f", drop_crossed=False).quotes
    return [tuple(quote.tolist()) for quote in quotes]


def bad_row(text: bytes) -> tuple[int, str]:
    """The line and the reason of the one malformed row, put between two good ones."""
    found = parse_ticks(GOOD + text + b"\r\n" + GOOD, 0, "f", drop_crossed=False)
    assert (found.lines, len(found.quotes), len(found.malformed)) == (3, 2, 1)
    return found.malformed[0].line, found.malformed[0].reason


def zipped(path: Path, *members: str, data: bytes = GOOD) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.writestr(member, data)
    return path


def test_a_row_becomes_ns_and_units_of_price() -> None:
    found = parse_ticks(GOOD, MIDNIGHT_NS, "f", drop_crossed=True)
    assert found.quotes.dtype == QUOTE
    assert found.quotes.tolist() == [(MIDNIGHT_NS + 611_000_000, 138_626, 138_627)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_the_last_line_may_lack_its_end(end: bytes) -> None:
    assert rows(b"1,1.00000,1.00001\n2,2.00000,2.00001" + end) == [
        (1_000_000, 100_000, 100_001),
        (2_000_000, 200_000, 200_001),
    ]


@pytest.mark.parametrize(
    ("text", "px"), [(b"1", 100_000), (b"1.3", 130_000), (b"0.00001", 1), (b"101.234", 10_123_400)]
)
def test_prices_with_fewer_digits_are_exact(text: bytes, px: int) -> None:
    assert rows(b"5," + text + b"," + text + b"\n") == [(5_000_000, px, px)]


def test_an_empty_file_has_no_rows() -> None:
    found = parse_ticks(b"", 0, "f", drop_crossed=True)
    assert (found.lines, len(found.quotes), found.malformed) == (0, 0, ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "blank line"),
        (b"611,1.38626", "3 fields expected, 2 found"),
        (b"611,1.38626,1.38627,1", "3 fields expected, 4 found"),
        (b"6x1,1.38626,1.38627", "time is no whole number of ms"),
        (b"-11,1.38626,1.38627", "time is no whole number of ms"),
        (b"611.5,1.38626,1.38627", "time is no whole number of ms"),
        (b"86400000,1.38626,1.38627", "time is past the end of the day"),
        (b"611,1.3862O,1.38627", "bid is no price"),
        (b"611,.38626,1.38627", "bid is no price"),
        (b"611,1.3862:,1.38627", "bid is no price"),
        (b"611,1.3862/,1.38627", "bid is no price"),
        (b"611,1e0,1.38627", "bid is no price"),
        (b"611,1.38626, 1.38627", "ask is no price"),
        (b"611,-1.38626,1.38627", "bid is no price"),
        (b"611,1.38626,", "ask is no price"),
        (b"611,1.38626,1.386271", "ask has more than 5 digits after the point"),
        (b"611,0.00000,1.38627", "bid is zero"),
        (b"611,9999999999.00000,1.38627", "bid is no price"),
        ("611,1.3862\u0663,1.38627".encode(), "bid is no price"),
    ],
)
def test_a_malformed_row_is_left_out_and_located(text: bytes, reason: str) -> None:
    assert bad_row(text) == (2, reason)


def test_crossed_rows_are_counted_and_kept_or_dropped() -> None:
    data = b"1,1.00001,1.00000\n2,1.00001,1.00001\n3,1.00000,1.00001\n"
    for drop, times in ((True, [2, 3]), (False, [1, 2, 3])):
        found = parse_ticks(data, 0, "f", drop_crossed=drop)
        assert (found.crossed, found.lines) == (1, 3)
        assert (found.quotes["ts_ns"] // 1_000_000).tolist() == times


def test_rows_back_in_time_are_counted_and_kept() -> None:
    found = parse_ticks(b"5,1.0,1.1\n4,1.0,1.1\n6,1.0,1.1\n", 0, "f", drop_crossed=True)
    assert (found.unordered, len(found.quotes)) == (1, 3)


def test_columns_agree_with_decimal_row_by_row() -> None:
    """Against a model that shares nothing: Decimal over the same text, regular and odd rows mixed."""
    draw = random.Random(7)
    lines, model = [], []
    for _ in range(2_000):
        ms = draw.randrange(86_400_000)
        prices = [
            f"{Decimal(draw.randrange(1, 10**8)).scaleb(-5):.{draw.choice((5, 5, 5, 7))}f}" for _ in "ba"
        ]
        texts = [text[:-2] if len(text.split(".")[1]) == 7 else text for text in prices]
        texts = [text.rstrip("0") if draw.random() < 0.2 and text[-2] != "." else text for text in texts]
        texts = [text + "0" if text.endswith(".") else text for text in texts]
        lines.append(f"{ms},{texts[0]},{texts[1]}")
        model.append((ms * 1_000_000, *(int(Decimal(text) * 100_000) for text in texts)))
    assert rows("\r\n".join(lines).encode()) == model


def test_the_day_comes_from_the_zips_name_then_from_the_csvs(tmp_path: Path) -> None:
    day_ns = 86_400_000_000_000
    outer = read_ticks(zipped(tmp_path / "v_20140503.zip", "20140502_q.csv"), 0, drop_crossed=True)
    inner = read_ticks(zipped(tmp_path / "v.zip", "20140502_q.csv"), 0, drop_crossed=True)
    assert int(outer.quotes["ts_ns"][0]) == MIDNIGHT_NS + day_ns + 611_000_000
    assert int(inner.quotes["ts_ns"][0]) == MIDNIGHT_NS + 611_000_000


def test_a_clock_west_of_utc_is_moved_forward(tmp_path: Path) -> None:
    path = zipped(tmp_path / "v_20140502.zip", "q.csv")
    west, utc = (read_ticks(path, hours, drop_crossed=True).quotes["ts_ns"][0] for hours in (-5, 0))
    assert int(west - utc) == 5 * 3600 * 1_000_000_000


@pytest.mark.parametrize(
    ("name", "members", "words"),
    [
        ("v_20140502.zip", ("a.csv", "b.csv"), "2 found"),
        ("v_20140502.zip", ("a.txt",), "0 found"),
        ("v.zip", ("a.csv",), "no day"),
        ("v_20141341.zip", ("a.csv",), "20141341 is no day"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, name: str, members: tuple[str, ...], words: str) -> None:
    with pytest.raises(BadTickFile, match=rf"{name}: .*{words}"):
        read_ticks(zipped(tmp_path / name, *members), 0, drop_crossed=True)


def test_what_is_no_zip_or_a_torn_one_is_named(tmp_path: Path) -> None:
    torn = zipped(tmp_path / "v_20140502.zip", "a.csv", data=GOOD * 500)
    torn.write_bytes(torn.read_bytes()[:-40])
    with pytest.raises(BadTickFile, match=r"v_20140502\.zip: not a whole zip"):
        read_ticks(torn, 0, drop_crossed=True)


@pytest.mark.parametrize(
    ("venue", "hours", "lines", "crossed", "first", "last"),
    [
        ("fxcm", -5, 96_406, 12_061, (611, 138_626, 138_627), (57_551_909, 138_724, 138_731)),
        ("oanda", 0, 49_341, 0, (277, 138_694, 138_705), (75_598_557, 138_685, 138_782)),
    ],
)
def test_the_recorded_day(
    shared: Path,
    venue: str,
    hours: int,
    lines: int,
    crossed: int,
    first: tuple[int, int, int],
    last: tuple[int, int, int],
) -> None:
    """Row counts and share of crossed rows as the data's own notes give them; no row is malformed."""
    found = read_ticks(shared / f"fx/{venue}_eurusd_tick_20140502.zip", hours, drop_crossed=False)
    assert (found.lines, len(found.quotes), found.malformed) == (lines, lines, ())
    assert (found.crossed, found.unordered) == (crossed, 0)
    for quote, (ms, bid, ask) in ((found.quotes[0], first), (found.quotes[-1], last)):
        moved_ns = MIDNIGHT_NS + ms * 1_000_000 - hours * 3600 * 1_000_000_000
        assert quote.tolist() == (moved_ns, bid, ask)


def test_the_recorded_venues_clocks_agree(shared: Path) -> None:
    """With FXCM moved from UTC-5 the two mids stay within a tick or so of each other, on the median."""
    fxcm, oanda = (
        read_ticks(shared / f"fx/{venue}_eurusd_tick_20140502.zip", hours, drop_crossed=True).quotes
        for venue, hours in (("fxcm", -5), ("oanda", 0))
    )
    before = np.searchsorted(oanda["ts_ns"], fxcm["ts_ns"]) - 1
    twice = fxcm["bid_px"] + fxcm["ask_px"] - oanda["bid_px"][before] - oanda["ask_px"][before]
    assert np.median(np.abs(twice)) <= 3
