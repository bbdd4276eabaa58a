"""The bench of placements: its tape, a player against an engine on this thread, its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.placement import ENGINES, PLACEMENTS, stops
from bench.placement_asker import Placed
from bench.placement_report import markdown, recommended, write_reports
from bench.tape import Tape, load, record

NS = {"p50": 900, "p99": 2000, "p999": 9000, "p9999": 9000, "max": 9000, "count": 100}
SLOWER = {"fused": 1, "pinned": 3, "host": 3, "contained": 4, "remote": 200}


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    folder = tmp_path_factory.mktemp("tape")
    record(folder, 400, seed=2)
    return load(folder)


def test_an_engine_plays_the_tape(tape: Tape) -> None:
    placed = Placed(tape, "orders", "fused", "spin", None, "")
    assert placed.block(100)["count"] == 100
    assert placed.burst(200)["events_per_s"] > 0
    told = placed.close()
    assert (told["state_equal"], told["wrong"]) == (True, 0)
    placed.end()


def test_a_tape_that_was_changed_is_seen(tape: Tape) -> None:
    pages = tape.pages.copy()
    changed = Tape(pages, tape.journal, tape.requests)
    pages[:, 900:] ^= 1  # the last paragraph, which positions writes
    placed = Placed(changed, "positions", "fused", "spin", None, "")
    placed.block(50)
    assert not placed.close()["state_equal"]
    placed.end()


def test_who_stands_still() -> None:
    assert "journal" not in stops("risk", "contained")
    assert stops("risk", "contained")[0] == "risk"
    assert set(stops("positions", "remote")) == {"positions", "egress"}
    assert "sequencer" in stops("positions", "fused")


def figures() -> dict[str, Any]:
    def row(name: str) -> dict[str, Any]:
        ns = {key: value * SLOWER[name] for key, value in NS.items()}
        load = {"cpu_ns": 10**8, "pss_bytes": 1 << 24, "beside_pss_bytes": 0, "messages_an_event": 2.0}
        return {
            "ns": ns,
            "added_ns": ns,
            "state_equal": True,
            "events_per_s": 10,
            "load": load,
            "sockets": 0,
            "restart_ms": 5.0,
            "stops": ["risk"],
        }

    each = {
        "placements": {name: row(name) for name in PLACEMENTS},
        "ratios": dict.fromkeys(
            (
                "contained_over_pinned_p50",
                "contained_over_host_p50",
                "remote_over_bare_p50",
                "remote_over_pinned_p50",
            ),
            1.1,
        ),
    }
    return {
        "engines": dict.fromkeys(ENGINES, each),
        "goals": {"contained_over_pinned_p50": 1.2, "remote_over_bare_p50": 1.5},
        "machine": {"processor": "a", "processors": 2, "kernel": "6", "clock_source": "tsc"},
        "placement": {"path_side": 0, "engine": 1, "processes_at_a_time": 2},
        "wait": "spin",
        "load_average": 1.0,
        "rounds": 2,
        "load_events_per_s": 1000.0,
        "tape": {"events": 30, "requests": 10},
        "path": {"ok": True, "events": 9, "us_an_event": {"fused": 1.0}},
    }


def test_the_report_has_every_engine_in_every_placement(tmp_path: Path) -> None:
    write_reports(figures(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"placement.json", "placement.md", "placement.html"}
    text = (tmp_path / "placement.md").read_text()
    for name in (
        "order execution",
        "real-time risk",
        "position keeper",
        "smart order router",
        "order management",
    ):
        for placement in PLACEMENTS:
            assert f"| {name} | {placement} |" in text
    assert "0.5 → 2 ms" in text
    page = (tmp_path / "placement.html").read_text()
    assert page.count("<svg") == len(ENGINES)
    assert "http" not in page


def test_the_report_says_what_failed() -> None:
    found = figures()
    found["engines"]["risk"]["placements"]["pinned"]["state_equal"] = False
    found["path"]["ok"] = False
    assert "DIFFERENT" in markdown(found)
    assert "THE STATES DIFFER" in markdown(found)


def test_it_recommends_by_the_figures() -> None:
    latency, apart, scale = recommended(figures()["engines"]["risk"])
    assert latency == "fused; apart: pinned"
    assert apart == "contained"
    assert scale.startswith("remote, for 176 µs")
