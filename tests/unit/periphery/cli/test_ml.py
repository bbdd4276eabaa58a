"""`nacre ml`, as it is typed: from a recording to a champion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from periphery.cli.ml import command
from periphery.ml.engine import MlEngine
from periphery.service.config import read_config
from periphery.service.runner import Runner
from tests.unit.periphery.cli.test_features import MAP
from tests.unit.periphery.features.answers import SYMBOL, tape
from tests.unit.periphery.features.test_engine import day

CONFIG = """
[training]
name = "move"
symbols = ["AAPL"]
model = "lightgbm"
horizon = 3
rounds = 5
folds = 3
params = {num_leaves = 4, min_data_in_leaf = 5}

[[training.features]]
kind = "return"
window = 2

[[training.features]]
kind = "imbalance"
"""


def typed(*words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def told(*words: object) -> Any:
    ran = typed(*words, "-o", "json")
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    t = tape(1, 700)
    lines = ["ts,symbol,bid_px,bid_qty,ask_px,ask_qty"]
    for time_ns, (bid, bid_qty, ask, ask_qty) in zip(t.times.tolist(), t.quotes.tolist(), strict=True):
        if bid == bid:
            lines.append(f"{time_ns},{SYMBOL},{bid:.2f},{bid_qty:.0f},{ask:.2f},{ask_qty:.0f}")
    (tmp_path / "quotes.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "quotes.csv"


def trained(recording: Path, registry: Path, text: str = CONFIG, *more: object) -> Result:
    config = recording.with_name("ml.toml")
    config.write_text(text)
    given = ("--data", recording, "--map", MAP, "--config", config, "--registry", registry)
    return typed("train", *given, "--by", "anna", "-o", "json", *more)


def test_from_a_recording_to_a_champion_and_back(recording: Path, tmp_path: Path) -> None:
    registry = tmp_path / "models.db"
    on = ("--registry", registry)
    first = json.loads(trained(recording, registry).stdout)
    second = json.loads(trained(recording, registry, CONFIG.replace("lightgbm", "linear").replace(
        "params = {num_leaves = 4, min_data_in_leaf = 5}", ""), "--parent", 1).stdout)  # fmt: skip
    assert (first["version"], second["version"]) == (1, 2)
    assert first["rows"] == second["rows"] > 100
    assert {"walk_forward", "purged"} == first["scores"].keys()
    shown = json.loads(typed("show", "move", 2, *on).stdout)
    assert (shown["parent"], shown["sources"][0]["file"], shown["by"]) == (1, "quotes.csv", "anna")
    told("promote", "move", 2, *on, "--by", "anna", "--why", "begins")
    told("promote", "move", 1, *on, "--by", "ben", "--why", "better")
    assert [row["stage"] for row in told("list", *on)] == ["champion", "challenger"]
    assert [row["now"] for row in told("audit", "move", *on)][-2:] == ["challenger", "champion"]
    _served(typed("settings", "move", *on).stdout, tmp_path)
    assert [row["version"] for row in told("rollback", "move", *on)] == [1, 2]
    assert [row["stage"] for row in told("list", "move", *on)] == ["retired", "champion"]
    table = typed("list", *on).stdout
    assert "retired" in table


def _served(settings: str, place: Path) -> None:
    """What `settings` prints is what the engine takes; what the engine says is what `compare` takes."""
    (place / "engines.toml").write_text(settings)
    day(place / "journal", 3)
    given = {"journal": str(place / "journal"), "state": str(place / "state")}
    runner = Runner(MlEngine, read_config("ml", place / "engines.toml", given, {})).catch_up()
    runner.save()
    runner.close()
    rows = told("compare", place / "state")
    assert [(row["version"], row["against"]) for row in rows] == [(1, None), (2, 1)]
    assert rows[0]["rows"] == rows[1]["common"] > 30
    assert [row["against"] for row in told("compare", place / "state", "--against", 2)] == [2, None]
    assert typed("compare", place / "state").stdout.startswith("versions")


def test_the_model_itself_can_be_had(recording: Path, tmp_path: Path) -> None:
    import lightgbm

    trained(recording, tmp_path / "models.db")
    words = ("show", "move", 1, "--registry", tmp_path / "models.db", "--model", tmp_path / "model.txt")
    assert typed(*words).exit_code == 0
    assert lightgbm.Booster(model_file=str(tmp_path / "model.txt")).num_trees() == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[training", "ml.toml"),
        ("", "no section"),
        (CONFIG.replace("horizon = 3", "horizon = 0"), "horizon"),
        (CONFIG.replace('"imbalance"', '"colour"'), "colour"),
        (CONFIG.replace("folds = 3", "folds = 100"), "too few"),
        (CONFIG.replace('["AAPL"]', '["OTHER"]'), "nothing of OTHER"),
    ],
)
def test_what_is_wrong_is_named(recording: Path, tmp_path: Path, text: str, words: str) -> None:
    ran = trained(recording, tmp_path / "models.db", text)
    assert (ran.exit_code, words in ran.output) == (2, True), ran.output


def test_what_isn_t_there_is_named(recording: Path, tmp_path: Path) -> None:
    on = ("--registry", tmp_path / "models.db")
    assert "nacre ml train" in typed("list", *on).output
    assert trained(recording, tmp_path / "models.db").exit_code == 0
    for words in (("show", "move", 9), ("promote", "move", 9), ("rollback", "move"), ("settings", "other")):
        ran = typed(*words, *on)
        assert ran.exit_code == 2, ran.output
    assert typed("compare", tmp_path).exit_code == 2
    assert trained(recording, tmp_path / "models.db", CONFIG, "--parent", 9).exit_code == 2
