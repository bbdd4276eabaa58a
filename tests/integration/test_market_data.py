"""A venue of our own plays recordings: what comes is what is in the file, whatever breaks meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.data.instruments import declare
from core.live.ask import ask
from periphery.market_data.replay_server import Fault, ReplayServer
from periphery.market_data.service import MarketData
from periphery.market_data.settings import Settings
from periphery.service.source import JournalSource
from tests.integration.live_core import Client, Process, until
from tests.support_market_data import ROOT, all_read, books, head, play, read, recording, settings, sums

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
        return all_read(service, server) and service.connection.reconnects > 0

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


def feeding(core: Process) -> Callable[[MarketData], dict[str, list[tuple[str, str]]]]:
    """What a core has of Binance's book once it has taken all."""

    def told(service: MarketData) -> dict[str, list[tuple[str, str]]]:
        until(lambda: turned(service) and not waiting(core), "all is taken", 60)
        return in_core(core, "BINANCE_SPOT")

    return told


def turned(service: MarketData) -> bool:
    assert service.core is not None
    service.core.turn()
    return not service.core.why


def best(path: Path, most: int) -> dict[str, list[tuple[str, str]]]:
    bids, asks = books(read(path)[0])["BTCUSDT"]
    return {"buy": bids[:most], "sell": asks[:most]}


def test_a_core_that_comes_back_is_fed_again_and_has_the_whole_book(core: Process, tmp_path: Path) -> None:
    path = head("binance", tmp_path, 9000)
    restarts = []

    def over(service: MarketData, server: ReplayServer) -> bool:
        if server.at > 4000 and not restarts:
            core.kill()
            core.start()
            restarts.append(service.core.connects if service.core else 0)
        return all_read(service, server) and bool(restarts)

    fed, counts, _ = play(
        "binance", [path], ["BTCUSDT"], [Fault(4200, "silence", seconds=3)], then=feeding(core), until=over,
        core=str(core.socket), depth=60,
    )  # fmt: skip
    assert fed == best(path, 60)
    assert counts["dropped_trades"] == 0


def test_killed_at_ten_points_the_core_has_the_book_of_an_undisturbed_run(
    core: Process, tmp_path: Path
) -> None:
    """SIGKILL, at seeded places of the recording: the next one empties what is stale, has it all again."""
    path = head("binance", tmp_path, 9000)
    points = sorted(random.Random(17).sample(range(300, 8500), 10))
    config = tmp_path / "market.toml"
    words = [sys.executable, "-m", "core.cli", "market-data", "run", "--config", str(config)]

    async def begun() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(*words, cwd=ROOT, stderr=asyncio.subprocess.DEVNULL)

    async def reached(true: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + 90
        while not await asyncio.to_thread(true):
            assert time.monotonic() < end, what
            await asyncio.sleep(0.01)

    async def run() -> None:
        server = ReplayServer([path], 0.0, [Fault(at, "silence", seconds=90) for at in points])
        async with server.serving():
            given = settings("binance", server, ["BTCUSDT"], core=str(core.socket), depth=60)
            config.write_text(toml_of("market_data", given))
            for point in points:
                service = await begun()
                await reached(lambda point=point: server.at == point, f"line {point}")
                service.kill()
                await service.wait()
            service = await begun()
            try:
                await reached(lambda: in_core(core, "BINANCE_SPOT") == best(path, 60), "the whole book")
                assert server.connections == len(points) + 1
            finally:
                service.terminate()
                assert await service.wait() == 0
        assert in_core(core, "BINANCE_SPOT") == {"buy": [], "sell": []}  # nobody follows them any more

    asyncio.run(run())


def toml_of(section: str, given: Settings) -> str:
    kept = {
        key: getattr(given, key) for key in ("venue", "symbols", "url", "rest", "core", "depth", "retry_s")
    }
    return f"[{section}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in kept.items())


def test_a_core_that_takes_nothing_for_a_while_has_the_last_of_it_in_the_end(
    core: Process, tmp_path: Path
) -> None:
    path = head("binance", tmp_path, 20000)
    frozen: list[int] = []

    def over(service: MarketData, server: ReplayServer) -> bool:
        if service.core is not None and service.core.connects and not frozen:
            frozen.extend(core.freeze())
        if server.done.is_set() and frozen and frozen != [0]:
            core.thaw(frozen)
            frozen[:] = [0]
        return all_read(service, server)

    conflated: dict[str, int] = {}

    def told(service: MarketData) -> dict[str, list[tuple[str, str]]]:
        assert service.core is not None
        conflated.update(service.core.counts())
        return feeding(core)(service)

    fed, counts, _ = play(
        "binance", [path], ["BTCUSDT"], [Fault(0, "silence", seconds=1)], then=told, until=over,
        core=str(core.socket), depth=60,
    )  # fmt: skip
    assert fed == best(path, 60)
    assert conflated["conflated_quotes"] > 0
    assert conflated["conflated_books"] > 0
    core.stop()
    last, volume = journaled(core.journal)
    assert volume == sum_of_trades(path)
    assert counts["trades"] > 0
    assert last[0] > 0


def test_who_feeds_may_do_nothing_else_and_who_trades_may_not_feed(core: Process) -> None:
    quote = np.zeros((), m.QUOTE_EVENT)
    quote["bid_px"], quote["bid_qty"], quote["ask_px"], quote["ask_qty"] = 6168599, 5, 6168600, 7
    feeder = Client(core, "feed", feeds=True, cancels=False)
    assert feeder.push(m.Kind.QUOTE, quote.tobytes())
    until(lambda: len(in_core(core, "BINANCE_SPOT")["buy"]) == 1, "the quote is there")
    assert in_core(core, "BINANCE_SPOT") == {
        "buy": [("61685.99", "0.000005")],
        "sell": [("61686", "0.000007")],
    }
    later = Client(core, "later")
    shown = np.frombuffer(until(lambda: later.quotes.read(1), "the last quote"), "<i8")
    assert list(shown[3:7]) == [6168599, 5, 6168600, 7]
    for client, kind, request in [
        (feeder, m.Kind.ORDER, bytes(256)),
        (later, m.Kind.QUOTE, quote.tobytes()),
        (Client(core, "venues", feeds=True), m.Kind.QUOTE, _changed(quote, venue=7)),
        (Client(core, "symbols", feeds=True), m.Kind.QUOTE, _changed(quote, symbol=7)),
        (Client(core, "less", feeds=True), m.Kind.QUOTE, _changed(quote, bid_qty=-1)),
    ]:
        assert client.push(kind, request)
        message = client.sock.recv(1 << 16)
        assert b"closed" in message, message
    assert len(in_core(core, "BINANCE_SPOT")["buy"]) == 1


def _changed(row: Any, **values: int) -> bytes:
    found = row.copy()
    for name, value in values.items():
        found[name] = value
    return bytes(found.tobytes())


def in_core(core: Process, venue: str) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {"buy": [], "sell": []}
    for _symbol, side, px, qty in ask(core.socket, "levels", venue=venue)["levels"]:
        found[side].append((px, qty))
    return found


def test_a_core_that_is_fed_has_the_book_the_trades_and_the_last_quote(core: Process, tmp_path: Path) -> None:
    path = head("binance", tmp_path, 12000)
    _, report = read(path)
    sums_: dict[str, Any] = {}

    def told(service: MarketData) -> dict[str, list[tuple[str, str]]]:
        fed = feeding(core)(service)
        assert service.core is not None
        sums_.update(service.core.counts(), volume=Decimal(service.lines.streams[0].total_volume()))
        return fed

    fed, _, _ = play(
        "binance", [path], ["BTCUSDT"], [Fault(3000, "drop"), Fault(6000, "skip", 200)], then=told,
        core=str(core.socket), depth=100,
    )  # fmt: skip
    assert fed == best(path, 100)
    assert (sums_["dropped_trades"], sums_["unfit"], sums_["unlisted"]) == (0, 0, 0)
    assert in_core(core, "BINANCE_SPOT") == {"buy": [], "sell": []}  # nobody follows that book any more
    core.stop()
    last, volume = journaled(core.journal)
    quote = report["symbols"]["BTCUSDT"]["quote"]
    assert last == [Decimal(quote[key]) for key in ("bid_px", "bid_qty", "ask_px", "ask_qty")]
    assert volume == sums_["volume"] < sum_of_trades(path)


def waiting(core: Process) -> int:
    sessions = core.ask("status")["sessions"]
    return sum(int(each["waiting"]) for each in sessions)


def journaled(journal: Path) -> tuple[list[Decimal], Decimal]:
    """(the last quote, the volume of all trades) of a journal, in decimals."""
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


def sum_of_trades(path: Path) -> Decimal:
    lines = path.read_bytes().splitlines()
    rows = [json.loads(line.partition(b" ")[2]).get("data", {}) for line in lines]
    return sum((Decimal(row["q"]) for row in rows if row.get("e") == "trade"), Decimal(0))


# ---- as a process ------------------------------------------------------------------------------------------


def probe(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
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
