"""How many rows a second does each reader take, against the obvious alternative on the same bytes in the
same run?

Each recording is unpacked into memory first and given to both from there, in turn, so that neither disk nor
gzip is in the figure. Ours is the whole check: every row strictly parsed, books built, sequences and
checksums and transitions tested. The peer's work stands beside its figure; where it is less than ours, it
says so. Processor time, best of several turns, after one that doesn't count: who is asked first imports.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import data_memory, data_peers
from bench.machine import NoData, machine, pinned, usable
from core.data.check import check
from core.data.recording import File, Opener, Options, Recording, look

TURNS = 5
CHUNK = 1 << 17

type Peer = Callable[[list[bytes]], tuple[int, Any]]


@dataclass(frozen=True, slots=True)
class Question:
    """A recording (or two that belong together), and who else can read it."""

    name: str
    files: tuple[str, ...]
    peers: tuple[str, ...]


QUESTIONS = (
    Question("lobster", ("l3/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip",), ("csv_columns",)),
    Question("itch", ("l3/ex20101224.TEST_ITCH_50.gz",), ("itchfeed", "itchcpp")),
    Question("dbn", ("l3/esm4_mbo_2024-05-08_2s.dbn.zst",), ("databento_dbn", "databento_book")),
    Question("bitstamp_orders", ("l3/bitstamp_btcusd_20150501_l3_orders.csv.xz",), ("csv_columns",)),
    Question("binance_spot", ("crypto/binance_spot_btcusdt_20240808.gz",), ("orjson", "orjson_book")),
    Question("binance_usdm", ("crypto/binance_usdm_btcusdt_20240808.gz",), ("orjson", "orjson_book")),
    Question("binance_coinm", ("crypto/binance_cm_btcusd_perp_20240808.gz",), ("orjson", "orjson_book")),
    Question("kraken", ("crypto/cryptofeed_KRAKEN.ws.50.0.gz",), ("orjson", "orjson_kraken")),
    Question("coinbase", ("crypto/cryptofeed_COINBASE.ws.28.0.gz",), ("orjson",)),
    Question("bitstamp", ("crypto/cryptofeed_BITSTAMP.ws.1.0.gz",), ("orjson",)),
    Question("fx", ("fx/fxcm_eurusd_tick_20140502.zip",), ("csv_columns", "polars")),
)


def run(data: Path, turns: int = TURNS, memory: bool = True) -> dict[str, Any]:
    """ok: ours and each peer saw the same rows (and the same book, where the peer makes one); memory within
    its goal.
    """
    for question in QUESTIONS:
        for name in question.files:
            if not (data / name).is_file():
                raise NoData(f"no {name} in {data}: --data names the folder of recordings")
    with pinned(usable()[0]):
        formats = [_measure(question, data, turns) for question in QUESTIONS]
    found: dict[str, Any] = {"ok": all(row["same"] for row in formats), "formats": formats}
    if memory:
        found["memory"] = data_memory.run(data)
        found["memory_goal"] = data_memory.GOAL
        found["ok"] = found["ok"] and all(
            row["same"] and row["ratio"] <= data_memory.GOAL for row in found["memory"]
        )
    found["peers_missing"] = data_peers.missing()
    found["peers"] = data_peers.told()
    return found | {"machine": machine(), "placement": "one processor, pinned"}


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """The same for people: ours a row, each peer a row of its own below, and last what each peer does and its
    version."""
    formats = [
        {key: value for key, value in row.items() if not isinstance(value, dict)} for row in found["formats"]
    ]
    rates = [
        {"format": row["format"], "peer": name} | {key: told[key] for key in ("rows_per_s", "ratio")}
        for row in found["formats"]
        for name, told in row.items()
        if isinstance(told, dict)
    ]
    does = [{"peer": name, "does": data_peers.DOES[name]} for name in {row["peer"]: None for row in rates}]
    last = {"remarks": does, "peers": found["peers"]}
    return {k: v for k, v in found.items() if k not in last} | {"formats": formats, "against": rates} | last


def _measure(question: Question, data: Path, turns: int) -> dict[str, Any]:
    """Ours and the peers in turn, on the same plain bytes."""
    files = [file for name in question.files for file in look(data / name, Options())]
    plain = [b"".join(file.chunks()) for file in files]
    peers = [name for name in question.peers if name not in data_peers.missing()]
    best: dict[str, int] = {}
    report: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    for turn in range(turns + 1):
        report, ns = _ours(files, plain)
        took = {"nacre": ns}
        for name in peers:
            start = time.process_time_ns()
            answers[name] = data_peers.PEERS[name](plain)
            took[name] = time.process_time_ns() - start
        if turn:
            best = {name: min(best.get(name, ns), ns) for name, ns in took.items()}
    return _row(question, report, best, answers, sum(map(len, plain)))


def _ours(files: list[File], plain: list[bytes]) -> tuple[dict[str, Any], int]:
    recordings = _recordings(files, plain)
    start = time.process_time_ns()
    report = check(recordings)
    return report, time.process_time_ns() - start


def _recordings(files: list[File], plain: list[bytes]) -> list[Recording]:
    """Readers over bytes in memory."""
    held = [
        _Held(**{name: getattr(file, name) for name in File.__slots__}, plain=data)
        for file, data in zip(files, plain, strict=True)
    ]
    return list(Opener(Options()).recordings(list(held)))


@dataclass(frozen=True)
class _Held(File):
    """A file whose plain bytes are in memory."""

    plain: bytes = b""

    def chunks(self, advance: Any = None) -> Iterator[bytes]:
        for start in range(0, len(self.plain), CHUNK):
            yield self.plain[start : start + CHUNK]


def _row(
    question: Question, report: dict[str, Any], best: dict[str, int], answers: dict[str, Any], size: int
) -> dict[str, Any]:
    rows = report["rows"]
    row: dict[str, Any] = {
        "format": question.name,
        "rows": rows,
        "bytes": size,
        "rows_per_s": rows * 1_000_000_000 // best["nacre"],
        "mb_per_s": size * 1000 // best["nacre"],
    }
    same = True
    for name, (count, book) in answers.items():
        row[name] = {
            "does": data_peers.DOES[name],
            "rows_per_s": count * 1_000_000_000 // best[name],
            "ratio": round(best[name] / best["nacre"] * rows / max(count, 1), 2),
        }
        same = same and data_peers.agrees(name, report, count, book)
    return row | {"same": same}
