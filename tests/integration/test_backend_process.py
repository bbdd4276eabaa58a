"""The backend as a process, its command, and what it says over a websocket."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from websockets.sync.client import ClientConnection, connect

from core.cli import root
from periphery.recorder.recorder import Recorder
from periphery.recorder.stores import open_store
from tests.integration.backend_core import running_both, running_core
from tests.integration.live_core import ROOT, Client, Process
from tests.support_backend import PASSWORD, UNHURRIED_S, Serving, order


def nacre(*words: str, given: str = "") -> Any:
    return CliRunner().invoke(root, ["backend", *words], input=given)


def configured(folder: Path, socket: Path) -> list[str]:
    file = folder / "backend.toml"
    file.write_text(f'[backend]\nstate = "state"\ncore = "{socket}"\nlisten = "127.0.0.1:0"\n')
    return ["--config", str(file)]


def test_a_backend_runs_until_sigterm_and_its_first_admin_is_made_by_command(tmp_path: Path) -> None:
    with running_core(tmp_path) as core:
        config = configured(tmp_path, core.socket)
        added = nacre(
            "user", "add", "anna", "--scope", "view", "--scope", "admin", *config, given=PASSWORD + "\n"
        )
        assert added.exit_code == 0, added.output
        short = nacre("user", "add", "bob", "--scope", "view", *config, given="short\n")
        assert short.exit_code == 2
        assert "12" in short.output
        words = [sys.executable, "-m", "core.cli", "backend", "run", *config]
        pipe = subprocess.PIPE
        with subprocess.Popen(words, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            url = f"http://127.0.0.1:{ready['port']}"
            form = {"username": "anna", "password": PASSWORD}
            token = requests.post(f"{url}/auth/token", data=form, timeout=UNHURRIED_S).json()["access_token"]
            bearer = {"Authorization": f"Bearer {token}"}
            assert requests.get(f"{url}/reference", headers=bearer, timeout=UNHURRIED_S).json()["venues"] == [
                "V1"
            ]
            told = requests.get(f"{url}/users", headers=bearer, timeout=UNHURRIED_S).json()["users"]
            assert [each["name"] for each in told] == ["anna"]
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=UNHURRIED_S)
            assert process.returncode == 0, said
        assert PASSWORD not in said
        assert token not in said
        assert core.ask("status")["kills"] == []
        listed = nacre("user", "list", *config)
        assert json.loads(listed.stdout)["name"] == "anna"
        assert os.stat(tmp_path / "state" / "secret").st_mode & 0o777 == 0o600


TOLD_EARLY = """
import os, signal
from core.cli import main
from periphery.backend import serve

def told(config, listening, make=serve.make_server):
    os.kill(os.getpid(), signal.SIGTERM)
    return make(config, listening)

serve.make_server = told
main()
"""


def test_who_is_told_to_end_before_it_listens_ends_in_order(tmp_path: Path) -> None:
    with running_core(tmp_path) as core:
        words = [sys.executable, "-c", TOLD_EARLY, "backend", "run", *configured(tmp_path, core.socket)]
        told = subprocess.run(
            words, cwd=ROOT, capture_output=True, text=True, timeout=UNHURRIED_S, check=False
        )
        assert told.returncode == 0, told.stderr
        assert "Traceback" not in told.stderr
        assert core.ask("status")["kills"] == []


def test_settings_that_can_t_be_used_are_said(tmp_path: Path) -> None:
    file = tmp_path / "backend.toml"
    file.write_text('[backend]\nstate = "state"\nlisten = "nowhere"\n')
    told = nacre("run", "--config", str(file))
    assert told.exit_code == 2
    assert "HOST:PORT" in told.output


# ---- the websocket -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Serving, Recorder]]:
    folder = tmp_path_factory.mktemp("live")
    address = f"sqlite:///{folder / 'nacre.db'}"
    store = open_store(address)
    store.migrate()
    with running_both(folder, store=address) as (core, backend):
        yield core, backend, Recorder(core.journal, store, "core")
    store.close()


@contextmanager
def following(backend: Serving, *topics: str, **shown: str) -> Iterator[ClientConnection]:
    with connect(backend.url.replace("http", "ws") + "/live/ws", open_timeout=UNHURRIED_S) as peer:
        peer.send(json.dumps({"topics": topics, **(shown or {"token": backend.token("viewer")})}))
        yield peer


def heard(peer: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of that kind."""
    end = time.monotonic() + UNHURRIED_S
    while time.monotonic() < end:
        found: dict[str, Any] = json.loads(peer.recv(UNHURRIED_S))
        if found["type"] == kind:
            return found
        assert found["type"] != "problem", found
    raise AssertionError(f"no {kind} came")


def test_a_snapshot_then_every_change(both: tuple[Process, Serving, Recorder]) -> None:
    core, backend, recorder = both
    first = backend.must("trader", "POST", "/orders", order(), **{"Idempotency-Key": "live-0001"})
    with following(backend, "orders", "fills", "positions", "quotes") as peer:
        snapshot = heard(peer, "snapshot")
        assert [row["cl_ord_id"] for row in snapshot["orders"]] == [first["cl_ord_id"]]
        assert [(row["symbol"], row["bid_px"]) for row in snapshot["quotes"]] == [("EURUSD", "1.10000")]
        body = order(price="1.20000")
        second = backend.must("trader", "POST", "/orders", body, **{"Idempotency-Key": "live-0002"})
        market = Client(core, "more")
        market.quote("1.20000", "1.20010")
        market.close()
        topics: dict[str, list[dict[str, Any]]] = {"orders": [], "fills": [], "positions": []}
        while not all(topics.values()) or topics["orders"][-1]["ord_status"] != "filled":
            recorder.catch_up()
            message = heard(peer, "changes")
            topics[message["topic"]] += message["rows"]
        assert {row["cl_ord_id"] for row in topics["orders"]} == {second["cl_ord_id"]}
        assert all(row["seq"] > snapshot["seq"] for rows in topics.values() for row in rows)
        assert topics["fills"][0]["qty"] == "100"
        assert topics["positions"][-1]["qty"] == "100"
    with following(backend, "quotes") as peer:
        assert heard(peer, "snapshot")["quotes"][0]["bid_px"] == "1.20000"


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        ({"topics": ["quotes"]}, "unauthorized"),
        ({"topics": ["quotes"], "token": "x"}, "unauthorized"),
        ({"topics": ["nothing"], "token": "x"}, "bad_topic"),
        ({"topics": "x"}, "bad_hello"),
    ],
)
def test_who_isn_t_known_or_asks_for_nothing_is_told_so(
    both: tuple[Process, Serving, Recorder], hello: dict[str, Any], code: str
) -> None:
    with connect(both[1].url.replace("http", "ws") + "/live/ws", open_timeout=UNHURRIED_S) as peer:
        peer.send(json.dumps(hello))
        assert json.loads(peer.recv(UNHURRIED_S))["code"] == code
