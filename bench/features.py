"""How long does an event take in the engines of features and models, on a recorded market? In the thread's
own time; what they say is compared with the same features offline and the same model asked once more.
"""

from __future__ import annotations

import gzip
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench.machine import NoData, machine
from core.data.recording import Options
from core.data.replay import replay
from periphery.features.engine import FeaturesEngine
from periphery.features.frame import Frame, frame_of
from periphery.features.offline import Recordings
from periphery.ml.engine import MlEngine
from periphery.ml.registry import Registry
from periphery.ml.training import Training, source_of, train
from periphery.service.config import Config
from periphery.service.engine import Engine
from periphery.service.runner import Runner
from periphery.service.state import read_said

FILE, SYMBOL, VENUE = "crypto/binance_usdm_btcusdt_20240808.gz", "BTCUSDT", "BINANCE_USDM"
TRAINING: dict[str, Any] = {
    "name": "bench", "symbols": [SYMBOL], "horizon": 5, "period_s": 0.5, "folds": 2, "rounds": 100,
    "features": [
        {"kind": "spread"}, {"kind": "microprice", "unit": "bps"}, {"kind": "imbalance"},
        {"kind": "depth_imbalance", "levels": 10, "venue": VENUE}, {"kind": "ofi", "window": 5},
        {"kind": "return", "window": 1}, {"kind": "realised_volatility", "window": 20},
        {"kind": "trade_imbalance", "window": 5}, {"kind": "vpin", "bucket_qty": 1, "buckets": 20},
        {"kind": "zscore", "of": "return_1", "window": 20},
        {"kind": "indicator", "function": "RSI", "params": {"timeperiod": 14}, "bars": 30},
    ],
}  # fmt: skip


def run(data: Path, lines: int) -> dict[str, Any]:
    """ok: features are those offline, predictions those of the model asked of them. NoData."""
    if not (data / FILE).exists():
        raise NoData(f"no {FILE} in {data}: --data names the folder of recordings")
    with tempfile.TemporaryDirectory(prefix="nacre-bench-") as folder:
        place = Path(folder)
        market = place / "market"
        with gzip.open(data / FILE) as rows:
            market.write_bytes(b"".join(islice(rows, lines)))
        replay([market], Options(), place / "journal")
        training = msgspec.convert(TRAINING, Training)
        definitions = training.definitions()
        frame = frame_of(Recordings([market], Options()).rows(definitions, training.period_s))
        manifest, blob = train(training, frame, [source_of(market)])
        kept = Registry(place / "models.db", make=True)
        kept.add(manifest, blob, "bench")
        given = {"period_s": training.period_s, "features": msgspec.to_builtins(definitions)}
        served = {"registry": str(kept.path), "model": "bench", "champion": 1}
        found = {
            "features": _timed(FeaturesEngine, place, given),
            "ml": _timed(MlEngine, place, served),
        }
        same = _same_features(place, frame) and _same_predictions(place, frame, kept)
    return {"ok": same, "rows": len(frame), "features_a_row": len(definitions), **found, "machine": machine()}


def _timed(kind: type[Engine], place: Path, params: dict[str, Any]) -> dict[str, Any]:
    """The journal through an engine; how long an event took, and each at which it said something."""
    config = Config(journal=str(place / "journal"), state=str(place / kind.name), params=params)
    runner = Runner(kind, config)
    said: list[int] = []
    on_page = runner.engine.on_page

    def timed(page: Any, raw: bytes) -> Any:
        begin = time.thread_time_ns()
        outputs = list(on_page(page, raw))
        ns = time.thread_time_ns() - begin
        if outputs:
            said.append(ns)
        return outputs

    runner.engine.on_page = timed  # type: ignore[method-assign]
    begin = time.thread_time_ns()
    runner.catch_up()
    whole_ns = time.thread_time_ns() - begin
    events, heard = runner.inputs, runner.source.heard
    runner.save()
    runner.close()
    return {
        "events": events,
        "heard": heard,
        "events_per_s": events * 1_000_000_000 // max(whole_ns, 1),
        "event_us": round((whole_ns - sum(said)) / max(events, 1) / 1000, 2),
        "period_end_us": _quantiles(said),
    }


def _quantiles(times_ns: list[int]) -> dict[str, float]:
    us = np.array(times_ns, np.float64) / 1000
    return {"p50": round(float(np.median(us)), 1), "p99": round(float(np.quantile(us, 0.99)), 1)}


def _said(place: Path, engine: str, topic: str) -> list[dict[str, Any]]:
    return [values for *_, t, values in read_said(place / engine / "outputs") if t == topic]


def _same_features(place: Path, frame: Frame) -> bool:
    said = _said(place, "features", "feature")
    for name, column in frame.values.items():
        online = np.array([np.nan if (v := each["values"][name]) is None else v for each in said])
        if online.tobytes() != column.tobytes():
            return False
    return len(said) == len(frame)


def _same_predictions(place: Path, frame: Frame, kept: Registry) -> bool:
    version = kept.get("bench", 1)
    model, inputs = version.model(), version.manifest.inputs
    x = np.column_stack([frame.values[name] for name in inputs])
    expected = [model.predict(row) for row in x if not np.isnan(row).any()]
    return [each["value"] for each in _said(place, "ml", "signal")] == expected and bool(expected)
