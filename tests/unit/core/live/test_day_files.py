"""A day's files: what is bad is said with its place; what differs from yesterday; what is in doubt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.live.config import ConfigError, load
from core.live.day_files import FILES, compare, doubts, path_of, read_day, write_day
from core.live.loosening import looser
from core.scenario.reader import ScenarioError

type Row = dict[str, Any]
ROWS: dict[str, list[Row]] = {
    "symbols": [
        {
            "type": "instrument",
            "symbol": "AAA",
            "kind": "equity",
            "price_precision": 2,
            "qty_precision": 0,
            "tick": "0.01",
            "lot": "10",
            "currency": "USD",
        },
        {"type": "venue", "venue": "V", "mode": "match", "symbols": ["AAA"]},
        {"type": "fx", "pair": "EUR/USD", "rate": "1.1"},
    ],
    "accounts": [{"type": "account", "account": "A", "currency": "USD", "cash": "1000.00"}],
    "positions": [{"type": "open_position", "account": "A", "symbol": "AAA", "qty": "20", "avg_cost": "9.5"}],
    "limits": [{"type": "limit", "check": "max_position", "value": "100", "account": "A"}],
    "restricted": [{"type": "limit", "check": "permission", "value": "sell", "symbol": "AAA"}],
}


def day(folder: Path, **changes: list[Row]) -> Path:
    folder.mkdir(exist_ok=True)
    for name in FILES:
        rows = changes.get(name, ROWS[name])
        path_of(folder, name).write_text("# a comment\n" + "".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_all_files_are_read_in_the_order_in_which_they_need_each_other(tmp_path: Path) -> None:
    lines = read_day(day(tmp_path / "d"))
    assert [line.type for line in lines] == [row["type"] for rows in ROWS.values() for row in rows]
    assert doubts(lines, None) == []
    assert compare(lines, lines) == []


def test_a_list_that_is_missing_is_no_empty_one(tmp_path: Path) -> None:
    folder = day(tmp_path / "d", restricted=[])
    assert len(read_day(folder)) == 6
    path_of(folder, "restricted").unlink()
    with pytest.raises(FileNotFoundError):
        read_day(folder)
    with pytest.raises(ConfigError, match=r"restricted\.jsonl"):
        load(day=str(folder))


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("positions", ROWS["accounts"][0] | {"account": "B"}, "account: not in this file"),
        ("limits", ROWS["restricted"][0], "permission: belongs into restricted.jsonl"),
        ("restricted", ROWS["limits"][0], "max_position: belongs into limits.jsonl"),
        ("positions", ROWS["positions"][0], "there are two of it"),
        ("limits", ROWS["limits"][0] | {"value": "5"}, "there are two of it"),
        ("positions", ROWS["positions"][0] | {"symbol": "BBB"}, "isn't declared"),
        ("limits", ROWS["limits"][0] | {"group": "desk"}, "group"),
        ("limits", {"type": "limit", "check": "max_position", "value": "x", "account": "A"}, "value"),
    ],
)
def test_what_is_bad_is_said_with_its_place(name: str, row: Row, said: str, tmp_path: Path) -> None:
    folder = day(tmp_path / "d", **{name: [*ROWS[name], row]})
    with pytest.raises(ScenarioError) as caught:
        read_day(folder)
    assert caught.value.file == str(path_of(folder, name))
    assert caught.value.line == 2 + len(ROWS[name])
    assert said in caught.value.what


@pytest.mark.parametrize(
    ("name", "changes", "what", "in_doubt"),
    [
        ("accounts", {"cash": "1000"}, None, False),
        ("accounts", {"cash": "999.99"}, "changed", True),
        ("positions", {"qty": "30"}, "changed", True),
        ("positions", {"avg_cost": "9.6"}, "changed", True),
        ("limits", {"value": "101"}, "changed", True),
        ("limits", {"value": "99"}, "changed", False),
        ("restricted", {"value": "none"}, "changed", False),
        ("restricted", {"value": "buy"}, "changed", True),
    ],
)
def test_what_differs_from_yesterday(
    name: str, changes: Row, what: str | None, in_doubt: bool, tmp_path: Path
) -> None:
    before = read_day(day(tmp_path / "a"))
    now = read_day(day(tmp_path / "b", **{name: [ROWS[name][0] | changes]}))
    found = compare(before, now)
    assert [row["what"] for row in found] == ([] if what is None else [what])
    assert bool(doubts(now, before)) is in_doubt
    (key,) = changes
    if found:
        assert found[0]["from"].startswith(f"{key} ")
        assert found[0]["to"] == f"{key} {changes[key]}"


@pytest.mark.parametrize(
    ("name", "in_doubt"),
    [("symbols", True), ("accounts", True), ("positions", True), ("limits", True), ("restricted", True)],
)
def test_what_is_gone_is_in_doubt_and_what_is_new_often_not(
    name: str, in_doubt: bool, tmp_path: Path
) -> None:
    less = {"accounts": ("accounts", "positions", "limits"), "symbols": ("positions",)}.get(name, (name,))
    full = read_day(day(tmp_path / "a"))
    without = read_day(day(tmp_path / "b", **{each: [] for each in less}))
    assert {row["what"] for row in compare(full, without)} == {"gone"}
    assert bool(doubts(without, full)) is in_doubt
    assert {row["what"] for row in compare(without, full)} == {"new"}
    assert bool(doubts(full, without)) is ("positions" in less)


def test_an_odd_lot_and_an_account_without_a_limit_are_in_doubt(tmp_path: Path) -> None:
    lines = read_day(day(tmp_path / "d", positions=[ROWS["positions"][0] | {"qty": "25"}], limits=[]))
    assert [row["doubt"] for row in doubts(lines, None)] == ["no limit is on the account", "an odd lot"]
    grouped = [{"type": "limit", "check": "max_position", "value": "100", "group": "desk"}]
    assert doubts(read_day(day(tmp_path / "e", limits=grouped)), None) == []


def test_a_limit_on_a_group_needs_the_group(tmp_path: Path) -> None:
    grouped = [{"type": "limit", "check": "max_position", "value": "100", "group": "desk"}]
    folder = day(tmp_path / "d", limits=grouped)
    with pytest.raises(ConfigError, match="say which accounts are in it"):
        load(day=str(folder))
    config = tmp_path / "core.toml"
    config.write_text('day = "d"\n[groups]\ndesk = ["A"]\n')
    found = load(str(config))
    assert (found.day, found.doubts) == (folder, ())
    config.write_text('day = "d"\ndeclare = "x"\n')
    with pytest.raises(ConfigError, match="leave out other declarations"):
        load(str(config))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    source = day(tmp_path / "d")
    lines = write_day(tmp_path / "next" / "e", source, ROWS)
    assert compare(read_day(source), lines) == []
    with pytest.raises(ValueError, match="is there already"):
        write_day(source, source, ROWS)
    with pytest.raises(ScenarioError):
        write_day(tmp_path / "f", source, {**ROWS, "positions": [{"type": "time"}]})
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize(
    ("was", "is_", "said"),
    [
        ({"value": "5"}, {"value": "6"}, "raising"),
        ({"value": "5"}, {"value": "5"}, ""),
        ({"value": "5"}, None, "removing"),
        ({"value": "off"}, {"value": "5"}, ""),
        ({"value": "5"}, {"value": "off"}, "removing"),
        ({"value": "5"}, {"value": "4", "soft": True}, "soft"),
        ({"value": "5", "currency": "USD"}, {"value": "4", "currency": "EUR"}, "currency"),
        ({"value": "5"}, {"value": "5", "action": "reducing"}, "milder"),
        ({"check": "min_cash", "value": "5"}, {"check": "min_cash", "value": "4"}, "raising"),
        ({"check": "min_cash", "value": "5"}, {"check": "min_cash", "value": "6"}, ""),
        (
            {"check": "order_rate", "value": "5", "window_s": "1"},
            {"check": "order_rate", "value": "5", "window_s": "0.5"},
            "raising",
        ),
        ({"check": "permission", "value": "buy"}, {"check": "permission", "value": "sell"}, "changing"),
        ({"check": "permission", "value": "buy"}, {"check": "permission", "value": "none"}, ""),
    ],
)
def test_what_loosens(was: Row, is_: Row | None, said: str) -> None:
    base = {"check": "max_position"}
    told = looser(base | was, None if is_ is None else base | is_)
    assert (said in told) if said else told == ""
