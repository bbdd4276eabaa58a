"""What the stamps redo, with the slow commands replaced by what they leave behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.setup.environment import SUFFIX, Environment, SetupError
from tests.integration.live_core import until


class Recorded(Environment):
    """Each command leaves what the real one leaves, and its name in `ran`."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.ran: list[str] = []
        self.fails = ""

    def run(self, *command: str, **extra: str) -> None:
        name = self.name(command)
        self.ran.append(name)
        if name == self.fails:
            raise SetupError(name)
        if name == "venv":
            self.python.parent.mkdir(parents=True)
            self.python.touch()
        elif name == "compile":
            for module in self.modules():
                module.touch()

    def name(self, command: tuple[str, ...]) -> str:
        if "venv" in command:
            return "venv"
        if "build_ext" in command:
            return "compile"
        return "lock" if "--require-hashes" in command else "install"

    def again(self) -> list[str]:
        """A new run in the same folder, as by the next make."""
        self.ran = []
        self.make()
        return self.ran


@pytest.fixture
def env(tmp_path: Path) -> Recorded:
    for name in (
        "pyproject.toml",
        "setup.py",
        "core/risk/engine.pyx",
        "core/risk/engine.pxd",
        "core_ext/ring.pyx",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    lock = tmp_path / "deploy" / "setup" / "requirements.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("cython==3 \\\n    --hash=sha256:1\nruff==1 \\\n    --hash=sha256:2\n")
    made = Recorded(tmp_path)
    assert made.again() == ["venv", "lock", "install", "compile"]
    return made


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("\n# changed\n")


def module(env: Recorded, name: str) -> Path:
    return (env.root / name).with_suffix(SUFFIX)


def test_nothing_changed(env: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    env.said = False
    assert env.again() == []
    assert "nothing to do" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["core/risk/engine.pyx", "core/risk/engine.pxd", "core_ext/ring.pyx"])
def test_a_source_changed(env: Recorded, name: str) -> None:
    append(env.root / name)
    assert env.again() == ["compile"]
    assert env.again() == []


def test_a_source_changed_leaves_the_other_modules(env: Recorded) -> None:
    module(env, "core_ext/ring.pyx").write_text("kept")
    append(env.root / "core/risk/engine.pyx")
    env.again()
    assert module(env, "core_ext/ring.pyx").read_text() == "kept"


def test_a_source_put_back_with_an_old_time_is_seen_by_the_compiler(env: Recorded) -> None:
    source = env.root / "core_ext/ring.pyx"
    append(source)
    os.utime(source, (1, 1))
    assert env.again() == ["compile"]
    assert source.stat().st_mtime > 1


def test_a_new_source(env: Recorded) -> None:
    (env.root / "core" / "new.pyx").touch()
    assert env.again() == ["compile"]


def test_a_source_removed_takes_its_module_along(env: Recorded) -> None:
    (env.root / "core_ext/ring.pyx").unlink()
    assert env.again() == ["compile"]
    assert not module(env, "core_ext/ring.pyx").exists()
    assert module(env, "core/risk/engine.pyx").exists()


def test_a_module_lost(env: Recorded) -> None:
    module(env, "core_ext/ring.pyx").unlink()
    assert env.again() == ["compile"]


def test_what_names_the_package_changed(env: Recorded) -> None:
    append(env.root / "pyproject.toml")
    assert env.again() == ["install"]


def test_the_build_changed(env: Recorded) -> None:
    old = env.root / "build" / "cython" / "ring.c"
    old.parent.mkdir(parents=True)
    old.touch()
    module(env, "core_ext/ring.pyx").write_text("old")
    append(env.root / "setup.py")
    assert env.again() == ["install", "compile"]
    assert not old.exists()
    assert module(env, "core_ext/ring.pyx").read_text() == ""


def test_the_compiler_flags_changed(env: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFLAGS", "-g")
    assert env.again() == ["compile"]


def test_the_lock_changed(env: Recorded) -> None:
    env.lock.write_text(env.lock.read_text().replace("ruff==1", "ruff==2"))
    assert env.again() == ["venv", "lock", "install"]


def test_the_locked_compiler_changed(env: Recorded) -> None:
    env.lock.write_text(env.lock.read_text().replace("cython==3", "cython==4"))
    assert env.again() == ["venv", "lock", "install", "compile"]


def test_the_interpreter_changed(env: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.setup.environment.interpreter", lambda: "another")
    assert env.again() == ["venv", "lock", "install", "compile"]


def test_the_interpreter_is_gone(env: Recorded) -> None:
    env.python.unlink()
    env.python.symlink_to("nowhere")
    assert env.again() == ["venv", "lock", "install"]


@pytest.mark.parametrize(
    ("fails", "rest"),
    [
        ("lock", ["venv", "lock", "install", "compile"]),
        ("install", ["install", "compile"]),
        ("compile", ["compile"]),
    ],
)
def test_an_interrupted_run_is_continued(env: Recorded, fails: str, rest: list[str]) -> None:
    for name in ("pyproject.toml", "setup.py"):
        append(env.root / name)
    append(env.lock)
    env.fails = fails
    with pytest.raises(SetupError):
        env.make()
    env.fails = ""
    assert env.again() == rest
    assert env.again() == []


def test_a_source_put_back_after_an_interruption_is_compiled_again(env: Recorded) -> None:
    source = env.root / "core_ext/ring.pyx"
    before = source.read_text()
    append(source)
    env.fails = "compile"
    with pytest.raises(SetupError):
        env.make()
    env.fails = ""
    source.write_text(before)
    assert env.again() == ["compile"]
    assert env.again() == []


def test_a_damaged_stamp_is_no_stamp(env: Recorded) -> None:
    env.venv_stamp.write_text("{")
    assert env.again() == ["venv", "lock", "install"]


def test_without_a_compiler(env: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    with pytest.raises(SetupError, match="make deps"):
        env.make()


def test_a_failed_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"`sh -c exit 3` ended with 3"):
        Environment(tmp_path).run("sh", "-c", "exit 3")


def test_commands_do_not_see_settings_of_another_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET"):
        monkeypatch.setenv(name, "foreign")
    Environment(tmp_path).run("sh", "-c", "! env | grep foreign")


ENDS = """
import sys
from pathlib import Path
from deploy.setup import environment

file = sys.argv[1]

class Sleeps(environment.Environment):
    def make(self):
        self.run("sh", "-c", f"sleep 600 & echo $! > {file}.new; mv {file}.new {file}; wait")

environment.Environment = Sleeps
raise SystemExit(environment.main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_it_started_ends_with_it(tmp_path: Path, number: signal.Signals) -> None:
    """make hands a signal to its child alone, not to the compilers below."""
    told, root = tmp_path / "pid", Path(__file__).resolve().parents[3]
    process = subprocess.Popen([sys.executable, "-c", ENDS, str(told)], cwd=root)
    try:
        until(told.exists, "it has started something", 60.0)
        pid = int(told.read_text())
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        until(lambda: gone(pid), "what it started has ended", 60.0)
    finally:
        process.kill()
        process.wait()
        if told.exists() and not gone(int(told.read_text())):
            os.kill(int(told.read_text()), signal.SIGKILL)


def gone(pid: int) -> bool:
    """No process, or one that nobody has asked yet how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
