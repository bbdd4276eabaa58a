"""Damaged recordings, by the hundred: no reader stops, none is silent, and every byte is accounted for."""

from __future__ import annotations

import gzip
import itertools
import lzma
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from core.data.recording import BadRecording

type Told = Callable[..., dict[str, Any]]

SIZE = 40_000


def _gzip(path: Path) -> bytes:
    with gzip.open(path) as file:
        return file.read(SIZE)


def _xz(path: Path) -> bytes:
    with lzma.open(path) as file:
        return file.read(SIZE)


def _zip(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
        return file.read(SIZE)


def _zstd(path: Path) -> bytes:
    unpack = zstandard.ZstdDecompressor()
    with path.open("rb") as file, unpack.stream_reader(file, read_across_frames=True) as plain:
        return plain.read(SIZE)


FILES: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "l3/esm4_mbo_2024-05-08_2s.dbn.zst": (_zstd, "dbn"),
    "l3/ex20101224.TEST_ITCH_50.gz": (_gzip, "itch50_zero"),
    "l3/nasdaq_itch50_first1000.itch": (lambda path: path.read_bytes()[:SIZE], "itch50_prefixed"),
    "l3/bitstamp_btcusd_20150501_l3_orders.csv.xz": (_xz, "bitstamp_orders"),
    "l3/lobster_excerpt_MSFT_msgs.csv.gz": (_gzip, "lobster_messages"),
    "l3/lobster_excerpt_MSFT_book.csv.gz": (_gzip, "lobster_book"),
    "crypto/binance_usdm_btcusdt_20240808.gz": (_gzip, "binance"),
    "crypto/cryptofeed_COINBASE.ws.28.0.gz": (_gzip, "cryptofeed_coinbase"),
    "crypto/cryptofeed_BITSTAMP.ws.1.0.gz": (_gzip, "cryptofeed_bitstamp"),
    "crypto/cryptofeed_KRAKEN.ws.50.0.gz": (_gzip, "cryptofeed_kraken"),
    "fx/oanda_eurusd_tick_20140502.zip": (_zip, "lean_quotes"),
}


def damaged(data: bytes, rng: random.Random) -> bytes:
    """A few bytes changed, taken out or put in; sometimes the end is cut off."""
    out = bytearray(data)
    for _ in range(rng.randrange(1, 12)):
        at = rng.randrange(len(out))
        how = rng.randrange(4)
        if how == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            del out[at : at + rng.randrange(1, 40)]
        elif how == 2:
            out[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 40)))
        else:
            out[at : at + 8] = bytes(8)
    return bytes(out[: rng.randrange(len(out) // 2, len(out))] if rng.random() < 0.3 else out)


@pytest.mark.parametrize("name", FILES)
def test_every_reader_goes_on(name: str, told: Told, shared: Path) -> None:
    if not (shared / name).is_file():
        pytest.skip(f"no {name} in {shared}")
    read, form = FILES[name]
    data = read(shared / name)
    for seed in range(25):
        broken = damaged(data, random.Random(seed))
        report = told({"oanda_eurusd_20140502.csv": broken}, format=form)
        (file,) = report["files"]
        assert len(file["places"]) + file["places_left_out"] == report["errors"]
        alone = file.get("by_messages_alone", {})
        failures = [report[key] for key in ("errors", "gaps", "trade_gaps", "checksums_bad")]
        failures += [alone.get("mismatched"), alone.get("duplicate_ids")]
        assert report["ok"] == (not any(failures))
        offsets = [place["offset"] for place in file["places"]]
        assert offsets == sorted(offsets)
        assert all(0 <= offset <= len(broken) for offset in offsets)
        if "skipped_bytes" not in file and form != "bitstamp_orders":
            assert report["rows"] == len(broken.split(b"\n")) - broken.endswith(b"\n")


def test_a_binary_reader_accounts_for_each_byte(told: Told, shared: Path) -> None:
    name = "l3/ex20101224.TEST_ITCH_50.gz"
    if not (shared / name).is_file():
        pytest.skip(f"no {name} in {shared}")
    data = _gzip(shared / name)
    from core.data.itch import LENGTHS

    for seed in range(25):
        broken = damaged(data, random.Random(seed))
        (file,) = told({"x": broken}, format="itch50_zero")["files"]
        read = sum((2 + LENGTHS[kind]) * count for kind, count in file["kinds"].items())
        assert read + file["skipped_bytes"] == len(broken)


def test_noise_is_no_recording(told: Told) -> None:
    for seed, size in itertools.product(range(20), (1, 50, 5000)):
        noise = random.Random(seed).randbytes(size)
        with pytest.raises(BadRecording):
            told({"x": noise})
