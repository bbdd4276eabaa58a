"""The same bytes by two ways, and a way that isn't there."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import pytest

from bench import peers
from bench.peer_ways import Absent, End, PipeWay, PostgresWay, RingWay


def test_each_message_comes_back_and_who_is_absent_says_why() -> None:
    found = peers.run(rounds=2, messages=5, size=30, ways=(RingWay, PipeWay, PostgresWay))
    assert found["ok"]
    assert (found["size"], found["wrong"]) == (32, 0)
    ring, pipe, postgres = found["peers"]
    assert ring["round_trip_ns"]["count"] == pipe["round_trip_ns"]["count"] == 10
    assert ring["of_ring_p50"] == 1.0
    assert "--postgres" in postgres["why_not"]
    assert pipe["version"] == f"Python {platform.python_version()}"


def test_a_server_is_told_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PipeWay, "server", "server 7.0")
    (row,) = peers.run(rounds=2, messages=2, ways=(PipeWay,))["peers"]
    assert row["version"] == f"Python {platform.python_version()}, server 7.0"


def test_a_database_that_does_not_answer_is_told() -> None:
    pytest.importorskip("psycopg")
    found = peers.run(
        rounds=2, messages=2, postgres="postgresql://127.0.0.1:1/x", ways=(RingWay, PostgresWay)
    )
    assert found["ok"]
    assert "port 1 failed" in found["peers"][1]["why_not"]


def test_a_byte_that_changed_is_seen() -> None:
    sent: list[bytes] = []

    def receive() -> bytes:
        return bytes(reversed(sent.pop()))

    from core_ext.histogram import Histogram

    assert peers._trips(sent.append, receive, 16, 3, Histogram()) == 3


def test_a_way_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing(PipeWay):
        def open(self) -> tuple[Any, ...]:
            raise Absent("needs something")

        end: End

    found = peers.run(rounds=2, messages=2, ways=(RingWay, Missing))
    assert found["ok"]
    assert found["peers"][1]["why_not"] == "needs something"
