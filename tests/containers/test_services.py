"""A core and what works beside it in containers, over ZeroMQ: what each says, the journal alone says too."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from periphery.client import Client
from periphery.service.source import JournalSource
from periphery.websocket.hub import Hub
from periphery.websocket.settings import Settings
from tests.containers.composed import Composed, docker, nacre, until
from tests.containers.test_live import maps_board, ready, session

QUOTES = 400
NETWORKS = {
    "bridge": {"wire", "stream"},
    "recorder": {"store"},
    "features": {"stream"},
    "portfolio-risk": {"stream"},
    "websocket": {"stream", "front"},
}
ENGINES = {"features": "features", "risk": "portfolio-risk"}
TOML = """
[features.params]
period_s = 0.05
[[features.params.features]]
kind = "imbalance"
symbols = ["AAPL"]
[[features.params.features]]
kind = "return"
symbols = ["AAPL"]
window = 2
[risk.params]
period_s = 0.05
least = 5
draws = 50
"""
TABLES = ("orders", "executions", "fills", "positions", "denials")
ASK = "import sys, urllib.request as r; print(r.urlopen('http://127.0.0.1:9101/status').read().decode())"


def told(composed: Composed, service: str) -> dict[str, Any]:
    """What its probes say; {} while they don't answer."""
    words = ["docker", "exec", composed.container(service), "python", "-c", ASK]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    found: dict[str, Any] = json.loads(ran.stdout) if ran.returncode == 0 else {}
    return found


def trade(client: Client) -> int:
    """Quotes that move, and orders that fill; the last event."""
    for i in range(QUOTES):
        cents = i * 7 % 40
        client.market({
            "type": "quote", "venue": "XNAS", "symbol": "AAPL", "bid_px": f"190.{cents:02}",
            "bid_qty": str(100 + i % 13), "ask_px": f"190.{cents + 2:02}", "ask_qty": str(200 + i % 7),
        })  # fmt: skip
        if i % 20 == 10:
            client.submit("AAPL", "buy" if i % 40 == 10 else "sell", 10, "market", account="A1")
            list(client.events(timeout=0.05))
    until(lambda: len(client.orders(live_only=False)) == QUOTES // 20, "the orders are there")
    return int(client.status()["seq"])


def here(*words: str) -> Any:
    ran = subprocess.run(
        nacre(*words, "-o", "json"), capture_output=True, text=True, check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


def test_each_says_what_a_pass_over_the_journal_says(tmp_path: Path) -> None:
    engines = tmp_path / "engines.toml"
    engines.write_text(TOML)
    with Composed(tmp_path, "bridge", "services", NACRE_ENGINES=str(engines)) as composed:
        composed.up(*NETWORKS)
        ready(composed)
        for service in NETWORKS.keys() - {"bridge"}:
            until(lambda of=service: told(composed, of).get("ready"), f"{service} is ready")  # type: ignore[misc]
        with session(composed) as client:
            last = trade(client)
            followers = NETWORKS.keys() - {"bridge"}
            until(
                lambda: all(told(composed, each).get("last_seq", 0) >= last for each in followers),
                "all have heard all",
            )
            check_reach(composed)
        composed.compose("stop", *ENGINES.values())
        composed.compose("stop", "core")
        journal = composed.volume("state") / "core" / "journal"
        check_engines(composed, journal, engines)
        check_websocket(composed, journal)
        check_recorder(composed, journal, tmp_path)


def check_reach(composed: Composed) -> None:
    """Each is on its own networks alone, and none has the core's memory."""
    for service, names in NETWORKS.items():
        found = json.loads(
            docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", composed.container(service))
        )
        assert found.keys() == {composed.network(name) for name in names}, service
        assert not maps_board(composed, service), service
        mounts = docker(
            "inspect", "-f", "{{range .Mounts}}{{.Name}} {{.RW}}\n{{end}}", composed.container(service)
        )
        assert service in ("bridge", "recorder") or composed.network("state") not in mounts, service
        assert service == "bridge" or composed.network("run") not in mounts, service
    for name in ("stream", "store"):
        assert docker("network", "inspect", "-f", "{{.Internal}}", composed.network(name)).strip() == "true"


def check_engines(composed: Composed, journal: Path, engines: Path) -> None:
    for name, service in ENGINES.items():
        (found,) = here(
            "engine", "replay", name, "--journal", str(journal), "--config", str(engines),
            "--against", str(composed.volume(service)),
        )  # fmt: skip
        assert found["equal"], name
        assert found["inputs"] >= QUOTES
        assert found["outputs"] > 3


def check_websocket(composed: Composed, journal: Path, engines: dict[str, str] = ENGINES) -> None:
    """It has heard every change, those that engines said too."""
    said = {name: str(composed.volume(service)) for name, service in engines.items()}
    last = JournalSource(journal, lambda _: None)
    while last.poll():
        pass
    until(lambda: told(composed, "websocket")["last_seq"] == last.seq, "the websocket has heard all")
    hub = Hub(lambda on_page: JournalSource(journal, on_page), Settings(journal=str(journal), engines=said))
    while hub.poll():
        pass
    until(lambda: told(composed, "websocket")["inputs"] == hub.changes, "each change came")
    assert told(composed, "websocket")["digest"] == last.mark.digest.hex()
    assert hub.changes > QUOTES


def check_recorder(composed: Composed, journal: Path, tmp_path: Path) -> None:
    composed.compose("stop", "recorder")
    kept, anew = f"sqlite:///{composed.volume('recorder')}/nacre.db", f"sqlite:///{tmp_path}/anew.db"
    subprocess.run(nacre("recorder", "run", str(journal), "--store", anew, "--once"), check=True)
    for table in TABLES:
        rows = [here("recorder", "show", table, "--store", each, "--most", "9999") for each in (kept, anew)]
        assert rows[0] == rows[1], table
        assert rows[0] or table == "denials", table
    assert here("recorder", "show", "outputs", "--store", kept)
