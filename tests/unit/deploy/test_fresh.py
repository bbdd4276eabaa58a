"""The clean clone, of a small project made up for the test."""

import os
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from deploy.setup import fresh

MAKEFILE = 'demo:\n\t@echo "$$NACRE_DATA $$PIP_CACHE_DIR" > {log}\ntest:\n\t@test -d .git && {test}\n'


class Project:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.scratch = folder / "scratch"
        self.log = folder / "log"
        self.root.mkdir()
        self.scratch.mkdir()
        self.commit("true")

    def commit(self, test: str) -> None:
        (self.root / "Makefile").write_text(MAKEFILE.format(log=self.log, test=test))
        # Neither the user's settings nor a hook's variables: they may point at this very project.
        env = fresh.inherited() | {"GIT_CONFIG_GLOBAL": os.devnull}
        who = ["-c", "user.name=n", "-c", "user.email=n@localhost"]
        for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "A project"]):
            subprocess.run(["git", *command], cwd=self.root, env=env, check=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path)
    monkeypatch.setattr(fresh, "ROOT", made.root)
    monkeypatch.setattr(tempfile, "tempdir", str(made.scratch))
    monkeypatch.setattr(fresh.signal, "signal", lambda *_: None)  # the test's process keeps its own
    monkeypatch.delenv("NACRE_DATA", raising=False)
    return made


def test_both_run_and_nothing_is_left(project: Project) -> None:
    assert fresh.main() == 0
    data, cache = project.log.read_text().split(" ")
    assert data == ""
    assert cache.startswith(str(project.scratch))
    assert list(project.scratch.iterdir()) == []


def test_the_recorded_data_is_reached(project: Project) -> None:
    data = project.root.parent / "shared" / "data"
    data.mkdir(parents=True)
    assert fresh.main() == 0
    assert project.log.read_text().startswith(f"{data} ")


def test_a_failure_is_told_and_cleared_away(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    project.commit("false")
    assert fresh.main() == 1
    assert "make test FAILED" in capfd.readouterr().err
    assert list(project.scratch.iterdir()) == []


def test_what_is_not_committed_is_not_tested(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    (project.root / "Makefile").write_text("broken")
    assert fresh.main() == 0
    assert "not committed" in capfd.readouterr().err


def test_the_time_is_bounded(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.commit("sleep 60")
    monkeypatch.setenv("NACRE_FRESH_SECONDS", "1")
    assert fresh.main() == 1
    assert list(project.scratch.iterdir()) == []


def test_nothing_lives_on_after_its_time(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("busy:\n\t@while :; do echo >> beats; sleep 0.1; done & wait\n")
    assert fresh.run("busy", tmp_path, dict(os.environ), time.monotonic() + 5) == 124
    beats = (tmp_path / "beats").stat().st_size
    time.sleep(0.5)
    assert (tmp_path / "beats").stat().st_size == beats > 0


def test_a_signal_that_comes_while_it_is_started_ends_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[subprocess.Popen[bytes]] = []

    class Started(subprocess.Popen[bytes]):
        """Told to end before whoever starts it knows it."""

        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            begun.append(self)
            # To this thread: another one of the tests' may not hold it back.
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    (tmp_path / "Makefile").write_text("sleeps:\n\t@sleep 600\n")
    monkeypatch.setattr(fresh.subprocess, "Popen", Started)
    before = signal.signal(signal.SIGTERM, fresh.stop)
    try:
        with pytest.raises(SystemExit):
            fresh.run("sleeps", tmp_path, dict(os.environ), time.monotonic() + 60)
        assert begun[0].poll() == -signal.SIGKILL
    finally:
        signal.signal(signal.SIGTERM, before)
        with suppress(ProcessLookupError):
            os.killpg(begun[0].pid, signal.SIGKILL)


def test_variables_of_a_git_hook_stay_out(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("MAKEFLAGS", "n")
    assert fresh.main() == 0
    assert project.log.exists()


def test_a_signal_becomes_an_exit() -> None:
    with pytest.raises(SystemExit) as stopped:
        fresh.stop(15, None)
    assert stopped.value.code == 143
