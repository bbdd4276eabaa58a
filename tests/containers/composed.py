"""A core in containers, as a test has it: up, looked into, killed, down."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.cli.compose import PROFILES, shm_bytes

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
WAIT_S = 240.0


def docker(*words: str) -> str:
    """Its standard output. AssertionError: it failed, with what it said."""
    run = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def until[T](found: Callable[[], T], what: str) -> T:
    """What is found, once it is something."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {WAIT_S:g} s: {what}")


def nacre(*words: str) -> list[str]:
    """The command's line here."""
    return [sys.executable, "-m", "core.cli", *words]


class Composed:
    """One project of Compose. core: the command of the core's container instead of its own; data: what it
    sees at /data; core_cpus: processors that it may take.
    """

    def __init__(
        self,
        place: Path,
        *profiles: str,
        core: list[str] | None = None,
        data: Path | None = None,
        core_cpus: float = 0.0,
        **environment: str,
    ) -> None:
        self.profiles = profiles
        self.config = place / "core.toml"
        self.config.write_text((DEPLOY / "core.toml").read_text())
        self.environment = {
            "NACRE_SHM_SIZE": str(shm_bytes(self.config)),
            "NACRE_CONFIG": str(self.config),
            "COMPOSE_PROJECT_NAME": f"nacre-test-{os.getpid()}",
            "NACRE_WEBSOCKET_PORT": "127.0.0.1:",  # any that is free
            "NACRE_BACKEND_PORT": "127.0.0.1:",
            **environment,
        }
        self.files = [DEPLOY / "compose.yaml", DEPLOY / "compose.services.yaml"]
        if "remote" in profiles:
            self.files.append(DEPLOY / "compose.remote.yaml")
        if core is not None:
            own = place / "core.yaml"
            service: dict[str, Any] = {"command": core, "restart": "no", "healthcheck": {"disable": True}}
            service["cpus"] = core_cpus
            if data is not None:
                service["volumes"] = [f"{data}:/data:ro"]
            own.write_text(json.dumps({"services": {"core": service}}))
            self.files.append(own)

    def __enter__(self) -> Composed:
        return self

    def __exit__(self, *_error: object) -> None:
        self.compose("down", "--volumes", "--timeout", "1", check=False, everything=True)

    def compose(self, *words: str, check: bool = True, everything: bool = False) -> str:
        program = shutil.which("docker-compose")
        command = [program] if program else ["docker", "compose"]
        command += [word for file in self.files for word in ("-f", str(file))]
        command += [
            word
            for name in ({*PROFILES, *self.profiles} if everything else self.profiles)
            for word in ("--profile", name)
        ]
        env: Mapping[str, str] = {**os.environ, **self.environment}
        run = subprocess.run([*command, *words], env=env, capture_output=True, text=True, check=False)
        assert run.returncode == 0 or not check, run.stderr
        return run.stdout

    def address(self, service: str, network: str) -> str:
        """Its IP there, which this host reaches."""
        found = json.loads(
            docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", self.container(service))
        )
        return str(found[self.network(network)]["IPAddress"])

    def health(self, service: str) -> str:
        """healthy, unhealthy, starting; "" where it isn't asked."""
        return str(self.state(service).get("Health", {}).get("Status", ""))

    def up(self, *services: str) -> None:
        self.compose("up", "-d", "--no-build", *services)

    def container(self, service: str) -> str:
        return f"{self.environment['COMPOSE_PROJECT_NAME']}-{service}-1"

    def services(self) -> list[str]:
        return self.compose("config", "--services").split()

    def state(self, service: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            docker("inspect", "-f", "{{json .State}}", self.container(service))
        )
        return found

    def pid(self, service: str) -> int:
        """Of its first process, as this host numbers it."""
        return int(self.state(service)["Pid"])

    def kill(self, service: str) -> None:
        """As a crash does it: the engine brings the container back. Returns when it has."""
        before = self.pid(service)
        assert before, f"{service} doesn't run"
        os.kill(before, signal.SIGKILL)
        try:
            until(lambda: self.pid(service) not in (0, before), f"{service} is brought back")
        except AssertionError as error:
            states = {name: self.state(name) for name in (service, "core")}
            raise AssertionError(
                f"{error}: {before} was killed: {states}: {self.logs('core')[-2000:]}"
            ) from None

    def logs(self, service: str) -> str:
        """Both of its outputs."""
        run = subprocess.run(
            ["docker", "logs", self.container(service)], capture_output=True, text=True, check=True
        )
        return run.stdout + run.stderr

    def said(self, service: str = "core") -> list[dict[str, Any]]:
        """The JSON lines on its standard output."""
        return [json.loads(line) for line in self.logs(service).splitlines() if line.startswith("{")]

    def network(self, name: str) -> str:
        return f"{self.environment['COMPOSE_PROJECT_NAME']}_{name}"

    def volume(self, name: str) -> Path:
        full = f"{self.environment['COMPOSE_PROJECT_NAME']}_{name}"
        return Path(docker("volume", "inspect", "-f", "{{.Mountpoint}}", full).strip())

    def inside(self, service: str, path: str) -> Path:
        """A file of the container, seen from here."""
        return Path(f"/proc/{self.pid(service)}/root") / path.lstrip("/")
