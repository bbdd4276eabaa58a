"""Does a reader's memory grow with the rows? Peak resident memory at one and at ten times the rows, in
fresh processes.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.data import source

GOAL = 1.1
TIMES = 10

_CHILD = """
import json, sys
from pathlib import Path
from core.data.check import check
from core.data.recording import Options, open_all
recordings, _ = open_all([Path(sys.argv[1])], Options())
report = check(recordings)
status = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
print(json.dumps({"rows": report["rows"], "peak_kib": int(status)}))
"""


def run(data: Path, times: int = TIMES) -> list[dict[str, Any]]:
    """Of each format: rows and peak of both, and the ratio."""
    with tempfile.TemporaryDirectory(prefix="nacre-bench-") as folder:
        return [
            _compare(name, data / file, Path(folder), grow, times)
            for name, (file, grow) in FORMATS.items()
            if (data / file).is_file()
        ]


def _compare(name: str, path: Path, folder: Path, grow: Callable[..., None], times: int) -> dict[str, Any]:
    grown = folder / path.name
    grow(path, grown, times)
    one, many = _peak(path), _peak(grown)
    grown.unlink()
    return {
        "format": name,
        "rows": one["rows"],
        "peak_kib": one["peak_kib"],
        f"rows_{times}x": many["rows"],
        f"peak_kib_{times}x": many["peak_kib"],
        "same": many["rows"] == times * one["rows"],
        "ratio": round(many["peak_kib"] / one["peak_kib"], 4),
    }


def _peak(path: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(path)], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def repeat_gzip(path: Path, grown: Path, times: int) -> None:
    """The same member again and again: gzip allows several."""
    data = path.read_bytes()
    with grown.open("wb") as out:
        for _ in range(times):
            out.write(data)


def repeat_zip(path: Path, grown: Path, times: int) -> None:
    """Each member's rows again and again."""
    with (
        zipfile.ZipFile(path) as old,
        zipfile.ZipFile(grown, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for info in old.infolist():
            data = old.read(info)
            if not data.endswith(b"\n"):
                data += b"\r\n"
            with new.open(info.filename, "w", force_zip64=True) as out:
                for _ in range(times):
                    out.write(data)


def repeat_records(path: Path, grown: Path, times: int) -> None:
    """DBN's metadata once, its records again and again."""
    import zstandard

    data = b"".join(source.stream(path))
    begin = 8 + int.from_bytes(data[4:8], "little")
    with grown.open("wb") as file, zstandard.ZstdCompressor(level=1).stream_writer(file) as out:
        out.write(data[:begin])
        for _ in range(times):
            out.write(data[begin:])


def repeat_lines(path: Path, grown: Path, times: int) -> None:
    """A CSV's rows again and again, its header once; written as gzip."""
    import lzma

    header, _, rows = lzma.decompress(path.read_bytes()).partition(b"\n")
    with gzip.open(grown, "wb", compresslevel=1) as out:
        out.write(header + b"\n")
        for _ in range(times):
            out.write(rows)


FORMATS: dict[str, tuple[str, Callable[[Path, Path, int], None]]] = {
    "lobster": ("l3/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip", repeat_zip),
    "itch": ("l3/ex20101224.TEST_ITCH_50.gz", repeat_gzip),
    "dbn": ("l3/esm4_mbo_2024-05-08_2s.dbn.zst", repeat_records),
    "bitstamp_orders": ("l3/bitstamp_btcusd_20150501_l3_orders.csv.xz", repeat_lines),
    "binance": ("crypto/binance_usdm_btcusdt_20240808.gz", repeat_gzip),
    "kraken": ("crypto/cryptofeed_KRAKEN.ws.50.0.gz", repeat_gzip),
    "coinbase": ("crypto/cryptofeed_COINBASE.ws.28.0.gz", repeat_gzip),
    "bitstamp": ("crypto/cryptofeed_BITSTAMP.ws.1.0.gz", repeat_gzip),
    "fx": ("fx/fxcm_eurusd_tick_20140502.zip", repeat_zip),
}
