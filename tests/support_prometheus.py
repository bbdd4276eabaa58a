"""A Prometheus and an Alertmanager of a test's own: Debian's, on free ports, ended by pid."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
START_S = 60.0
STEP = "1s"
WINDOW = "24s"
"""Of rules that look back: what happens once is seen by them where a scrape before it and one after it lie
in that; a scrape that takes longer than a step is none, and a machine that has other work has many of those.
"""


def need(tool: str) -> str:
    """Where it is; a test that needs it is left out without it, unless REQUIRE_ALL=1."""
    found = shutil.which(tool)
    if found is None:
        assert os.environ.get("REQUIRE_ALL") != "1", f"no {tool}: run deploy/setup/servers.sh"
        pytest.skip(f"no {tool} here: run deploy/setup/servers.sh, as root")
    return found


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Server:
    """A process that answers HTTP at `port`."""

    def __init__(self, words: list[str], folder: Path, port: int) -> None:
        self.port = port
        self.log = folder / f"{Path(words[0]).name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder)
        self._await()

    def _await(self) -> None:
        end = time.monotonic() + START_S
        while True:
            assert self.process.poll() is None, self.log.read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5).close()
                return
            except OSError:
                assert time.monotonic() < end, self.log.read_text()
                time.sleep(0.05)

    def get(self, path: str, **values: str) -> Any:
        """The `data` of its API, or all of the answer."""
        query = f"?{urllib.parse.urlencode(values)}" if values else ""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}{query}", timeout=20) as answer:
            told = json.loads(answer.read())
        return told["data"] if isinstance(told, dict) and "data" in told else told

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(START_S)


class Alertmanager(Server):
    """With the project's own configuration, quicker, that tells `nacre metrics act` at a port. token: what it
    shows there.
    """

    def __init__(self, folder: Path, hook: int, token: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        text = (DEPLOY / "alertmanager" / "alertmanager.yml").read_text()
        text = text.replace("127.0.0.1:9465", f"127.0.0.1:{hook}").replace("5s", STEP)
        (folder / "alertmanager.yml").write_text(text)
        (folder / "alerts.token").write_text(token)
        port = free_port()
        words = [need("prometheus-alertmanager"), "--config.file=alertmanager.yml", "--storage.path=data"]
        super().__init__(
            [*words, f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="], folder, port
        )

    def active(self) -> set[str]:
        """The names of the alerts that it holds for firing."""
        return {row["labels"]["alertname"] for row in self.get("/api/v2/alerts")}


class Prometheus(Server):
    """With the project's own rules, quicker: windows and waits of seconds, an observer is behind sooner."""

    def __init__(
        self, folder: Path, exporter: int, alertmanager: int = 1, window: str = WINDOW, step: str = STEP
    ) -> None:
        rules = folder / "rules"
        rules.mkdir(parents=True)
        for name in ("recording", "alerts"):
            text = (DEPLOY / "prometheus" / "rules" / f"{name}.yml").read_text()
            text = re.sub(r"\[\d+[sm]\]", f"[{window}]", text)
            text = text.replace("lag_events > 100000", "lag_events > 1000")
            (rules / f"{name}.yml").write_text(re.sub(r"for: \d+[sm]", "for: 0s", text))
        text = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
        text = text.replace("127.0.0.1:9464", f"127.0.0.1:{exporter}")
        text = text.replace("127.0.0.1:9093", f"127.0.0.1:{alertmanager}").replace("5s", step)
        (folder / "prometheus.yml").write_text(text)
        port = free_port()
        words = [need("prometheus"), "--config.file=prometheus.yml", f"--web.listen-address=127.0.0.1:{port}"]
        super().__init__([*words, "--storage.tsdb.path=data", "--query.lookback-delta=6s"], folder, port)

    def query(self, expr: str) -> dict[frozenset[tuple[str, str]], float]:
        """An instant query's rows by their labels, without where they were scraped."""
        rows = self.get("/api/v1/query", query=expr)["result"]
        left_out = ("__name__", "instance", "job")
        return {
            frozenset((key, value) for key, value in row["metric"].items() if key not in left_out): float(
                row["value"][1]
            )
            for row in rows
        }

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {
            row["labels"]["alertname"]
            for row in self.get("/api/v1/alerts")["alerts"]
            if row["state"] == "firing"
        }


def until(true: Callable[[], Any], what: Callable[[], object], seconds: float = 90.0) -> Any:
    """What `true` gives once it gives something. what: is said where it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:g} s: {what()}")
