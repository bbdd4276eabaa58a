"""Each feature against its definition, reckoned over whole arrays; and what holds of all of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose

from periphery.features import book
from periphery.features.definitions import read
from periphery.features.feature import BadDefinition, Period
from periphery.features.flow import VpinFeature
from periphery.features.market import Level, Quote, Trade
from periphery.features.set import FeatureSet
from tests.unit.periphery.features import answers
from tests.unit.periphery.features.answers import SECOND_NS, SYMBOL, Floats, Tape, column, rows_of, tape

type Answer = Callable[[Tape], Floats]


def of_quotes(reckon: Callable[..., Floats]) -> Answer:
    return lambda t: reckon(*(t.last(t.quotes[:, i]) for i in range(4)))


def _trade_imbalance(t: Tape) -> Floats:
    bought, sold = (answers.rolling(t.summed(side), 5).sum(axis=1) for side in answers.sides(t))
    return np.where(bought + sold == 0, 0, (bought - sold) / np.where(bought + sold == 0, 1, bought + sold))


def _zscore(t: Tape) -> Floats:
    seen = answers.rolling(answers.returns(t.mid), 10)
    return (seen[:, -1] - seen.mean(axis=1)) / seen.std(axis=1, ddof=1)


ANSWERS: list[tuple[dict[str, Any], Answer]] = [
    ({"kind": "mid"}, lambda t: t.mid),
    ({"kind": "spread"}, of_quotes(lambda b, _bq, a, _aq: 20_000 * (a - b) / (a + b))),
    ({"kind": "spread", "unit": "price"}, of_quotes(lambda b, _bq, a, _aq: a - b)),
    ({"kind": "microprice"}, of_quotes(lambda b, bq, a, aq: b + (a - b) * bq / (bq + aq))),
    (
        {"kind": "microprice", "unit": "bps"},
        of_quotes(lambda b, bq, a, aq: 1e4 * ((b * aq + a * bq) / (bq + aq) / ((a + b) / 2) - 1)),
    ),
    ({"kind": "return", "window": 3}, lambda t: answers.returns(t.mid, 3)),
    ({"kind": "return", "window": 2, "price": "trade"}, lambda t: answers.returns(t.last(t.trades[:, 0]), 2)),
    (
        {"kind": "realised_volatility", "window": 8},
        lambda t: np.sqrt((answers.rolling(answers.returns(t.mid), 8) ** 2).sum(axis=1)),
    ),
    ({"kind": "imbalance"}, of_quotes(lambda _b, bq, _a, aq: 2 * bq / (bq + aq) - 1)),
    ({"kind": "ofi", "window": 4}, lambda t: answers.ofi(t, 4)),
    ({"kind": "volume", "window": 6}, lambda t: answers.rolling(t.summed(t.trades[:, 1]), 6).sum(axis=1)),
    ({"kind": "trade_imbalance", "window": 5}, _trade_imbalance),
    ({"kind": "vpin", "bucket_qty": 25, "buckets": 12}, lambda t: answers.vpin(t, 25, 12)),
    ({"kind": "indicator", "function": "RSI", "params": {"timeperiod": 5}, "bars": 30},
     lambda t: answers.indicator("RSI", answers.bars(t), 30, 3, timeperiod=5)),
    ({"kind": "indicator", "function": "ATR", "params": {"timeperiod": 4}, "bars": 20},
     lambda t: answers.indicator("ATR", answers.bars(t), 20, 1, 2, 3, timeperiod=4)),
    ({"kind": "indicator", "function": "MACD", "output": "macd", "bars": 40},
     lambda t: answers.indicator("MACD", answers.bars(t), 40, 3)),
    ({"kind": "indicator", "function": "EMA", "params": {"timeperiod": 9}},
     lambda t: answers.indicator("EMA", answers.bars(t), 500, 3, timeperiod=9)),
    ({"kind": "indicator", "function": "AVGPRICE", "bars": 2},
     lambda t: answers.indicator("AVGPRICE", answers.bars(t), 2, 0, 1, 2, 3)),
    ({"kind": "indicator", "function": "OBV", "bars": 10},
     lambda t: answers.indicator("OBV", answers.bars(t), 10, 3, 4)),
]  # fmt: skip
IDS = ["_".join(str(value) for value in definition.values()) for definition, _ in ANSWERS]


@pytest.mark.parametrize(("definition", "answer"), ANSWERS, ids=IDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_feature_is_its_definition(definition: dict[str, Any], answer: Answer, seed: int) -> None:
    t = tape(seed)
    rows = rows_of(t.events(), definition)
    (name,) = rows[0].values
    found, expected = column(rows, name), answer(t)
    assert len(found) == t.count > 50
    assert np.isfinite(found).sum() > 30
    assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_zscore() -> None:
    t = tape(3)
    rows = rows_of(
        t.events(), {"kind": "return", "window": 1}, {"kind": "zscore", "of": "return_1", "window": 10}
    )
    assert_allclose(column(rows, "zscore_return_1_10"), _zscore(t), rtol=1e-9, atol=1e-12)


def test_beta_is_the_slope_of_returns_where_both_have_a_price() -> None:
    one, two = tape(4), tape(5)
    both = sorted([*one.events("A"), *two.events("B")], key=lambda event: event[0])
    rows = rows_of(both, {"kind": "beta", "to": "B", "window": 12}, {"kind": "mid"}, symbols=["A"])
    other = rows_of(both, {"kind": "mid"}, {"kind": "beta", "to": "A", "window": 12}, symbols=["B"])
    x, y = answers.returns(column(other, "mid", "B")), answers.returns(column(rows, "mid", "A"))
    expected = np.full(len(x), np.nan)
    for i in range(len(x)):
        seen_x, seen_y = x[max(i - 11, 0) : i + 1], y[max(i - 11, 0) : i + 1]
        if len(seen_x) == 12 and not np.isnan(seen_x + seen_y).any():
            expected[i] = np.polyfit(seen_x, seen_y, 1)[0]
    assert np.isfinite(expected).sum() > 100
    assert_allclose(column(rows, "beta_B_12", "A"), expected, rtol=1e-7)


def test_depth_imbalance_is_that_of_the_best_levels() -> None:
    told = answers.levels(6)
    events = [(t, SYMBOL, "XNAS", level) for t, level in told]
    rows = rows_of(events, {"kind": "depth_imbalance", "levels": 3, "venue": "XNAS"})
    for row in rows:
        book: tuple[dict[float, float], dict[float, float]] = ({}, {})
        for t, level in told:
            if t < row.at_ns:
                book[level.side][level.px] = level.qty
        bids = sum([qty for _, qty in sorted(book[0].items(), reverse=True) if qty][:3])
        asks = sum([qty for _, qty in sorted(book[1].items()) if qty][:3])
        assert row.values["depth_imbalance_3"] == pytest.approx((bids - asks) / (bids + asks))
    assert len(rows) > 30


# ---- what holds of all of them -------------------------------------------------------------------------

EVERY = [definition for definition, _ in ANSWERS] + [{"kind": "zscore", "of": "imbalance", "window": 5}]
NAMED = [{"name": definition.get("name", f"f{n}"), **definition} for n, definition in enumerate(EVERY[:-1])]
NAMED += [{"name": "z", "kind": "zscore", "of": "f8", "window": 5}, {"kind": "beta", "to": "B", "window": 4}]


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(100, 300), seed=st.integers(0, 5))
def test_nothing_later_changes_what_was_known(cut: int, seed: int) -> None:
    """Another future, the same past: no value that was known before differs."""
    past, future = tape(seed, 300).events(), tape(seed + 50, 300).events()
    now = past[cut - 1][0]
    other = [*past[:cut], *((now + t, *rest) for t, *rest in future[:50])]
    one = [row for row in rows_of(past, *NAMED) if row.known_ns <= now]
    two = [row for row in rows_of(other, *NAMED) if row.known_ns <= now]
    assert repr(one) == repr(two)
    assert len(one) > 5


@pytest.mark.parametrize("seed", range(10))
def test_saved_anywhere_it_goes_on_the_same(seed: int) -> None:
    events = [*tape(seed, 300).events(), *tape(seed + 20, 300).events("B")]
    events.sort(key=lambda event: event[0])
    definitions = read([{"symbols": [SYMBOL], **each} for each in NAMED])
    definitions += read([{"symbols": [SYMBOL], "kind": "depth_imbalance", "levels": 2, "venue": "XNAS"}])
    features, rows = FeatureSet(definitions, 1.0), []
    for n, (t, symbol, venue, event) in enumerate(events):
        if n % (17 + seed) == 0:
            kept = msgspec.msgpack.decode(msgspec.msgpack.encode(features.save()))
            features = FeatureSet(definitions, 1.0)
            features.load(kept)
        rows += features.turn(t)
        features.take(symbol, venue, event)
    undisturbed, expected = FeatureSet(definitions, 1.0), []
    for t, symbol, venue, event in events:
        expected += undisturbed.turn(t)
        undisturbed.take(symbol, venue, event)
    assert repr(rows) == repr(expected)


def test_an_empty_period_is_none_and_an_event_at_the_end_is_of_the_next() -> None:
    at = [0, SECOND_NS, 5 * SECOND_NS, 5 * SECOND_NS + 1]
    events = [(t, SYMBOL, "XNAS", Quote(1.0 + n, 1, 2.0 + n, 1)) for n, t in enumerate(at)]
    rows = rows_of([*events, (9 * SECOND_NS, "OTHER", "XNAS", Trade(1, 1, 1))], {"kind": "mid"})
    told = [(row.at_ns // SECOND_NS, row.known_ns // SECOND_NS, row.values["mid"]) for row in rows]
    assert told == [(1, 1, 1.5), (2, 5, 2.5), (6, 9, 4.5)]


def test_a_venue_s_features_hear_that_venue() -> None:
    events = [
        (n * SECOND_NS, SYMBOL, v, Quote(p, 1, p, 1)) for n, (v, p) in enumerate([("X", 1.0), ("Y", 2.0)] * 2)
    ]
    rows = rows_of(events, {"kind": "mid", "venue": "X", "name": "x"}, {"kind": "mid"})
    assert [row.values for row in rows] == [{"x": 1.0, "mid": float(p)} for p in (1, 2, 1)]


def test_a_book_s_side_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "LEVELS_MAX", 3)
    feature = book.DepthImbalanceFeature(2)
    for px in range(1, 9):
        feature.on_level(Level(0, float(px), 1.0))
        feature.on_level(Level(1, float(20 - px), 1.0))
    assert (feature.bids.prices, feature.asks.prices) == ([6, 7, 8], [12, 13, 14])


def test_a_trade_larger_than_all_buckets_fills_them() -> None:
    vpin = VpinFeature(1.0, 3)
    vpin.on_trade(Trade(10.0, 1e12, 1))
    assert vpin.value(Period((None, None), {}, lambda _: (None, None))) == 1.0
    assert 0 <= vpin.bought < 1


def test_a_price_of_nothing_has_no_return() -> None:
    events = [(n * SECOND_NS, SYMBOL, "X", Quote(p, 1, p, 1)) for n, p in enumerate([0.0, 1.0, 2.0, 3.0])]
    found = column(rows_of(events, {"kind": "return", "window": 1}), "return_1")
    assert math.isnan(found[1])
    assert found[2] == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"kind": "colour"}, "colour"),
        ({"kind": "return", "window": 0}, "window"),
        ({"kind": "return", "window": 1, "colour": 1}, "colour"),
        ({"kind": "zscore", "of": "nothing", "window": 5}, "no feature 'nothing' before it"),
        ({"kind": "depth_imbalance", "levels": 2}, "venue"),
        ({"kind": "indicator", "function": "COLOUR"}, "COLOUR"),
        ({"kind": "indicator", "function": "RSI", "params": {"days": 2}}, "timeperiod"),
        ({"kind": "indicator", "function": "RSI", "bars": 5}, "more than 14 bars"),
        ({"kind": "indicator", "function": "MACD"}, "macdsignal"),
        ({"kind": "mid", "symbols": []}, "symbols"),
    ],
)
def test_a_bad_definition_is_named(definition: dict[str, Any], words: str) -> None:
    with pytest.raises(BadDefinition, match=words):
        FeatureSet(read([{"symbols": [SYMBOL], **definition}]), 1.0)


def test_a_name_twice_is_refused() -> None:
    with pytest.raises(BadDefinition, match="twice"):
        rows_of([], {"kind": "mid"}, {"kind": "mid"})
    with pytest.raises(BadDefinition, match="none"):
        rows_of([])
