"""A live core as a process of its own: sessions, rights, the kill page, stops, kills that it survives."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core import messages as m
from core.capacity import Capacity
from core.live.intake import SOURCE_SESSIONS
from core.live.intents import DONE, INTENDED, Intents
from core.live.killing import kill_directly
from core.recovery import replay, verify
from core.recovery.journal import event
from core_ext.journal import JournalReader
from tests.integration.live_core import DECLARED, ROOT, Client, Process, until

S = m.OrdStatus


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    process.start()
    yield process
    process.end()


def events(core: Process, kind: str) -> list[dict[str, Any]]:
    return [row for _, body in JournalReader(core.journal) if (row := event(body))["kind"] == kind]


def test_an_order_goes_to_the_venue_and_fills(core: Process) -> None:
    client = Client(core)
    assert client.told["accounts"] == ["A", "B"]
    assert client.told["live"] is False
    assert [symbol["name"] for symbol in client.told["directory"]["symbols"]] == ["EURUSD"]
    client.quote("1.10000", "1.10010")
    client.order("o1", 109000)
    client.expect("o1", status=S.NEW)
    client.order("o2", 110010, qty=300)
    client.expect("o2", status=S.FILLED)
    client.cancel("o1", "c1")
    client.expect("c1", status=S.CANCELED)
    rows = client.must("orders")["orders"]
    assert [(row["cl_ord_id"], row["ord_status"]) for row in rows] == [("o2", "filled"), ("o1", "canceled")]
    assert rows[0]["avg_px"] == "1.1001"
    assert rows[0]["children"][0]["child_id"] == "o2.1"
    assert client.must("orders", live_only=True)["orders"] == []
    positions = client.must("positions")
    assert positions["positions"][0]["qty"] == "300"
    assert client.must("limits")["limits"] == [{"check": "max_order_qty", "value": "10000", "account": "A"}]
    status = client.must("status")
    assert status["placement"] == "fused"
    assert status["sessions"][0]["requests"] == 3
    quote = client.quotes.read(1)
    assert quote is not None
    assert int.from_bytes(quote[24:32], "little") == 110000
    client.close()


def test_limits_and_names_are_set_while_it_runs(core: Process) -> None:
    client = Client(core)
    client.order("big", 109000, qty=20000)
    client.expect("big", reason=m.Reason.MAX_ORDER_QTY)
    client.must("risk_set", limit={"check": "max_order_qty", "account": "A", "value": "30000"})
    index = client.must("intern", space="strategy", name="trend")["index"]
    client.order("big2", 109000, qty=20000, strategy=index)
    client.expect("big2", status=S.NEW)
    assert client.must("orders")["orders"][0]["strategy"] == "trend"
    assert not client.ask("risk_set", limit={"check": "nonsense", "value": "1"})["ok"]
    assert not client.ask("market", line={"type": "order"})["ok"]
    client.close()


@pytest.mark.parametrize(
    ("more", "error"),
    [({"token": "x"}, "token"), ({"version": 2}, "version 1"), ({"name": ""}, "1 to 31 bytes")],
)
def test_a_bad_hello_says_what_to_do(core: Process, more: dict[str, Any], error: str) -> None:
    client = Client(core, **more)
    assert not client.told["ok"]
    assert error in client.told["error"]
    client.close()


def test_what_the_desk_may_read_is_private(core: Process) -> None:
    for name in ("core.sock", "core.token", "core.kill"):
        assert (core.socket.parent / name).stat().st_mode & 0o077 == 0


def test_rights_are_by_account(tmp_path: Path) -> None:
    config = tmp_path / "core.toml"
    config.write_text('[rights]\nguest = ["B"]\n')
    core = Process(tmp_path, "--config", str(config))
    core.start()
    try:
        owner, guest = Client(core, "owner"), Client(core, "guest")
        assert guest.told["accounts"] == ["B"]
        owner.order("o1", 109000)
        owner.expect("o1", status=S.NEW)
        guest.order("g1", 109000)
        guest.expect("g1", reason=m.Reason.UNKNOWN_ACCOUNT)
        guest.cancel("o1", "g2")
        guest.expect("g2", reason=m.Reason.UNKNOWN_ORDER)
        guest.order("g3", 109000, account=1)
        guest.expect("g3", status=S.NEW)
        assert [row["cl_ord_id"] for row in guest.must("orders")["orders"]] == ["g3"]
        owner.close()
        guest.close()
    finally:
        core.end()


def test_a_hang_up_cancels_and_frees_the_seat(core: Process) -> None:
    first, second = Client(core, "one"), Client(core, "one", cancels=False)
    first.order("f1", 109000)
    second.order("s1", 109000)
    second.expect("s1", status=S.NEW)
    first.order("f2", 109000)  # in the ring when the session dies: taken, then cancelled
    first.close()

    def gone() -> bool:
        states = {row["cl_ord_id"]: row["ord_status"] for row in second.must("orders")["orders"]}
        return states == {"f1": "canceled", "f2": "canceled", "s1": "new"}

    until(gone, "the orders of the dead session are cancelled")
    assert [each["name"] for each in second.must("status")["sessions"]] == ["one~2"]
    second.close()


def test_a_session_that_skips_a_number_is_closed_and_hurts_nobody(core: Process) -> None:
    bad, good = Client(core, "bad"), Client(core, "good")
    bad.push(m.Kind.ORDER, b"", source_seq=7)
    until(lambda: len(good.must("status")["sessions"]) == 1, "the session is closed")
    good.order("o1", 109000)
    good.expect("o1", status=S.NEW)
    bad.close()
    good.close()


def test_a_full_ring_is_the_clients_own_busy(core: Process) -> None:
    client = Client(core)
    pids = core.freeze()
    taken = sum(client.order(f"o{i}", 109000, qty=1) for i in range(1100))
    core.thaw(pids)
    assert taken == 1024
    until(lambda: client.must("status")["inputs"] == 1024, "all that the ring took is sequenced")
    client.close()


def test_lapped_responses_are_seen_and_resent(core: Process) -> None:
    client = Client(core)
    for i in range(30):
        client.order(f"o{i}", 109000)
    client.expect("o29", status=S.NEW)
    told = client.must("resend", **{"from": 5})
    assert [int.from_bytes(slot[:8], "little") for slot in told["responses"]] == [*range(5, told["last"] + 1)]
    client.close()


def test_too_many_sessions_are_busy(tmp_path: Path) -> None:
    config = tmp_path / "core.toml"
    config.write_text("max_sessions = 2\n")
    core = Process(tmp_path, "--config", str(config))
    core.start()
    try:
        clients = [Client(core) for _ in range(3)]
        assert [client.told["ok"] for client in clients] == [True, True, False]
        assert "busy" in clients[2].told["error"]
        for client in clients:
            client.close()
    finally:
        core.end()


def test_kill_and_rearm(core: Process) -> None:
    client = Client(core)
    client.order("o1", 109000)
    client.order("b1", 109000, account=1)
    client.expect("b1", status=S.NEW)
    told = client.must("kill", scope="account", key="A", by="ann")
    assert told["orders"] == 1
    assert len(told["epochs"]) == 1
    client.expect("o1", status=S.CANCELED)
    client.order("o2", 109000)
    client.expect("o2", reason=m.Reason.KILLED)
    client.order("b2", 109000, account=1)
    client.expect("b2", status=S.NEW)
    assert client.must("status")["kills"][0]["by"] == "ann"
    assert client.must("rearm", scope="account", key="A", by="bob")["epochs"] == told["epochs"]
    client.order("o3", 109000)
    client.expect("o3", status=S.NEW)
    assert client.must("status")["kills"] == []
    client.close()
    core.stop()
    kills = [row["request"]["filter"]["epoch"] for row in events(core, "kill")]
    assert kills == told["epochs"]
    assert replay(core.journal)["ok"]


def test_what_follows_a_cancel_of_all_at_once_is_not_swept_with_it(core: Process) -> None:
    client = Client(core)
    client.order("before", 109000)
    client.expect("before", status=S.NEW)
    pids = core.freeze()
    client.cancel_all()
    client.order("after", 109000)
    core.thaw(pids)
    client.expect("before", status=S.CANCELED)
    until(lambda: client.must("status")["inputs"] == 3, "all is sequenced")
    rows = client.must("orders", live_only=True)["orders"]
    assert [(row["cl_ord_id"], row["ord_status"]) for row in rows] == [("after", "new")]
    kinds = [event(body)["kind"] for _, body in JournalReader(core.journal)]
    about = [kind for kind in kinds if kind in ("order", "cancel_all", "sweep")]
    assert about[:4] == ["order", "cancel_all", "order", "sweep"]
    client.close()
    core.stop()
    assert replay(core.journal)["ok"]


def test_a_kill_while_the_loop_is_stopped_lets_nothing_out(core: Process) -> None:
    client = Client(core, cancels=False)
    client.order("o1", 109000)
    client.expect("o1", status=S.NEW)
    before = client.must("status")["sends"]["intents"]
    pids = core.freeze()
    for i in range(200):
        client.order(f"late{i}", 109000)
    epoch = kill_directly(core.socket, "all", None, "ann")
    core.thaw(pids)
    client.expect("o1", status=S.CANCELED)
    until(lambda: client.must("status")["inputs"] == 201, "the orders are sequenced")
    sends = client.must("status")["sends"]
    assert sends["intents"] == before + 1  # the cancel of o1 alone
    rows = client.must("orders", live_only=True)["orders"]
    assert rows == []
    assert client.must("rearm", scope="all", by="bob")["epochs"] == [epoch]
    client.close()
    core.stop()
    assert replay(core.journal)["ok"]


def test_a_kill_is_of_a_name_also_where_another_journal_counts_otherwise(
    core: Process, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    client = Client(core)
    client.must("kill", scope="account", key="A", by="ann")
    client.must("kill", scope="venue", key="V1", by="ann")
    client.must("rearm", scope="venue", key="V1", by="ann")
    client.close()
    core.stop()
    one = core.journal

    def over(journal: Path, declared: list[dict[str, Any]]) -> Process:
        """A core at the same socket."""
        made = Process(tmp_path, declared=declared)
        made.journal = journal
        request.addfinalizer(made.end)
        return made

    other = over(tmp_path / "other", [DECLARED[i] for i in (0, 1, 3, 2, 4)])  # B before A
    assert killed(other.start()) == [("account", "A", "ann")]
    client = Client(other)
    client.order("a", 109000, account=1)
    client.expect("a", reason=m.Reason.KILLED)
    client.order("b", 109000, account=0)
    client.expect("b", status=S.NEW)
    client.must("rearm", scope="account", key="A", by="ann")
    client.must("kill", scope="account", key="B", by="bob")
    client.close()
    other.stop()
    assert replay(other.journal)["ok"]
    back = over(one, DECLARED)  # the first again: it is told of B, and of A its own journal knows
    assert killed(back.start()) == [("account", "B", "bob")]
    client = Client(back)
    client.order("still", 109000)
    client.expect("still", reason=m.Reason.KILLED)
    client.must("rearm", scope="account", key="B", by="bob")
    client.must("kill", scope="account", key="B", by="bob")
    client.close()
    back.stop()
    third = over(tmp_path / "third", DECLARED[:3])  # no B: nobody trades until it is said who may
    assert killed(third.start()) == [("all", "", "bob")]
    third.stop()
    assert replay(third.journal)["ok"]
    assert replay(one)["ok"]


def killed(ready: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(row["scope"], row["key"] or "", row["by"]) for row in ready["kills"]]


def test_sigterm_drains_and_leaves_nothing(core: Process) -> None:
    client = Client(core)
    for i in range(500):
        client.order(f"o{i}", 109000)
    told = core.stop()
    assert told["stopped_by"] == "SIGTERM"
    assert not core.socket.exists()
    assert verify(core.journal)["ok"]
    played = replay(core.journal)
    assert (played["ok"], played["state_hash"]) == (True, told["state_hash"])
    assert played["completed"] == 0
    assert len(events(core, "order")) == 500
    assert not [name for name in os.listdir("/dev/shm") if "nacre" in name and str(core.folder.name) in name]
    client.close()


def test_the_command_asks_and_stops(core: Process) -> None:
    def nacre(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "core.cli", "core", *args, "--socket", str(core.socket)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)

    told = nacre("status", "-o", "json")
    assert told.returncode == 0
    assert json.loads(told.stdout)["pid"] == core.pid
    second = Process(core.folder)
    with pytest.raises(AssertionError, match="runs already"):
        second.start()
    assert second.reap()[0] == 2
    assert nacre("stop").returncode == 0
    assert core.reap()[0] == 0
    assert nacre("status").returncode == 3


KILLS = 5
TURN = 64
"""Requests of a session that a turn takes at most (SEAT_BUDGET of core/live/intake): one that a kill ends has
taken so many that aren't in the journal yet. Nobody was told of them.
"""


def test_a_killed_core_comes_back_with_its_state(tmp_path: Path) -> None:
    core = Process(tmp_path)
    state_hash, taken = "", 0
    try:
        for turn in range(KILLS):
            assert core.start()["restored"].get("state_hash", "") == state_hash
            taken += killed_under_load(core, turn)
            assert taken - (turn + 1) * TURN <= sequenced(core) <= taken
            played = replay(core.journal)
            assert played["ok"], played
            state_hash = played["state_hash"]
        assert core.start()["restored"]["state_hash"] == state_hash
        client = Client(core, "last")
        nothing_is_open(client)
        told = core.stop()
        played = replay(core.journal)
        assert (played["ok"], played["state_hash"]) == (True, told["state_hash"])
    finally:
        core.end()


def nothing_is_open(client: Client) -> None:
    """What the simulated venue had is asked about, answered unknown, and so canceled."""
    until(lambda: client.must("orders", live_only=True)["orders"] == [], "nothing is open")


def killed_under_load(core: Process, turn: int) -> int:
    """Kills the core in the midst of orders; how many requests it had taken off the ring."""
    client = Client(core, f"s{turn}")
    nothing_is_open(client)
    client.quote("1.10000", "1.10010")
    sent = load(client, turn, seconds=0.25)
    core.kill()
    taken = sent - len(client.requests)
    assert taken > 10
    client.close()
    return taken


def sequenced(core: Process) -> int:
    """How many requests of sessions the journal has. Every source's inputs count 1, 2, 3... over all runs."""
    counts: dict[int, int] = {}
    for _, body in JournalReader(core.journal):
        source, flags = body[48], body[50]
        if not flags & m.HeaderFlag.DERIVED:
            counts[source] = counts.get(source, 0) + 1
            assert int.from_bytes(body[16:24], "little") == counts[source]
    return sum(count for source, count in counts.items() if source >= SOURCE_SESSIONS)


def load(client: Client, turn: int, seconds: float) -> int:
    """Orders that rest, cross and are cancelled, for that long; how many requests went into the ring."""
    end = time.monotonic() + seconds
    i = 0
    while time.monotonic() < end:
        client.order(f"t{turn}-{i}", 110010 if i % 3 == 0 else 109000 - i % 50)
        if i % 4 == 1:
            client.cancel(f"t{turn}-{i}", f"t{turn}-{i}-c")
        i += 1
        if i % 16 == 0:
            time.sleep(0.001)
    return client.sent


def test_a_raw_peer_is_told_what_is_wrong(core: Process) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.settimeout(60)
        sock.connect(str(core.socket))
        sock.send(b"\xff\xff")
        assert b"not a msgpack map" in sock.recv(4096)


@pytest.mark.parametrize("options", [("--durability", "group"), ("--wait", "yield"), ("--wait", "spin")])
def test_every_setting_makes_progress(tmp_path: Path, options: tuple[str, ...]) -> None:
    core = Process(tmp_path, *options)
    core.start()
    try:
        client = Client(core)
        client.quote("1.10000", "1.10010")
        for i in range(50):
            client.order(f"o{i}", 110010)
        client.expect("o49", status=S.FILLED)
        told = core.stop()
        assert replay(core.journal)["state_hash"] == told["state_hash"]
    finally:
        core.end()


def test_another_declaration_than_the_journals_is_refused(core: Process) -> None:
    core.stop()
    other = Process(core.folder, declared=[line for line in DECLARED if line.get("account") != "B"])
    with pytest.raises(AssertionError, match="other declarations"):
        other.start()
    other.end()


def test_a_bad_configuration_names_file_key_value(tmp_path: Path) -> None:
    config = tmp_path / "core.toml"
    config.write_text('wait = "never"\n')
    core = Process(tmp_path, "--config", str(config))
    with pytest.raises(AssertionError, match=r"core\.toml:1: wait = 'never': give one of auto, spin"):
        core.start()
    assert core.reap()[0] == 2


def test_an_intent_without_done_is_told_and_never_sent_again(core: Process) -> None:
    client = Client(core, cancels=False)
    client.order("o1", 109000)
    client.expect("o1", status=S.NEW)
    core.kill()
    intents = Intents(core.journal, Capacity(), 1 << 20)
    rows = intents.rows
    assert [int(row["state"]) for row in rows[rows["seq"] > 0]] == [DONE]
    rows["state"][rows["seq"] > 0] = INTENDED  # as if it had died between the write and its mark
    del rows, intents
    core.start()
    client = Client(core)
    sends = client.must("status")["sends"]
    assert sends["unknown_at_start"] == 1
    nothing_is_open(client)
    assert client.must("orders")["orders"][0]["ord_status"] == "canceled"
    core.stop()
    assert [row["request"]["exec_type"] for row in events(core, "report")] == [
        int(m.ExecType.NEW),
        int(m.ExecType.UNKNOWN_ORDER),
    ]


def test_a_kill_of_a_dead_core_holds_when_it_comes_back(core: Process) -> None:
    client = Client(core, cancels=False)
    told = client.must("kill", scope="account", key="B", by="ann")
    client.must("rearm", scope="account", key="B", by="ann")
    core.kill()
    epoch = kill_directly(core.socket, "account", "A", "bob")
    assert epoch == told["epochs"][0] + 1
    (told,) = core.start()["kills"]
    assert (told["scope"], told["key"], told["by"]) == ("account", "A", "bob")
    assert told["rearm"] == "nacre rearm account A --by NAME"
    client = Client(core)
    assert [(row["key"], row["by"]) for row in client.must("status")["kills"]] == [("A", "bob")]
    client.order("o1", 109000)
    client.expect("o1", reason=m.Reason.KILLED)
    client.order("b1", 109000, account=1)
    client.expect("b1", status=S.NEW)
    core.socket.with_suffix(".kill").unlink()  # a page that is lost: the journal still knows
    core.kill()
    core.start()
    client = Client(core)
    client.order("o2", 109000)
    client.expect("o2", reason=m.Reason.KILLED)
    assert client.must("rearm", scope="account", key="A", by="bob")["epochs"] == []
    client.order("o3", 109000)
    client.expect("o3", status=S.NEW)
    assert client.must("kill", scope="all", by="bob")["epochs"] == [epoch + 1]
