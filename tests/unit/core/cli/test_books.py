"""The verbs of `nacre position` on files and journals: what they print, what they keep, how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.cli import root
from tests.unit.core.positions.conftest import Played
from tests.unit.core.positions.test_daybook import LINES, VENUE_FILLS

FILLS = """id,date,symbol,qty,price,fee
a,2020-01-02,AAPL,100,10,1
b,2020-01-03,AAPL,-40,12,0.5
"""


def call(*arguments: object, code: int = 0) -> Result:
    """`nacre position …`, which must end with the code."""
    done = CliRunner().invoke(root, ["position", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def told(*arguments: object, code: int = 0) -> Any:
    return json.loads(call(*arguments, "-o", "json", code=code).stdout)


@pytest.fixture
def fills(tmp_path: Path) -> Path:
    file = tmp_path / "fills.csv"
    file.write_text(FILLS)
    return file


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return Played(tmp_path, LINES).close()


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_import_fills(fills: Path) -> None:
    found = told("import-fills", fills, "--cash", "1000")
    assert [(day["date"], day["cash"], day["positions"]) for day in found["days"]] == [
        ("2020-01-02", "-1", {"AAPL": "100"}),
        ("2020-01-03", "478.5", {"AAPL": "60"}),
    ]
    assert found["realized_pnl"] == "80"
    text = call("import-fills", fills).stdout
    assert "2020-01-03" in text
    assert "avg_cost" in text


def test_import_fills_of_standard_input_and_of_a_bad_file(tmp_path: Path) -> None:
    done = CliRunner().invoke(root, ["position", "import-fills", "-", "-o", "json"], input=FILLS)
    assert json.loads(done.stdout)["fills"] == 2
    write(tmp_path, "good.csv", FILLS)
    bad = write(tmp_path, "bad.csv", FILLS.replace("12", "twelve"))
    assert 'bad.csv:3: price "twelve" isn\'t a number' in call("import-fills", bad, code=2).stderr
    assert "--cash" in call("import-fills", tmp_path / "good.csv", "--cash", "much", code=2).stderr


def test_lots(fills: Path) -> None:
    found = told("lots", fills, "--method", "lifo")
    assert (found["gain"], found["closed"][0]["lot"]) == ("79.1", "a")
    assert "lifo: 79.1" in call("lots", fills, "--method", "lifo").stdout
    assert "closes" in call("lots", fills, "--method", "specific", code=2).stderr


def test_allocate(fills: Path) -> None:
    rows = told("allocate", fills, "--to", "A=3", "--to", "B=1")["allocations"]
    assert [(row["account"], row["side"], row["qty"]) for row in rows] == [
        ("A", "sell", "30"), ("B", "sell", "10"), ("A", "buy", "75"), ("B", "buy", "25"),
    ]  # fmt: skip
    assert "A" in call("allocate", fills, "--to", "A=3").stdout
    assert "say ACCOUNT=WEIGHT" in call("allocate", fills, "--to", "A", code=2).stderr
    assert "must be positive" in call("allocate", fills, "--to", "A=1", "--lot", "0", code=2).stderr


def test_statement_then_load(journal: Path, tmp_path: Path) -> None:
    found = told("statement", journal)
    yesterday = write(tmp_path, "statement.json", json.dumps(found))
    assert "state hash" in call("statement", journal).stdout
    assert told("statement", journal, "--previous", yesterday)["change"][0]["equity"] == "0"
    (line,) = call("load", yesterday).stdout.splitlines()
    assert json.loads(line)["qty"] == "100"
    changed = write(tmp_path, "changed.json", json.dumps(found).replace('"100"', '"101"'))
    assert "was changed" in call("load", changed, code=2).stderr
    table = write(tmp_path, "positions.csv", "symbol,qty,price\nX,-5,1.25\n")
    assert json.loads(call("load", table, "--account", "A1").stdout)["avg_cost"] == "1.25"
    assert call("statement", tmp_path / "changed.json", code=2).stderr


def test_suspense(journal: Path, tmp_path: Path) -> None:
    file = write(tmp_path, "venue.csv", "date," + VENUE_FILLS.replace("\ne", "\n2020-01-02,e"))
    found = told("suspense", journal, "--venue-fills", file, code=1)
    assert found["suspense"][0]["qty"] == "-40"
    assert found["exposure"][0]["exposure"] == "60"
    assert "e2" in call("suspense", journal, code=1).stdout


def test_reconcile_explain_and_agree(journal: Path, tmp_path: Path) -> None:
    breaks = tmp_path / "breaks.json"
    theirs = write(tmp_path, "theirs.csv", "account,symbol,qty\nA1,AAPL,60\nA1,EUR,10000\nA1,USD,-1000.1\n")
    ask = ("reconcile", theirs, "--journal", journal, "--breaks", breaks)
    (one,) = told(*ask, "--date", "2020-01-02", code=1)["breaks"]
    assert (one["id"], one["difference"], one["age_days"]) == ("A1/AAPL", "-40", 0)
    (one,) = told(*ask, "--date", "2020-01-05", code=1)["breaks"]
    assert one["age_days"] == 3
    call("explain", "A1/AAPL", "--why", "in suspense", "--by", "anna", "--breaks", breaks)
    (one,) = told(*ask, "--date", "2020-01-06")["breaks"]
    assert (one["status"], one["by"]) == ("explained", "anna")
    assert "A1/AAPL  explained by anna: in suspense" in call(*ask).stdout
    theirs.write_text("account,symbol,qty\nA1,AAPL,100\n")
    assert "0 open: none" in call(*ask).stdout
    assert (
        "is closed"
        in call("explain", "A1/AAPL", "--why", "x", "--by", "anna", "--breaks", breaks, code=2).stderr
    )


def test_a_hint_of_what_is_in_suspense(journal: Path, tmp_path: Path) -> None:
    file = write(tmp_path, "venue.csv", "date," + VENUE_FILLS.replace("\ne", "\n2020-01-02,e"))
    theirs = write(tmp_path, "theirs.csv", "symbol,qty\nAAPL,60\n")
    ask = ("reconcile", theirs, "--journal", journal, "--account", "A1", "--venue-fills", file)
    (one,) = told(*ask, code=1)["breaks"]
    assert one["hints"] == ["in suspense: XNAS e2, -40 at 11: the whole of it"]
