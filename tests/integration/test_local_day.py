"""A recorded market through `nacre up --local`: our own venue plays it, engines and recorder follow. What
each engine said, a pass over the journal alone says too.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.data.instruments import declare
from tests.integration.live_core import until
from tests.integration.test_local import NACRE, Up
from tests.support_market_data import head, read
from tests.support_strategy import TAKER

LINES = int(os.environ.get("NACRE_DAY_LINES", "9000"))
"""Of the recording, at most; `make day` takes all."""
WAIT_S = 900.0
ENGINES = {
    "risk": "period_s = 1.0\nleast = 5\ndraws = 200\n",
    "bars": 'every = "1s,50t"\n',
    "features": """period_s = 1.0
[[features.params.features]]
kind = "return"
symbols = ["BTCUSDT"]
window = 2
[[features.params.features]]
kind = "imbalance"
symbols = ["BTCUSDT"]
""",
    "analytics": "period_s = 1.0\n",
}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return head("binance", tmp_path, LINES)


@pytest.fixture
def venue(recording: Path) -> Iterator[dict[str, Any]]:
    """Its addresses."""
    words = [*NACRE, "market-data", "serve", str(recording), "--speed", "0"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)


@pytest.fixture
def up(tmp_path: Path, recording: Path, venue: dict[str, Any]) -> Iterator[Up]:
    reader, _ = read(recording)
    lines = [line | ({"mode": "match"} if "mode" in line else {}) for line in declare([reader]).lines]
    lines.append({"type": "account", "account": "A", "currency": "USDT", "cash": "10000000"})
    (tmp_path / "declared.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "core.toml").write_text(f'declare = "{tmp_path / "declared.jsonl"}"\n')
    (tmp_path / "taker.py").write_text(TAKER)
    sections = [f"[{name}.params]\n{params}" for name, params in ENGINES.items()]
    taken = f'venue = "binance"\nsymbols = ["BTCUSDT"]\nurl = "{venue["url"]}"\nrest = "{venue["rest"]}"\n'
    (tmp_path / "engines.toml").write_text("".join([*sections, f"[market_data]\n{taken}"]))
    made = Up(
        tmp_path, "--config", str(tmp_path / "core.toml"), "--engines", str(tmp_path / "engines.toml"),
        "--strategy", str(tmp_path / "taker.py"), "--bridge",
    )  # fmt: skip
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.stop()


def parts(up: Up) -> dict[str, dict[str, Any]]:
    words = [*NACRE, "ps", "--folder", str(up.folder), "-o", "json"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    return {row["name"]: row for row in json.loads(ran.stdout or "[]")}


def replayed(up: Up, name: str, engines: Path) -> dict[str, Any]:
    words = ["engine", "replay", name, "--journal", str(up.folder / "journal"), "--config", str(engines)]
    (told,) = up.run(*words, "--against", str(up.folder / name), "-o", "json")
    assert isinstance(told, dict)
    return told


def test_each_engine_says_what_a_pass_over_the_journal_says(up: Up, recording: Path, tmp_path: Path) -> None:
    lines = len(recording.read_bytes().splitlines())
    assert lines == LINES or lines < LINES > 100_000

    def settled() -> bool:
        """All that the venue has was taken, and everybody has caught up with it."""
        now = parts(up)
        counts = [now.get(name, {}).get("last_seq", 0) for name in ENGINES]
        fed = now.get("market_data", {}).get("inputs", 0)
        return fed >= lines - 1 and min(counts) == max(counts) > lines

    until(settled, "the day is over", WAIT_S)
    told = parts(up)
    ill = {name for name, row in told.items() if row["state"] not in ("ready", "running")}
    assert ill <= {"market_data"}  # its venue has nothing more to say
    assert up.stop() == 0
    for name in ENGINES:
        found = replayed(up, name, tmp_path / "engines.toml")
        assert found["equal"], name
        assert found["inputs"] > 1000
        assert found["outputs"] > 0
    rows = up.run("recorder", "show", "fills", "--store", up.store, "--most", "100000", "-o", "json")
    assert len(rows) > 10
    said = up.run("recorder", "show", "outputs", "--store", up.store, "--most", "1000000", "-o", "json")
    assert {row["source"] for row in said} == {f"core/{name}" for name in ENGINES}
