"""A whole path in each placement: the demonstration's day in containers, its time an event and its state."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from core.cli.compose import PROFILES, shm_bytes

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
ENDS_S = 300.0
PLACEMENTS = ("fused", "pinned", "contained", "remote")


def whole_path(quotes: int) -> dict[str, Any]:
    """us an event by placement, each in containers; ok: one state."""
    found = {placement: _play(placement, quotes) for placement in PLACEMENTS}
    hashes = {row["state_hash"] for row in found.values()}
    return {
        "ok": len(hashes) == 1,
        "events": found["fused"]["events"],
        "us_an_event": {name: round(row["run_ns"] / row["events"] / 1000, 1) for name, row in found.items()},
    }


def _play(placement: str, quotes: int) -> dict[str, Any]:
    print(f"bench placement: the whole path, {placement}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="nacre-bench-path-") as name:
        own = Path(name) / "core.yaml"
        words = ["demo", "--placement", placement, "--quotes", str(quotes), "--synthetic", "-o", "json"]
        words += ["--socket", "/run/nacre/core.sock", "--remote", "tcp://remote-{stage}:7700"]
        words += ["--journal", "/var/lib/nacre/demo"]
        service = {"command": words, "restart": "no", "healthcheck": {"disable": True}}
        own.write_text(json.dumps({"services": {"core": service}}))
        project = _Project(placement, own)
        try:
            project.compose("up", "-d", "--no-build")
            return project.told()
        finally:
            project.compose("down", "--volumes", "--timeout", "1", everything=True)


class _Project:
    def __init__(self, placement: str, own: Path) -> None:
        self.name = f"nacre-bench-path-{os.getpid()}"
        files = [DEPLOY / "compose.yaml", own]
        if placement == "remote":
            files.insert(1, DEPLOY / "compose.remote.yaml")
        program = shutil.which("docker-compose")
        self._command = [program] if program else ["docker", "compose"]
        self._command += [word for file in files for word in ("-f", str(file))]
        self._profiles = [placement] if placement in PROFILES else []
        shm = str(shm_bytes(DEPLOY / "core.toml"))
        self._env = {**os.environ, "COMPOSE_PROJECT_NAME": self.name, "NACRE_SHM_SIZE": shm}

    def compose(self, *words: str, everything: bool = False) -> None:
        profiles = PROFILES if everything else self._profiles
        chosen = [word for profile in profiles for word in ("--profile", profile)]
        run = subprocess.run(
            [*self._command, *chosen, *words], env=self._env, capture_output=True, text=True, check=False
        )
        if run.returncode:
            raise RuntimeError(f"bench placement: docker compose {words[0]}: {run.stderr.strip()}")

    def told(self) -> dict[str, Any]:
        """What the demonstration came to, once its container has ended."""
        container, end = f"{self.name}-core-1", time.monotonic() + ENDS_S
        while (
            time.monotonic() < end
            and self._docker("inspect", "-f", "{{.State.Running}}", container) == "true"
        ):
            time.sleep(0.1)
        text = self._docker("logs", container)
        found: dict[str, Any] = json.loads(text[text.index("{") :])
        return found

    def _docker(self, *words: str) -> str:
        return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()
