"""An error in each feature, a sign mostly: the test of that feature must fail."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

from periphery.features import book, feature, flow, indicators, market, prices, relative
from tests.support_mutants import Mutant, plant
from tests.unit.periphery.features import test_features as tests

type Check = Callable[[], None]


def feature_is(name: str) -> Check:
    """The test of the feature whose id begins so."""
    at = next(i for i, each in enumerate(tests.IDS) if each.startswith(name))

    def check() -> None:
        tests.test_a_feature_is_its_definition(*tests.ANSWERS[at], 1)

    return check


def mutant(what: str, module: ModuleType, old: str, new: str, check: Check) -> tuple[Mutant, Check]:
    return Mutant(what, module, old, new), check


DEPTH, BETA = (
    tests.test_depth_imbalance_is_that_of_the_best_levels,
    tests.test_beta_is_the_slope_of_returns_where_both_have_a_price,
)
MUTANTS = [
    mutant("mid", market, "return (self.bid + self", "return (self.bid - self", feature_is("mid")),
    mutant("spread", prices, "quote.ask - quote.bid", "quote.bid - quote.ask", feature_is("spread")),
    mutant("microprice", prices, "micro = (bid * ask_qty + ask", "micro = (bid * ask_qty - ask",
           feature_is("microprice")),
    mutant("its distance", prices, "micro - quote.mid", "quote.mid - micro", feature_is("microprice_bps")),
    mutant("return", feature, "math.log(now / before)", "math.log(before / now)", feature_is("return_3")),
    mutant("volatility", prices, "math.sqrt(math", "-math.sqrt(math", feature_is("realised")),
    mutant("imbalance", book, "(bids - asks) / (bids", "(asks - bids) / (bids", feature_is("imbalance")),
    mutant("of depth", book, "(bids - asks) / (bids", "(asks - bids) / (bids", DEPTH),
    mutant("the best bids", book, "prices[-self.levels :]", "prices[: self.levels]", DEPTH),
    mutant("the best offers", book, "asks.prices[: self.levels]", "asks.prices[-self.levels :]", DEPTH),
    mutant("of trades", flow, "fsum(self.buys), math.fsum(self.sells)",
           "fsum(self.sells), math.fsum(self.buys)", feature_is("trade_imbalance")),
    mutant("tick rule", flow, "            self.sign = 1\n", "            self.sign = -1\n",
           feature_is("trade_imbalance")),
    mutant("ofi of bids", book, "= came - went", "= went - came", feature_is("ofi")),
    mutant("ofi of offers", book, "- offered + taken", "+ offered - taken", feature_is("ofi")),
    mutant("volume", flow, "self.sum += trade.qty", "self.sum -= trade.qty", feature_is("volume")),
    mutant("vpin", flow, "room * share - self.sold", "room * share + self.sold", feature_is("vpin")),
    mutant("zscore", relative, "(values[-1] - mean)", "(mean - values[-1])", tests.test_zscore),
    mutant("beta", relative, "(b - mean_y)", "(mean_y - b)", BETA),
    mutant("bars", indicators, "self._add(mid)", "self._add(-mid)", feature_is("indicator_RSI")),
    mutant("a bar's high", indicators, "max(self.bar[1]", "min(self.bar[1]", feature_is("indicator_ATR")),
]  # fmt: skip


@pytest.mark.parametrize(("planted", "check"), MUTANTS, ids=[each.what for each, _ in MUTANTS])
def test_a_mutant_is_caught(planted: Mutant, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    check()
    plant(planted, monkeypatch)
    with pytest.raises(AssertionError):
        check()
