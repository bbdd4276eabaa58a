"""Many backtests of one file: every combination of parameters, on all processors, or walking forward in time.

Each run's result is a file in a folder by what it is the result of, so a sweep that was cut off goes on where
it was, and one with a value more runs only what is new. The table is the same however many processors there
were.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import pairwise, product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from core.build import build_id
from core.data.instruments import scan
from core.data.recording import Options
from periphery.strategy.backtest import Backtest, Terms
from periphery.strategy.loading import load_strategy
from periphery.strategy.market import Signal
from periphery.strategy.results import results

KEPT = ("ok", "orders", "fills", "pnl", "realized_pnl", "unrealized_pnl", "fees", "equity", "state_hash")
type Advance = Callable[[int, int], object]


class BadSweep(ValueError):
    """What can't be swept; the message says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run. window: (first, end) in ns of the rows that are played, the end not included; None: all."""

    file: Path
    name: str | None
    params: tuple[tuple[str, str], ...]
    paths: tuple[Path, ...]
    options: Options
    terms: Terms
    signals: tuple[Signal, ...] = ()
    window: tuple[int, int] | None = None

    @property
    def key(self) -> str:
        """What it is the result of: the code, the file, the recordings, and all that was said."""
        said = {
            "build": build_id().hex(),
            "file": hashlib.sha256(self.file.read_bytes()).hexdigest(),
            "data": [
                (str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in self.paths
            ],
            "rest": [self.name, self.params, asdict(self.options), asdict(self.terms), self.window],
            "signals": [asdict(signal) for signal in self.signals],
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]


def run_job(job: Job) -> dict[str, Any]:
    """What came of one run, without what differs from machine to machine."""
    strategy = load_strategy(job.file, job.name)(dict(job.params))
    test = Backtest(strategy, job.paths, job.options, job.terms, signals=job.signals, window=job.window)
    report = test.run()
    _, figures = results(test, report)
    return {"params": dict(job.params), **{key: report[key] for key in KEPT}, "statistics": figures}


def combinations(swept: Mapping[str, Sequence[str]]) -> list[tuple[tuple[str, str], ...]]:
    """Every combination, the last parameter changing fastest."""
    return [tuple(zip(swept, values, strict=True)) for values in product(*swept.values())]


def sweep(
    jobs: Sequence[Job], folder: Path, executor: Executor, advance: Advance | None = None
) -> list[dict[str, Any]]:
    """The result of each job, in their order; those that the folder has aren't run again."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = [job.key for job in jobs]
    found = {key: known for key in keys if (known := _read(folder / f"{key}.json")) is not None}
    running = {
        executor.submit(run_job, job): key
        for key, job in dict(zip(keys, jobs, strict=True)).items()
        if key not in found
    }
    try:
        for future in as_completed(running):
            key = running[future]
            found[key] = future.result()
            _write(folder / f"{key}.json", found[key])
            if advance is not None:
                advance(len(found), len(set(keys)))
    except BaseException:
        for future, key in running.items():
            if not future.cancel() and future.done() and future.exception() is None:
                _write(folder / f"{key}.json", future.result())  # what is done is kept
        raise
    return [found[key] for key in keys]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        known: dict[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return known


def _write(path: Path, result: Mapping[str, Any]) -> None:
    new = path.with_suffix(".new")
    new.write_text(json.dumps(result))
    new.replace(path)


def value_of(result: Mapping[str, Any], measure: str) -> float:
    """What a run is judged by; one without such a figure is the worst."""
    value = result["pnl"] if measure == "pnl" else result["statistics"].get(measure)
    return float("-inf") if value is None else float(value)


def best_of(found: Sequence[dict[str, Any]], measure: str) -> dict[str, Any]:
    """The best; of several that are equal the first."""
    return max(found, key=lambda result: value_of(result, measure))


def walk_forward(
    jobs: Sequence[Job], steps: int, measure: str, folder: Path, executor: Executor,
    advance: Advance | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """In each step the best of a window is run on the next one: {step, train, test, params, chosen_by}.

    The recordings' time is cut into steps + 1 windows of equal length. BadSweep: too short for that.
    """
    windows = windows_of(jobs[0].paths, jobs[0].options, steps + 1)
    trained = [replace(job, window=window) for window in windows[:-1] for job in jobs]
    done = sweep(trained, folder, executor, advance)
    chosen = [best_of(done[i * len(jobs) : (i + 1) * len(jobs)], measure) for i in range(steps)]
    tests = [
        replace(jobs[0], params=tuple(each["params"].items()), window=window)
        for each, window in zip(chosen, windows[1:], strict=True)
    ]
    tested = sweep(tests, folder, executor, advance)
    return [
        {
            "step": i + 1,
            "params": each["params"],
            "chosen_by": value_of(each, measure),
            "train": {"from_ns": windows[i][0], "to_ns": windows[i][1], **_short(each)},
            "test": {"from_ns": windows[i + 1][0], "to_ns": windows[i + 1][1], **_short(result)},
        }
        for i, (each, result) in enumerate(zip(chosen, tested, strict=True))
    ]


def _short(result: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "params"}


def windows_of(paths: Sequence[Path], options: Options, count: int) -> list[tuple[int, int]]:
    """The recordings' time in equal parts, each up to where the next begins. BadSweep."""
    readers = [reader for reader in scan(paths, options) if reader.rows]
    first = min((reader.first for reader in readers), default=0)
    end = max((reader.last for reader in readers), default=0) + 1
    if end - first < count:
        raise BadSweep(f"{paths[0]}: {end - first} ns can't be cut into {count} windows")
    cuts = [first + (end - first) * i // count for i in range(count + 1)]
    return list(pairwise(cuts))


@contextmanager
def processes(count: int | None, cluster: str | None = None) -> Iterator[Executor]:
    """Where the runs are: so many processes, one a processor; or a dask cluster's workers. BadSweep."""
    if cluster is None:
        workers = count or len(os.sched_getaffinity(0))
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
            try:
                yield executor
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise BadSweep("--cluster needs dask.distributed: pip install 'nacre[cluster]'") from error
    with Client(cluster) as client:  # type: ignore[no-untyped-call]
        yield client.get_executor()
