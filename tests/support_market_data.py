"""Market data for tests: recordings played by a venue of our own, and a service that takes them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.data.check import check
from core.data.reader import Reader
from core.data.recording import Options, open_all
from periphery.market_data.replay_server import Fault, ReplayServer
from periphery.market_data.service import MarketData
from periphery.market_data.settings import Settings

ROOT = Path(__file__).parents[1]
CRYPTO = Path(os.environ.get("NACRE_DATA", ROOT.parent / "shared" / "data")) / "crypto"
FILES = {
    "binance": "binance_spot_btcusdt_20240808.gz",
    "binance_usdm": "binance_usdm_btcusdt_20240808.gz",
    "binance_coinm": "binance_cm_btcusd_perp_20240808.gz",
    "kraken": "cryptofeed_KRAKEN.ws.50.0.gz",
    "coinbase": "cryptofeed_COINBASE.ws.28.0.gz",
}
WAIT_S = 120.0
DEEP = 1 << 20
SUMS = (
    "quotes",
    "trades",
    "volume",
    "deltas",
    "gaps",
    "trade_gaps",
    "crossed",
    "bids",
    "asks",
    "book",
    "quote",
)


def recording(venue: str) -> Path:
    return CRYPTO / FILES[venue]


def head(venue: str, target: Path, lines: int) -> Path:
    """The first lines of a recording, as a file of the same name's form."""
    import gzip

    path = target / f"{FILES[venue].removesuffix('.gz')}"
    with gzip.open(recording(venue), "rb") as file:
        path.write_bytes(b"".join(line for _, line in zip(range(lines), file, strict=False)))
    return path


def read(*paths: Path) -> tuple[Reader, dict[str, Any]]:
    """The reader at the recording's end, and what `nacre data check` tells of it."""
    recordings, _ = open_all(list(paths), Options())
    report = check(recordings)
    return recordings[0].readers[0], report["files"][0]


def books(reader: Reader) -> dict[str, list[Any]]:
    """Every level of every book, as texts."""
    found = {}
    for stream in reader.streams.all:
        sides = [stream.book.levels(side, DEEP) for side in ("bid", "ask")]
        found[stream.symbol] = [[(_short(px), _short(qty)) for px, qty in side] for side in sides]
    return found


def _short(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def sums(report: dict[str, Any]) -> dict[str, Any]:
    """By symbol, what must come to the same over a connection and in a file."""
    return {
        symbol: {key: found[key] for key in SUMS if key in found}
        for symbol, found in report["symbols"].items()
    }


def settings(venue: str, server: ReplayServer, symbols: Sequence[str], **more: Any) -> Settings:
    addresses = {"url": f"ws://127.0.0.1:{server.port}/stream", "rest": f"http://127.0.0.1:{server.port}"}
    return Settings(**{"venue": venue, "symbols": list(symbols), "retry_s": 0.02, **addresses, **more})


def play(
    venue: str,
    paths: Sequence[Path],
    symbols: Sequence[str],
    faults: Sequence[Fault] = (),
    then: Callable[[MarketData], Any] = lambda service: service.lines.reader.report(),
    until: Callable[[MarketData, ReplayServer], bool] | None = None,
    speed: float = 0.0,
    **more: Any,
) -> tuple[Any, dict[str, Any], ReplayServer]:
    """Plays all of it through a service: (what `then` gives before it stops, its counts, the server)."""

    async def run() -> tuple[Any, dict[str, Any], ReplayServer]:
        server = ReplayServer(paths, speed, faults)
        async with server.serving():
            service = MarketData(settings(venue, server, symbols, **more))
            end_s = time.monotonic() + WAIT_S
            found: list[Any] = []

            def stopped() -> bool:
                over = (until or all_read)(service, server)
                if time.monotonic() > end_s:
                    raise AssertionError(f"not within {WAIT_S:g} s: {service.why}, {service.counts()}")
                if over:
                    found.append(then(service))
                return over

            await service.run(stopped)
            return found[0], service.counts(), server

    return asyncio.run(run())


def all_read(service: MarketData, server: ReplayServer) -> bool:
    """Everything was played, all that was sent was read, and the books are whole."""
    read_all = service.connection.messages == server.sent
    return server.done.is_set() and read_all and not service.why
