"""Training: labels without a look ahead, the same bytes each time, scores that can be reckoned again."""

from __future__ import annotations

import pickle
from typing import Any

import lightgbm
import msgspec
import numpy as np
import pytest
from sklearn import metrics

from periphery.features.feature import BadDefinition
from periphery.features.frame import Frame, frame_of
from periphery.features.offline import compute
from periphery.ml import splits
from periphery.ml.dataset import PRICE, dataset_of
from periphery.ml.models import BadModel, Online, Trees, load
from periphery.ml.training import Manifest, train
from tests.unit.periphery.features.answers import SYMBOL, returns, tape
from tests.unit.periphery.ml.made import SOURCES, frame, trained, training

INPUTS = ["return_2", "imbalance", "ofi_2", "trade_imbalance_2"]


def test_labels_are_what_came_after() -> None:
    of, t = training(), tape(1, 700)
    data = dataset_of(frame(of), [SYMBOL], INPUTS, "return", 3)
    ahead = np.full(t.count, np.nan)
    ahead[:-3] = returns(t.mid, 3)[3:]
    begins = np.searchsorted(frame(of).known_ns, data.starts)
    assert np.allclose(data.y, ahead[begins])
    assert data.ends.tolist() == frame(of).known_ns[begins + 3].tolist()
    assert np.allclose(data.x[:, 0], returns(t.mid, 2)[begins])
    up = dataset_of(frame(of), [SYMBOL], INPUTS, "up", 3)
    assert up.y.tolist() == (data.y > 0).astype(float).tolist()


def test_a_future_row_changes_no_row_before_it() -> None:
    of = training()
    whole = frame(of)
    changed = {name: column.copy() for name, column in whole.values.items()}
    for column in changed.values():
        column[120:] *= 1.5
    other = Frame(whole.known_ns, whole.at_ns, whole.symbols, changed)
    one, two = (dataset_of(each, [SYMBOL], INPUTS, "return", 3) for each in (whole, other))
    before = one.ends < whole.known_ns[120]
    assert before.sum() > 50
    assert one.x[before].tobytes() == two.x[before].tobytes()
    assert one.y[before].tobytes() == two.y[before].tobytes()


def test_several_symbols_are_rows_in_the_order_of_time() -> None:
    of = training(symbols=["A", "B"])
    events = sorted([*tape(1).events("A"), *tape(2).events("B")], key=lambda event: event[0])
    both = dataset_of(frame_of(list(compute(of.definitions(), 1.0, events))), ["A", "B"], INPUTS, "return", 3)
    assert (np.diff(both.starts) >= 0).all()
    assert len(both) > 200


@pytest.mark.parametrize("model", ["lightgbm", "linear"])
def test_the_same_rows_give_the_same_bytes(model: str) -> None:
    of = training(model=model)
    one, two = (train(of, frame(of), SOURCES) for _ in range(2))
    assert one == two
    assert one == trained(model)


def test_a_manifest_is_enough_to_learn_it_again() -> None:
    manifest, blob = trained()
    read = msgspec.json.decode(msgspec.json.encode(manifest), type=Manifest)
    assert train(read.training, frame(read.training), read.sources, read.parent) == (manifest, blob)
    assert read.inputs == INPUTS
    assert read.code["lightgbm"] == lightgbm.__version__
    other, _ = trained(seed=2)
    assert other.data != manifest.data


def test_scores_are_of_rows_that_were_not_learned() -> None:
    """Walk-forward and purged folds once more with LightGBM and scikit-learn alone."""
    of = training()
    data = dataset_of(frame(of), [SYMBOL], INPUTS, "return", 3)
    manifest, _ = trained()
    for name, found in (
        ("walk_forward", splits.walk_forward(data.starts, data.ends, 3)),
        ("purged", splits.purged(data.starts, data.ends, 3)),
    ):
        y, p = [], []
        for rows, tried in found:
            model = lightgbm.LGBMRegressor(
                n_estimators=5, num_leaves=4, min_child_samples=5, random_state=1, deterministic=True,
                force_row_wise=True, n_jobs=1, verbosity=-1,
            )  # fmt: skip
            model.fit(data.x[rows], data.y[rows])
            y.append(data.y[tried])
            p.append(model.booster_.predict(data.x[tried]))
        told = manifest.scores[name]["all"]
        assert told["mse"] == pytest.approx(metrics.mean_squared_error(np.concatenate(y), np.concatenate(p)))
        assert told["rows"] == len(np.concatenate(y))


def test_one_of_probabilities() -> None:
    manifest, blob = trained(target="up")
    model = Trees(blob.decode())
    data = dataset_of(frame(training()), [SYMBOL], INPUTS, "up", 3)
    found = np.array([model.predict(x) for x in data.x])
    assert ((found > 0) & (found < 1)).all()
    assert metrics.roc_auc_score(data.y, found) > 0.5  # of rows that it learned
    assert manifest.scores["purged"]["all"]["log_loss"] > 0


# ---- online models -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "target"), [("linear", "return"), ("logistic", "up")])
def test_an_online_model_goes_on_from_its_bytes(model: str, target: Any) -> None:
    _, blob = trained(model, target)
    data = dataset_of(frame(training()), [SYMBOL], INPUTS, target, 3)
    one, two = (load(model, blob, INPUTS) for _ in range(2))  # type: ignore[arg-type]
    assert isinstance(one, Online)
    assert isinstance(two, Online)
    for x, y in zip(data.x[:50], data.y[:50].tolist(), strict=True):
        one.learn(x, y)
        two = Online.loaded(two.dump(), INPUTS)
        two.learn(x, y)
        assert one.predict(x) == two.predict(x)


def test_a_linear_model_is_gradient_descent_on_standardised_features() -> None:
    """river's linear regression, written out."""
    data = dataset_of(frame(training()), [SYMBOL], INPUTS, "return", 3)
    model = Online.fresh("linear", INPUTS, {"learning_rate": 0.01})
    weights, intercept = np.zeros(4), 0.0
    mean, squares = np.zeros(4), np.zeros(4)
    for count, (x, y) in enumerate(zip(data.x[:40], data.y[:40].tolist(), strict=True), 1):
        before = mean.copy()
        mean = mean + (x - mean) / count
        squares = squares + (x - before) * (x - mean)
        scale = np.sqrt(squares / count)
        z = np.where(scale > 0, (x - mean) / np.where(scale > 0, scale, 1), 0)
        error = weights @ z + intercept - y
        weights = weights - 0.01 * 2 * error * z
        intercept -= 0.01 * 2 * error
        model.learn(x, y)
        assert model.predict(x) == pytest.approx(float(weights @ z + intercept), rel=1e-6, abs=1e-12)


def test_bytes_that_name_anything_else_are_refused() -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return print, ("taken in",)

    for blob in (pickle.dumps(Evil()), b"", b"no", pickle.dumps(7)[:-1]):
        with pytest.raises(BadModel, match="no online model"):
            Online.loaded(blob, INPUTS)
    with pytest.raises(BadModel, match="LightGBM"):
        Trees("no")


# ---- what is wrong -------------------------------------------------------------------------------------


def test_what_can_t_be_learned_is_named() -> None:
    of = training()
    with pytest.raises(BadModel, match="too few"):
        train(of, frame(of, count=20), SOURCES)
    with pytest.raises(BadModel, match="learning_rate"):
        train(training(model="linear", params={"colour": 1}), frame(of), SOURCES)
    with pytest.raises(BadModel, match="LightGBM"):
        train(training(params={"objective": "colour"}), frame(of), SOURCES)
    with pytest.raises(BadDefinition, match="not of B"):
        training(symbols=["A", "B"], features=[{"kind": "imbalance", "symbols": ["A"]}]).inputs()
    with pytest.raises(msgspec.ValidationError, match="horizon"):
        training(horizon=0)
    assert PRICE not in of.inputs()
