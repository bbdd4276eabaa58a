"""A live core in containers: who sees what, each container killed in turn, trading over the bridge."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from core.recovery import replay
from core.topology import LIVE_CURSORS, REMOTABLE
from periphery.client import Client, connect
from tests.containers.composed import Composed, docker, nacre, until

ENGINES = ("sequencer", *LIVE_CURSORS)
SYS_NICE_IPC_LOCK = (1 << 23) | (1 << 14)
USER = 10001


def ready(composed: Composed) -> None:
    until(lambda: composed.said() or composed.state("core")["Restarting"], "the core says that it is ready")
    assert composed.said(), composed.logs("core")


def session(composed: Composed, name: str = "host") -> Client:
    """From this host, over the containers' own socket: its memory is passed as to any client."""
    return connect(composed.volume("run") / "core.sock", name=name, cancel_on_disconnect=False)


def order(client: Client) -> str:
    sent = client.submit("AAPL", "buy", 100, "limit", "190.00", account="A1")
    return until(
        lambda: next((e.ord_status for e in client.events(timeout=0.5) if e.cl_ord_id == sent), ""), sent
    )  # type: ignore[union-attr]


def came_to(composed: Composed) -> None:
    """The core stops in order; what it says last, against a replay of its journal here."""
    composed.compose("stop", "core")
    (told,) = [line for line in composed.said() if "state_hash" in line]
    played = replay(composed.volume("state") / "core" / "journal")
    assert played["ok"]
    assert played["state_hash"] == told["state_hash"]


def status(composed: Composed, service: str) -> dict[str, str]:
    lines = composed.inside(service, "/proc/1/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_who_may_what_and_who_sees_what(tmp_path: Path) -> None:
    with Composed(tmp_path, "contained", "bridge", NACRE_PLACEMENT="contained") as composed:
        composed.up()
        ready(composed)
        for service in composed.services():
            told = status(composed, service)
            assert told["Uid"].split() == told["Gid"].split() == [str(USER)] * 4
            for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                assert int(told[name], 16) == SYS_NICE_IPC_LOCK, (service, name)
            assert told["NoNewPrivs"] == "1"
            root = [
                line.split() for line in composed.inside(service, "/proc/1/mounts").read_text().splitlines()
            ]
            assert "ro" in next(words[3].split(",") for words in root if words[1] == "/"), service
        memory = {name: os.stat(composed.inside(name, "/dev/shm")).st_dev for name in composed.services()}
        assert {memory[name] for name in ENGINES} == {memory["core"]}, "engines share the core's memory"
        assert memory["bridge"] != memory["core"], "nobody else does"
        assert maps_board(composed, "core")
        assert all(maps_board(composed, name) for name in ENGINES)
        assert not maps_board(composed, "bridge")
        networks = {name: interfaces(composed, name) for name in composed.services()}
        assert {name for name, found in networks.items() if found != {"lo"}} == {"bridge"}
        assert docker("network", "inspect", "-f", "{{.Internal}}", composed.network("wire")).strip() == "true"


def maps_board(composed: Composed, service: str) -> bool:
    """Whether any of its processes has the board's file of /dev/shm in its memory."""
    pids = docker("top", composed.container(service), "-eo", "pid").split()[1:]
    return any("/dev/shm/#" in Path(f"/proc/{pid}/maps").read_text() for pid in pids)


def interfaces(composed: Composed, service: str) -> set[str]:
    lines = composed.inside(service, "/proc/1/net/dev").read_text().splitlines()[2:]
    return {line.split(":")[0].strip() for line in lines}


def test_each_container_dies_and_comes_back(tmp_path: Path) -> None:
    with Composed(tmp_path, "contained", NACRE_PLACEMENT="contained") as composed:
        composed.up()
        ready(composed)
        client = session(composed)
        for engine in ENGINES:
            before = client.status()["restarts"]["count"]
            composed.kill(engine)
            until(lambda n=before: restarts(composed) > n, f"{engine} is back")  # type: ignore[misc]
            assert order(client) in ("pending_new", "new"), engine
        client.close()
        composed.kill("core")
        until(lambda: len([line for line in composed.said() if "ready" in line]) == 2, "the core comes back")
        with session(composed, "again") as client:
            assert len(client.orders(live_only=False)) == len(ENGINES)
            assert order(client) in ("pending_new", "new")
        came_to(composed)


def restarts(composed: Composed) -> int:
    from core.live.ask import NoCore, ask

    try:
        return int(ask(composed.volume("run") / "core.sock", "status")["restarts"]["count"])
    except (NoCore, RuntimeError):
        return 0


def test_remote_engines_live(tmp_path: Path) -> None:
    with Composed(tmp_path, "remote", NACRE_PLACEMENT="remote") as composed:
        composed.up()
        ready(composed)
        with session(composed) as client:
            where = {row["name"]: row["where"] for row in client.status()["workers"]}
            assert {name for name, found in where.items() if found == "remote"} == set(REMOTABLE)
            assert order(client) in ("pending_new", "new")
            composed.kill("remote-risk")
            until(lambda: restarts(composed) >= 1, "risk is back")
            assert order(client) in ("pending_new", "new")
        came_to(composed)


TRADER = """
import os
from periphery.client import connect
with connect("tcp://bridge:7701", token=os.environ["TOKEN"], name="far") as client:
    client.market({"type": "quote", "venue": "XNAS", "symbol": "AAPL", "bid_px": "190.00", "bid_qty": "300",
                   "ask_px": "190.02", "ask_qty": "200"})
    print(next(client.quotes(timeout=20)).ask_px)
    client.submit("AAPL", "buy", 100, "limit", "190.02", account="A1")
    print([event.ord_status for event in client.events(timeout=3)][-1])
"""


def test_a_client_in_a_container_trades_over_the_bridge(tmp_path: Path) -> None:
    with Composed(tmp_path, "bridge") as composed:
        composed.up()
        ready(composed)
        token = (composed.volume("run") / "core.token").read_text()
        told = docker(
            "run", "--rm", "--network", composed.network("wire"), "--read-only", "--cap-drop", "ALL", "-e",
            f"TOKEN={token}", "--entrypoint", "/opt/nacre/bin/python", "nacre/core", "-c", TRADER,
        )  # fmt: skip
        assert told.split() == ["190.02", "filled"]
        came_to(composed)


def test_too_little_shared_memory_is_refused(tmp_path: Path) -> None:
    with Composed(tmp_path, NACRE_SHM_SIZE="1048576") as composed:
        composed.up()
        text = until(lambda: composed.logs("core"), "it says why")
        assert "/dev/shm has 1048576 bytes free, the board needs" in text
        assert "shm_size" in text


def test_the_command_brings_it_up_and_down(tmp_path: Path) -> None:
    with Composed(tmp_path) as composed:
        environment = {**os.environ, **composed.environment}
        for words, said in (
            (("up", "--placement", "fused", "--config", str(composed.config)), ""),
            (("ps",), "healthy"),
            (("logs", "core"), '"placement": "fused"'),
            (("down", "--volumes"), ""),
        ):
            run = subprocess.run(nacre(*words), env=environment, capture_output=True, text=True, check=False)
            assert run.returncode == 0, run.stderr
            assert said in run.stdout
        assert composed.container("core") not in docker("ps", "-a")
