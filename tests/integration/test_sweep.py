"""Sweeps: every combination once, the same whatever runs it, and going on where one was cut off."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.cli import root
from core.data.recording import Options
from periphery.strategy.backtest import Backtest, Terms
from periphery.strategy.loading import load_strategy
from periphery.strategy.results import results
from periphery.strategy.sweep import BadSweep, Job, combinations, processes, run_job, sweep, windows_of
from tests.integration.live_core import until
from tests.integration.test_backtest_results import SAMPLES, recording

EMA = SAMPLES / "ema_cross.py"
OPTIONS = Options(symbol="X", venue="V")


class Here:
    """Runs a job when it is asked to, and counts them; `most` of them."""

    def __init__(self, most: int = 1000) -> None:
        self.ran: list[Job] = []
        self.most = most

    def submit(self, run: Any, job: Job) -> Future[Any]:
        future: Future[Any] = Future()
        if len(self.ran) >= self.most:
            future.set_exception(KeyboardInterrupt())
        else:
            self.ran.append(job)
            future.set_result(run(job))
        return future


def jobs(path: Path, **swept: list[str]) -> list[Job]:
    return [Job(EMA, None, (("qty", "10"), *each), (path,), OPTIONS, Terms()) for each in combinations(swept)]


def test_every_combination_in_the_order_in_which_it_was_said() -> None:
    found = combinations({"fast": ["3", "5"], "slow": ["9", "7"]})
    assert [dict(each) for each in found] == [
        {"fast": "3", "slow": "9"}, {"fast": "3", "slow": "7"}, {"fast": "5", "slow": "9"},
        {"fast": "5", "slow": "7"},
    ]  # fmt: skip


def test_a_sweep_that_was_cut_off_goes_on_and_comes_to_the_same(tmp_path: Path) -> None:
    found = jobs(recording(tmp_path / "q.csv", 400), fast=["3", "5"], slow=["9", "12"])
    cut = Here(most=2)
    with pytest.raises(KeyboardInterrupt):
        sweep(found, tmp_path / "kept", cut)  # type: ignore[arg-type]
    again = Here()
    done = sweep(found, tmp_path / "kept", again)  # type: ignore[arg-type]
    assert len(cut.ran) == 2
    assert len(again.ran) == 2
    whole = Here()
    assert done == sweep(found, tmp_path / "other", whole)  # type: ignore[arg-type]
    assert len(whole.ran) == 4
    nothing = Here()
    assert done == sweep(found, tmp_path / "other", nothing)  # type: ignore[arg-type]
    assert nothing.ran == []
    assert done == [run_job(job) for job in found]


def test_a_changed_file_or_recording_is_run_anew(tmp_path: Path) -> None:
    path, file = recording(tmp_path / "q.csv", 100), tmp_path / "mine.py"
    file.write_text(EMA.read_text())
    job = Job(file, None, (), (path,), OPTIONS, Terms())
    keys = {job.key}
    file.write_text(EMA.read_text() + "# another\n")
    keys.add(job.key)
    recording(path, 101)
    keys.add(job.key)
    assert len(keys) == 3


def test_processes_come_to_what_one_comes_to(tmp_path: Path) -> None:
    found = jobs(recording(tmp_path / "q.csv", 300), fast=["3", "5"], slow=["9"])
    with processes(2) as executor:
        assert sweep(found, tmp_path / "kept", executor) == [run_job(job) for job in found]


def test_windows_are_the_whole_time_each_row_once(tmp_path: Path) -> None:
    path = recording(tmp_path / "q.csv", 400)
    windows = windows_of([path], OPTIONS, 3)
    assert all(a[1] == b[0] for a, b in pairwise(windows))
    rows = []
    for window in windows:
        test = Backtest(load_strategy(EMA)(), [path], OPTIONS, Terms(), window=window)
        rows.append(test.run()["rows"])
    assert sum(rows) == 400
    assert min(rows) > 100
    with pytest.raises(BadSweep, match="can't be cut into"):
        windows_of([recording(tmp_path / "one.csv", 1)], OPTIONS, 3)


def invoke(tmp_path: Path, *words: str) -> Any:
    base = ["backtest", str(EMA), "--data", str(tmp_path / "q.csv"), "--symbol", "X", "--venue", "V"]
    return CliRunner().invoke(
        root, [*base, "--sweep-dir", str(tmp_path / "kept"), "--jobs", "1", "--param", "qty=10", *words]
    )


def test_the_command_sweeps_and_walks_forward(tmp_path: Path) -> None:
    path = recording(tmp_path / "q.csv", 600)
    words = ("--sweep", "fast=3,5", "--sweep", "slow=9,20", "-o", "json")
    done = invoke(tmp_path, *words)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [each["params"]["slow"] for each in told["runs"]] == ["9", "20", "9", "20"]
    assert told["best"] == max(told["runs"], key=lambda run: float(run["pnl"]))["params"]
    assert invoke(tmp_path, *words).stdout == done.stdout
    table = invoke(tmp_path, *words[:-2])
    assert "qty=10 fast=3 slow=9" in " ".join(table.stdout.split())
    walked = invoke(tmp_path, *words, "--walk-forward", "2", "--by", "sharpe")
    assert walked.exit_code == 0, walked.output
    steps = json.loads(walked.stdout)["steps"]
    assert [step["step"] for step in steps] == [1, 2]
    for step in steps:
        assert step["train"]["to_ns"] == step["test"]["from_ns"]
        window = step["test"]["from_ns"], step["test"]["to_ns"]
        test = Backtest(load_strategy(EMA)(step["params"]), [path], OPTIONS, Terms(), window=window)
        report = test.run()
        assert report["state_hash"] == step["test"]["state_hash"]
        assert results(test, report)[1]["sharpe"] == step["test"]["statistics"]["sharpe"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--sweep", "fast"), "--sweep fast: give NAME=VALUE"),
        (("--sweep", "fats=1"), "parameter fats: there is fast, slow, qty"),
        (("--sweep", "fast=3", "--cluster", "tcp://nowhere:1"), "--cluster needs dask.distributed"),
    ],
)
def test_what_cant_be_swept_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)  # as where the extra isn't installed
    recording(tmp_path / "q.csv", 50)
    done = invoke(tmp_path, *words)
    assert done.exit_code == 2, done.output
    assert says in done.stderr


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """A dask scheduler and a worker of one thread, as processes."""
    where = tmp_path / "scheduler.json"
    known = ["--scheduler-file", str(where), "--no-dashboard"]
    scheduler = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *known]
    place = ["--local-directory", str(tmp_path / "worker")]
    worker = ["distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", *known, *place]
    with (tmp_path / "cluster.log").open("w") as log:
        both = [
            subprocess.Popen([sys.executable, "-m", *words], stdout=log, stderr=log)
            for words in (scheduler, worker)
        ]
        try:
            found = until(lambda: written(where), "it runs", 240)
            yield str(found["address"])
        finally:
            for process in reversed(both):
                process.terminate()
                process.wait(240)


def written(path: Path) -> Any:
    """What it holds, once that is whole."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_cluster_comes_to_the_same(tmp_path: Path, cluster: str) -> None:
    """Dask leaves some of its sockets to the collector, which says so whenever it comes by: here, then."""
    recording(tmp_path / "q.csv", 200)
    words = ("--sweep", "fast=3,5", "--sweep", "slow=9,12", "-o", "json")
    here = invoke(tmp_path, *words)
    there = invoke(tmp_path, *words, "--sweep-dir", str(tmp_path / "there"), "--cluster", cluster)
    assert there.exit_code == here.exit_code == 0, there.output
    assert json.loads(there.stdout) == json.loads(here.stdout)
    gc.collect()
