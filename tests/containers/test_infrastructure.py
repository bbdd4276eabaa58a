"""The infrastructure in containers: closed, with secrets as files and no default password, each reached by
whom it must be.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from core.cli.compose import _client
from deploy.make_secrets import make
from tests.containers.composed import DEPLOY, docker

SERVERS = ("postgres", "redis", "prometheus", "alertmanager")
FILES = [DEPLOY / f"compose{part}.yaml" for part in ("", ".services", ".infrastructure")]
PROJECT = "nacre-infrastructure"
WAIT_S = 600


class Infrastructure:
    def __init__(self, secrets: Path) -> None:
        self.secrets = secrets
        self.environment = os.environ | {"NACRE_SECRETS": str(secrets), "NACRE_SHM_SIZE": "64m"}

    def compose(self, *words: str) -> str:
        command = [*_client(), "-p", PROJECT, *(word for file in FILES for word in ("-f", str(file)))]
        ran = subprocess.run(
            [*command, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def inspect(self, service: str) -> dict[str, object]:
        found: list[dict[str, object]] = json.loads(
            docker("inspect", self.compose("ps", "-q", service).strip())
        )
        return found[0]

    def run(self, service: str, *words: str, **environment: str) -> tuple[int, str]:
        """(exit code, what it printed) of a command in its container."""
        given = [word for key, value in environment.items() for word in ("-e", f"{key}={value}")]
        command = ["docker", "exec", *given, self.compose("ps", "-q", service).strip(), *words]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False)
        return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Infrastructure]:
    secrets = tmp_path_factory.mktemp("secrets") / "here"
    assert len(make(secrets)) == 7
    found = Infrastructure(secrets)
    try:
        found.compose("up", "-d", "--no-build", "--no-deps", "--wait", "--wait-timeout", "300", *SERVERS)
        yield found
    finally:
        found.compose("down", "--volumes", "--timeout", "10")


def test_servers_ask_for_the_password_of_the_secret(up: Infrastructure) -> None:
    password = (up.secrets / "postgres").read_text().strip()
    ask = ("psql", "-w", "-h", "127.0.0.1", "-U", "nacre", "-d", "postgres", "-tAc", "SHOW lc_collate")
    assert up.run("postgres", *ask, PGPASSWORD=password) == (0, "C\n")
    assert up.run("postgres", *ask)[0] != 0
    secret = (up.secrets / "redis.conf").read_text().split()[1]
    assert up.run("redis", "redis-cli", "PING", REDISCLI_AUTH=secret)[1].strip() == "PONG"
    assert "NOAUTH" in up.run("redis", "redis-cli", "PING")[1]
    assert up.run("prometheus", "promtool", "query", "instant", "http://127.0.0.1:9090", "vector(7)")[0] == 0
    code, rules = up.run("prometheus", "promtool", "query", "instant", "http://127.0.0.1:9090", "ALERTS")
    assert code == 0, rules
    assert (
        up.run("alertmanager", "amtool", "--alertmanager.url=http://127.0.0.1:9093", "config", "show")[0] == 0
    )


def test_each_is_closed_and_shows_no_secret(up: Infrastructure) -> None:
    known = [path.read_text().strip().rpartition(":")[2].rpartition(" ")[2] for path in up.secrets.iterdir()]
    networks = {}
    for name in SERVERS:
        found = up.inspect(name)
        host, config = found["HostConfig"], found["Config"]
        assert isinstance(host, dict)
        assert isinstance(config, dict)
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["PortBindings"]) == (True, ["ALL"], {}), name
        assert config["User"] == "10001:10001", name
        told = json.dumps(found)
        assert not [secret for secret in known if secret in told], name
        settings = found["NetworkSettings"]
        assert isinstance(settings, dict)
        networks[name] = {network.removeprefix(f"{PROJECT}_") for network in settings["Networks"]}
    assert networks["postgres"] == {"store"}
    assert networks["redis"] == {"redis"}
    assert networks["alertmanager"] == {"alerts"}
    assert not networks["prometheus"] & {"redis", "front", "outside"}


def test_a_killed_one_comes_back_with_what_it_had(up: Infrastructure) -> None:
    password = (up.secrets / "postgres").read_text().strip()
    ask = ("psql", "-w", "-h", "127.0.0.1", "-U", "nacre", "-d", "postgres", "-tAc")
    assert up.run("postgres", *ask, "CREATE TABLE kept AS SELECT 7 AS n", PGPASSWORD=password)[0] == 0
    docker("kill", up.compose("ps", "-q", "postgres").strip())
    up.compose("up", "-d", "--no-build", "--no-deps", "--wait", "--wait-timeout", "300", "postgres")
    assert up.run("postgres", *ask, "SELECT n FROM kept", PGPASSWORD=password) == (0, "7\n")


def test_all_25_have_a_place() -> None:
    """Compose's own reading of the files: nobody is left out, and who faces outside is said."""
    profiles = [
        word
        for name in ("services", "models", "cache", "feed", "backend", "bridge", "panels")
        for word in ("--profile", name)
    ]
    found = yaml.safe_load(Infrastructure(DEPLOY / "secrets").compose(*profiles, "config"))
    services = found["services"]
    wanted = {
        "core",
        "features",
        "ml",
        "factor",
        "portfolio",
        "portfolio-risk",
        "analytics",
        "websocket",
        "market-data",
    }
    wanted |= {
        "backend",
        "postgres",
        "redis",
        "prometheus",
        "alertmanager",
        "grafana",
        "pgadmin",
        "metrics",
        "recorder",
    }
    assert wanted <= services.keys()
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port.get("host_ip") in (None, "127.0.0.1"), name
    internal = {name for name, network in found["networks"].items() if network.get("internal")}
    assert {"store", "redis", "watch", "alerts", "panels", "stream"} <= internal
