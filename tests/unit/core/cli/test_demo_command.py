"""`nacre demo` on a fake core: its two outputs, where its journal goes, and its exit codes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.backtest.setup import CoreSetup
from core.cli import demo as demo_module, root

type Provide = Callable[..., None]
type Open = Callable[[CoreSetup], Any]
type Demo = Callable[..., Result]

KEYS = {
    "events",
    "orders",
    "fills",
    "state_hash",
    "replay_hash",
    "data",
    "pnl",
    "latency_ns",
    "positions",
    "crossed",
    "malformed",
    "journal",
    "events_per_s",
    "ok",
}


@pytest.fixture
def demo(provide: Provide, open_core: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Demo:
    """Runs `nacre demo` from an empty folder, with no recordings at hand unless given."""
    provide("core.backtest.fused", open_core=open_core)
    monkeypatch.delenv("NACRE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(root, ["demo", *arguments])

    return run


def test_json_has_its_keys_and_nothing_else_on_stdout(demo: Demo) -> None:
    done = demo("--synthetic", "--quotes", "3000", "-o", "json")
    found = json.loads(done.stdout)
    assert done.exit_code == 0
    assert set(found) >= KEYS
    assert (found["data"], found["ok"], found["problems"]) == ("synthetic", True, [])
    assert found["state_hash"] == found["replay_hash"]
    assert set(found["latency_ns"]["risk"]) == {"count", "p50", "p99", "p99.9", "max"}
    assert set(found["pnl"]) == {"currency", "realized_pnl", "unrealized_pnl", "fees", "equity"}
    assert found["fills"] == sum(venue["fills"] for venue in found["fills_by_venue"].values())
    assert "run" in done.stderr


def test_the_table_says_synthetic_and_ends_in_ok(demo: Demo) -> None:
    done = demo("--synthetic", "--quotes", "3000")
    assert done.exit_code == 0
    assert "SYNTHETIC" in done.stdout
    assert "error of the recording: they were dropped" in done.stdout
    assert done.stdout.rstrip().endswith("OK")
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_crossed_rows_are_played_where_asked(demo: Demo) -> None:
    dropped, kept = (
        json.loads(demo("--synthetic", "--quotes", "3000", "-o", "json", *more).stdout)
        for more in ((), ("--keep-crossed",))
    )
    assert dropped["crossed"] == kept["crossed"] > 0
    assert (dropped["quotes"] + dropped["crossed"], kept["quotes"]) == (3_000, 3_000)
    assert not kept["sources"][0]["crossed_dropped"]


def test_the_seed_chooses_the_day(demo: Demo) -> None:
    first, second, again = (
        json.loads(demo("--synthetic", "--quotes", "3000", "--seed", seed, "-o", "json").stdout)["state_hash"]
        for seed in ("1", "2", "1")
    )
    assert first == again != second


def test_the_last_temporary_journal_is_kept_and_its_path_said(demo: Demo) -> None:
    for _ in range(2):
        journal = json.loads(demo("--synthetic", "--quotes", "500", "-o", "json").stdout)["journal"]
        assert journal["ok"]
        assert list(Path(journal["path"]).iterdir())
    assert len(list(Path(tempfile.gettempdir()).glob("nacre-demo-*"))) == 1


def test_a_journal_asked_for_is_kept_and_never_overwritten(demo: Demo, tmp_path: Path) -> None:
    arguments = ("--synthetic", "--quotes", "500", "--journal", "made/here", "-o", "json")
    journal = json.loads(demo(*arguments).stdout)["journal"]
    assert Path(journal["path"]) == tmp_path / "made" / "here"
    assert list(Path(journal["path"]).iterdir())
    again = demo(*arguments)
    assert (again.exit_code, again.stdout) == (2, "")
    assert "never overwritten" in again.stderr


def test_a_failed_check_exits_1_and_keeps_the_journal(demo: Demo, provide: Provide, open_core: Open) -> None:
    def tampered(setup: CoreSetup) -> Any:
        core = open_core(setup)
        core.tamper = "journal"
        return core

    provide("core.backtest.fused", open_core=tampered)
    done = demo("--synthetic", "--quotes", "500")
    assert done.exit_code == 1
    assert "offset 64, sequence 1" in done.stdout
    assert len(list(Path(tempfile.gettempdir()).iterdir())) == 1
    assert done.stdout.rstrip().endswith("FAILED")


def test_data_asked_for_must_be_there(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = demo("--data", str(tmp_path))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no fx/fxcm_eurusd_tick_20140502.zip, no fx/oanda" in done.stderr
    monkeypatch.setenv("NACRE_DATA", str(tmp_path))
    assert demo().exit_code == 2


def test_a_recording_that_cannot_be_read_is_named(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "fx").mkdir()
    for venue in ("fxcm", "oanda"):
        (tmp_path / "fx" / f"{venue}_eurusd_tick_20140502.zip").write_bytes(b"not a zip")
    done = demo("--data", str(tmp_path))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "fxcm_eurusd_tick_20140502.zip: not a whole zip" in done.stderr


def test_without_recordings_it_says_so_on_stderr(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.backtest.market.has_recording", lambda folder: False)
    done = demo("--quotes", "500", "-o", "json")
    assert json.loads(done.stdout)["data"] == "synthetic"
    assert "No recordings" in done.stderr
    assert "SYNTHETIC" in done.stderr


def test_recorded_data_is_marked_recorded(demo: Demo, shared: Path) -> None:
    found = json.loads(demo("--data", str(shared), "--quotes", "9000", "-o", "json").stdout)
    assert (found["data"], found["quotes"], found["crossed"]) == ("recorded", 9_000, 12_061)


def test_binance_s_spot_and_perpetual_follow_the_day(shared: Path) -> None:
    if not all((shared / name).is_file() for name in demo_module.BINANCE):
        pytest.skip(f"no Binance recordings in {shared}")
    found = demo_module._binance(shared)
    assert found is not None
    assert (found["ok"], found["gaps"], found["errors"], found["trades"]) == (True, 0, 0, 9_757 + 21_313)
    market = {row["symbol"]: (float(row["bid_px"]), float(row["ask_px"])) for row in found["market"]}
    assert market == {"BTCUSDT": (61685.99, 61686.0), "BTCUSDT.PERP": (61659.7, 61659.8)}


def test_without_its_files_binance_is_left_out(tmp_path: Path) -> None:
    assert demo_module._binance(tmp_path) is None
    assert demo_module._binance(None) is None


def test_venues_work_as_they_are_told(tmp_path: Path) -> None:
    """Taken a second later, the same orders fill at other prices."""

    def equity(*words: str) -> str:
        args = ["demo", "--synthetic", "--quotes", "4000", "-o", "json", *words]
        done = CliRunner().invoke(root, args)
        assert done.exit_code == 0, done.output
        return str(json.loads(done.stdout)["pnl"]["equity"])

    assert equity() == equity("--venue", "latency_us=0") != equity("--venue", "latency_us=1000000")


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("latency=5", "unknown key"),
        ("latency_us=fast", "isn't a number"),
        ("latency_seed=x", "Expecting value"),
        ("mode=manual", "give KEY=VALUE"),
        ("matching=lifo", "unknown value"),
    ],
)
def test_a_wrong_setting_of_venues_is_refused(word: str, what: str) -> None:
    done = CliRunner().invoke(root, ["demo", "--synthetic", "--venue", word])
    assert done.exit_code == 2
    assert what in done.stderr
