"""The engine of models: what the champion predicts, what the others would, and what came of it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from prometheus_client import CollectorRegistry, Histogram

from core import messages as m
from core.live.book import Book
from core.live.ops import SIGNAL_NAME_MAX
from core.rows.rows import Together
from periphery.features.pages import TICKING, tell
from periphery.features.set import Row
from periphery.ml.models import BadModel
from periphery.ml.registry import BadRegistry, Registry
from periphery.ml.serving import Kin, Served, Watch
from periphery.service.engine import Engine, Output, Params, request

_Version = Annotated[int, msgspec.Meta(ge=1)]
_Count = Annotated[int, msgspec.Meta(ge=1)]
SERVED_MAX = 32
BUCKETS_S = (1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 1e-1)


class MlParams(Params, frozen=True, forbid_unknown_fields=True):
    """registry: its file. model: a name there. champion, challengers, shadows: versions; champion 0: none
    until a signal names one. signal: the name of what the champion says to strategies, empty: the model's.
    drift_every, drift_window: rows.
    """

    registry: str = ""
    model: str = ""
    champion: Annotated[int, msgspec.Meta(ge=0)] = 0
    challengers: list[_Version] = msgspec.field(default_factory=list)
    shadows: list[_Version] = msgspec.field(default_factory=list)
    signal: Annotated[str, msgspec.Meta(max_length=SIGNAL_NAME_MAX)] = ""
    drift_every: _Count = 500
    drift_window: _Count = 500


class MlEngine(Engine):
    """At each period's end says `prediction` for each version, `signal` of the champion's; `outcome` when it
    is known; `drift`; `promoted` or `refused` after a signal <model>.champion.
    """

    name = "ml"
    line = "Predictions of models beside a core: champion, challengers, shadows, outcomes and drift."
    kinds = TICKING | {m.Kind.SIGNAL}
    Params = MlParams

    def __init__(self, params: MlParams, book: Book) -> None:
        """BadRegistry, BadModel, BadDefinition."""
        super().__init__(params, book)
        self.registry = Registry(Path(params.registry))
        self.served: dict[int, Served] = {}
        self.kin: dict[str, Kin] = {}
        self.stages = {
            **dict.fromkeys(params.shadows, "shadow"),
            **dict.fromkeys(params.challengers, "challenger"),
            **({params.champion: "champion"} if params.champion else {}),
        }
        for version in self.stages:
            self._serve(version)
        self.watches: dict[str, Watch] = {}
        self.latency: Histogram | None = None

    def instrument(self, registry: CollectorRegistry) -> None:
        self.latency = Histogram(
            "predict_seconds", "How long a model took for a row.", ["stage"], namespace="nacre",
            subsystem=self.name, registry=registry, buckets=BUCKETS_S,
        )  # fmt: skip

    def _serve(self, version: int) -> None:
        served = Served(self.registry.get(self.params.model, version))
        for other in self.served.values():
            self._must_compare(served, other)
        self.served[version] = served
        if served.kin not in self.kin:
            self.kin[served.kin] = Kin(served)
        self.hearer = Together([kin.set for kin in self.kin.values()])

    def _must_compare(self, one: Served, other: Served) -> None:
        for what in ("target", "horizon", "period_s"):
            mine, its = (getattr(each.manifest.training, what) for each in (one, other))
            if mine != its:
                raise BadModel(
                    f"{self.params.model}: versions {other.version} and {one.version} can't be compared: "
                    f"{what} is {its!r} and {mine!r}"
                )

    @property
    def champion(self) -> int:
        """0: there is none."""
        return next((version for version, stage in self.stages.items() if stage == "champion"), 0)

    # ---- events --------------------------------------------------------------------------------------------

    def on_page(self, page: np.void, raw: bytes) -> Iterable[Output]:
        header = page["header"]
        seq, time_ns, kind = int(header["seq"]), int(header["time_ns"]), int(header["kind"])
        said: list[Output] = []
        for key, kin in self.kin.items():
            for row in kin.set.turn(time_ns):
                if row.symbol in kin.waiting:
                    said += self._row(key, kin, row, seq)
        if kind == m.Kind.SIGNAL:
            said += self._signal(request(raw, m.SIGNAL_EVENT))
        else:
            for kin in self.kin.values():
                tell(kind, raw, self.book, kin.set)
        return [each for each in said if self.part.owns(each.values.get("symbol", self.params.model))]

    def _signal(self, row: np.void) -> Iterator[Output]:
        """Another champion, where the signal says so; the one before stays as challenger."""
        if row["what"] != m.SignalWhat.VALUE:
            return  # a strategy's beginning and end have no name
        name = self.book.directory.space_lists[m.Space.SIGNAL][int(row["name"])]
        if name != f"{self.params.model}.champion":
            return
        value = Decimal(int(row["mantissa"])).scaleb(int(row["exponent"]))
        try:
            self._promote(_version(value))
        except (BadRegistry, BadModel) as error:
            yield Output("refused", {"model": self.params.model, "version": str(value), "why": str(error)})
        else:
            yield Output("promoted", {"model": self.params.model, "version": self.champion})

    def _promote(self, version: int) -> None:
        if version not in self.served:
            if len(self.served) >= SERVED_MAX:
                raise BadModel(f"{SERVED_MAX} versions are served already: begin the engine anew with fewer")
            self._serve(version)
        if version != self.champion:
            self.stages = {v: "challenger" if s == "champion" else s for v, s in self.stages.items()}
            self.stages[version] = "champion"
            self.watches.clear()

    # ---- a period ------------------------------------------------------------------------------------------

    def _row(self, key: str, kin: Kin, row: Row, seq: int) -> Iterator[Output]:
        yield from self._outcome(kin, row)
        said: dict[str, float] = {}
        xs: dict[str, list[float]] = {}
        for version, served in self.served.items():
            x = served.vector(row) if served.kin == key else None
            if x is None:
                continue
            value = self._asked(served, x)
            if not math.isfinite(value):
                continue
            said[str(version)] = value
            if served.is_online:
                xs[str(version)] = x.tolist()
            yield from self._said(version, row, value, seq)
            if version == self.champion:
                yield from self._watched(served, row.symbol, x)
        kin.wait(row, said, xs)

    def _asked(self, served: Served, x: Any) -> float:
        begin = time.perf_counter()
        value = served.model.predict(x)
        if self.latency is not None:
            self.latency.labels(self.stages[served.version]).observe(time.perf_counter() - begin)
        return value

    def _said(self, version: int, row: Row, value: float, seq: int) -> Iterator[Output]:
        about = {"symbol": row.symbol, "at_ns": row.at_ns, "value": value}
        stage = self.stages[version]
        yield Output("prediction", {"model": self.params.model, "version": version, "stage": stage, **about})
        if stage == "champion":
            yield Output("signal", {"name": self.params.signal or self.params.model, "seq": seq, **about})

    def _watched(self, served: Served, symbol: str, x: Any) -> Iterator[Output]:
        watch = self.watches.setdefault(symbol, Watch(self.params.drift_window, self.params.drift_every))
        found = watch.take(x, served)
        if found is not None:
            about = {"model": self.params.model, "version": served.version, "symbol": symbol}
            yield Output("drift", about | found)

    def _outcome(self, kin: Kin, row: Row) -> Iterator[Output]:
        """What came of the row of a horizon ago; online models learn from it."""
        before, came = kin.come(row)
        if before is None or came != came:
            return
        at_ns, _, said, xs = before
        for version, x in xs.items():
            self.served[int(version)].model.learn(np.array(x, np.float64), came)  # type: ignore[attr-defined]
        if said:
            told = {"model": self.params.model, "symbol": row.symbol, "at_ns": at_ns, "target": kin.target}
            told |= {"horizon": kin.horizon, "champion": self.champion, "outcome": came, "predictions": said}
            yield Output("outcome", told)

    # ---- state ---------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        return {
            "stages": list(self.stages.items()),
            "kin": [[key, kin.save()] for key, kin in self.kin.items()],
            "learned": [[version, served.save()] for version, served in self.served.items()],
            "watches": [[symbol, list(each.rows), each.count] for symbol, each in self.watches.items()],
        }

    def load(self, state: dict[str, Any]) -> None:
        """BadRegistry: a version that was promoted isn't there any more."""
        self.stages = {int(version): stage for version, stage in state["stages"]}
        for version in self.stages:
            if version not in self.served:
                self._serve(version)
        for version, learned in state["learned"]:
            self.served[version].load(learned)
        for key, kept in state["kin"]:
            self.kin[key].load(kept)
        for symbol, rows, count in state["watches"]:
            self.watches[symbol] = Watch(self.params.drift_window, self.params.drift_every)
            self.watches[symbol].rows.extend(rows)
            self.watches[symbol].count = count


def _version(value: Decimal) -> int:
    """BadModel: it can't be one."""
    if not (1 <= value < 2**31 and value == int(value)):
        raise BadModel(f"{value} is no version: give a whole number from 1 on")
    return int(value)
