"""The engine of models over journals: what it says is what its models say of the same rows offline; killed
anywhere it says the same; another champion by a signal.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import generate_latest
from sklearn import metrics

from core import messages as m
from core.build import SCHEMA_VERSION, build_id
from core.live.book import Book
from core_ext.journal import JournalWriter
from periphery.features.said import NotSaid
from periphery.ml import drift
from periphery.ml.compare import BadOutcomes, compare, outcomes
from periphery.ml.dataset import dataset_of
from periphery.ml.engine import MlEngine
from periphery.ml.models import BadModel, load
from periphery.ml.registry import BadRegistry, Registry
from periphery.ml.training import train
from periphery.recorder.feeds import OutputsFeed
from periphery.recorder.recorder import Recorder
from periphery.recorder.stores import open_store
from periphery.service.config import Config
from periphery.service.runner import Runner
from periphery.service.state import BadState, read_said
from tests.support import declared, quote
from tests.unit.periphery.features.answers import SYMBOL, tape
from tests.unit.periphery.features.test_engine import day
from tests.unit.periphery.ml.made import SOURCES, frame, trained, training
from tests.unit.periphery.service.dying import WHEN, dies_in_a_save

SEED, COUNT = 9, 300
FRESH = {"kind": "spread"}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1: trees; 2: trees of other rows; 3: online; 4: of another feature; 5: of another target."""
    path = tmp_path_factory.mktemp("models") / "models.db"
    kept = Registry(path, make=True)
    other = training(features=[{"kind": "imbalance"}, FRESH])
    for made in (trained(), trained(seed=2), trained("linear"), train(other, frame(other), SOURCES),
                 trained(target="up")):  # fmt: skip
        kept.add(*made, by="anna")
    return path


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("day") / "journal"
    day(path, SEED, COUNT)
    return path


def params(registry: Path, **given: Any) -> dict[str, Any]:
    served = {"champion": 1, "challengers": [2], "shadows": [3]}
    return (
        {"registry": str(registry), "model": "move", "drift_every": 20, "drift_window": 40} | served | given
    )


def runner_of(journal: Path, place: Path, given: dict[str, Any]) -> Runner:
    return Runner(MlEngine, Config(journal=str(journal), state=str(place), params=given))


def finished(journal: Path, place: Path, given: dict[str, Any]) -> bytes:
    runner = runner_of(journal, place, given).catch_up()
    runner.save()
    runner.close()
    return (place / "outputs").read_bytes()


def said(place: Path, topic: str) -> list[dict[str, Any]]:
    return [{"seq_": seq, **v} for seq, _, t, v in read_said(place / "outputs") if t == topic]


# ---- what it says --------------------------------------------------------------------------------------


def test_predictions_are_the_model_s_of_the_rows_offline(
    registry: Path, journal: Path, tmp_path: Path
) -> None:
    finished(journal, tmp_path, params(registry))
    rows = frame(training(), SEED, COUNT)
    for version in (1, 2):
        manifest, blob = trained(seed=version)
        model = load("lightgbm", blob, manifest.inputs)
        x = np.column_stack([rows.values[name] for name in manifest.inputs])
        expected = {
            int(at): model.predict(row)
            for at, row in zip(rows.at_ns, x, strict=True)
            if not np.isnan(row).any()
        }
        found = {p["at_ns"]: p["value"] for p in said(tmp_path, "prediction") if p["version"] == version}
        assert found == expected
        assert len(found) > 40
    stages = {p["version"]: p["stage"] for p in said(tmp_path, "prediction")}
    assert stages == {1: "champion", 2: "challenger", 3: "shadow"}


def test_signals_are_the_champion_s_predictions_with_their_event(
    registry: Path, journal: Path, tmp_path: Path
) -> None:
    finished(journal, tmp_path, params(registry, signal="forecast"))
    predictions = [p for p in said(tmp_path, "prediction") if p["version"] == 1]
    signals = said(tmp_path, "signal")
    assert [s["value"] for s in signals] == [p["value"] for p in predictions]
    assert {(s["name"], s["symbol"]) for s in signals} == {("forecast", SYMBOL)}
    assert all(s["seq"] == s["seq_"] > 0 for s in signals)


def test_outcomes_are_labels_of_a_horizon_later(registry: Path, journal: Path, tmp_path: Path) -> None:
    finished(journal, tmp_path, params(registry))
    manifest, _ = trained()
    rows = frame(training(), SEED, COUNT)
    data = dataset_of(rows, [SYMBOL], manifest.inputs, "return", 3)
    at = {int(known): int(end) for known, end in zip(rows.known_ns, rows.at_ns, strict=True)}
    expected = {at[int(start)]: float(y) for start, y in zip(data.starts, data.y, strict=True)}
    found = said(tmp_path, "outcome")
    assert {o["at_ns"]: o["outcome"] for o in found} == expected
    predictions = {(p["at_ns"], p["version"]): p["value"] for p in said(tmp_path, "prediction")}
    for o in found:
        assert o["predictions"] == {str(v): predictions[o["at_ns"], v] for v in (1, 2, 3)}


def test_an_online_model_learns_what_is_known_and_no_more(
    registry: Path, journal: Path, tmp_path: Path
) -> None:
    """Each prediction is that of a model which learned the rows whose outcomes were known by then."""
    finished(journal, tmp_path, params(registry))
    manifest, blob = trained("linear")
    rows = frame(training(), SEED, COUNT)
    data = dataset_of(rows, [SYMBOL], manifest.inputs, "return", 3)
    model, learned = load("linear", blob, manifest.inputs), 0
    found = {p["at_ns"]: p["value"] for p in said(tmp_path, "prediction") if p["version"] == 3}
    x = np.column_stack([rows.values[name] for name in manifest.inputs])
    changed = set()
    for i in range(len(rows)):
        while learned < len(data) and data.ends[learned] <= rows.known_ns[i]:
            model.learn(data.x[learned], float(data.y[learned]))  # type: ignore[attr-defined]
            learned += 1
        if not np.isnan(x[i]).any():
            assert found[int(rows.at_ns[i])] == model.predict(x[i])
            changed.add(learned)
    assert len(changed) > 30


def test_drift_is_of_the_last_rows_against_those_that_were_learned(
    registry: Path, journal: Path, tmp_path: Path
) -> None:
    finished(journal, tmp_path, params(registry))
    manifest, _ = trained()
    rows = frame(training(), SEED, COUNT)
    x = np.column_stack([rows.values[name] for name in manifest.inputs])
    x = x[~np.isnan(x).any(axis=1)]
    found = said(tmp_path, "drift")
    ends = [n for n in range(1, len(x) + 1) if n >= 40 and n % 20 == 0]
    assert len(found) == len(ends) > 0
    for told, end in zip(found, ends, strict=True):
        for i, name in enumerate(manifest.inputs):
            was = np.array(manifest.reference[name])
            assert told["psi"][name] == pytest.approx(drift.psi(was, x[end - 40 : end, i]))
            assert told["ks"][name] == pytest.approx(drift.ks(was, x[end - 40 : end, i])[0])


def test_versions_of_other_features_are_served_beside(registry: Path, journal: Path, tmp_path: Path) -> None:
    finished(journal, tmp_path, params(registry, challengers=[4], shadows=[]))
    found = said(tmp_path, "prediction")
    assert {p["version"] for p in found} == {1, 4}
    both = compare(outcomes(tmp_path))
    assert [row["version"] for row in both] == [1, 4]
    assert both[1]["against"] == 1
    assert both[1]["common"] > 30


def test_parts_together_say_what_one_engine_does(registry: Path, journal: Path, tmp_path: Path) -> None:
    finished(journal, tmp_path / "whole", params(registry))
    whole, parts = read_said(tmp_path / "whole" / "outputs"), []
    for part in ("1/2", "2/2"):
        given = {"journal": str(journal), "state": str(tmp_path / part[0]), "part": part}
        runner = Runner(MlEngine, Config(**given, params=params(registry))).catch_up()
        runner.said.sync()
        parts.append(read_said(tmp_path / part[0] / "outputs"))
        runner.close()
    assert sorted(map(repr, parts[0] + parts[1])) == sorted(map(repr, whole))
    assert [len(each) > 0 for each in parts].count(True) == 1  # one symbol


def test_a_later_event_changes_nothing_before(registry: Path, journal: Path, tmp_path: Path) -> None:
    day(tmp_path / "shorter", SEED, COUNT - 1)
    one = finished(journal, tmp_path / "one", params(registry))
    two = finished(tmp_path / "shorter", tmp_path / "two", params(registry))
    assert one.startswith(two)
    assert len(two) > 1000


def test_latencies_are_metrics_and_no_output(registry: Path, journal: Path, tmp_path: Path) -> None:
    runner = runner_of(journal, tmp_path, params(registry)).catch_up()
    text = generate_latest(runner.health.registry).decode()
    count = sum(p["stage"] == "champion" for p in _flushed(runner))
    assert f'nacre_ml_predict_seconds_count{{stage="champion"}} {count:.1f}' in text
    runner.close()


def _flushed(runner: Runner) -> list[dict[str, Any]]:
    runner.said.sync()
    return said(runner.folder, "prediction")


# ---- killed --------------------------------------------------------------------------------------------


def test_killed_at_any_event_it_says_the_same(registry: Path, journal: Path, tmp_path: Path) -> None:
    """Ten seeded points, with and without a state saved shortly before; one model learns all the while."""
    given = params(registry)
    expected = finished(journal, tmp_path / "undisturbed", given)
    chance = random.Random(8)
    for n in range(10):
        place = tmp_path / f"killed{n}"
        runner = runner_of(journal, place, given)
        runner.source.step = 1
        for _ in range(chance.randrange(50, 300)):
            runner.source.poll()
            if chance.random() < 0.05:
                runner.save()
        runner.close()
        assert finished(journal, place, given) == expected


@pytest.mark.parametrize("when", WHEN)
def test_killed_in_a_save(
    registry: Path, journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    given = params(registry)
    expected = finished(journal, tmp_path / "undisturbed", given)
    runner = runner_of(journal, tmp_path / "killed", given)
    runner.source.step = 150
    runner.source.poll()
    runner.save()
    runner.source.poll()
    dies_in_a_save(runner, monkeypatch, when)
    assert finished(journal, tmp_path / "killed", given) == expected


# ---- another champion ----------------------------------------------------------------------------------


def signalled(path: Path, *signals: tuple[int, int, int]) -> None:
    """The day with signals move.champion after so many events: (events, mantissa, exponent). A strategy
    begins on it, which is a signal without a name.
    """
    name = np.zeros((), m.NAME_EVENT)
    text = b"move.champion"
    name["space"], name["index"] = m.Space.SIGNAL, 0
    raw = bytearray(name["text"].tobytes())
    raw[0], raw[1 : 1 + len(text)] = len(text), text
    name["text"] = np.frombuffer(bytes(raw), name["text"].dtype)[0]
    with JournalWriter(path, schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        run = declared(journal=journal)
        run.recorded.feed(int(m.Kind.NAME), 0, name.tobytes(), 0)
        begins = np.zeros((), m.SIGNAL_EVENT)
        begins["what"], begins["name"], begins["symbol"] = m.SignalWhat.BEGIN, m.NONE, m.NONE
        run.recorded.feed(int(m.Kind.SIGNAL), 0, begins.tobytes(), 0)
        for n, (time_ns, _, _, event) in enumerate(tape(SEED, COUNT).events()):
            for after, mantissa, exponent in signals:
                if after == n:
                    row = np.zeros((), m.SIGNAL_EVENT)
                    row["mantissa"], row["exponent"], row["symbol"] = mantissa, exponent, m.NONE
                    run.recorded.feed(int(m.Kind.SIGNAL), run.at, row.tobytes(), 0)
            if hasattr(event, "bid"):
                sizes = {"bid_qty": str(int(event.bid_qty)), "ask_qty": str(int(event.ask_qty))}
                run.feed(quote("XNAS", f"{event.bid:.2f}", f"{event.ask:.2f}", at=time_ns) | sizes)


def test_another_champion_by_a_signal(registry: Path, tmp_path: Path) -> None:
    signalled(tmp_path / "journal", (100, 2, 0), (200, 40, -1), (220, 99, 0), (230, 3, 30000))
    given = params(registry, shadows=[])
    expected = finished(tmp_path / "journal", tmp_path / "undisturbed", given)
    assert [p["version"] for p in said(tmp_path / "undisturbed", "promoted")] == [2, 4]
    refused = said(tmp_path / "undisturbed", "refused")
    assert ["no version 99" in refused[0]["why"], "no version" in refused[1]["why"]] == [True, True]
    champions = [
        p["version"] for p in said(tmp_path / "undisturbed", "prediction") if p["stage"] == "champion"
    ]
    assert sorted(set(champions), key=champions.index) == [1, 2, 4]
    assert champions == sorted(champions)
    chance = random.Random(9)
    for n in range(10):
        runner = runner_of(tmp_path / "journal", tmp_path / f"killed{n}", given)
        runner.source.step = 1
        for _ in range(chance.randrange(100, 200)):
            runner.source.poll()
        runner.save()
        runner.close()
        assert finished(tmp_path / "journal", tmp_path / f"killed{n}", given) == expected


# ---- compared ------------------------------------------------------------------------------------------


def test_versions_are_compared_on_the_rows_that_both_have(
    registry: Path, journal: Path, tmp_path: Path
) -> None:
    finished(journal, tmp_path, params(registry))
    found = outcomes(tmp_path)
    rows = {row["version"]: row for row in compare(found)}
    y = np.array([o["outcome"] for o in found])
    for version in (1, 2, 3):
        p = np.array([o["predictions"][str(version)] for o in found])
        assert rows[version]["mse"] == pytest.approx(metrics.mean_squared_error(y, p))
    assert rows[1]["against"] is None
    difference = rows[2]["mse"] - rows[1]["mse"]
    assert rows[2]["difference"] == pytest.approx(difference)
    assert {row["version"]: row["against"] for row in compare(found, against=2)} == {1: 2, 2: None, 3: 2}
    with pytest.raises(NotSaid, match="nothing"):
        outcomes(tmp_path / "nothing")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(BadOutcomes, match="no outcome"):
        outcomes(tmp_path / "empty")


def test_what_a_store_keeps_is_the_same(registry: Path, journal: Path, tmp_path: Path) -> None:
    finished(journal, tmp_path / "ml", params(registry))
    address = f"sqlite:///{tmp_path / 'store.db'}"
    store = open_store(address)
    store.migrate()
    Recorder(tmp_path / "ml", store, "core/ml", feed=OutputsFeed).catch_up()
    store.close()
    assert outcomes(address) == outcomes(tmp_path / "ml")
    with pytest.raises(BadOutcomes, match="no outcome"):
        outcomes(address, "core/other")
    with pytest.raises(NotSaid, match="nothing"):
        outcomes("sqlite:///nothing.db")


# ---- what is wrong -------------------------------------------------------------------------------------


def test_what_can_t_be_served_is_named(registry: Path, journal: Path, tmp_path: Path) -> None:
    with pytest.raises(BadRegistry, match="no version 12"):
        runner_of(journal, tmp_path / "a", params(registry, champion=12))
    with pytest.raises(BadModel, match="can't be compared: target is"):
        runner_of(journal, tmp_path / "b", params(registry, shadows=[5]))
    with pytest.raises(BadRegistry, match="no such registry"):
        runner_of(journal, tmp_path / "c", params(tmp_path / "nothing"))
    finished(journal, tmp_path / "d", params(registry))
    with pytest.raises(BadState, match="parameters"):
        runner_of(journal, tmp_path / "d", params(registry, champion=2))
    assert MlEngine(MlEngine.Params(registry=str(registry), model="move"), Book()).champion == 0
