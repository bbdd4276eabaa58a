"""`nacre data`: exit codes, the shape of its JSON, what it says of files that aren't whole."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.cli import root

KEYS = (
    "rows", "errors", "gaps", "crossed", "checksums_ok", "checksums_bad", "book_transitions_ok",
    "book_transitions_bad", "first", "last",
)  # fmt: skip
ROWS = b"5,1.1,1.2\n6,1.3,1.2\n7,x,1.2\n"


@pytest.fixture
def quotes(tmp_path: Path) -> Path:
    path = tmp_path / "oanda_eurusd_20140502.csv.gz"
    path.write_bytes(gzip.compress(ROWS))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(root, ["data", *map(str, arguments)])


def document(done: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_check_has_its_keys_for_all_and_for_each_file(quotes: Path) -> None:
    done = run("check", quotes, "-o", "json")
    found = document(done)
    assert done.exit_code == 1
    for report in (found, *found["files"]):
        assert all(key in report for key in KEYS)
    assert (found["ok"], found["rows"], found["errors"], found["crossed"]) == (False, 3, 1, 1)
    assert found["files"][0]["places"][0] == {
        "file": str(quotes), "row": 3, "offset": 20, "reason": "bid is no price", "text": "7,x,1.2"
    }  # fmt: skip
    assert "check" in done.stderr


def test_a_whole_file_is_exit_0_and_the_table_says_so(tmp_path: Path) -> None:
    path = tmp_path / "oanda_eurusd_20140502.csv"
    path.write_bytes(ROWS[:20])
    done = run("check", path)
    assert (done.exit_code, "whole" in done.stdout) == (0, True)
    assert run("check", path, path, "-o", "json").exit_code == 0


def test_the_table_locates_errors(quotes: Path) -> None:
    done = run("check", quotes)
    assert done.exit_code == 1
    assert "row 3, offset 20" in " ".join(done.stdout.split())


def test_every_error_s_place_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "oanda_eurusd_20140502.csv"
    path.write_bytes(b"5,1.1,1.2\n" * 200 + b"bad\n" * 150)
    found = document(run("check", path, "--errors", tmp_path / "places.jsonl", "-o", "json"))
    places = [json.loads(line) for line in (tmp_path / "places.jsonl").read_text().splitlines()]
    assert [place["row"] for place in places] == list(range(201, 351))
    assert (len(found["files"][0]["places"]), found["files"][0]["places_left_out"]) == (100, 50)


def test_a_cut_file_is_an_error_at_its_place(tmp_path: Path) -> None:
    rows = b"".join(b"%d,1.1%d,1.2%d\n" % (n, n, n * 7) for n in range(20_000))
    path = tmp_path / "oanda_eurusd_20140502.csv.gz"
    path.write_bytes(gzip.compress(rows)[:-2000])
    found = document(run("check", path, "-o", "json"))
    reasons = [place["reason"] for place in found["files"][0]["places"]]
    assert any("ends before its end" in reason for reason in reasons)
    assert 10_000 < found["rows"] < 20_000


def test_info_tells_what_a_file_is(quotes: Path) -> None:
    (file,) = document(run("info", quotes, "-o", "json"))["files"]
    assert (file["format"], file["packing"], file["venue"]) == ("lean_quotes", "gzip", "OANDA")
    assert (file["rows"], list(file["symbols"])) == (3, ["EURUSD"])
    assert "lean_quotes, gzip" in run("info", quotes).stdout


@pytest.mark.parametrize("verb", ["check", "info", "replay"])
def test_what_is_no_recording_is_bad_input(tmp_path: Path, verb: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"hello\n")
    done = run(verb, path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no known format" in done.stderr


def test_a_file_that_is_not_there_and_a_wrong_format_are_bad_input(quotes: Path) -> None:
    assert run("check", "nowhere").exit_code == 2
    done = run("check", quotes, "--format", "xml")
    assert (done.exit_code, "no format xml" in done.stderr) == (2, True)


def test_convert_writes_once_and_tells_what(quotes: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    done = run("convert", quotes, "--to", target, "-o", "json")
    found = document(done)
    assert (done.exit_code, found["events"], found["errors"]) == (1, 2, 1)  # a malformed row is no success
    assert target.read_text().count("\n") == 3
    assert run("convert", quotes, "--to", target).exit_code == 2
    assert run("convert", quotes, "--to", target, "--force").exit_code == 1


def test_replay_tells_the_market(quotes: Path) -> None:
    found = document(run("replay", quotes, "-o", "json"))
    assert (found["quotes"], found["events"]) == (2, 2)
    assert found["market"][0]["symbol"] == "EURUSD"
    assert len(found["state_hash"]) == 64
