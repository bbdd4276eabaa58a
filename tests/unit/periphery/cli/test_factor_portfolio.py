"""`nacre factor` and `nacre portfolio optimise` over files: what the functions say, as tables and JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from core.cli import root
from periphery.factor.exposures import exposure
from periphery.history.tables import BadTable, Table, read_table, together
from periphery.portfolio.optimise import Spec, optimise

NAMES = ("AA", "BB", "CC", "DD")


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    moves = np.random.default_rng(2).normal(0.0002, 0.01, (60, 4))
    rows = 100 * np.cumprod(1 + moves, axis=0)
    lines = [",".join(["time", *NAMES])]
    lines += [f"2024-03-{i:03d}," + ",".join(repr(float(x)) for x in row) for i, row in enumerate(rows)]
    (tmp_path / "prices.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "prices.csv"


def nacre(*words: str, code: int = 0) -> Any:
    result = CliRunner().invoke(root, list(words))
    assert result.exit_code == code, result.output
    if code:
        return result.stderr
    return json.loads(result.stdout) if words[-1] == "json" else result.stdout


def test_exposures(prices: Path) -> None:
    words = ["factor", "exposures", str(prices), "--symbols", "AA,BB", "--factors", str(prices)]
    words += ["--factor-names", "CC,DD", "--lags", "3"]
    told = nacre(*words, "-o", "json")
    returns = read_table(prices).returns().values
    for i, one in enumerate(told):
        fit = exposure(returns[:, i], returns[:, 2:], 3).told(["CC", "DD"])
        assert one == {"name": NAMES[i], "to": "2024-03-059", **fit, "lags": 3}
    rolled = nacre(*words, "--window", "50", "-o", "json")
    assert len(rolled) == 20
    assert rolled[-1]["betas"] == exposure(returns[-50:, 1], returns[-50:, 2:], 3).told(["CC", "DD"])["betas"]
    assert "alpha" in nacre(*words)
    assert "column 'XX'" in nacre(*words[:-4], "--factor-names", "XX", code=2)


def test_premia(prices: Path) -> None:
    words = ["factor", "premia", str(prices), "--factors", "DD", "--portfolios", "AA,BB,CC"]
    for method in ("two_step", "traded", "fama_macbeth"):
        told = nacre(*words, "--method", method, "-o", "json")
        assert (told["method"], set(told["premia"])) == (method, {"DD"})
    assert "two_step" in nacre(*words)
    assert "portfolios for 1 factors" in nacre(*words[:-1], "AA", code=2)


def test_components_scores_and_covariance(prices: Path, tmp_path: Path) -> None:
    told = nacre("factor", "pca", str(prices), "--components", "2", "-o", "json")
    assert [one["component"] for one in told] == [1, 2]
    (tmp_path / "groups.json").write_text(json.dumps(dict(zip(NAMES, "xxyy", strict=True))))
    words = ["factor", "information", str(prices), "--momentum", "5", "--quantiles", "2"]
    one, other = nacre(*words, "--groups", str(tmp_path / "groups.json"), "-o", "json")
    assert (one["ahead"], other["ahead"], one["periods"], other["periods"]) == (1, 5, 54, 50)
    assert sum(one["by_quantile"]) == pytest.approx(0, abs=1e-12)
    (tmp_path / "groups.json").write_text('{"AA": "x"}')
    assert "'BB' has no group" in nacre(*words, "--groups", str(tmp_path / "groups.json"), code=2)
    assert "one of them" in nacre("factor", "information", str(prices), code=2)
    found = nacre("factor", "covariance", str(prices), "--method", "empirical", "-o", "json")
    plain = np.cov(read_table(prices).returns().values.T, bias=True)
    assert found["covariance"]["AA"]["BB"] == pytest.approx(plain[0, 1])


def test_scores_of_a_file(prices: Path, tmp_path: Path) -> None:
    table = read_table(prices)
    lines = [",".join(["time", *NAMES])]
    lines += [f"{time},1,2,3,4" for time in table.times[10:50]]
    (tmp_path / "scores.csv").write_text("\n".join(lines) + "\n")
    words = ["factor", "information", str(prices), "--scores", str(tmp_path / "scores.csv"), "--ahead", "1"]
    (told,) = nacre(*words, "-o", "json")
    assert told["periods"] == 39
    assert "whole numbers" in nacre(*words[:-1], "x", code=2)


def test_optimise(prices: Path, tmp_path: Path) -> None:
    returns = read_table(prices).returns()
    told = nacre("portfolio", "optimise", str(prices), "--method", "risk_parity", "-o", "json")
    assert told["weights"] == optimise(returns.names, returns.values, Spec(method="risk_parity"))
    assert told["mean"] == pytest.approx((returns.values @ list(told["weights"].values())).mean())
    (tmp_path / "w.json").write_text(json.dumps({"weights": {"AA": 1.0}}))
    words = ["portfolio", "optimise", str(prices), "--before", str(tmp_path / "w.json")]
    moved = nacre(*words, "--max-turnover", "0.2", "-o", "json")["weights"]
    assert moved["AA"] == pytest.approx(0.9, abs=3e-6)
    index = read_table(prices)
    near = ["--symbols", "AA,BB", "--method", "tracking_error", "--benchmark", str(tmp_path / "b.csv")]

    def benchmark(values: list[float]) -> None:
        rows = "".join(f"{time},{value!r}\n" for time, value in zip(index.times, values, strict=True))
        (tmp_path / "b.csv").write_text(f"time,I\n{rows}")

    benchmark((index.values[:, 0] + index.values[:, 1]).tolist())
    told = nacre("portfolio", "optimise", str(prices), *near, "-o", "json")
    assert told["weights"]["AA"] == pytest.approx(0.5, abs=0.1)
    benchmark(index.values[:, 0].tolist())
    assert "'AA'" in nacre("portfolio", "optimise", str(prices), *near, code=2)
    assert "AA" in nacre("portfolio", "optimise", str(prices))
    assert "allow" in nacre("portfolio", "optimise", str(prices), "--max-weight", "0.1", code=2)
    assert "nowhere" in nacre("portfolio", "optimise", str(tmp_path / "nowhere.csv"), code=2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,A\n2,1\n1,2\n", "after 2"),
        ("time,A\n1,1\n1,2\n", "after 1"),
        ("time,A\n1,1\n2,x\n", "'x' is no number"),
        ("time,A\n1,1\n2,\n", "is no number"),
        ("time\n1\n", "0 columns"),
        ("", "t.csv"),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(BadTable, match=words):
        read_table(tmp_path / "t.csv")


def test_tables_meet_at_their_times() -> None:
    one = Table(("1", "2", "3"), ("A",), np.array([[1.0], [2], [4]]))
    other = Table(("2", "3", "4"), ("B",), np.array([[5.0], [6], [7]]))
    left, right = together(one, other)
    assert (left.times, left.values.tolist(), right.values.tolist()) == (("2", "3"), [[2], [4]], [[5], [6]])
    assert one.returns().values.tolist() == [[1.0], [1.0]]
    with pytest.raises(BadTable, match="no time in common"):
        together(one.last(1), Table(("9",), ("B",), np.ones((1, 1))))
    with pytest.raises(BadTable, match="is no price"):
        Table(("1", "2"), ("A",), np.array([[1.0], [0]])).returns()
    with pytest.raises(BadTable, match="need two"):
        one.last(1).returns()


def test_help_imports_no_library() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from core.cli import root;"
        "[CliRunner().invoke(root, [noun, '--help']) for noun in ('factor', 'portfolio', 'analytics')];"
        "heavy = ('numpy', 'pandas', 'sklearn', 'skfolio', 'statsmodels');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
