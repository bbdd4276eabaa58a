"""`nacre features`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from periphery.cli.features import command
from periphery.features.definitions import read
from periphery.features.offline import compute
from tests.unit.periphery.features.answers import SYMBOL, Tape, tape

CONFIG = """
[features.params]
period_s = 1.0
[[features.params.features]]
kind = "mid"
symbols = ["AAPL"]
[[features.params.features]]
kind = "return"
symbols = ["AAPL"]
window = 3
"""
MAP = "ts=ts:ns," + ",".join(f"{c}={c}" for c in ("symbol", "bid_px", "bid_qty", "ask_px", "ask_qty"))


def typed(*words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "engines.toml").write_text(CONFIG)
    return tmp_path / "engines.toml"


@pytest.fixture
def recording(tmp_path: Path) -> tuple[Path, Tape]:
    t = tape(1)
    lines = ["ts,symbol,bid_px,bid_qty,ask_px,ask_qty"]
    for time_ns, (bid, bid_qty, ask, ask_qty) in zip(t.times.tolist(), t.quotes.tolist(), strict=True):
        if bid == bid:
            lines.append(f"{time_ns},{SYMBOL},{bid:.2f},{bid_qty:.0f},{ask:.2f},{ask_qty:.0f}")
    (tmp_path / "quotes.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "quotes.csv", t


def test_computed_and_read_as_of_a_time(recording: tuple[Path, Tape], config: Path, tmp_path: Path) -> None:
    file, t = recording
    target = tmp_path / "features.parquet"
    given = ("--data", file, "--map", MAP, "--config", config, "--to", target, "-o", "json")
    ran = typed("compute", *given)
    assert ran.exit_code == 0, ran.output
    definitions = read(
        [{"kind": "mid", "symbols": [SYMBOL]}, {"kind": "return", "symbols": [SYMBOL], "window": 3}]
    )
    quotes = [event for event in t.events() if hasattr(event[3], "bid")]
    rows = list(compute(definitions, 1.0, quotes))
    assert json.loads(ran.stdout)[0] == {
        "symbol": SYMBOL,
        "feature": "mid",
        "rows": len(rows),
        "known": len(rows),
    }
    for i in (5, len(rows) - 1):
        for time_ns, row in ((rows[i].known_ns, rows[i]), (rows[i].known_ns - 1, rows[i - 1])):
            (found,) = json.loads(typed("at", time_ns, "--from", target, "-o", "json").stdout)
            assert found == row._asdict()
    shown = typed("at", rows[9].known_ns, "--from", target).stdout
    assert "return_3" in shown
    again = typed("compute", *given)
    assert (again.exit_code, "--force" in again.output) == (2, True)


def test_kinds_are_listed_with_what_they_take() -> None:
    found = {row["kind"]: row["params"] for row in json.loads(typed("list", "-o", "json").stdout)}
    assert found["zscore"] == "of, window"
    assert found["indicator"].startswith("function, [params]")
    assert len(found) == 14


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CONFIG.replace('"return"', '"colour"'), "colour"),
        (CONFIG.replace("window = 3", 'window = "x"'), "window"),
        ("[features.params]\n", "none are defined"),
        ("[features", "engines.toml"),
    ],
)
def test_a_bad_configuration_is_named(
    recording: tuple[Path, Tape], config: Path, tmp_path: Path, text: str, words: str
) -> None:
    config.write_text(text)
    given = ("--data", recording[0], "--map", MAP, "--config", config, "--to", tmp_path / "f.parquet")
    ran = typed("compute", *given)
    assert (ran.exit_code, words in ran.output) == (2, True), ran.output


def test_what_isn_t_features_is_named(recording: tuple[Path, Tape], tmp_path: Path) -> None:
    (tmp_path / "f.parquet").write_bytes(b"no")
    assert typed("at", "5", "--from", tmp_path / "f.parquet").exit_code == 2
    assert typed("at", "5", "--from", tmp_path).exit_code == 2
    assert typed("at", "yesterday", "--from", recording[0]).exit_code == 2
