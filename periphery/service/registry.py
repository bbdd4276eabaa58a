"""The engines that there are, by name."""

from __future__ import annotations

import importlib

from periphery.service.engine import Engine

PLACES: dict[str, tuple[str, str]] = {
    "analytics": ("periphery.analytics.engine", "AnalyticsEngine"),
    "bars": ("periphery.market_data.bars_engine", "BarsEngine"),
    "factor": ("periphery.factor.engine", "FactorEngine"),
    "features": ("periphery.features.engine", "FeaturesEngine"),
    "ml": ("periphery.ml.engine", "MlEngine"),
    "portfolio": ("periphery.portfolio.engine", "PortfolioEngine"),
    "risk": ("periphery.risk.engine", "RiskEngine"),
}
"""Each engine's module and class."""


def find(name: str) -> type[Engine]:
    """KeyError: there is none by that name."""
    module, found = PLACES[name]
    kind: type[Engine] = getattr(importlib.import_module(module), found)
    return kind
