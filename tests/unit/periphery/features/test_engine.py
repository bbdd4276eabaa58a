"""The engine of features over journals: as offline, killed anywhere, and to the last bit."""

from __future__ import annotations

import gzip
import os
import random
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.build import SCHEMA_VERSION, build_id
from core.data.recording import Options
from core.data.replay import replay
from core_ext.journal import JournalWriter
from periphery.features import pages, said
from periphery.features.definitions import read
from periphery.features.engine import FeaturesEngine
from periphery.features.frame import Frame, frame_of, read_frame, write_parquet
from periphery.features.offline import QUOTE_QTY, Recordings
from periphery.recorder.feeds import OutputsFeed
from periphery.recorder.recorder import Recorder
from periphery.recorder.stores import open_store
from periphery.service import state
from periphery.service.config import Config
from periphery.service.engine import request
from periphery.service.runner import Runner
from tests.support import DECLARED, declared, quote
from tests.unit.periphery.features.answers import tape
from tests.unit.periphery.service.dying import WHEN, dies_in_a_save

SHARED = Path(os.environ.get("NACRE_DATA") or Path(__file__).resolve().parents[4] / "../shared/data")
BINANCE = SHARED / "crypto/binance_usdm_btcusdt_20240808.gz"
FX = SHARED / "fx/truefx_usdjpy_20130101_1000.csv"
LINES = 6000
DEFINED: list[dict[str, Any]] = [
    {"kind": "mid"}, {"kind": "return", "window": 2}, {"kind": "imbalance"}, {"kind": "ofi", "window": 3},
    {"kind": "microprice"}, {"kind": "trade_imbalance", "window": 3}, {"kind": "volume", "window": 2},
    {"kind": "vpin", "bucket_qty": 2, "buckets": 5}, {"kind": "realised_volatility", "window": 4},
    {"kind": "zscore", "of": "imbalance", "window": 5},
    {"kind": "indicator", "function": "SMA", "params": {"timeperiod": 3}, "bars": 5},
]  # fmt: skip


def params(symbol: str, venue: str = "", period_s: float = 1.0) -> dict[str, Any]:
    defined = [{"symbols": [symbol], **each} for each in DEFINED]
    if venue:
        defined.append({"symbols": [symbol], "kind": "depth_imbalance", "levels": 5, "venue": venue})
    return {"period_s": period_s, "features": defined}


def day(path: Path, seed: int = 1, count: int = 300) -> None:
    """A tape through a core, into a journal."""
    with JournalWriter(path, schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        run = declared(journal=journal)
        for time_ns, _, _, event in tape(seed, count).events():
            if hasattr(event, "bid"):
                sizes = {"bid_qty": str(int(event.bid_qty)), "ask_qty": str(int(event.ask_qty))}
                run.feed(quote("XNAS", f"{event.bid:.2f}", f"{event.ask:.2f}", at=time_ns) | sizes)
            else:
                side = {1: "buy", -1: "sell"}.get(event.side)
                line = {"type": "trade", "venue": "XNAS", "symbol": "AAPL", "px": f"{event.px:.2f}"}
                line |= {"qty": str(int(event.qty)), "at": time_ns} | ({"aggressor": side} if side else {})
                run.feed(line)


def runner_of(journal: Path, place: Path, given: dict[str, Any]) -> Runner:
    return Runner(FeaturesEngine, Config(journal=str(journal), state=str(place), params=given))


def finished(journal: Path, place: Path, given: dict[str, Any]) -> bytes:
    runner = runner_of(journal, place, given).catch_up()
    runner.save()
    runner.close()
    return (place / "outputs").read_bytes()


def same(one: Frame, two: Frame) -> None:
    assert len(one) == len(two) > 20
    assert one.at_ns.tolist() == two.at_ns.tolist()
    assert one.known_ns.tolist() == two.known_ns.tolist()
    assert one.symbols.tolist() == two.symbols.tolist()
    assert one.values.keys() == two.values.keys()
    for name, column in one.values.items():
        assert column.tobytes() == two.values[name].tobytes(), name
        assert np.isfinite(column).any(), name


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str, str]]:
    """The beginning of a recording with sizes, trades and depth, and one of quotes without sizes."""
    if not BINANCE.exists():
        pytest.skip(f"no recordings in {SHARED}: set NACRE_DATA to the folder that holds crypto/")
    short = tmp_path_factory.mktemp("recorded") / "binance"
    with gzip.open(BINANCE) as lines:
        short.write_bytes(b"".join(islice(lines, LINES)))
    return [(short, "BTCUSDT", "BINANCE_USDM"), (FX, "USDJPY", "")]


def test_online_is_offline_on_recordings(recorded: list[tuple[Path, str, str]], tmp_path: Path) -> None:
    """To the last bit, with a journal in between."""
    file, symbol, venue = recorded[0]
    given = params(symbol, venue, period_s=0.25)
    assert replay([file], Options(), tmp_path / "journal")["ok"]
    finished(tmp_path / "journal", tmp_path / "state", given)
    rows = Recordings([file], Options()).rows(read(given["features"]), given["period_s"])
    same(read_frame(tmp_path / "state"), frame_of(rows))


def test_online_is_offline_on_quotes_without_sizes(
    recorded: list[tuple[Path, str, str]], tmp_path: Path
) -> None:
    """A core takes such a quote for an empty one: it is given the sizes that are shown offline."""
    sized, bare = tmp_path / "sized.csv", tmp_path / "bare"
    quotes = [line.split(",") for line in recorded[1][0].read_text().splitlines()[1:]]
    lines = [f"{at},USDJPY,{bid},{QUOTE_QTY:.0f},{ask},{QUOTE_QTY:.0f}" for at, bid, ask in quotes]
    sized.write_text("\n".join(["ts,symbol,bid_px,bid_qty,ask_px,ask_qty", *lines]) + "\n")
    lines = [f"USD/JPY,{at[:10].replace('-', '')} {at[11:23]},{bid},{ask}" for at, bid, ask in quotes]
    bare.write_text("\n".join(lines) + "\n")
    assert replay([sized], Options(), tmp_path / "journal")["ok"]
    given = params("USDJPY", period_s=10.0)
    given["features"] = [
        each for each in given["features"] if each["kind"] in ("mid", "return", "microprice")
    ]
    finished(tmp_path / "journal", tmp_path / "state", given)
    offline = Recordings([bare], Options())
    symbol = next(iter(offline.listing.instruments.values())).name
    rows = offline.rows(read([each | {"symbols": [symbol]} for each in given["features"]]), 10.0)
    found = [row._replace(symbol="USDJPY") for row in rows]
    same(read_frame(tmp_path / "state"), frame_of(found))


def test_parts_together_say_what_one_engine_does(tmp_path: Path) -> None:
    names = [f"S{n}" for n in range(6)]
    with JournalWriter(tmp_path / "journal", schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        run = declared(journal=journal)
        for name in names:
            run.feed(DECLARED[0] | {"symbol": name})
        for n in range(60):
            run.feed(
                quote("XNAS", f"{100 + n % 7}.00", f"{101 + n % 7}.00", at=n * 10**8, symbol=names[n % 6])
            )
    given = {"period_s": 1.0, "features": [
        {"kind": "mid", "symbols": names}, {"kind": "beta", "to": "S0", "window": 2, "symbols": names},
    ]}  # fmt: skip
    told = []
    for part in ("", "1/2", "2/2"):
        place = tmp_path / f"state{part[:1]}"
        made = Config(journal=str(tmp_path / "journal"), state=str(place), part=part, params=given)
        runner = Runner(FeaturesEngine, made).catch_up()
        runner.said.sync()
        told.append(state.read_said(place / "outputs"))
        runner.close()
    assert sorted(map(repr, told[1] + told[2])) == sorted(map(repr, told[0]))
    assert all(len(each) > 0 for each in told)


# ---- killed --------------------------------------------------------------------------------------------


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    day(tmp_path / "journal")
    return tmp_path / "journal"


def test_killed_at_any_event_it_says_the_same(journal: Path, tmp_path: Path) -> None:
    """Ten seeded points, with and without a state saved shortly before."""
    given = params("AAPL")
    expected = finished(journal, tmp_path / "undisturbed", given)
    chance = random.Random(5)
    for n in range(10):
        place = tmp_path / f"killed{n}"
        for _ in range(3):
            runner = runner_of(journal, place, given)
            runner.source.step = 1
            for _ in range(chance.randrange(1, 120)):
                runner.source.poll()
                if chance.random() < 0.1:
                    runner.save()
            runner.close()
        assert finished(journal, place, given) == expected
    assert len(expected) > 1000


@pytest.mark.parametrize("when", WHEN)
def test_killed_in_a_save(journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    given = params("AAPL")
    expected = finished(journal, tmp_path / "undisturbed", given)
    runner = runner_of(journal, tmp_path / "killed", given)
    runner.source.step = 100
    runner.source.poll()
    runner.save()
    runner.source.poll()
    dies_in_a_save(runner, monkeypatch, when)
    assert finished(journal, tmp_path / "killed", given) == expected


def test_a_later_event_changes_nothing_before(tmp_path: Path) -> None:
    day(tmp_path / "one", seed=1)
    day(tmp_path / "two", seed=1, count=299)
    given = params("AAPL")
    one = finished(tmp_path / "one", tmp_path / "of_one", given)
    two = finished(tmp_path / "two", tmp_path / "of_two", given)
    assert one.startswith(two)


def test_pages_are_read_as_their_structs_say(journal: Path) -> None:
    from core_ext.journal import JournalReader

    pads = {"pad"}
    layouts = {m.Kind.QUOTE: pages._QUOTE, m.Kind.TRADE: pages._PRICED, m.Kind.DEPTH: pages._PRICED}
    assert all(layout.size == m.REQUESTS[kind].itemsize for kind, layout in layouts.items())
    for _, raw in JournalReader(journal):
        kind = int.from_bytes(raw[40:42], "little")
        if kind in (m.Kind.QUOTE, m.Kind.TRADE):
            row = request(raw, m.REQUESTS[m.Kind(kind)])
            names = [name for name in row.dtype.names or () if name not in pads]
            assert layouts[m.Kind(kind)].unpack_from(raw, m.HEADER.itemsize) == tuple(
                int(row[name]) for name in names
            )


# ---- as of a time --------------------------------------------------------------------------------------


def test_parquet_brings_all_back(journal: Path, tmp_path: Path) -> None:
    given = params("AAPL")
    finished(journal, tmp_path / "state", given)
    frame = read_frame(tmp_path / "state")
    write_parquet(frame, tmp_path / "features.parquet")
    same(read_frame(tmp_path / "features.parquet"), frame)


def test_a_store_has_the_same(journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finished(journal, tmp_path / "state", params("AAPL"))
    monkeypatch.setattr(said, "TOGETHER", 7)  # rows come in several answers
    address = f"sqlite:///{tmp_path / 'store.db'}"
    store = open_store(address)
    store.migrate()
    Recorder(tmp_path / "state", store, "core/features", feed=OutputsFeed).catch_up()
    store.close()
    same(read_frame(address), read_frame(tmp_path / "state"))


def test_as_of_takes_the_last_that_was_known(journal: Path, tmp_path: Path) -> None:
    finished(journal, tmp_path / "state", params("AAPL"))
    frame = read_frame(tmp_path / "state")
    chance = random.Random(7)
    known = frame.known_ns.tolist()
    times = [chance.randrange(known[0] - 10**9, known[-1] + 10**9) for _ in range(200)] + known
    places = frame.places_as_of(np.array(times, np.int64))
    recent = frame.places_as_of(np.array(times, np.int64), oldest_ns=10**9)
    for time_ns, place, young in zip(times, places.tolist(), recent.tolist(), strict=True):
        before = [i for i, at in enumerate(known) if at <= time_ns]
        assert place == (before[-1] if before else -1)
        assert young == (place if before and time_ns - known[place] <= 10**9 else -1)
        found = frame.as_of(time_ns, "AAPL")
        assert (found or {}).get("known_ns") == (known[before[-1]] if before else None)
    assert frame.as_of(times[0], "OTHER") is None
