"""Learns a model of recordings, tries it on rows that it hasn't seen, and says where it comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

import periphery.features
from periphery.features.definitions import AnyDefinition, PeriodSeconds, read
from periphery.features.feature import BadDefinition
from periphery.features.frame import Frame
from periphery.features.prices import Mid
from periphery.ml import drift, measures, splits
from periphery.ml.dataset import PRICE, Dataset, dataset_of
from periphery.ml.measures import Target
from periphery.ml.models import BadModel, Kind, Model, learn

type Floats = npt.NDArray[np.float64]
_Count = Annotated[int, msgspec.Meta(ge=1)]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,23}$")]
LIBRARIES = ("lightgbm", "numpy", "river", "ta-lib")


class Training(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """symbols: that it learns of and predicts. features: as in periphery.features.definitions, of these
    symbols where they name none. target: what the mid does over the next `horizon` periods. folds, embargo_s:
    of the trials; most_train: rows that walk-forward learns from, the last ones, 0: all. rounds: trees.
    params: the library's own.
    """

    name: _Name
    symbols: Annotated[list[str], msgspec.Meta(min_length=1)]
    features: list[dict[str, Any]]
    model: Kind = "lightgbm"
    target: Target = "return"
    horizon: _Count = 10
    period_s: PeriodSeconds = 1.0
    venue: str = ""
    folds: Annotated[int, msgspec.Meta(ge=2, le=100)] = 5
    embargo_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    most_train: Annotated[int, msgspec.Meta(ge=0)] = 0
    rounds: _Count = 100
    seed: int = 1
    params: dict[str, Any] = msgspec.field(default_factory=dict)

    def definitions(self) -> list[AnyDefinition]:
        """Its features, and the price that outcomes are reckoned from. BadDefinition."""
        given = [{"symbols": self.symbols, "venue": self.venue, **each} for each in self.features]
        return [*read(given), Mid(name=PRICE, symbols=self.symbols, venue=self.venue)]

    def inputs(self) -> list[str]:
        """The names of the features that it learns from. BadDefinition: a symbol lacks one."""
        made = self.definitions()[:-1]
        names = list(dict.fromkeys(each.label for each in made))
        for each in made:
            lacking = set(self.symbols) - set(each.symbols)
            if lacking:
                raise BadDefinition(f"{each.label}: not of {min(lacking)}, which is to be predicted too")
        return names


class Source(msgspec.Struct, frozen=True):
    """A file of the data."""

    file: str
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a model comes from: all that is needed to learn it again. data: digest of the rows; code: digests
    and versions of what learned it. scores: of rows that the models of the trials hadn't seen. reference: of
    each feature a sample of its values, see periphery.ml.drift.
    """

    training: Training
    definitions: list[AnyDefinition]
    inputs: list[str]
    sources: list[Source]
    rows: int
    first_ns: int
    last_ns: int
    data: str
    code: dict[str, str]
    parent: int | None
    scores: dict[str, Any]
    reference: dict[str, list[float]]


def train(
    training: Training, frame: Frame, sources: list[Source], parent: int | None = None
) -> tuple[Manifest, bytes]:
    """The model of all rows as bytes, and its manifest. BadModel, BadDefinition, splits.BadSplit."""
    names = training.inputs()
    lacking = [symbol for symbol in training.symbols if symbol not in frame.symbols]
    if lacking:
        raise BadModel(f"{training.name}: there is nothing of {lacking[0]} in the data")
    data = dataset_of(frame, training.symbols, names, training.target, training.horizon)
    if len(data) < 2 * (training.folds + 1):
        raise BadModel(f"{training.name}: {len(data)} rows in which all is known are too few: more data")
    manifest = Manifest(
        training=training,
        definitions=training.definitions(),
        inputs=names,
        sources=sources,
        rows=len(data),
        first_ns=int(data.starts[0]),
        last_ns=int(data.ends.max()),
        data=_digest([data.x.tobytes(), data.y.tobytes(), data.starts.tobytes(), data.ends.tobytes()]),
        code=code(),
        parent=parent,
        scores=trials(training, data),
        reference={name: drift.sample(data.x[:, i]) for i, name in enumerate(names)},
    )
    return manifest, _learned(training, data).dump()


def trials(training: Training, data: Dataset) -> dict[str, Any]:
    """By scheme the scores of each fold and of all folds' rows together."""
    embargo = round(training.embargo_s * 1e9)
    schemes = {
        "walk_forward": splits.walk_forward(data.starts, data.ends, training.folds, training.most_train),
        "purged": splits.purged(data.starts, data.ends, training.folds, embargo),
    }
    return {name: _tried(training, data, found) for name, found in schemes.items()}


def _tried(training: Training, data: Dataset, found: Iterable[splits.Split]) -> dict[str, Any]:
    folds, seen, said = [], [], []
    for n, (rows, tried) in enumerate(found, 1):
        if not len(rows):
            raise BadModel(
                f"{training.name}: no row is left to learn from in fold {n}: more data or fewer folds"
            )
        model = _learned(training, part(data, rows))
        p = np.array([model.predict(x) for x in data.x[tried]], np.float64)
        scores = measures.scores(training.target, data.y[tried], p)
        folds.append({"learned": len(rows), **scores})
        seen.append(data.y[tried])
        said.append(p)
    whole = measures.scores(training.target, np.concatenate(seen), np.concatenate(said))
    return {"all": whole, "folds": folds}


def part(data: Dataset, rows: npt.NDArray[np.int64]) -> Dataset:
    """Some of the rows."""
    return Dataset(data.names, data.x[rows], data.y[rows], data.starts[rows], data.ends[rows])


def _learned(training: Training, data: Dataset) -> Model:
    t = training
    return learn(t.model, data, t.target, t.rounds, t.seed, t.params)


def code() -> dict[str, str]:
    """What computes features and models: a digest of the sources, the version of each library."""
    top = Path(next(iter(periphery.features.__path__))).parent
    files = sorted([*(top / "features").glob("*.py"), *(top / "ml").glob("*.py")])
    found = {"sources": _digest([file.read_bytes() for file in files]), "nacre": _version("nacre")}
    return found | {name: _version(name) for name in LIBRARIES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def source_of(path: Path) -> Source:
    with path.open("rb") as file:
        return Source(path.name, hashlib.file_digest(file, "sha256").hexdigest())


def _digest(parts: Sequence[bytes]) -> str:
    total = hashlib.sha256()
    for each in parts:
        total.update(len(each).to_bytes(8, "little") + each)
    return total.hexdigest()
