"""A venue of our own plays recordings: what comes is what is in the file, whatever breaks meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.data.instruments import declare
from periphery.market_data.replay_server import Fault, ReplayServer
from periphery.market_data.service import MarketData
from periphery.service.source import JournalSource
from tests.integration.live_core import Process, until
from tests.support_market_data import ROOT, books, head, play, read, recording, sums

OWN = ("connect", "subscribe", "blank")
"""Lines that whoever connects writes himself."""


def kinds(report: dict[str, Any]) -> dict[str, int]:
    return {kind: count for kind, count in report["kinds"].items() if kind not in OWN}


@pytest.mark.parametrize("venue", ["binance", "kraken", "coinbase"])
def test_the_whole_recording_comes_to_what_the_file_does(venue: str) -> None:
    reader, report = read(recording(venue))
    symbols = [stream.symbol for stream in reader.streams.all]
    (live, live_books), counts, _ = play(
        venue, [recording(venue)], symbols, then=lambda s: (s.lines.reader.report(), books(s.lines.reader))
    )
    assert kinds(live) == kinds(report)
    assert sums(live) == sums(report)
    assert live_books == books(reader)
    assert (live["errors"], live["gaps"], live["trade_gaps"], live["checksums_bad"]) == (0, 0, 0, 0)
    assert live["checksums_ok"] == report["checksums_ok"] == {"kraken": 4269}.get(venue, 0)
    assert (counts["connects"], counts["snapshot_requests"]) == (1, int(venue == "binance"))


@pytest.mark.parametrize("venue", ["binance", "binance_usdm", "binance_coinm", "kraken", "coinbase"])
def test_what_is_lost_is_seen_and_had_again(venue: str, tmp_path: Path) -> None:
    path = head(venue, tmp_path, 9000)
    reader, _ = read(path)
    symbols = [stream.symbol for stream in reader.streams.all]
    faults = [
        Fault(300, "bad_snapshots", 2), Fault(400, "drop"), Fault(1500, "garbage"), Fault(1800, "skip", 400),
        Fault(2500, "drop"), Fault(2500, "skip", 300), Fault(3000, "skip", 250),
    ]  # fmt: skip
    live_books, counts, server = play(
        venue, [path], symbols, faults, then=lambda s: books(s.lines.reader), retry_most_s=0.2
    )
    assert live_books == books(reader)
    assert server.skipped >= 900
    assert (counts["reconnects"], counts["errors"]) == (2, 1)
    assert counts["recoveries"] >= 1
    assert counts["gaps"] or counts["trade_gaps"]
    if venue.startswith("binance"):
        assert 1 <= counts["snapshot_failures"] <= server.refusals == 2  # one may end with its connection
    else:
        assert counts["resubscriptions"] > 0


def test_a_silent_venue_is_given_up_and_makes_it_unready(tmp_path: Path) -> None:
    path = head("kraken", tmp_path, 1000)
    reader, _ = read(path)
    whys: list[str] = []

    def over(service: MarketData, server: ReplayServer) -> bool:
        if service.health.status["why"] not in whys:
            whys.append(service.health.status["why"])
        return server.done.is_set() and not service.why and service.connection.reconnects > 0

    live_books, counts, _ = play(
        "kraken", [path], [s.symbol for s in reader.streams.all], [Fault(500, "silence", seconds=60)],
        then=lambda s: books(s.lines.reader), until=over, silent_after_s=0.4, retry_s=0.3,
    )  # fmt: skip
    assert "KRAKEN: silent for 0.4 s" in whys
    assert counts["silences"] >= 1
    assert live_books == books(reader)


# ---- into a core -------------------------------------------------------------------------------------------


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    """A core with the instruments of Binance's recording."""
    reader, _ = read(recording("binance"))
    lines = [line | ({"mode": "match"} if "mode" in line else {}) for line in declare([reader]).lines]
    process = Process(tmp_path, declared=lines)
    process.start()
    yield process
    process.end()


def in_core(core: Process, venue: str) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {"buy": [], "sell": []}
    from core.live.ask import ask

    for _symbol, side, px, qty in ask(core.socket, "levels", venue=venue)["levels"]:
        found[side].append((px, qty))
    return found


def test_a_core_that_is_fed_has_the_book_the_trades_and_the_last_quote(core: Process, tmp_path: Path) -> None:
    path = head("binance", tmp_path, 12000)
    reader, report = read(path)
    fed: dict[str, Any] = {}

    def told(service: MarketData) -> Any:
        until(lambda: service.core is not None and (service.core.turn() or not waiting(core)), "all is taken")
        fed.update(in_core(core, "BINANCE_SPOT"))
        return service.core.counts() if service.core else {}

    counts, _, _ = play(
        "binance", [path], ["BTCUSDT"], [Fault(3000, "drop"), Fault(6000, "skip", 200)], then=told,
        core=str(core.socket), depth=100,
    )  # fmt: skip
    bids, asks = books(reader)["BTCUSDT"]
    assert fed == {"buy": bids[:100], "sell": asks[:100]}
    assert (counts["dropped_trades"], counts["unfit"], counts["unlisted"]) == (0, 0, 0)
    assert in_core(core, "BINANCE_SPOT") == {"buy": [], "sell": []}  # nobody follows that book any more
    core.stop()
    last, volume = journaled(core.journal)
    quote = report["symbols"]["BTCUSDT"]["quote"]
    assert last == [Decimal(quote[key]) for key in ("bid_px", "bid_qty", "ask_px", "ask_qty")]
    assert volume == sum_of_trades(path, 6000, 200)


def waiting(core: Process) -> int:
    sessions = core.ask("status")["sessions"]
    return sum(int(each["waiting"]) for each in sessions)


def journaled(journal: Path) -> tuple[list[Decimal], Decimal]:
    """(the last quote, the volume of all trades) of a journal, in decimals."""
    import numpy as np

    from core import messages as m

    found: dict[str, Any] = {"quote": None, "volume": 0}

    def on_page(raw: bytes) -> None:
        kind = int.from_bytes(raw[40:42], "little")
        if kind == m.Kind.QUOTE:
            found["quote"] = np.frombuffer(raw, m.QUOTE_EVENT, 1, m.HEADER.itemsize)[0].copy()
        elif kind == m.Kind.TRADE:
            found["volume"] += int(np.frombuffer(raw, m.TRADE_EVENT, 1, m.HEADER.itemsize)[0]["qty"])

    source = JournalSource(journal, on_page)
    while source.poll():
        pass
    symbol = source.book.directory.symbol_list[0]
    row = found["quote"]
    digits = {"px": symbol.price_precision, "qty": symbol.qty_precision}
    quote = [
        Decimal(int(row[name])).scaleb(-digits[name.split("_")[1]])
        for name in ("bid_px", "bid_qty", "ask_px", "ask_qty")
    ]
    return quote, Decimal(found["volume"]).scaleb(-symbol.qty_precision)


def sum_of_trades(path: Path, skipped_from: int, count: int) -> Decimal:
    lines = path.read_bytes().splitlines()
    del lines[skipped_from : skipped_from + count]
    rows = [json.loads(line.partition(b" ")[2]).get("data", {}) for line in lines]
    return sum((Decimal(row["q"]) for row in rows if row.get("e") == "trade"), Decimal(0))


# ---- as a process ------------------------------------------------------------------------------------------


def probe(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_command_records_answers_probes_and_leaves_nothing(tmp_path: Path) -> None:
    path = head("kraken", tmp_path, 2000)
    reader, report = read(path)
    words = [sys.executable, "-m", "core.cli", "market-data"]
    pipe = subprocess.PIPE
    venue = subprocess.Popen(
        [*words, "serve", str(path), "--speed", "0"], cwd=ROOT, stdout=pipe, stderr=pipe, text=True
    )
    service = None
    try:
        assert venue.stdout is not None
        told = json.loads("".join(iter(venue.stdout.readline, "}\n")) + "}")
        config = tmp_path / "market.toml"
        symbols = ", ".join(f'"{stream.symbol}"' for stream in reader.streams.all)
        config.write_text(
            f'[market_data]\nvenue = "kraken"\nsymbols = [{symbols}]\nrest = "{told["rest"]}"\n'
            'http = "127.0.0.1:0"\nroll_s = 3600\n'
        )
        service = subprocess.Popen(
            [*words, "run", "--config", str(config), "--record", str(tmp_path / "files")], cwd=ROOT,
            stderr=pipe, stdout=pipe, text=True, env=os.environ | {"NACRE_MARKET_DATA_URL": told["url"]},
        )  # fmt: skip
        assert service.stderr is not None
        port = json.loads(service.stderr.readline())["port"]
        want = sum(count for kind, count in kinds(report).items())

        def all_read() -> dict[str, Any] | None:
            found: dict[str, Any] = json.loads(probe(port, "/status")[1])
            return found if found["deltas"] == kinds(report)["book"] else None

        status = until(all_read, "all is read", 60)
        assert want > 0
        assert status["checksums_ok"] == report["checksums_ok"]
        until(lambda: probe(port, "/ready")[0] == 200, "ready", 60)
        assert probe(port, "/live")[0] == 200
        assert f"nacre_market_data_checksums_ok {report['checksums_ok']}.0" in probe(port, "/metrics")[1]
        shown = subprocess.run(
            [*words, "status", f"127.0.0.1:{port}", "-o", "json"], cwd=ROOT, capture_output=True, text=True
        )
        assert shown.returncode == 0
        assert json.loads(shown.stdout)["venue"] == "KRAKEN"
        venue.send_signal(signal.SIGTERM)
        assert venue.wait(60) == 0
        until(lambda: probe(port, "/ready")[0] == 503, "unready without its venue", 60)
        service.send_signal(signal.SIGTERM)
        _, err = service.communicate(timeout=60)
        assert service.returncode == 0, err
        assert json.loads(err.splitlines()[-1])["message"] == "ends"
    finally:
        for each in (venue, service):
            if each is not None and each.poll() is None:
                each.kill()
                each.communicate()
    venue.communicate()
    names = [each.name for each in (tmp_path / "files").iterdir()]
    assert len(names) == 1
    assert names[0].startswith("KRAKEN_")
    assert names[0].endswith(".parquet")
    _, recorded = read(tmp_path / "files" / names[0])
    assert recorded["errors"] == 0
    assert time.monotonic() > 0
