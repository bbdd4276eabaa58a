"""Features and a model on a recorded market: processes killed at any time say what LightGBM alone says of the
features of the recording itself.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import lightgbm
import msgspec
import numpy as np
import pytest

from core.data.recording import Options
from core.data.replay import replay
from core.recovery import verify
from periphery.features.frame import Frame, frame_of, read_frame
from periphery.features.offline import Recordings
from periphery.ml.registry import Registry
from periphery.ml.training import Training, source_of, train
from periphery.service.state import Saved, read_said

SHARED = Path(os.environ.get("NACRE_DATA") or Path(__file__).resolve().parents[2] / "../shared/data")
BINANCE = SHARED / "crypto/binance_usdm_btcusdt_20240808.gz"
NACRE = [sys.executable, "-m", "core.cli"]
LINES = 8000
WAIT_S = 120.0
SYMBOL = "BTCUSDT"
TRAINING: dict[str, Any] = {
    "name": "btc", "symbols": [SYMBOL], "horizon": 4, "period_s": 0.25, "folds": 3, "rounds": 10,
    "params": {"num_leaves": 5, "min_data_in_leaf": 5},
    "features": [
        {"kind": "return", "window": 2},
        {"kind": "microprice", "unit": "bps"},
        {"kind": "ofi", "window": 2},
        {"kind": "depth_imbalance", "levels": 5, "venue": "BINANCE_USDM"},
        {"kind": "trade_imbalance", "window": 4},
    ],
}  # fmt: skip


class Market:
    """A journal of the recording, its features, a model of them, and the engines' settings."""

    def __init__(self, place: Path) -> None:
        file, self.journal, self.registry = place / "binance", place / "journal", place / "models.db"
        with gzip.open(BINANCE) as lines:
            file.write_bytes(b"".join(islice(lines, LINES)))
        assert replay([file], Options(), self.journal)["ok"]
        self.training = msgspec.convert(TRAINING, Training)
        definitions = self.training.definitions()
        rows = Recordings([file], Options()).rows(definitions, self.training.period_s)
        self.frame: Frame = frame_of(rows)
        manifest, blob = train(self.training, self.frame, [source_of(file)])
        Registry(self.registry, make=True).add(manifest, blob, "anna")
        self.booster = lightgbm.Booster(model_str=blob.decode())
        self.config = place / "engines.toml"
        tables = "".join(
            "\n[[features.params.features]]\n"
            + "".join(f"{k} = {json.dumps(v)}\n" for k, v in each.items() if v != "")
            for each in msgspec.to_builtins(definitions)
        )
        self.config.write_text(
            f'[ml.params]\nregistry = "{self.registry}"\nmodel = "btc"\nchampion = 1\n'
            f"[features.params]\nperiod_s = 0.25\n{tables}"
        )


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    if not BINANCE.exists():
        pytest.skip(f"no recordings in {SHARED}: set NACRE_DATA to the folder that holds crypto/")
    return Market(tmp_path_factory.mktemp("market"))


def killed(market: Market, engine: str, state: Path, last: int) -> None:
    """The engine's process, killed twice on its way, then to the journal's end and stopped in order."""
    words = [
        *NACRE,
        "engine",
        "run",
        engine,
        "--config",
        str(market.config),
        "--journal",
        str(market.journal),
    ]
    words += ["--state", str(state), "--http", "127.0.0.1:0"]
    environment = os.environ | {f"NACRE_{engine.upper()}_SAVE_EVERY_S": "0.05"}
    chance = random.Random(11)
    for kill in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
        process = subprocess.Popen(words, stderr=subprocess.PIPE, env=environment, text=True)
        assert process.stderr is not None
        try:
            assert json.loads(process.stderr.readline())["message"] == "begins"
            if kill == signal.SIGKILL:
                time.sleep(chance.uniform(0.1, 0.8))
            else:
                until_saved(state, last)
        finally:
            process.send_signal(kill)
            process.communicate(timeout=WAIT_S)
    assert process.returncode == 0


def until_saved(state: Path, last: int) -> None:
    """Until its state is of the journal's last event."""
    file, ends_s = state / "state", time.monotonic() + WAIT_S
    while time.monotonic() < ends_s:
        if file.exists() and msgspec.msgpack.decode(file.read_bytes(), type=Saved).mark.seq >= last:
            return
        time.sleep(0.05)
    raise AssertionError(f"{state}: not at event {last} after {WAIT_S:g} s")


def test_engines_killed_say_what_is_said_offline(market: Market, tmp_path: Path) -> None:
    last = verify(market.journal)["last_sequence"]
    for engine in ("features", "ml"):
        killed(market, engine, tmp_path / engine, last)
    online = read_frame(tmp_path / "features")
    assert online.known_ns.tolist() == market.frame.known_ns.tolist()
    for name, column in market.frame.values.items():
        assert online.values[name].tobytes() == column.tobytes()
    names = market.training.inputs()
    x = np.column_stack([market.frame.values[name] for name in names])
    known = ~np.isnan(x).any(axis=1)
    expected = market.booster.predict(x[known])
    said = [values for *_, topic, values in read_said(tmp_path / "ml" / "outputs") if topic == "signal"]
    assert [each["at_ns"] for each in said] == market.frame.at_ns[known].tolist()
    assert [each["value"] for each in said] == expected.tolist()
    assert len(said) > 80
