"""The whole platform in containers: all healthy, a recorded day through it, each container killed in turn,
and what each came to is what it comes to on this host without a container. Then nothing is left.

Grafana alone is missing: no package here has it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from bench.machine import machine
from core.live.ask import ask
from core.topology import LIVE_CURSORS
from deploy.make_secrets import make
from tests.containers.composed import DEPLOY, Composed, docker, nacre, until
from tests.containers.test_live import came_to, ready, restarts
from tests.containers.test_services import TABLES, check_websocket, here, told
from tests.containers.whole import ENGINES, Day
from tests.integration.pgadmin import Person

LINES, SPEED = 14_000, 1.0
"""Two of the recording's six minutes, as they went: the rest is more of the same.
NACRE_WHOLE_LINES=94000 is all.
"""
PROFILES = ("contained", "bridge", "services", "models", "cache", "feed", "backend", "nautilus", "panels")
FEEDS, VENUES = ("market-data", "market-data-2"), ("venue", "venue-2")
CORE = ("core", "sequencer", *LIVE_CURSORS)
PROBED = (*ENGINES.values(), "recorder", "websocket", "cache")
SERVICES = ("bridge", *PROBED, *FEEDS, "strategy", "nautilus", "backend")
SERVERS = ("postgres", "redis", "prometheus", "alertmanager", "pgadmin", "metrics", "act")
PLATFORM = (*CORE, *SERVICES, *SERVERS)
NETWORKS = {
    "core": set(),
    "bridge": {"wire", "stream"},
    "strategy": {"wire"},
    "nautilus": {"wire"},
    **{name: {"stream"} for name in ENGINES.values()},
    "recorder": {"store"},
    "websocket": {"stream", "front"},
    "cache": {"stream", "redis"},
    "market-data": {"outside"},
    "backend": {"front", "store"},
    "postgres": {"store"},
    "redis": {"redis"},
    "metrics": {"watch"},
    "act": {"alerts"},
    "prometheus": {"watch", "stream", "store", "alerts", "panels"},
    "alertmanager": {"alerts"},
    "pgadmin": {"store", "front"},
}
ENDS_WITH = {"core": ("strategy",), "bridge": ("strategy",)}
DIAL = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
REACHES = {
    ("features", "bridge", "stream", 7703): True,
    ("nautilus", "bridge", "wire", 7701): True,
    ("recorder", "postgres", "store", 5432): True,
    ("cache", "redis", "redis", 6379): True,
    ("features", "postgres", "store", 5432): False,
    ("nautilus", "redis", "redis", 6379): False,
    ("websocket", "postgres", "store", 5432): False,
    ("market-data", "bridge", "wire", 7701): False,
    ("strategy", "bridge", "stream", 7703): False,
}


class Whole(Composed):
    """All of it, up."""

    def __init__(self, place: Path, of: Day) -> None:
        self.secrets = place / "secrets"
        make(self.secrets)
        files = {
            "NACRE_ENGINES": of.engines, "NACRE_STRATEGY": of.taker, "NACRE_NAUTILUS": of.node,
            "NACRE_NAUTILUS_STRATEGIES": of.nautilus, "NACRE_SECRETS": self.secrets,
        }  # fmt: skip
        cpus = f"0-{(os.cpu_count() or 1) - 1}"
        more = dict.fromkeys(("NACRE_CORE_CPUS", "NACRE_SERVICE_CPUS", "NACRE_INFRASTRUCTURE_CPUS"), cpus)
        more |= {"NACRE_PGADMIN_IMAGE": "nacre/pgadmin", "NACRE_PGADMIN_READ_ONLY": "true"}
        given = {key: str(path) for key, path in files.items()} | more
        self.fell: dict[str, list[str]] = {}
        super().__init__(place, *PROFILES, NACRE_PLACEMENT="contained", **given)
        self.config.write_text(of.core())
        more_files = ("strategy", "infrastructure", "cpusets")
        self.files += [*(DEPLOY / f"compose.{name}.yaml" for name in more_files), of.override]

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text().strip()

    def wait_until_healthy(self, *services: str) -> None:
        for name in services:
            until(lambda of=name: self.health(of) == "healthy", f"{name} is healthy")  # type: ignore[misc]

    def count(self) -> int:
        """Events so far. No session is opened for it: that would be one more."""
        return int(ask(self.volume("run") / "core.sock", "status")["seq"])

    def pids(self) -> dict[str, int]:
        """Of each container's first process."""
        names = [self.container(name) for name in PLATFORM]
        told = docker("inspect", "-f", "{{.State.Pid}}", *names).split()
        return {name: int(pid) for name, pid in zip(PLATFORM, told, strict=True)}

    def kill(self, service: str) -> None:
        """And nobody else dies of it, but whoever had a session there and begins anew."""
        before = self.pids()
        super().kill(service)
        for name in ENDS_WITH.get(service, ()):
            until(lambda of=name: self.pids()[of] != before[of], f"{name} has heard of it")  # type: ignore[misc]
            self.wait_until_healthy(service, name)
        after = self.pids()
        self.fell[service] = [name for name, pid in after.items() if pid != before[name] and name != service]

    def kill_in_turn(self, *services: str) -> None:
        """The next one once the one before has been brought back; all are healthy in the end."""
        for name in services:
            self.kill(name)
        self.wait_until_healthy(*services)

    def kill_engines(self, *services: str) -> None:
        """Of the core: each once the one before is at its place again."""
        for name in services:
            before = restarts(self)
            self.kill(name)
            until(lambda n=before: restarts(self) > n, f"{name} is back")  # type: ignore[misc]
        self.wait_until_healthy(*services)


@pytest.fixture(scope="module")
def of(recordings: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Day:
    if recordings is None:
        pytest.skip("no recordings: set NACRE_DATA to the folder that holds crypto/")
    lines = int(os.environ.get("NACRE_WHOLE_LINES", LINES))
    return Day(tmp_path_factory.mktemp("day"), recordings, lines, SPEED)


@pytest.fixture(scope="module")
def whole(of: Day, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with Whole(tmp_path_factory.mktemp("whole"), of) as found:
        found.up(*(name for name in PLATFORM if name not in FEEDS))
        yield found
    check_nothing_is_left(found)


def test_all_are_healthy_and_each_reaches_only_what_it_must(whole: Whole, of: Day) -> None:
    ready(whole)
    whole.wait_until_healthy(*(name for name in PLATFORM if name not in FEEDS))
    whole.up(*VENUES, *FEEDS)  # the day begins
    whole.wait_until_healthy(*PLATFORM)
    until(
        lambda: all(_played(whole, name)["played"] >= of.half for name in VENUES), "half of the day is over"
    )
    whole.kill_in_turn(*FEEDS)
    for name, wanted in NETWORKS.items():
        found = json.loads(
            docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", whole.container(name))
        )
        assert {each.removeprefix(whole.network("")) for each in found} - {"none"} == wanted, name
    for (who, whom, network, port), reached in REACHES.items():
        words = [
            "docker",
            "exec",
            whole.container(who),
            "python3",
            "-c",
            DIAL,
            whole.address(whom, network),
            str(port),
        ]
        assert (subprocess.run(words, capture_output=True, check=False).returncode == 0) is reached, (
            who,
            whom,
        )


def test_people_and_tools_are_answered(whole: Whole) -> None:
    url = f"http://{whole.address('backend', 'front')}:8440"
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert b"<!doctype html>" in answer.read().lower()
    until(lambda: _up(whole) == {"1"}, "Prometheus reaches all that it watches")
    url = f"http://{whole.address('pgadmin', 'front')}:5050"
    with Person(url, "desk@nacre.example.com", whole.secret("pgadmin")) as person:
        group = next(each["_id"] for each in person.get("/browser/nodes/") if each["label"] == "nacre")
        (server,) = person.get(f"/browser/server/nodes/{group}/")
        person.post(
            f"/browser/server/connect/{group}/{server['_id']}",
            {"password": whole.secret("postgres"), "save_password": 0},
        )


def _up(whole: Whole) -> set[str]:
    asked = ["promtool", "query", "instant", "-o", "json", "http://127.0.0.1:9090", "up"]
    told = json.loads(docker("exec", whole.container("prometheus"), *asked))
    return {each["value"][1] for each in told}


def test_no_secret_is_in_a_log_an_argument_or_an_image(whole: Whole) -> None:
    names = ("postgres", "redis.conf", "grafana", "pgadmin", "alerts.token")
    known = [whole.secret(name).split()[-1] for name in names]
    known.append((whole.volume("run") / "core.token").read_text().strip())
    known.append((whole.volume("websocket") / "secret").read_text().strip())
    assert all(len(each) >= 16 for each in known)
    for name in PLATFORM:
        shown = docker("inspect", whole.container(name)) + whole.logs(name)
        shown += docker(
            "history", "--no-trunc", docker("inspect", "-f", "{{.Image}}", whole.container(name)).strip()
        )
        assert not [each for each in known if each in shown], name


def test_each_killed_in_turn_comes_to_what_it_comes_to_without_containers(
    whole: Whole, of: Day, tmp_path: Path
) -> None:
    before = whole.count()
    whole.kill_engines(*CORE[1:])
    whole.kill_in_turn("core")
    whole.wait_until_healthy(*CORE)
    whole.kill_in_turn(*SERVERS)
    whole.kill_in_turn(*(name for name in SERVICES if name not in FEEDS))
    whole.wait_until_healthy(*PLATFORM)
    assert whole.count() > before
    fell = {who: tuple(others) for who, others in whole.fell.items() if others}
    assert fell == ENDS_WITH, (
        "a strategy ends with the session that it had, and nobody else takes others along"
    )
    if report := os.environ.get("NACRE_WHOLE_REPORT"):
        Path(report).write_text(json.dumps(measured(whole), indent=1) + "\n")
    last = settled(whole)
    whole.compose("stop", *ENGINES.values(), "core")
    journal = whole.volume("state") / "core" / "journal"
    assert last > 1000
    check_engines(whole, journal, of)
    check_websocket(whole, journal, {name: ENGINES[name] for name in ("features", "risk", "analytics")})
    check_cache(whole, journal)
    check_recorder(whole, journal, tmp_path)
    came_to(whole)


def measured(whole: Whole) -> dict[str, Any]:
    """What each container takes: its image, its memory."""
    names = [whole.container(name) for name in PLATFORM]
    lines = docker("stats", "--no-stream", "--format", "{{json .}}", *names).splitlines()
    told = {each["Name"]: each for each in map(json.loads, lines)}
    parts = {}
    for name in PLATFORM:
        stats = told[whole.container(name)]
        image = docker("inspect", "-f", "{{.Image}}", whole.container(name)).strip()
        parts[name] = {
            "image_mb": round(int(docker("image", "inspect", "-f", "{{.Size}}", image)) / 1e6),
            "memory_mb": round(_bytes(stats["MemUsage"].split(" / ")[0]) / 1e6),
        }
    return {"machine": machine(), "events": whole.count(), "parts": parts}


def _bytes(text: str) -> float:
    found = re.fullmatch(r"([0-9.]+)([KMG]i)?B", text)
    assert found, text
    return float(found[1]) * {None: 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[found[2]]


def settled(whole: Whole) -> int:
    """The last event, once both days are over, nobody trades, and all have heard all."""
    until(lambda: all(_played(whole, name)["over"] for name in VENUES), "the days are over")
    whole.compose("stop", *FEEDS, "strategy", "nautilus")
    seen: list[int] = []

    def still() -> int:
        now = whole.count()
        seen.append(now)
        heard = {told(whole, name).get("last_seq") for name in PROBED}
        return now if seen[-2:-1] == [now] and heard == {now} else 0

    return until(still, "all have heard all")


def _played(whole: Whole, venue: str) -> dict[str, Any]:
    with urllib.request.urlopen(
        f"http://{whole.address(venue, 'outside')}:8080/status", timeout=30
    ) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def check_engines(whole: Whole, journal: Path, of: Day) -> None:
    for name, service in ENGINES.items():
        (found,) = here(
            "engine", "replay", name, "--journal", str(journal), "--config", str(of.engines),
            "--against", str(whole.volume(service)),
        )  # fmt: skip
        assert found["equal"], name
        assert found["outputs"] > 0, name


def check_cache(whole: Whole, journal: Path) -> None:
    """What is in Redis, and what a pass over the journal puts there."""
    place = f"{whole.address('redis', 'redis')}:6379"
    password = whole.secret("redis.conf").split()[1]
    with (
        redis.Redis.from_url(f"redis://:{password}@{place}/0") as live,
        redis.Redis.from_url(f"redis://:{password}@{place}/1") as anew,
    ):
        environment = os.environ | {"NACRE_REDIS": f"redis://:{password}@{place}/1"}
        subprocess.run(nacre("cache", "run", str(journal), "--once"), check=True, env=environment)
        assert _contents(live) == _contents(anew)
        assert len(list(live.scan_iter())) > 5


def _contents(db: Any) -> dict[bytes, Any]:
    kinds = {b"hash": db.hgetall, b"stream": db.xrange, b"string": db.get}
    return {key: kinds[db.type(key)](key) for key in db.scan_iter()}


def check_recorder(whole: Whole, journal: Path, tmp_path: Path) -> None:
    """The rows in PostgreSQL, and those of a store of its own."""
    (tmp_path / "pgpass").write_text(f"*:*:*:nacre:{whole.secret('postgres')}\n")
    (tmp_path / "pgpass").chmod(0o600)
    kept = f"postgresql://nacre@{whole.address('postgres', 'store')}/postgres?passfile={tmp_path / 'pgpass'}"
    anew = f"sqlite:///{tmp_path}/anew.db"
    subprocess.run(nacre("recorder", "run", str(journal), "--store", anew, "--once"), check=True)
    for table in TABLES:
        rows = [here("recorder", "show", table, "--store", each, "--most", "99999") for each in (kept, anew)]
        assert rows[0] == rows[1], table
        assert rows[0] or table == "denials", table
    orders = here("recorder", "show", "orders", "--store", kept, "--most", "99999")
    assert {row["strategy"] for row in orders} == {"Taker", "Takes-000"}, "ours and NautilusTrader's traded"


def check_nothing_is_left(whole: Whole) -> None:
    """Of containers, networks, volumes; and of memory, which they had of their own."""
    project = f"label=com.docker.compose.project={whole.environment['COMPOSE_PROJECT_NAME']}"
    for words in (("ps", "-aq"), ("network", "ls", "-q"), ("volume", "ls", "-q")):
        assert docker(*words, "--filter", project) == "", words
