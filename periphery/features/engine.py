"""The engine of features: their values at the end of each period of event time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np

from core.live.book import Book
from periphery.features.definitions import AnyDefinition, PeriodSeconds
from periphery.features.pages import TICKING, tell
from periphery.features.set import FeatureSet, Row
from periphery.service.engine import Engine, Output, Params


class FeaturesParams(Params, frozen=True, forbid_unknown_fields=True):
    """period_s: of event time. features: their definitions, see periphery.features.definitions."""

    period_s: PeriodSeconds = 1.0
    features: list[AnyDefinition] = msgspec.field(default_factory=list)


class FeaturesEngine(Engine):
    """Says `feature` for each symbol at the end of each period in which something came."""

    name = "features"
    line = "Features of markets at the end of each period: returns, imbalance, flow, VPIN, beta, indicators."
    kinds = TICKING
    Params = FeaturesParams

    def __init__(self, params: FeaturesParams, book: Book) -> None:
        """BadDefinition."""
        super().__init__(params, book)
        self.hearer = self.set = FeatureSet(params.features, params.period_s)

    def on_page(self, page: np.void, raw: bytes) -> Iterable[Output]:
        header = page["header"]
        rows = self.set.turn(int(header["time_ns"]), self.part.owns)
        tell(int(header["kind"]), raw, self.book, self.set)
        return [Output("feature", told(row)) for row in rows]

    def save(self) -> dict[str, Any]:
        return self.set.save()

    def load(self, state: dict[str, Any]) -> None:
        self.set.load(state)


def told(row: Row) -> dict[str, Any]:
    """A row as an output: null for what isn't known."""
    values = {name: value if value == value else None for name, value in row.values.items()}
    return {"symbol": row.symbol, "at_ns": row.at_ns, "values": values}
