"""NautilusTrader's bench without it: who is asked, what is told of who isn't, a wrong fill is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import nt
from bench.machine import NoData, NoEngine
from periphery.nautilus_trader import compare, env

FILL = {"time_ns": 1, "side": "buy", "qty": "1000", "px": "1.1", "fee": "0"}


def test_each_version_has_its_own_side_of_it() -> None:
    for version in env.VERSIONS:
        assert (nt.ROOT / "bench" / f"nt_v{version}.py").is_file()
        assert (nt.ROOT / "periphery" / "nautilus_trader" / f"compare_v{version}.py").is_file()


def test_an_interpreter_is_taken_for_the_version_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def version_at(python: str) -> str:
        if python == "none":
            raise compare.NoPeer("none has no nautilus_trader")
        return {"mine": "2.0.0"}.get(python, "1.231.0")

    monkeypatch.setattr(compare, "version_at", version_at)
    monkeypatch.setattr(nt, "_made", lambda version: f"made {version}")
    assert nt._pythons(("mine",)) == ({"1": "made 1", "2": "mine"}, {})
    with pytest.raises(NoEngine, match="none has no nautilus_trader"):
        nt._pythons(("none",))


def test_a_version_that_can_not_be_had_stands_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(version: str) -> str:
        if version == "2":
            raise env.NoEnvironment("no wheel for this glibc")
        return "python1"

    monkeypatch.setattr(nt, "_made", made)
    monkeypatch.setattr(compare, "version_at", lambda python: "1.231.0")
    pythons, absent = nt._pythons(())
    assert pythons == {"1": "python1"}
    assert nt._peers(pythons, absent) == [
        {"peer": "NautilusTrader 1", "version": "1.231.0"},
        {"peer": "NautilusTrader 2", "version": "", "why_not": "no wheel for this glibc"},
    ]


def test_what_of_a_version_can_not_be_seen_is_told_beside_its_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compare, "version_at", lambda python: "2.0.0rc7")
    (row,) = nt._peers({"2": "python2"}, {})
    assert row["version"] == "2.0.0rc7"
    assert "SandboxExecutionClientFactory" in row["why_not"]


@pytest.mark.parametrize(("px", "equal"), [("1.10", True), ("1.2", False)])
def test_backtests_take_turns_and_each_must_fill_the_same(
    monkeypatch: pytest.MonkeyPatch, px: str, equal: bool
) -> None:
    asked: list[str] = []

    def ours(file: Path) -> tuple[list[dict[str, Any]], float]:
        asked.append("ours")
        return [FILL], 0.5

    def theirs(python: str, quotes: Any, what: dict[str, Any]) -> dict[str, Any]:
        asked.append(python)
        return {"fills": [FILL | {"px": px if python == "p2" else "1.1"}], "balance": "7", "seconds": 0.25}

    monkeypatch.setattr(nt, "_ours", ours)
    monkeypatch.setattr(compare, "theirs", theirs)
    monkeypatch.setattr(compare, "quotes_of", lambda file: [(1, 1.0, 1.1)] * 4)
    found, same = nt._backtests({"1": "p1", "2": "p2"}, Path("x"), 2)
    assert same is equal
    assert asked == ["ours", "p1", "p2", "p2", "p1", "ours"]
    assert found["ours"] == {"quotes_per_s": 8, "orders_per_s": 2}
    assert found["v2"] == {"quotes_per_s": 16, "orders_per_s": 4}


@pytest.mark.parametrize("px", ["1.10000", "1.10001"])
def test_every_fill_of_every_node_must_be_the_same(monkeypatch: pytest.MonkeyPatch, px: str) -> None:
    asked: list[tuple[str, str]] = []
    traders: set[str] = set()

    def child(version: str, python: str, mode: str, address: str, orders: str, trader: str) -> dict[str, Any]:
        asked.append((version, mode))
        traders.add(trader)
        last = px if (version, mode) == ("2", "core") else "1.10000"
        fills = [["buy", "1000", "1.10002"], ["sell", "1000", last]]
        return {"filled_ns": [1000] * 2, "fills": fills, "net": 0}

    monkeypatch.setattr(nt, "_child", child)
    found, right = nt._live({"1": "p1", "2": "p2"}, 2, 2)
    assert right is (px == "1.10000")
    assert asked[:4] == asked[:3:-1] == [("1", "alone"), ("1", "core"), ("2", "alone"), ("2", "core")]
    assert len(traders) == 8
    assert found["v2"]["core"] == {"orders": 4, "filled_us": {"p50": 1.0, "p99": 1.0}}


def test_for_people_each_node_and_each_backtest_has_a_row() -> None:
    node = nt._figures({"filled_ns": [3000, 1000, 2000]})
    assert node == {"orders": 3, "filled_us": {"p50": 2.0, "p99": 3.0}}
    found = {
        "ok": True,
        "live": {"v2": {"alone": node}},
        "backtest": {"ours": {"quotes_per_s": 1}, "quotes": 4},
    }
    told = nt.shown(found)
    assert told["live"] == [{"node": "v2 alone", "orders": 3, "filled_us_p50": 2.0, "filled_us_p99": 3.0}]
    assert told["backtest"] == [{"backtest": "ours", "quotes_per_s": 1}]
    assert told["backtests"] == {"quotes": 4}


def test_without_recordings_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="oanda"):
        nt.run(data=tmp_path)
