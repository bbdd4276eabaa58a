"""Models as they are learned, kept as bytes and asked: trees by LightGBM, linear ones online by river."""

from __future__ import annotations

import importlib
import io
import pickle
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from periphery.ml.dataset import Dataset
from periphery.ml.measures import Target

type Floats = npt.NDArray[np.float64]
type Kind = Literal["lightgbm", "linear", "logistic"]

FIXED = {"deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1}
"""What makes LightGBM give the same trees each time."""
OBJECTIVES: dict[Target, str] = {"return": "regression", "up": "binary"}
TRUSTED = frozenset(
    {
        ("builtins", "float"), ("collections", "Counter"), ("collections", "OrderedDict"),
        ("collections", "defaultdict"), ("river._river_rust.vectordict", "VectorDict"),
        ("river.compose.pipeline", "Pipeline"), ("river.linear_model.lin_reg", "LinearRegression"),
        ("river.linear_model.log_reg", "LogisticRegression"), ("river.optim.initializers", "Zeros"),
        ("river.optim.losses", "Log"), ("river.optim.losses", "Squared"),
        ("river.optim.schedulers", "Constant"), ("river.optim.sgd", "SGD"),
        ("river.preprocessing.scale", "StandardScaler"),
    }
)  # fmt: skip
"""All that an online model's bytes may name: they come from a file."""


class BadModel(ValueError):
    """A model that can't be learned or loaded; the message says why."""


class Model(Protocol):
    """x: (features,), all known. It is asked with the same features in the same order as it was learned."""

    def predict(self, x: Floats) -> float: ...
    def dump(self) -> bytes: ...


class Trees:
    """Gradient boosted trees."""

    def __init__(self, text: str) -> None:
        try:
            self._booster = library("lightgbm").Booster(model_str=text)
        except Exception as error:  # LightGBM's own: of no common class
            raise BadModel(f"no model of LightGBM: {error}") from error
        self._text = text

    @classmethod
    def learned(cls, data: Dataset, target: Target, rounds: int, seed: int, params: dict[str, Any]) -> Trees:
        """The same rows and settings give the same trees, byte for byte. BadModel."""
        lightgbm = library("lightgbm")
        given = {"objective": OBJECTIVES[target], "seed": seed, **params, **FIXED}
        try:
            rows = lightgbm.Dataset(data.x, data.y, params=given)
            return cls(lightgbm.train(given, rows, num_boost_round=rounds).model_to_string())
        except (lightgbm.basic.LightGBMError, TypeError, ValueError) as error:
            raise BadModel(f"LightGBM: {error}") from error

    def predict(self, x: Floats) -> float:
        return float(self._booster.predict(x.reshape(1, -1), num_threads=1)[0])

    def dump(self) -> bytes:
        return self._text.encode()


class Online:
    """A linear or logistic regression of standardised features that goes on learning, row by row."""

    def __init__(self, model: Any, names: list[str]) -> None:
        self._model = model
        self._names = names
        self._is_logistic = hasattr(model, "predict_proba_one") and "LogisticRegression" in model.steps

    @classmethod
    def fresh(cls, kind: Kind, names: list[str], params: dict[str, Any]) -> Online:
        """params: learning_rate, l2. BadModel."""
        library("river")
        from river import linear_model, optim, preprocessing

        unknown = sorted(params.keys() - {"learning_rate", "l2"})
        if unknown:
            raise BadModel(f"{kind}: no parameter {unknown[0]!r}; there is learning_rate, l2")
        given = {"optimizer": optim.SGD(params.get("learning_rate", 0.01)), "l2": params.get("l2", 0.0)}
        kinds = {"linear": linear_model.LinearRegression, "logistic": linear_model.LogisticRegression}
        return cls(preprocessing.StandardScaler() | kinds[kind](**given), names)

    @classmethod
    def loaded(cls, blob: bytes, names: list[str]) -> Online:
        """BadModel: bytes that name anything else than such a model."""
        library("river")
        try:
            return cls(_Trusting(io.BytesIO(blob)).load(), names)
        except (pickle.UnpicklingError, EOFError, AttributeError, ValueError, IndexError) as error:
            raise BadModel(f"no online model: {error}") from error

    def predict(self, x: Floats) -> float:
        row = dict(zip(self._names, x.tolist(), strict=True))
        if self._is_logistic:
            return float(self._model.predict_proba_one(row).get(True, 0.5))
        return float(self._model.predict_one(row))

    def learn(self, x: Floats, y: float) -> None:
        row = dict(zip(self._names, x.tolist(), strict=True))
        self._model.learn_one(row, y > 0.5 if self._is_logistic else y)

    def dump(self) -> bytes:
        return pickle.dumps(self._model, protocol=4)


class _Trusting(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in TRUSTED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return super().find_class(module, name)


def learn(kind: Kind, data: Dataset, target: Target, rounds: int, seed: int, params: dict[str, Any]) -> Model:
    """A model of all rows, in their order. BadModel."""
    if kind == "lightgbm":
        return Trees.learned(data, target, rounds, seed, params)
    model = Online.fresh(kind, data.names, params)
    for x, y in zip(data.x, data.y.tolist(), strict=True):
        model.learn(x, y)
    return model


def load(kind: Kind, blob: bytes, names: list[str]) -> Model:
    """BadModel."""
    return Trees(blob.decode()) if kind == "lightgbm" else Online.loaded(blob, names)


def library(name: str) -> Any:
    """BadModel: it isn't installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise BadModel(f"{error}: models need nacre[ml]") from error
