"""Value at risk and expected shortfall of exposures, from returns. Losses are positive.

exposures (k): what a return of 1 of each instrument would be worth, in the account's currency. returns
(n, k): of n equal periods, simple, oldest first. P. Jorion, "Value at Risk"; A. McNeil, R. Frey and
P. Embrechts, "Quantitative Risk Management".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Tail:
    """var: the loss that is exceeded with a probability of 1 - confidence; es: the mean of those beyond."""

    var: float
    es: float


def empirical(pnl: Floats, confidence: float) -> Tail:
    """Of outcomes, each as likely as another: var is the smallest loss that the share `confidence` of them
    don't exceed; es is the mean of the worst 1 - confidence, a part of an outcome counting as a part.
    """
    losses = np.sort(-pnl)[::-1]
    tail = (1.0 - confidence) * len(losses)
    whole = math.floor(tail + 1e-9)
    var = float(losses[min(whole, len(losses) - 1)])
    beyond = float(losses[:whole].sum()) + (tail - whole) * var
    return Tail(var, beyond / tail if tail > 0 else var)


def historical(exposures: Floats, returns: Floats, confidence: float) -> Tail:
    """As if the past periods were all that can come."""
    return empirical(returns @ exposures, confidence)


def normal(exposures: Floats, returns: Floats, confidence: float, periods: float = 1.0) -> Tail:
    """As if returns were normal with mean 0 and their covariance; over several periods by the square root."""
    sigma = math.sqrt(max(variance(exposures, covariance(returns)), 0.0) * periods)
    z = _NORMAL.inv_cdf(confidence)
    return Tail(z * sigma, _NORMAL.pdf(z) / (1.0 - confidence) * sigma)


def monte_carlo(
    exposures: Floats, returns: Floats, confidence: float, draws: int, seed: int, periods: float = 1.0
) -> Tail:
    """`normal`'s distribution, drawn: what isn't linear may then be priced on the draws."""
    factor = root(covariance(returns) * periods)
    drawn = np.random.default_rng(seed).standard_normal((draws, len(exposures)))
    return empirical(drawn @ factor.T @ exposures, confidence)


def covariance(returns: Floats) -> Floats:
    """Around 0: over short periods the mean is not to be told from it."""
    return returns.T @ returns / max(len(returns), 1)


def variance(exposures: Floats, covariances: Floats) -> float:
    return float(exposures @ covariances @ exposures)


def root(covariances: Floats) -> Floats:
    """A matrix whose product with its transpose this is; also where some returns hang together."""
    values, vectors = np.linalg.eigh(covariances)
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None)), np.float64)


def components(exposures: Floats, returns: Floats, confidence: float) -> tuple[Floats, Floats]:
    """(marginal, component) of `normal`'s var: by how much it changes with an instrument's exposure, and what
    part of it is the instrument's. The components' sum is the whole.
    """
    covariances = covariance(returns)
    sigma = math.sqrt(max(variance(exposures, covariances), 0.0))
    if sigma == 0.0:
        return np.zeros_like(exposures), np.zeros_like(exposures)
    marginal = _NORMAL.inv_cdf(confidence) * (covariances @ exposures) / sigma
    return marginal, marginal * exposures


def stressed(exposures: Floats, shocks: Floats) -> float:
    """What these returns would cost; negative: a gain."""
    return float(-(exposures @ shocks))
