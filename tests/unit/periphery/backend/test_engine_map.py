"""The map of engines: every one has its place, and what was told of it."""

from __future__ import annotations

import socket

from core.topology import LIVE_STAGES
from periphery.backend import engine_map as found


def test_what_nobody_told_of_is_down_in_the_core_and_absent_beside_it() -> None:
    rows = {(row["tier"], row["name"]): row for row in found.map_of({}, [])}
    assert {name for tier, name in rows if tier == found.CORE} == set(LIVE_STAGES)
    assert all(row["state"] == "down" for (tier, _), row in rows.items() if tier == found.CORE)
    assert all(row["state"] == found.ABSENT for (tier, _), row in rows.items() if tier != found.CORE)
    assert len(rows) >= 25
    assert all(row["does"] for row in rows.values())


def test_the_core_s_risk_is_not_the_periphery_s() -> None:
    core = {"risk": {"state": "ready", "why": "", "where": "pinned"}}
    rows = found.map_of(core, [{"name": "risk", "state": "unready", "why": "it catches up", "seq": 7}])
    told = {row["tier"]: row for row in rows if row["name"] == "risk"}
    assert (told["core"]["state"], told["core"]["where"]) == ("ready", "pinned")
    assert (told["periphery"]["state"], told["periphery"]["seq"]) == ("unready", 7)


def test_a_service_of_another_name_stands_in_the_periphery_and_tiers_stay_in_order() -> None:
    rows = found.map_of({}, [{"name": "fix", "state": "ready", "why": ""}])
    assert next(row for row in rows if row["name"] == "fix")["tier"] == found.PERIPHERY
    tiers = [found.TIERS.index(row["tier"]) for row in rows]
    assert tiers == sorted(tiers)


def test_venues_without_a_process_are_played_by_the_gateways() -> None:
    rows = {row["name"]: row for row in found.map_of({"gateways": {"state": "ready", "why": ""}}, [])}
    assert (rows["venues"]["state"], rows["venues"]["where"]) == ("ready", "in the gateways")


def test_who_listens_runs_and_who_does_not_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = f"127.0.0.1:{server.getsockname()[1]}"
        rows = {row["name"]: row for row in found.listening({"redis": there, "grafana": "nowhere"})}
    assert rows["redis"]["state"] == "running"
    assert rows["grafana"]["state"] == "down"
    assert "nowhere" in rows["grafana"]["why"]
    assert found.listening({}) == []
