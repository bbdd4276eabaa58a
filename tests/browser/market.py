"""EURUSD of two venues as it was recorded on one day: the market that the pages show."""

from __future__ import annotations

import csv
import heapq
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.live.sample import EURUSD
from periphery.client import Client, ClientError, connect

DATA = Path(os.environ.get("NACRE_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "fx"
VENUES = {"FXCM": 5, "OANDA": 0}
"""What is to be added to a recording's hours for UTC."""
BEGIN_MS = 13 * 3_600_000
MS_A_QUOTE = 25
SIZES = ("1000000", "2000000", "500000", "1500000")
DECLARED: list[dict[str, Any]] = [
    EURUSD,
    *(
        {"type": "venue", "venue": venue, "mode": "match", "symbols": ["EURUSD"], "taker_fee_bps": fee}
        for venue, fee in (("FXCM", "0.3"), ("OANDA", "0.2"))
    ),
    {"type": "account", "account": "A1", "currency": "USD", "cash": "10000000"},
    {"type": "account", "account": "B2", "currency": "USD", "cash": "5000000"},
    {"type": "limit", "check": "max_order_qty", "account": "A1", "value": "1000000"},
    {"type": "limit", "check": "max_order_qty", "account": "B2", "value": "500000"},
    {"type": "limit", "check": "max_position", "account": "A1", "symbol": "EURUSD", "value": "2000000"},
]  # fmt: skip


def quotes() -> Iterator[dict[str, str]]:
    """Lines of quotes in their order, from one hour of the day on; crossed rows are left out."""
    if not DATA.is_dir():
        pytest.skip(f"no FX recordings in {DATA}: set NACRE_DATA to the folder that holds fx/")
    for n, (_ms, venue, bid, ask) in enumerate(heapq.merge(*map(_rows, VENUES))):
        size = SIZES[n % len(SIZES)]
        yield {
            "type": "quote", "venue": venue, "symbol": "EURUSD", "bid_px": bid, "ask_px": ask,
            "bid_qty": size, "ask_qty": SIZES[(n + 1) % len(SIZES)],
        }  # fmt: skip


def _rows(venue: str) -> Iterator[tuple[int, str, str, str]]:
    with zipfile.ZipFile(DATA / f"{venue.lower()}_eurusd_tick_20140502.zip") as archive:
        (name,) = archive.namelist()
        with archive.open(name) as raw:
            for ms, bid, ask in csv.reader(io.TextIOWrapper(raw)):
                at = int(ms) + VENUES[venue] * 3_600_000
                if at >= BEGIN_MS and float(bid) < float(ask):
                    yield at, venue, bid, ask


class Feed:
    """Plays the recording into a core, a quote every so often, until `end`; `pause` holds it where it is."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._ending = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self._saying = threading.Lock()
        self.count = 0
        self._thread = threading.Thread(target=self._run, name="feed")
        self._thread.start()

    def pause(self) -> None:
        """When this returns the core has the last quote."""
        self._going.clear()
        with self._saying:
            pass

    def go_on(self) -> None:
        self._going.set()

    def end(self) -> None:
        self._ending.set()
        self._going.set()
        self._thread.join()

    def _run(self) -> None:
        with connect(self._socket, name="feed") as client:
            for line in quotes():
                self._going.wait()
                if self._ending.wait(MS_A_QUOTE / 1000):
                    return
                with self._saying:
                    if self._going.is_set():
                        self._say(client, line)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The market stands still; however that goes, it goes on afterwards."""
        self.pause()
        try:
            yield
        finally:
            self.go_on()

    def _say(self, client: Client, line: dict[str, str]) -> None:
        try:
            client.market(line)
            self.count += 1
        except ClientError:  # it is being brought back; the next quote is newer
            return
