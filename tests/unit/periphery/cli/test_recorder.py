"""`nacre recorder`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from periphery.cli.recorder import command
from tests.unit.periphery.recorder.day import recorded


def typed(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    recorded(tmp_path / "journal")
    return tmp_path / "journal"


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def test_a_journal_is_kept_and_looked_at(journal: Path, store: str) -> None:
    ran = typed("run", str(journal), "--store", store, "--once")
    assert ran.exit_code == 0, ran.output
    (told,) = json.loads(typed("status", str(journal), "--store", store, "-o", "json", "--most", "0").stdout)
    assert told["behind"] == 0
    assert told["stored"] == told["journal"] > 0
    (position,) = json.loads(typed("show", "positions", "--store", store, "-o", "json").stdout)
    assert (position["account"], position["symbol"], position["qty"]) == ("A1", "AAPL", "15")
    shown = typed("show", "executions", "--store", store, "--where", "venue=MANU").stdout
    assert "trade_correct" in shown
    assert "trade_cancel" not in shown


def test_a_store_that_is_behind_says_so(journal: Path, store: str) -> None:
    typed("migrate", "--store", store)
    ran = typed("status", str(journal), "--store", store, "-o", "json", "--most", "10")
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)[0]["behind"] > 10


def test_purge_asks(journal: Path, store: str) -> None:
    typed("run", str(journal), "--store", store, "--once")
    assert "give --yes" in typed("purge", "2000-01-01", "--store", store).output
    gone = json.loads(typed("purge", "2000-01-01", "--store", store, "--yes", "-o", "json").stdout)
    assert {row["table"]: row["rows"] for row in gone}["fills"] > 0
    assert json.loads(typed("show", "fills", "--store", store, "-o", "json").stdout) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "fills", "--store", "mysql://x"), "give sqlite:///FILE or postgresql://"),
        (("show", "fills", "--store", "sqlite:////nowhere/x.db"), "unable to open database file"),
        (("show", "fills", "--where", "venue"), "give COLUMN=VALUE"),
        (("purge", "yesterday", "--yes"), "yesterday"),
    ],
)
def test_what_is_wrong_is_named(words: tuple[str, ...], said: str) -> None:
    ran = typed(*words)
    assert ran.exit_code == 2
    assert said in ran.output


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "postgresql://me:hunter2@127.0.0.1:1/x"
    monkeypatch.setenv("NACRE_STORE", address)
    for words, said in ((("migrate",), "user=me"), (("migrate", "--store", address), "NACRE_STORE")):
        ran = typed(*words)
        assert ran.exit_code == 2
        assert "hunter2" not in ran.output
        assert said in ran.output
