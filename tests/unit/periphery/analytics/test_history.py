"""A journal's history is what the engine said live; the tear sheet and the commands show it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from core.cli import root
from periphery.analytics.engine import AnalyticsEngine, AnalyticsParams
from periphery.analytics.history import histories
from periphery.analytics.measures import Drawdown, by_factor, drawdowns, performance, relative
from tests.unit.periphery.analytics.test_engine import ORDERS, PRICES
from tests.unit.periphery.days import day, said

WORDS = ["--period-s", "1", "--a-year", "252", "--benchmark", "DD", "--factors", "BB,CC"]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("history") / "journal"
    day(path, PRICES, ORDERS)
    return path


def nacre(*words: str, code: int = 0) -> Any:
    result = CliRunner().invoke(root, ["analytics", *words])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_history_is_what_the_engine_said(journal: Path, tmp_path: Path) -> None:
    params = {"period_s": 1, "a_year": 252, "benchmark": "DD", "factors": ["BB", "CC"]}
    live = said(AnalyticsEngine, journal, tmp_path / "state", params)
    (history,) = histories(journal, AnalyticsParams(**params))
    assert history.times_ns[:-1] == [one["time_ns"] for one in live]
    assert history.equity[:-1] == [one["equity"] for one in live]
    assert history.benchmark == [row[3] for row in PRICES[2:]]
    assert history.last["periods"] == live[-1]["periods"] + 1
    returns = np.diff([1_000_000, *history.equity]) / np.array([1_000_000, *history.equity[:-1]])
    assert history.last["sharpe"] == pytest.approx(performance(returns, 252)["sharpe"], rel=1e-9)


def test_the_command_tells_it(journal: Path) -> None:
    (told,) = json.loads(nacre("report", str(journal), *WORDS, "-o", "json"))
    assert told["account"] == "A1"
    assert set(told["by_strategy"]) == {"", "one", "two"}
    assert told["pnl"] == pytest.approx(told["equity"] - 1_000_000)
    assert told["drawdowns"][0]["depth"] == pytest.approx(told["max_drawdown"], rel=1e-3)
    table = nacre("report", str(journal), *WORDS)
    assert re.search(r"sharpe +-?\d", table)
    assert "specific" in table
    assert "those that held something are A1" in nacre("report", str(journal), "--account", "X", code=2)


def test_the_tear_sheet_opens_without_a_network(journal: Path, tmp_path: Path) -> None:
    nacre("report", str(journal), *WORDS, "-o", "html", "--to", str(tmp_path / "t.html"))
    page = (tmp_path / "t.html").read_text()
    for words in ("growth of 1", "drawdown", "Sharpe over 60", "by strategy", "by factor", "Executions"):
        assert words in page
    assert page.count("<svg") >= 7
    assert not re.findall(r"(?:src|href)=[\"']http", page)


def test_a_folder_that_is_no_journal_is_named(tmp_path: Path) -> None:
    assert "journal" in nacre("report", str(tmp_path), code=2)


def test_files_of_returns(tmp_path: Path) -> None:
    chance = np.random.default_rng(7)
    rows = chance.normal(0.0005, 0.01, (250, 3))
    lines = ["time,A,B,C"]
    lines += [f"2024-{i:04d}," + ",".join(repr(float(x)) for x in row) for i, row in enumerate(rows)]
    (tmp_path / "r.csv").write_text("\n".join(lines) + "\n")
    words = ["returns", str(tmp_path / "r.csv"), "--returns", "--benchmark", "B", "--factors", "B,C"]
    (told,) = json.loads(nacre(*words, "-o", "json"))
    expected = performance(rows[:, 0], 252) | {"relative": relative(rows[:, 0], rows[:, 1], 252)}
    expected |= {"by_factor": by_factor(rows[:, 0], rows[:, 1:], ["B", "C"])}
    assert told == {"name": "A", "periods": 250, **expected}
    assert re.search(r"beta +-?0\.\d", nacre(*words))
    (tmp_path / "bad.csv").write_text("time,A\n1,2\n2,x\n3,4\n4,5\n")
    assert "'x' is no number" in nacre("returns", str(tmp_path / "bad.csv"), code=2)


def test_figures_as_empyrical_says_them() -> None:
    """empyrical-reloaded 0.7.1 of the same returns: sharpe_ratio, sortino_ratio, calmar_ratio, max_drawdown
    (whose sign is the other one), annual_return, annual_volatility, alpha_beta, excess_sharpe (a period's).
    """
    chance = np.random.default_rng(7)
    returns, benchmark = chance.normal(0.0005, 0.01, 250), chance.normal(0.0004, 0.008, 250)
    returns = 0.8 * benchmark + returns
    found = performance(returns, 252)
    assert found["sharpe"] == pytest.approx(-1.9111180665421597)
    assert found["sortino"] == pytest.approx(-2.510741789651304)
    assert found["calmar"] == pytest.approx(-1.0066210948220609)
    assert found["max_drawdown"] == pytest.approx(0.30538262577631203)
    assert found["annual_return"] == pytest.approx(-0.3074045930985869)
    assert found["volatility"] == pytest.approx(0.1832975243039139)
    against = relative(returns, benchmark, 252)
    assert (against["alpha"], against["beta"]) == pytest.approx((-0.22756874, 0.93313495), abs=1e-8)
    assert against["information_ratio"] == pytest.approx(-0.11081901096897445 * 252**0.5)
    assert against["tracking_error"] == pytest.approx(0.14294681006387455)


def test_what_can_t_be_said_is_none() -> None:
    still = performance(np.zeros(5), 252)
    assert (still["sharpe"], still["sortino"], still["calmar"]) == (None, None, None)
    assert performance(np.array([0.1]), 252)["volatility"] is None
    assert performance(np.array([0.5, 0.5]), 1e9)["annual_return"] is None
    assert performance(np.array([-1.0, 0.0]), 252)["annual_return"] == -1.0
    assert relative(np.zeros(5), np.zeros(5), 252)["beta"] is None


def test_drawdowns_deepest_first() -> None:
    values = np.array([10.0, 9, 11, 5.5, 8, 11, 10, 12, 9])
    assert drawdowns(values) == [
        Drawdown(2, 3, 5, 0.5), Drawdown(7, 8, None, 0.25), Drawdown(0, 1, 2, 1 - 9 / 10),
        Drawdown(5, 6, 7, 1 - 10 / 11),
    ]  # fmt: skip
    assert drawdowns(values, most=1) == [Drawdown(2, 3, 5, 0.5)]
    assert drawdowns(np.array([1.0, 2, 2, 3])) == []
