"""What `bench pipeline` plays: two recorded markets as a core's inputs, and a model learned of them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bench.machine import NoData
from core.data.feed import Feed
from core.data.instruments import Listing, declare, scan
from core.data.recording import Options, open_all, run_merged
from core_ext.ring import Ring
from periphery.client.codec import INPUT_SIZE
from periphery.client.directory import Directory
from periphery.features.frame import frame_of
from periphery.features.offline import Recordings
from periphery.ml.registry import Registry
from periphery.ml.training import Training, source_of, train

if TYPE_CHECKING:
    from core.data.reader import Events, Reader

FILES = ("crypto/binance_spot_btcusdt_20240808.gz", "crypto/binance_usdm_btcusdt_20240808.gz")
ACCOUNT, MODEL = "A", "move"
LEVELS = 64
RING_SLOTS = 1 << 16
"""Of the ring that only turns events into inputs: more than come together."""
LEARNED_PERIOD_S = 0.5
"""Of the recording's time: about as many events as a period has that is played faster."""
FEATURES: list[dict[str, Any]] = [
    {"kind": "return", "window": 2},
    {"kind": "imbalance"},
    {"kind": "ofi", "window": 2},
]
_SOURCE_SEQ = slice(8, 16)


def heads(data: Path, folder: Path, lines: int) -> list[Path]:
    """The first lines of each recording, as files of their own. NoData."""
    found = []
    for name in FILES:
        path = folder / Path(name).stem
        try:
            with gzip.open(data / name, "rb") as file:
                path.write_bytes(b"".join(islice(file, lines)))
        except FileNotFoundError:
            raise NoData(f"no {name} in {data}: --data names the folder of recordings") from None
        found.append(path)
    return found


def listed(paths: Sequence[Path]) -> Listing:
    """The recordings' instruments and venues."""
    return declare(scan(paths, Options()))


def declarations(listing: Listing) -> list[dict[str, Any]]:
    """For a core that plays these venues itself."""
    lines = [line | ({"mode": "match"} if "mode" in line else {}) for line in listing.lines]
    return [*lines, {"type": "account", "account": ACCOUNT, "currency": "USDT", "cash": "10000000"}]


def inputs(paths: Sequence[Path], listing: Listing, names: Directory, most: int) -> list[bytes]:
    """The first events of the recordings, merged by their time, each as a feeding session sends it."""
    found: list[bytes] = []

    def sink(n: int) -> Callable[[Events], None]:
        def take(events: Events) -> None:
            if n not in takers:
                takers[n] = _Taker(readers[n], listing, names)
            found.extend(takers[n].take(events))

        return take

    takers: dict[int, _Taker] = {}
    recordings, _ = open_all(list(paths), Options(), sink)
    readers = [reader for recording in recordings for reader in recording.readers]
    run_merged(readers)
    return [_numbered(row, number) for number, row in enumerate(found[:most], 1)]


def _numbered(row: bytes, number: int) -> bytes:
    """The session's own number of it: both recordings go through one session."""
    changed = bytearray(row)
    changed[_SOURCE_SEQ] = number.to_bytes(8, "little")
    return bytes(changed)


class _Taker:
    """Events of one reader as inputs of a core."""

    def __init__(self, reader: Reader, listing: Listing, names: Directory) -> None:
        self._reader, self._listing, self._names = reader, listing, names
        size = Ring.bytes_needed(RING_SLOTS, INPUT_SIZE)
        self._ring = Ring.format(bytearray(size), RING_SLOTS, INPUT_SIZE)
        venue = names.venue(listing.venue(reader))
        self._feed = Feed(self._ring, reader.streams.all, venue, LEVELS)
        self._known = 0

    def take(self, events: Events) -> Iterator[bytes]:
        for stream in self._reader.streams.all[self._known :]:
            symbol = self._names.symbol(self._listing.name(self._reader, stream.symbol))
            self._feed.list(stream.index, symbol.index, symbol.price_precision, symbol.qty_precision)
            self._known += 1
        self._feed.take(events)
        waits = True
        while waits:
            waits = not self._feed.flush()
            while (row := self._ring.try_pop()) is not None:
                yield row


def learn(paths: Sequence[Path], listing: Listing, registry: Path, period_s: float) -> list[str]:
    """A champion in the registry: learned of the recording's time, to be asked each period of the live one.
    The symbols that it is of.
    """
    symbols = [instrument.name for instrument in listing.instruments.values()]
    given = {"name": MODEL, "symbols": symbols, "features": FEATURES, "horizon": 2, "folds": 2, "rounds": 10}
    trees = {"params": {"num_leaves": 7, "min_data_in_leaf": 5}}
    of = msgspec.convert(given | trees | {"period_s": LEARNED_PERIOD_S}, Training)
    rows = Recordings(paths, Options()).rows(of.definitions(), of.period_s)
    manifest, blob = train(of, frame_of(rows), [source_of(path) for path in paths])
    served = msgspec.structs.replace(of, period_s=period_s)
    manifest = msgspec.structs.replace(manifest, training=served, definitions=served.definitions())
    kept = Registry(registry, make=True)
    kept.add(manifest, blob, "bench")
    return symbols
