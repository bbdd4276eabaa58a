"""Which Python counts: made-up interpreters in a made-up home, and a PATH without any other."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.deploy.tools import link, script

FIND = Path(__file__).resolve().parents[3] / "deploy" / "setup" / "find_python.sh"
GOOD = 'echo "ok $0"'
REFUSES = 'echo "pyenv: python3.13: command not found" >&2; exit 127'


class Machine:
    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.bin = folder / "bin"
        link(self.bin, "sh", "dirname", "head", "tail", "cat", "sleep", "timeout")

    def find(self, **env: str) -> subprocess.CompletedProcess[str]:
        env = {"HOME": str(self.home), "PATH": str(self.bin)} | env
        return subprocess.run([str(FIND)], env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def altered(path: Path, change: str) -> Path:
    """This test's own interpreter, changed in one way before the probe runs."""
    code = (
        f"import platform, runpy, sys, sysconfig; {change}; runpy.run_path(sys.argv[-1], run_name='__main__')"
    )
    return script(path, f'exec {shlex.quote(sys.executable)} -c {shlex.quote(code)} "$@"')


def test_the_interpreter_of_this_test_counts(machine: Machine) -> None:
    found = machine.find(PYTHON=sys.executable)
    assert found.returncode == 0
    assert Path(found.stdout.strip()).samefile(sys._base_executable)  # type: ignore[attr-defined]


def test_order_on_path(machine: Machine) -> None:
    for name in ("python3", "python3.14", "python3.13"):
        path = script(machine.bin / name, GOOD)
        assert machine.find().stdout == f"{path}\n"


def test_the_given_one_comes_first(machine: Machine, tmp_path: Path) -> None:
    script(machine.bin / "python3.13", GOOD)
    given = script(tmp_path / "mine", GOOD)
    found = machine.find(PYTHON=str(given))
    assert (found.stdout, found.stderr) == (f"{given}\n", "")


@pytest.mark.parametrize(("given", "why"), [("nowhere", "not found"), ("bad", "exit 127")])
def test_a_bad_given_one_is_not_passed_over_in_silence(machine: Machine, given: str, why: str) -> None:
    script(machine.bin / "bad", REFUSES)
    good = script(machine.bin / "python3.13", GOOD)
    found = machine.find(PYTHON=given)
    assert found.stdout == f"{good}\n"
    assert f"PYTHON={given} cannot be used" in found.stderr
    assert why in found.stderr


def test_a_shim_that_refuses_does_not_hide_a_python_behind_it(machine: Machine, tmp_path: Path) -> None:
    script(tmp_path / "shims" / "python3.13", REFUSES)
    good = script(machine.bin / "python3.13", GOOD)
    assert machine.find(PATH=f"{tmp_path / 'shims'}:{machine.bin}").stdout == f"{good}\n"


@pytest.mark.parametrize(
    "place",
    [
        ".pyenv/versions/3.13.1/bin/python",
        ".local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3",
        ".asdf/installs/python/3.13.1/bin/python3",
        ".local/share/mise/installs/python/3.13.1/bin/python3",
        "miniconda3/bin/python3",
        "miniforge3/envs/trading/bin/python3",
    ],
)
def test_version_managers(machine: Machine, place: str) -> None:
    script(machine.bin / "python3.13", REFUSES)
    good = script(machine.home / place, GOOD)
    assert machine.find().stdout == f"{good}\n"


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("PYENV_ROOT", "versions/3.13.1/bin/python"),
        ("UV_PYTHON_INSTALL_DIR", "cpython-3.13/bin/python3"),
        ("ASDF_DATA_DIR", "installs/python/3.13.1/bin/python3"),
        ("MISE_DATA_DIR", "installs/python/3.13.1/bin/python3"),
        ("CONDA_PREFIX", "bin/python3"),
    ],
)
def test_version_managers_elsewhere(machine: Machine, tmp_path: Path, variable: str, place: str) -> None:
    good = script(tmp_path / "a place" / place, GOOD)
    assert machine.find(**{variable: str(tmp_path / "a place")}).stdout == f"{good}\n"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            "sys.version_info = (3, 12, 9); platform.python_version = lambda: '3.12.9'",
            "is 3.12.9, needs 3.13",
        ),
        ("sys.modules['lzma'] = None", "cannot import lzma"),
        ("sys.modules['ssl'] = sys.modules['sqlite3'] = None", "cannot import ssl, sqlite3"),
        ("sys.modules['ensurepip'] = None", "cannot import ensurepip"),
        ("sysconfig.get_path = lambda name: '/nowhere'", "has no headers (Python.h) in /nowhere"),
        ("sysconfig.get_config_var = lambda name: 1", "is a free-threaded build"),
        ("platform.python_implementation = lambda: 'PyPy'", "is PyPy, needs CPython"),
    ],
)
def test_what_does_not_count(machine: Machine, change: str, why: str) -> None:
    path = altered(machine.bin / "python3.13", change)
    found = machine.find()
    assert (found.returncode, found.stdout) == (2, "")
    assert f"  {path}: {why}" in found.stderr


def test_a_changed_interpreter_counts_without_a_change(machine: Machine) -> None:
    altered(machine.bin / "python3.13", "pass")
    assert machine.find().returncode == 0


def test_none_says_what_was_tried_why_and_what_to_install(machine: Machine) -> None:
    shim = script(machine.bin / "python3.13", REFUSES)
    broken = script(machine.home / ".pyenv/versions/3.13.0/bin/python", "echo gone >&2; exit 1")
    found = machine.find()
    assert found.returncode == 2
    assert f"  {shim}: does not run (exit 127): pyenv: python3.13: command not found\n" in found.stderr
    assert f"  {broken}: does not run (exit 1): gone\n" in found.stderr
    for hint in ("apt-get install -y python3", "uv python install 3.13", "pyenv install 3.13", "PYTHON="):
        assert hint in found.stderr


def test_no_candidate_at_all(machine: Machine) -> None:
    found = machine.find()
    assert found.returncode == 2
    assert "no candidate was found" in found.stderr


def test_one_that_hangs_is_given_up(machine: Machine) -> None:
    real = (machine.bin / "timeout").readlink()
    (machine.bin / "timeout").unlink()
    script(machine.bin / "timeout", f'shift; exec {real} 0.2 "$@"')
    script(machine.bin / "python3.13", "sleep 30")
    good = script(machine.bin / "python3", GOOD)
    assert machine.find().stdout == f"{good}\n"


def test_one_that_crashes_after_its_answer_does_not_count(machine: Machine) -> None:
    script(machine.bin / "python3.13", f"{GOOD}; exit 139")
    assert machine.find().returncode == 2
