"""Kill, re-arm, limits: what works while almost nothing else does, and what takes two people."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from bench.postgres import find_tools, postgres_server
from core import messages as m
from core.cli import root
from core.live.intents import DONE, INTENDED, Intents
from core.recovery import capacity_of, replay
from tests.integration.backend_core import PINNED, keyed, running_both, until_status
from tests.integration.live_core import Client, Process, until
from tests.support_backend import UNHURRIED_S, Serving, order, problem

S = m.OrdStatus
KILL = {"scope": "account", "key": "A", "confirm": "KILL"}
STAGES = (
    "sequencer", "resolve", "risk", "orders", "router", "execution", "positions", "journal", "egress",
)  # fmt: skip


def new_sends(core: Process) -> np.ndarray:
    """The sequences of the new orders that the gateways have sent, out of their own file."""
    intents = Intents(core.journal, capacity_of(core.journal), 1 << 40)  # it holds the memory of its rows
    rows = intents.rows
    out = np.isin(rows["state"], (INTENDED, DONE))  # the others were held back
    return np.sort(rows["seq"][(rows["action"] == m.Action.NEW) & (rows["seq"] > 0) & out])


def said_no(client: Client, cl_ord_id: str) -> bool:
    """Whether an order was denied by risk, or held back by its gateway: what engines can't know yet."""
    while (row := client.next()) is not None:
        name = row["cl_ord_id"].tobytes()
        if name[1 : 1 + name[0]].decode() == cl_ord_id:
            if row["kind"] == 1:
                return bool(row["reason"] == m.Reason.KILLED)
            if row["status"] in (S.CANCELED, S.REJECTED):
                return True
    return False


def working(client: Client) -> set[str]:
    return {row["account"] for row in client.must("orders", live_only=True)["orders"]}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Serving]]:
    with running_both(tmp_path_factory.mktemp("kill"), PINNED, answer_s=2.0) as found:
        yield found


def rearmed(core: Process) -> None:
    """As two people do on the host."""
    client = Client(core, "rearm")
    client.must("rearm", scope="account", key="A", by="ann", second="bob")
    client.close()


@pytest.mark.parametrize("stopped", ["nothing", "server", *STAGES])
def test_after_a_kill_nothing_of_its_scope_is_sent(both: tuple[Process, Serving], stopped: str) -> None:
    core, backend = both
    client = Client(core, f"t-{stopped}", cancels=False)
    for i in range(5):
        client.order(f"{stopped}a{i}", 100000)
        client.order(f"{stopped}b{i}", 100000, account=1)
    client.expect(f"{stopped}b4", status=S.NEW)
    until(lambda: core.ask("status")["sends"]["under_way"] == 0, "venues have answered", UNHURRIED_S)
    pids = {each["name"]: each["pid"] for each in core.workers()} | {"server": core.pid}
    if stopped != "nothing":
        os.kill(pids[stopped], signal.SIGSTOP)
    told = backend.must("trader", "POST", "/kill", KILL)
    sent = new_sends(core)
    for i in range(50):
        client.order(f"{stopped}late{i}", 100000)
    if stopped != "nothing":
        time.sleep(0.05)
        os.kill(
            pids[stopped], signal.SIGCONT
        )  # its supervisor may have replaced it meanwhile: then it is gone
    until(lambda: "A" not in working(client), "every working order of the scope is canceled", UNHURRIED_S)
    until(lambda: said_no(client, f"{stopped}late49"), "what came later is refused", UNHURRIED_S)
    later = np.setdiff1d(new_sends(core), sent)
    assert later.size == 0, f"sent after the kill: {later}"
    assert working(client) == {"B"}
    kills = backend.must("viewer", "GET", "/kills")["kills"]
    assert [(row["epoch"], row["by"], row["key"]) for row in kills] == [(told["epoch"], "trader", "A")]
    rearmed(core)
    client.close()
    cleared(core)


def cleared(core: Process) -> None:
    """No order is left for the next one."""
    client = Client(core, "clear")
    for row in client.must("orders", live_only=True)["orders"]:
        client.cancel(row["cl_ord_id"], f"{row['cl_ord_id']}c")
    until(lambda: working(client) == set(), "all is canceled", UNHURRIED_S)
    client.close()


def test_a_kill_with_the_backend_stopped_is_one_command_on_the_host(
    both: tuple[Process, Serving], monkeypatch: pytest.MonkeyPatch
) -> None:
    core, _ = both
    monkeypatch.setenv("NACRE_SOCKET", str(core.socket))
    client = Client(core, "host", cancels=False)
    client.order("host1", 100000)
    client.expect("host1", status=S.NEW)
    core.signal(signal.SIGSTOP)  # the server, too: nobody answers
    try:
        told = CliRunner().invoke(root, ["kill", "all", "--by", "ann", "--yes"])
        assert told.exit_code == 0, told.output
    finally:
        core.signal(signal.SIGCONT)
    client.expect("host1", status=S.CANCELED)
    client.must("rearm", scope="all", by="ann", second="bob")
    client.close()


def test_a_kill_with_every_database_stopped(tmp_path: Path) -> None:
    tools = find_tools()
    assert tools is not None, "no PostgreSQL here: make servers"
    with (
        postgres_server(tools) as server,
        running_both(tmp_path, store=server.address) as (core, backend),
    ):
        client = Client(core, "db", cancels=False)
        client.order("db1", 100000)
        client.expect("db1", status=S.NEW)
        token = {"Authorization": f"Bearer {backend.token('trader')}"}
        server.stop()
        own = sqlite3.connect(backend.backend.db.path)
        own.execute("BEGIN EXCLUSIVE")  # and the backend's own can't be written
        answer = backend.ask(None, "POST", "/kill", KILL, token)
        assert answer.status_code == 200, answer.text
        client.expect("db1", status=S.CANCELED)
        assert problem(backend.ask(None, "GET", "/orders/history", headers=backend_view(backend)), 503)
        own.rollback()
        own.close()
        until(lambda: ("trader", "POST /kill") in audited(backend), "the kill is in the audit", UNHURRIED_S)
        server.start()


def audited(backend: Serving) -> set[tuple[str, str]]:
    """Who did what; an answer may come before it is recorded."""
    backend.backend.audit.flush()
    rows = backend.must("admin", "GET", "/audit")["rows"]
    return {(row["who"], row["action"]) for row in rows}


def backend_view(backend: Serving) -> dict[str, str]:
    return {"Authorization": f"Bearer {backend.token('viewer')}"}


def test_a_kill_passes_while_every_thread_waits_for_a_core_that_says_nothing(
    both: tuple[Process, Serving],
) -> None:
    core, backend = both
    core.signal(signal.SIGSTOP)
    try:
        threads = [
            threading.Thread(target=backend_asks, args=(backend,)) for _ in range(60)
        ]  # more than a backend has threads
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        told = backend.must("trader", "POST", "/kill", KILL)
        assert told["taken"] is False
        assert any(thread.is_alive() for thread in threads)  # the kill did not wait for them
    finally:
        core.signal(signal.SIGCONT)
    for thread in threads:
        thread.join()
    until(lambda: backend.must("viewer", "GET", "/kills")["kills"], "the core has it", UNHURRIED_S)
    rearmed(core)


def backend_asks(backend: Serving) -> None:
    import requests

    requests.get(f"{backend.url}/positions", headers=backend_view(backend), timeout=UNHURRIED_S)


def test_a_kill_takes_its_confirmation_and_a_re_arm_two_people_with_codes(tmp_path: Path) -> None:
    with running_both(tmp_path) as (core, backend):
        sent = backend.must("trader", "POST", "/orders", order(), **{"Idempotency-Key": "two-0001"})
        until_status(backend, sent["cl_ord_id"], "new")
        assert problem(backend.ask("trader", "POST", "/kill", KILL | {"confirm": "yes"}), 422)
        assert problem(backend.ask("trader", "POST", "/kill", KILL | {"key": "NOBODY"}), 409)
        told = backend.must("trader", "POST", "/kill", KILL)
        assert told["taken"]
        until(
            lambda: not backend.must("viewer", "GET", "/orders?account=A")["orders"],
            "it is canceled",
            UNHURRIED_S,
        )
        found = problem(backend.ask("trader", "POST", "/orders", order(), keyed(1)), 409)
        assert found["reason"] == "killed"
        wanted = {"scope": "account", "key": "A", "why": "it is over"}
        no = problem(backend.ask("risker", "POST", "/rearm", wanted | {"totp": "000000"}), 403)
        assert no["reason"] == "totp"
        asked = backend.must("risker", "POST", "/rearm", wanted | {"totp": backend.code("risker")})
        assert asked["state"] == "pending"
        approve = f"/approvals/{asked['id']}/approve"
        same = problem(backend.ask("risker", "POST", approve, {"totp": backend.code("risker")}), 403)
        assert same["code"] == "same_person"
        assert problem(backend.ask("second", "POST", approve, {}), 403)["reason"] == "totp"
        assert backend.must("viewer", "GET", "/kills")["kills"]
        done = backend.must("second", "POST", approve, {"totp": backend.code("second")})
        assert (done["state"], done["by"], done["second"]) == ("approved", "risker", "second")
        assert backend.must("viewer", "GET", "/kills")["kills"] == []
        assert problem(backend.ask("second", "POST", approve, {"totp": backend.code("second")}), 409)
        again = backend.must("trader", "POST", "/orders", order(), **{"Idempotency-Key": "two-0002"})
        until_status(backend, again["cl_ord_id"], "new")
        core.stop()
        assert replay(core.journal)["ok"]


def test_what_tightens_is_set_at_once_and_what_loosens_waits_for_a_second(tmp_path: Path) -> None:
    with running_both(tmp_path) as (_core, backend):
        limit = {"check": "max_order_qty", "account": "A", "why": "a quiet day"}
        done = backend.must("risker", "POST", "/limits", limit | {"value": "500"})
        assert done["applied"]
        asked = backend.must("risker", "POST", "/limits", limit | {"value": "600"})
        assert not asked["applied"]
        assert "500" in asked["loosens"]
        assert value_of(backend) == "500"
        approve = f"/approvals/{asked['approval']['id']}/approve"
        assert problem(backend.ask("risker", "POST", approve, {}), 403)["code"] == "same_person"
        backend.must("second", "POST", approve, {})
        assert value_of(backend) == "600"
        other = backend.must("second", "POST", "/limits", limit | {"value": "off"})["approval"]
        backend.must("risker", "POST", f"/approvals/{other['id']}/reject")
        assert value_of(backend) == "600"
        assert problem(backend.ask("risker", "POST", "/limits", limit | {"value": "many"}), 409)


def value_of(backend: Serving) -> Any:
    rows = backend.must("viewer", "GET", "/limits")["limits"]
    (row,) = [each for each in rows if each["check"] == "max_order_qty"]
    return row["value"]
