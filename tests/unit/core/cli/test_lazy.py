"""The command starts fast: what is heavy is imported by what needs it."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from core.cli.lazy import load
from core.cli.output import BadInput

HEAVY = ("numpy", "rich", "msgspec", "core.backtest", "core.scenario", "core.recovery", "bench")


def loaded_after(code: str) -> list[str]:
    """Which heavy modules a fresh interpreter has loaded after `code`."""
    tell = f"import sys\n{code}\nprint([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    found = done.stderr.splitlines()[-1]
    return [name for name in HEAVY if f"'{name}'" in found]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["bench", "--help"],
        ["bench", "hop", "--help"],
        ["demo", "--help"],
        ["data", "--help"],
        ["data", "check", "--help"],
        ["journal", "--help"],
        ["journal", "verify", "--help"],
        ["scenario", "--help"],
    ],
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_after(f"from core.cli import root\nroot({arguments}, standalone_mode=False)") == []


def test_importing_the_command_loads_nothing_heavy() -> None:
    assert loaded_after("import core.cli") == []


def test_a_compiled_module_that_is_missing_says_what_to_do() -> None:
    with pytest.raises(BadInput, match=r"core\.never_built is not built here: run `make`") as caught:
        load("core.never_built", "x")
    assert caught.value.exit_code == 2
    assert isinstance(caught.value, click.ClickException)


def test_without_a_checkout_the_bench_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bench", None)
    with pytest.raises(BadInput, match="no part of the wheel: run `make`"):
        load("bench", "run")
    monkeypatch.setattr("importlib.import_module", missing_bench)
    with pytest.raises(BadInput, match="no part of the wheel"):
        load("bench.hop", "run")


def missing_bench(name: str) -> None:
    raise ModuleNotFoundError("No module named 'bench'", name="bench")


def test_another_missing_module_keeps_its_traceback() -> None:
    with pytest.raises(ModuleNotFoundError):
        load("never_installed", "x")
