"""Environments of NautilusTrader: their locks, and when one is whole. None is made here."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli import root
from periphery.nautilus_trader import env


@pytest.mark.parametrize(("said", "version"), [("1", "1.231.0"), ("2", "2.0.0rc7"), ("1.231.0", "1.231.0")])
def test_versions(said: str, version: str) -> None:
    assert env.version_of(said) == version


def test_an_unknown_version_names_those_that_are_known() -> None:
    done = CliRunner().invoke(root, ["nt", "env", "--version", "9"])
    assert done.exit_code == 2
    assert "1.231.0" in done.output


@pytest.mark.parametrize("version", env.VERSIONS.values())
def test_a_lock_pins_all_by_hash_and_names_no_host(version: str) -> None:
    text = (env.LOCKS / f"{version}.lock").read_text()
    pins = [line for line in text.splitlines() if "==" in line and not line.startswith("#")]
    assert f"nautilus-trader=={version} \\" in pins
    assert all(any(pin.startswith(f"{name}==") for pin in pins) for name in ("msgspec", "numpy", "pyzmq"))
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text
    assert "index" not in text


def test_where_it_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert env.default_folder("1.231.0") == tmp_path / "nacre" / "nt" / "1.231.0"


def test_it_is_whole_by_its_stamp_alone(tmp_path: Path) -> None:
    assert not env.is_made("1.231.0", tmp_path)
    (tmp_path / env.STAMP).write_text(env._stamp(env.LOCKS / "1.231.0.lock"))
    assert env.is_made("1.231.0", tmp_path)
    assert not env.is_made("2.0.0rc7", tmp_path)
