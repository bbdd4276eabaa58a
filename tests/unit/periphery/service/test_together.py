"""Engines of one process say what each would alone, over either source, whatever is killed; and what one
hears in compiled code is what its Python would have told it.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from periphery.analytics.engine import AnalyticsEngine
from periphery.factor.engine import FactorEngine
from periphery.features.engine import FeaturesEngine
from periphery.portfolio.engine import PortfolioEngine
from periphery.risk.engine import RiskEngine
from periphery.service.config import BadConfig, Config
from periphery.service.engine import Engine
from periphery.service.runner import Runner
from periphery.service.source import Gone
from periphery.service.together import Together
from tests.unit.periphery.days import SYMBOLS, day, market, walks
from tests.unit.periphery.stream.turning import PATIENCE_S, streaming

PERIODS: dict[str, Any] = {"period_s": 5, "periods": 20}
ENGINES: dict[type[Engine], dict[str, Any]] = {
    FeaturesEngine: {
        "period_s": 3,
        "features": [
            {"kind": "ofi", "window": 2, "symbols": SYMBOLS},
            {"kind": "return", "window": 1, "symbols": SYMBOLS},
        ],
    },
    RiskEngine: PERIODS | {"least": 5, "draws": 50},
    AnalyticsEngine: PERIODS,
    PortfolioEngine: PERIODS | {"least": 5, "method": "mean_variance", "every": 2},
    FactorEngine: PERIODS | {"least": 5, "factors": SYMBOLS[:1], "components": 1, "momentum": 2},
}


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Quotes of three symbols for a while, and orders at two of its seconds."""
    path = tmp_path_factory.mktemp("together") / "journal"
    orders = {3: [market(SYMBOLS[0], "buy", 10)], 40: [market(SYMBOLS[1], "buy", 4)]}
    day(path, walks(100, seed=4), orders)
    return path


def config(source: str, kind: type[Engine], place: Path, **more: Any) -> Config:
    where = {"connect": source} if source.startswith("tcp") else {"journal": source}
    return Config(state=str(place / kind.name), params=ENGINES[kind], **where, **more)


def outputs(place: Path) -> dict[str, bytes]:
    return {kind.name: (place / kind.name / "outputs").read_bytes() for kind in ENGINES}


def alone(journal: Path, place: Path) -> dict[str, bytes]:
    for kind in ENGINES:
        runner = Runner(kind, config(str(journal), kind, place)).catch_up()
        runner.save()
        runner.close()
    return outputs(place)


def test_what_is_heard_in_compiled_code_is_what_python_is_told(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the states; and nearly all rows are."""
    expected = alone(journal, tmp_path / "compiled")
    monkeypatch.setattr("periphery.service.runner.Runner._hearer", property(lambda _: None))
    assert alone(journal, tmp_path / "told") == expected
    for name, said in expected.items():
        assert said
        one, two = ((tmp_path / way / name / "state").read_bytes() for way in ("compiled", "told"))
        assert one == two


def test_how_many_come_together_makes_no_difference(journal: Path, tmp_path: Path) -> None:
    expected = alone(journal, tmp_path / "alone")
    for kind in ENGINES:
        runner = Runner(kind, config(str(journal), kind, tmp_path / "by_one"))
        runner.source.step = 1
        while runner.source.poll():
            pass
        runner.save()
        runner.close()
    assert outputs(tmp_path / "by_one") == expected
    for kind in ENGINES:
        one, two = ((tmp_path / way / kind.name / "state").read_bytes() for way in ("alone", "by_one"))
        assert one == two


def turns(whole: Together, count: int, chance: random.Random) -> None:
    """So many; without ends, as somebody has who is killed."""
    for _ in range(count):
        for runner in whole.runners:
            runner.source.step = chance.randrange(1, 9)
            try:
                runner.source.poll()
            except Gone:
                time.sleep(0.01)
            if chance.random() < 0.1:
                runner.save()


def finish(whole: Together) -> None:
    end = time.monotonic() + PATIENCE_S
    while not all(runner.source.caught_up for runner in whole.runners):
        turns(whole, 1, random.Random(1))
        assert time.monotonic() < end
    for runner in whole.runners:
        runner.save()
        runner.close()


@pytest.mark.parametrize("over", ["journal", "stream"])
def test_fused_and_killed_each_says_what_it_would_alone(journal: Path, tmp_path: Path, over: str) -> None:
    """Their states are of different events each time that they begin again."""
    expected, chance = alone(journal, tmp_path / "alone"), random.Random(6)
    with streaming(journal, most=7) as stream:
        source = stream.address if over == "stream" else str(journal)
        engines = [(kind, config(source, kind, tmp_path / over)) for kind in ENGINES]
        for _ in range(4):
            killed = Together(engines)
            turns(killed, chance.randrange(5, 25), chance)
            for runner in killed.runners:
                runner.close()
        finish(Together(engines))
    assert outputs(tmp_path / over) == expected


def test_engines_of_one_process_hear_one_core_and_have_a_folder_each(journal: Path, tmp_path: Path) -> None:
    one = config(str(journal), RiskEngine, tmp_path)
    with pytest.raises(BadConfig, match="hear one core: journal"):
        Together([(RiskEngine, one), (FactorEngine, config("elsewhere", FactorEngine, tmp_path))])
    with pytest.raises(BadConfig, match="a state folder each"):
        Together([(RiskEngine, one), (RiskEngine, one)])
