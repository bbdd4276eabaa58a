"""`nacre market-data`: what is said of venues, and what is wrong with what was asked."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.cli import root
from tests.support_market_data import recording
from tests.unit.periphery.market_data.test_reference import DOCUMENTS, EXPECTED


def run(*words: str) -> Result:
    return CliRunner().invoke(root, ["market-data", *words])


def test_a_calendar_lists_the_days_of_trade() -> None:
    told = run("calendar", "XNYS", "--from", "2024-07-03", "--to", "2024-07-05", "-o", "json")
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["time_zone"] == "America/New_York"
    assert found["sessions"] == [
        {"day": "2024-07-03", "open": "2024-07-03T13:30:00Z", "close": "2024-07-03T17:00:00Z"},
        {"day": "2024-07-05", "open": "2024-07-05T13:30:00Z", "close": "2024-07-05T20:00:00Z"},
    ]
    assert "2024-07-05" in run("calendar", "24/7", "--from", "2024-07-03", "--to", "2024-07-05").stdout
    assert run("calendar", "NONE").exit_code == 2


def test_instruments_are_declared_from_a_document(tmp_path: Path) -> None:
    document = tmp_path / "info.json"
    document.write_text(json.dumps(DOCUMENTS["binance"]))
    told = run("instruments", "binance", "--from", str(document), "--symbols", "BTCUSDT")
    assert told.exit_code == 0, told.output
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert lines[0] == {"type": "instrument", **EXPECTED["binance"]}
    assert lines[1] == {"type": "venue", "venue": "BINANCE_SPOT", "mode": "match", "symbols": ["BTCUSDT"]}
    written = run("instruments", "binance", "--from", str(document), "--to", str(tmp_path / "r.jsonl"))
    assert written.exit_code == 0, written.output
    assert [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()] == lines


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "info.json"
    document.write_text("{")
    for words, said in [
        (("instruments", "nasdaq"), "one of binance"),
        (("instruments", "kraken", "--from", str(document)), "info.json"),
        (("run", "--venue", "kraken"), "symbols"),
        (("run", "--venue", "nobody", "--symbols", "A"), "venue 'nobody'"),
        (("run", "--venue", "kraken", "--symbols", "A", "--http", "nowhere"), "http 'nowhere'"),
        (("status", "127.0.0.1:1"), "127.0.0.1:1"),
        (("serve", str(document)), "info.json"),
        (("serve", str(recording("kraken")), "--fault", "x:drop"), "AT:WHAT"),
        (("serve", str(recording("kraken")), "--fault", "1:explode"), "explode"),
    ]:
        told = run(*words)
        assert told.exit_code == 2, (words, told.output)
        assert said in told.output, (words, told.output)


def test_without_aeron_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name
        for name in sys.modules
        if name.startswith(("periphery.aeron.", "periphery.market_data.multicast."))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyaeron", None)
    group = "aeron:udp?endpoint=224.0.1.7:40456|interface=127.0.0.1"
    for words in (
        ("run", "--venue", "XTST", "--symbols", "A", "--url", group),
        ("run", "--venue", "kraken", "--symbols", "A/B", "--multicast", group),
        ("multicast", __file__, "--channel", group),
    ):
        told = run(*words)
        assert told.exit_code == 2, (words, told.output)
        assert "nacre[aeron]" in told.output


def test_a_group_is_an_address_of_aeron() -> None:
    told = run("run", "--venue", "kraken", "--symbols", "A/B", "--multicast", "224.0.1.7:40456")
    assert told.exit_code == 2
    assert "aeron:udp?endpoint=GROUP:PORT|interface=ADDRESS" in told.output
