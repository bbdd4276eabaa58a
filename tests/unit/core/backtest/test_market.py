"""The demonstration's market: what is read, what is left out, and that it is said."""

from __future__ import annotations

import zipfile
from pathlib import Path

from core.backtest.market import RECORDED_FILES, has_recording, recorded, synthetic


def recording(folder: Path, fxcm: bytes, oanda: bytes) -> Path:
    """A folder with both venues' recordings."""
    for name, data in zip(RECORDED_FILES.values(), (fxcm, oanda), strict=True):
        (folder / name).parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr("q.csv", data)
    return folder


def test_a_recording_is_there_only_whole(tmp_path: Path) -> None:
    assert not has_recording(tmp_path)
    recording(tmp_path, b"", b"")
    assert has_recording(tmp_path)
    (tmp_path / RECORDED_FILES["OANDA"]).unlink()
    assert not has_recording(tmp_path)


def test_venues_merge_on_their_own_clocks_and_reports_add_up(tmp_path: Path) -> None:
    """FXCM's midnight is OANDA's five in the morning; a crossed and a malformed row stay out."""
    fxcm = b"0,1.2,1.3\n1,1.3,1.2\n2,1.2,1.3\n"
    oanda = b"17999999,1.1,1.4\nhello\n18000001,1.1,1.4\n"
    market = recorded(recording(tmp_path, fxcm, oanda), None, drop_crossed=True)
    assert (market.kind, market.venues) == ("recorded", ("FXCM", "OANDA"))
    assert market.rows["venue"].tolist() == [1, 0, 1, 0]
    assert (market.crossed, market.malformed) == (1, 1)
    for source in market.sources:
        assert source.read == source.fed + source.crossed + len(source.malformed)
    assert market.sources[1].malformed[0].line == 2


def test_crossed_rows_are_played_where_asked(tmp_path: Path) -> None:
    data = recording(tmp_path, b"0,1.3,1.2\n", b"0,1.1,1.4\n")
    market = recorded(data, None, drop_crossed=False)
    assert (len(market.rows), market.crossed) == (2, 1)
    assert not market.sources[0].crossed_dropped


def test_a_number_of_quotes_takes_the_first_of_the_merged_day(tmp_path: Path) -> None:
    data = recording(tmp_path, b"0,1.2,1.3\n", b"0,1.1,1.4\n1,1.1,1.4\n")
    market = recorded(data, 2, drop_crossed=True)
    assert market.rows["venue"].tolist() == [1, 1]
    assert [source.fed for source in market.sources] == [0, 2]


def test_synthetic_venues_carry_names_of_their_own() -> None:
    market = synthetic(1, 2_000, drop_crossed=True)
    assert market.kind == "synthetic"
    assert not set(market.venues) & set(RECORDED_FILES)
    assert len(market.rows) + market.crossed == 2_000
    assert bool((market.rows["bid_px"] <= market.rows["ask_px"]).all())
