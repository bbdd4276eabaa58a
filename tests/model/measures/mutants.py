"""A sign flipped, a neighbour taken, in each measure of factor, portfolio and analytics, one at a time in a
copy of the tree: the unit tests of its package must fail.

`python -m tests.model.measures.mutants` (`make mutants`, some minutes) prints a line for each; exit 1 where
one survives.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.model.planting import ROOT, Mutation, planted, report, tree

LEDGER, ANALYTICS = "periphery/analytics/ledger", "periphery/analytics/engine"
MEASURES, EXPOSURES = "periphery/analytics/measures", "periphery/factor/exposures"
SCORES, PREMIA = "periphery/factor/scores", "periphery/factor/premia"
PCA, FACTOR, COVARIANCE = "periphery/factor/pca", "periphery/factor/engine", "periphery/factor/covariance"
OPTIMISE, ORDERS = "periphery/portfolio/optimise", "periphery/portfolio/orders"
QUADRATIC = "periphery/portfolio/quadratic"
PORTFOLIO, PROPOSAL = "periphery/portfolio/engine", "periphery/portfolio/proposal"

MUTATIONS = (
    # ---- analytics -----------------------------------------------------------------------------------------
    Mutation("a fee is earned", LEDGER, "made - Fraction(fees, 10**16)", "made + Fraction(fees, 10**16)"),
    Mutation("what is open costs nothing", LEDGER, "10**16) - open_cost)", "10**16) + open_cost)"),
    Mutation("an inverse is long", LEDGER, "return -size / price if", "return size / price if"),
    Mutation("a part gets the whole flow", LEDGER, "(held.flow - before.flow) * share", "held.flow * share"),
    Mutation(
        "positions before the day are worth nothing", LEDGER, "total += cost * rate", "total -= cost * rate"
    ),
    Mutation(
        "a return is the other way round",
        ANALYTICS,
        "equity / course.last - 1.0",
        "course.last / equity - 1.0",
    ),
    Mutation(
        "the benchmark is behind", ANALYTICS, "now[at] / before[at] - 1.0", "before[at] / now[at] - 1.0"
    ),
    Mutation("the total loses", MEASURES, "np.prod(1.0 + returns)", "np.prod(1.0 - returns)"),
    Mutation(
        "the risk-free is paid twice",
        MEASURES,
        "excess = returns - risk_free",
        "excess = -returns - risk_free",
    ),
    Mutation(
        "drawdowns are gains",
        MEASURES,
        "falls = -of.get_drawdowns(returns",
        "falls = of.get_drawdowns(returns",
    ),
    Mutation(
        "drawdowns of the other side", MEASURES, "of.get_drawdowns(returns", "of.get_drawdowns(-returns"
    ),
    Mutation(
        "volatility is of a period",
        MEASURES,
        '"volatility": deviation * math.sqrt(a_year)',
        '"volatility": deviation',
    ),
    Mutation("sortino by the upside", MEASURES, "of.semi_deviation(returns,", "of.semi_deviation(-returns,"),
    Mutation(
        "calmar's sign", MEASURES, '"calmar": _over(annual, deepest)', '"calmar": _over(-annual, deepest)'
    ),
    Mutation(
        "the best is the worst", MEASURES, '"best": float(returns.max())', '"best": float(returns.min())'
    ),
    Mutation("positive is negative", MEASURES, "(returns > 0).mean()", "(returns < 0).mean()"),
    Mutation("active is passive", MEASURES, "active = returns - benchmark", "active = benchmark - returns"),
    Mutation("beta's sign", MEASURES, '"beta": fit[1] if', '"beta": -fit[1] if'),
    Mutation(
        "alpha isn't of a year", MEASURES, "_compounded(fit[0], a_year)", "_compounded(-fit[0], a_year)"
    ),
    Mutation(
        "tracking error is of a period",
        MEASURES,
        '"tracking_error": deviation * math.sqrt(a_year)',
        '"tracking_error": deviation',
    ),
    Mutation("contributions' sign", MEASURES, "parts = [beta * float(", "parts = [-beta * float("),
    Mutation("a fall ends at once", MEASURES, "values[i] < values[high]:", "values[i] <= values[high]:"),
    # ---- factor --------------------------------------------------------------------------------------------
    Mutation("exposures to the other side", EXPOSURES, "sm.OLS(returns, on)", "sm.OLS(-returns, on)"),
    Mutation("a lag too many", EXPOSURES, "min(lags, periods - 1)", "min(lags + 1, periods - 1)"),
    Mutation(
        "a window that looks ahead",
        EXPOSURES,
        "exposure(returns[end - window : end]",
        "exposure(returns[end - window + 1 : end + 1]",
    ),
    Mutation(
        "premia paid",
        PREMIA,
        "np.linalg.lstsq(betas, portfolios.values.T, rcond=None)[0].T",
        "-np.linalg.lstsq(betas, portfolios.values.T, rcond=None)[0].T",
    ),
    Mutation("another kernel", PREMIA, 'cov_type="kernel"', 'cov_type="robust"'),
    Mutation(
        "components have no sign", PCA, "loadings = loadings * np.sign(", "loadings = loadings * -np.sign("
    ),
    Mutation("a score looks ahead", SCORES, "found[periods + skip :] = ends", "found[: len(ends)] = ends"),
    Mutation(
        "what comes is what was",
        SCORES,
        "prices[periods:] / prices[:-periods] - 1.0",
        "prices[:-periods] / prices[periods:] - 1.0",
    ),
    Mutation(
        "information's sign", SCORES, "return float(one @ other) / size", "return -float(one @ other) / size"
    ),
    Mutation(
        "quantiles from the top",
        SCORES,
        'np.searchsorted(cuts, score, "left")',
        'np.searchsorted(-cuts[::-1], -score, "left")',
    ),
    Mutation("neutral adds", SCORES, "score[known] - on[known] @ fit", "score[known] + on[known] @ fit"),
    Mutation("oas is ledoit_wolf", COVARIANCE, '"oas": OAS', '"oas": LedoitWolf'),
    Mutation(
        "the engine's score is of tomorrow",
        FACTOR,
        "score = table[p.momentum] / table[0] - 1.0",
        "score = table[-1] / table[0] - 1.0",
    ),
    # ---- portfolio -----------------------------------------------------------------------------------------
    Mutation(
        "an aversion that likes risk less",
        OPTIMISE,
        "risk_aversion=spec.risk_aversion * size,",
        "risk_aversion=spec.risk_aversion,",
    ),
    Mutation("costs are free", OPTIMISE, "costs=spec.cost / spec.periods / size", "costs=0.0 * spec.cost"),
    Mutation("costs are free here", OPTIMISE, "scale * spec.cost / spec.periods / size", "0.0 * spec.cost"),
    Mutation(
        "what is expected is a loss", QUADRATIC, "-problem.mean, problem.cost", "problem.mean, problem.cost"
    ),
    Mutation("half the variance", QUADRATIC, "2.0 * problem.risk *", "problem.risk *"),
    Mutation("the least weight is the most", QUADRATIC, "-problem.low * ones", "problem.low * ones"),
    Mutation("sold from nothing", QUADRATIC, "[problem.held, -problem.held]", "[problem.held, problem.held]"),
    Mutation(
        "the market has half its premium",
        OPTIMISE,
        "2.0 * spec.risk_aversion * size",
        "spec.risk_aversion * size",
    ),
    Mutation("a view the other way", OPTIMISE, "== {value!r}", "== {-value!r}"),
    Mutation("turnover from nothing", OPTIMISE, "norm1(weights - held)", "norm1(weights)"),
    Mutation(
        "the least variance isn't looked for",
        OPTIMISE,
        'least = spec.method == "minimum_variance"',
        "least = False",
    ),
    Mutation("the sum isn't kept", OPTIMISE, "down[i] += 1", "down[i] += 2"),
    Mutation(
        "the benchmark is bought",
        PORTFOLIO,
        "(returns[:, :-1], returns[:, -1]) if p.benchmark",
        "(returns[:, 1:], returns[:, 0]) if p.benchmark",
    ),
    Mutation(
        "what is held is forgotten",
        PORTFOLIO,
        "before = self._held(names) if p.account",
        "before = {} if p.account",
    ),
    Mutation(
        "a buy is a sale",
        ORDERS,
        '    if qty > 0:\n        yield _order(contract, "buy"',
        '    if qty > 0:\n        yield _order(contract, "sell"',
    ),
    Mutation("lots away from zero", ORDERS, "steps = abs(value) // step", "steps = -(-abs(value) // step)"),
    Mutation(
        "an inverse is linear",
        ORDERS,
        "if self.inverse else qty * self.value * price",
        "if not self.inverse else qty * self.value * price",
    ),
    Mutation(
        "sales bring their commission",
        ORDERS,
        "o.notional * (1 - commission)",
        "o.notional * (1 + commission)",
    ),
    Mutation(
        "a limit on the wrong side",
        ORDERS,
        'bps if order.side == "buy" else -bps',
        '-bps if order.side == "buy" else bps',
    ),
    Mutation(
        "who made it approves",
        PROPOSAL,
        "    if _same(by, proposal.content.by):\n        raise",
        "    if not by:\n        raise",
    ),
    Mutation("an approval is for anything", PROPOSAL, "if a.id == proposal.id and", "if"),
    Mutation("it never ends", PROPOSAL, "if age_s > proposal.content.valid_s:", "if age_s < 0:"),
)


def copied(folder: Path) -> Path:
    """A copy of what the tests need."""
    copy = tree(folder)
    shutil.copytree(ROOT / "periphery", copy / "periphery", ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def caught(copy: Path, mutation: Mutation) -> str:
    """Which test fails with that error; "" where none does."""
    with planted(copy, mutation):
        done = tests(copy, mutation.module)
    if done.returncode == 0:
        return ""
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if not failed:
        raise RuntimeError(f"{mutation.what}: neither caught nor survived: {done.stdout}{done.stderr}")
    return failed[0]


def tests(copy: Path, module: str) -> subprocess.CompletedProcess[str]:
    """Runs the unit tests of a module's package, up to the first that fails."""
    data = Path(os.environ.get("NACRE_DATA", ROOT.parent / "shared" / "data")).resolve()
    environment = {**os.environ, "PYTHONPATH": os.fspath(copy), "NACRE_DATA": os.fspath(data)}
    words = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"tests/unit/{Path(module).parent}"]
    return subprocess.run(
        [sys.executable, "-P", *words], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )


def sound(folder: Path) -> Path:
    """A copy whose tests pass without an error planted."""
    copy = copied(folder)
    for package in sorted({Path(mutation.module).parent.name for mutation in MUTATIONS}):
        right = tests(copy, f"periphery/{package}/any")
        if right.returncode:
            raise SystemExit(f"{package}: its tests fail without an error planted:\n{right.stdout}")
    return copy


def main() -> None:
    """The command line."""
    report(MUTATIONS, caught, sound)


if __name__ == "__main__":
    main()
