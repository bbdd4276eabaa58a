"""An error in each measure, split and step of serving, a sign mostly: its test must fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from periphery.ml import compare, dataset, drift, engine, measures, models, serving, splits
from tests.support_mutants import Mutant, plant
from tests.unit.periphery.ml import test_engine, test_measures, test_splits, test_training
from tests.unit.periphery.ml.test_engine import journal, registry

__all__ = ["journal", "registry"]

type Check = Callable[[], None]


def mutant(what: str, module: ModuleType, old: str, new: str, check: Check) -> tuple[Mutant, Check]:
    return Mutant(what, module, old, new), check


def compared() -> None:
    test_measures.test_diebold_and_mariano(1)


def purged() -> None:
    for seed in range(10):
        chance = np.random.default_rng(seed)
        starts = chance.integers(0, 4, size=40).cumsum()
        test_splits.purged_as_defined(starts, starts + chance.integers(0, 9, size=40), 4, 5)


def gapped() -> None:
    test_splits.test_walk_forward_is_sklearn_s_with_the_horizon_as_gap(53, 5, 3)


RETURNS, CHANCES = test_measures.test_scores_of_returns, test_measures.test_scores_of_probabilities
PSI, KS = test_measures.test_psi_is_that_of_the_deciles, test_measures.test_ks_is_the_largest_distance
LABELS = test_training.test_labels_are_what_came_after
MUTANTS = [
    mutant("nothing is purged after", splits, "(starts > end + embargo)", "(starts > begin)", purged),
    mutant("nothing is purged before", splits, "(ends < begin)", "(starts < begin)", purged),
    mutant("no embargo", splits, "end + embargo", "end", purged),
    mutant("labels that go on", splits, "ends[:begin] < starts", "starts[:begin] < starts", gapped),
    mutant("squared error", measures, "(y - p) ** 2", "-((y - p) ** 2)", RETURNS),
    mutant("ic", measures, "float(a @ b) / size", "-float(a @ b) / size", RETURNS),
    mutant("ranks", measures, "(last - (counts", "-(last - (counts", CHANCES),
    mutant("hit rate", measures, "np.sign(p[moved]) ==", "np.sign(-p[moved]) ==", RETURNS),
    mutant("log loss", measures, "-(y * np.log(q) +", "(y * np.log(q) +", CHANCES),
    mutant("auc", measures, "above / (ones", "1 - above / (ones", CHANCES),
    mutant("a comparison", measures, "d = one - two", "d = two - one", compared),
    mutant("its lags", measures, "variance += 2", "variance -= 2", compared),
    mutant("psi", drift, "(now - was) * np.log", "(was - now) * np.log", PSI),
    mutant("psi's bins", drift, 'side="left"', 'side="right"', PSI),
    mutant("ks", drift, "return distance, float", "return -distance, float", KS),
    mutant("outcomes", dataset, "log_return(after, before)", "log_return(before, after)", LABELS),
    mutant("a label too early", dataset, "priced[horizon:]", "priced[horizon - 1 : -1]", LABELS),
    mutant("when it was known", dataset, "known_ns[last][known]", "known_ns[first][known]", LABELS),
    mutant("online regression", models, "is_logistic else y)", "is_logistic else -y)",
           test_training.test_a_linear_model_is_gradient_descent_on_standardised_features),
]  # fmt: skip


@pytest.mark.parametrize(("planted", "check"), MUTANTS, ids=[each.what for each, _ in MUTANTS])
def test_a_mutant_is_caught(planted: Mutant, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    check()
    plant(planted, monkeypatch)
    with pytest.raises(AssertionError):
        check()


type Served = Callable[[Path, Path, Path], None]
SERVED: list[tuple[Mutant, Served]] = [
    (
        Mutant("an outcome too early", serving, "< self.horizon", "< self.horizon - 1"),
        test_engine.test_outcomes_are_labels_of_a_horizon_later,
    ),
    (
        Mutant("an outcome's sign", serving, "before[1], price)", "price, before[1])"),
        test_engine.test_outcomes_are_labels_of_a_horizon_later,
    ),
    (
        Mutant("learned the wrong way", engine, "np.float64), came)", "np.float64), -came)"),
        test_engine.test_an_online_model_learns_what_is_known_and_no_more,
    ),
    (
        Mutant("a signal's sign", engine, '"seq": seq, **about}', '"seq": seq, **about, "value": -value}'),
        test_engine.test_signals_are_the_champion_s_predictions_with_their_event,
    ),
    (
        Mutant(
            "a prediction's sign",
            engine,
            "value = served.model.predict(x)",
            "value = -served.model.predict(x)",
        ),
        test_engine.test_predictions_are_the_model_s_of_the_rows_offline,
    ),
    (
        Mutant("the other's losses", compare, "(rows, base))", "(base, rows))"),
        test_engine.test_versions_are_compared_on_the_rows_that_both_have,
    ),
]


@pytest.mark.parametrize(("planted", "check"), SERVED, ids=[each.what for each, _ in SERVED])
def test_a_mutant_that_serves_is_caught(
    planted: Mutant, check: Served, registry: Path, journal: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    plant(planted, monkeypatch)
    with pytest.raises(AssertionError):
        check(registry, journal, tmp_path)
