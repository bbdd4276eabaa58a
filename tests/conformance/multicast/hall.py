"""A publisher and two receivers of market data on hosts of their own: what each test is played on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.integration.aeron_driver import drivers
from tests.integration.live_core import ROOT, until
from tests.integration.network import Network
from tests.support_multicast import VENUE

WAIT_S = 90.0
PUBLISHER, ONE, TWO = 1, 2, 3
SILENT_S = 2.0
GROUP = "224.0.1.77:40457"


class Program:
    """`nacre market-data ...` on one host."""

    def __init__(self, hall: Hall, number: int, name: str, *words: str) -> None:
        self.hall, self.number = hall, number
        self.said = hall.folder / f"{name}.said"
        command = hall.network.on(number, sys.executable, "-m", "core.cli", "market-data", *words)
        with self.said.open("w") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)

    def lines(self, message: str) -> list[dict[str, Any]]:
        """What its log has said so."""
        told = [line for line in self.said.read_text().splitlines() if line.startswith('{"time"')]
        return [line for line in map(json.loads, told) if line["message"] == message]

    def kill_driver(self) -> None:
        (pid,) = drivers(self.process.pid)
        os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """In order; its exit."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(WAIT_S)


class Receiver(Program):
    """One that writes what it takes to files, and feeds a core where there is one."""

    def __init__(
        self, hall: Hall, number: int, venue: str, symbols: list[str], core: Path | None, secret: Path | None
    ) -> None:
        self.folder = hall.folder / f"files-{number}"
        self.address = f"127.0.0.1:{9100 + number}"
        given = {
            "venue": venue,
            "symbols": symbols,
            "url": hall.channel(number),
            "record": str(self.folder),
            "http": self.address,
            "silent_after_s": SILENT_S,
            "core": str(core) if core else "",
            "depth": 60,
            "aeron_secret": str(secret) if secret else "",
        }
        config = hall.folder / f"receiver-{number}.toml"
        config.write_text("[market_data]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in given.items()))
        super().__init__(hall, number, f"receiver-{number}", "run", "--config", str(config))
        self.until("it listens", lambda told: bool(told))

    def status(self) -> dict[str, Any]:
        """{}: nobody answers."""

        def ask() -> dict[str, Any]:
            with urllib.request.urlopen(f"http://{self.address}/status", timeout=60) as answer:
                found: dict[str, Any] = json.load(answer)
                return found

        with suppress(urllib.error.URLError, OSError):
            return self.hall.network.within(self.number, ask)
        return {}

    def until(self, what: str, true: Any) -> dict[str, Any]:
        """Its status, once that is true of it."""

        def found() -> dict[str, Any] | None:
            told = self.status()
            return told if told and true(told) else None

        try:
            told: dict[str, Any] = until(found, what, WAIT_S)
        except AssertionError as error:
            raise AssertionError(
                f"{error}: {self.status()}; it said: {self.said.read_text()[-3000:]}"
            ) from None
        return told

    def caught_up(self, row: int, session: int = 1) -> dict[str, Any]:
        """Its status once it is at that row of the n-th session, with all books."""
        return self.until(
            f"row {row} is there",
            lambda told: told["at_row"] == row and told["sessions"] >= session and told["ready"],
        )

    def table(self) -> Any:
        """What it wrote; it has ended."""
        assert self.end() == 0, self.said.read_text()
        (file,) = self.folder.glob("*.parquet")
        return pq.read_table(file)

    @property
    def file(self) -> Path:
        (file,) = self.folder.glob("*.parquet")
        return file


class Hall:
    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.folder = folder
        self.network = Network(3, seed)
        self.programs: list[Program] = []
        self.published = 0

    def channel(self, number: int) -> str:
        return f"aeron:udp?endpoint={GROUP}|interface={self.network.address(number)}"

    def publish(self, path: Path, speed: float, secret: Path | None = None, **more: str) -> Program:
        """more: of the channel."""
        channel = self.channel(PUBLISHER) + "|term-length=1m"
        channel += "".join(f"|{key}={value}" for key, value in more.items())
        words = ["multicast", str(path), "--channel", channel, "--speed", str(speed)]
        words += ["--begin-after", "3", "--linger", "600"]
        words += ["--venue", VENUE] * (path.suffix == ".csv")
        words += ["--secret", str(secret)] * (secret is not None)
        self.published += 1
        made = Program(self, PUBLISHER, f"publisher-{self.published}", *words)
        self.programs.append(made)
        return made

    def serve(self, path: Path) -> dict[str, str]:
        """A venue on the publisher's host, as `nacre market-data serve` plays it; where it is."""
        words = ["serve", str(path), "--speed", "0", "--fault", "1:silence:3"]
        made = Program(self, PUBLISHER, "venue", *words)
        self.programs.append(made)
        found: dict[str, str] = json.loads(
            until(
                lambda: made.said.read_text().endswith("}\n") and made.said.read_text(), "it serves", WAIT_S
            )
        )
        return found

    def send_on(self, venue: str, symbols: str, where: dict[str, str]) -> Program:
        """A live service that takes a venue's market data and sends it to the group."""
        words = [
            "run",
            "--venue",
            venue,
            "--symbols",
            symbols,
            "--url",
            where["url"],
            "--rest",
            where["rest"],
        ]
        made = Program(self, PUBLISHER, "service", *words, "--multicast", self.channel(PUBLISHER))
        self.programs.append(made)
        return made

    def listen(
        self,
        number: int,
        venue: str,
        symbols: list[str],
        core: Path | None = None,
        secret: Path | None = None,
    ) -> Receiver:
        made = Receiver(self, number, venue, symbols, core, secret)
        self.programs.append(made)
        return made

    def end(self) -> None:
        self.network.heal()
        self.network.loss = 0
        try:
            for program in self.programs:
                if program.process.poll() is None:
                    program.kill()
        finally:
            self.network.end()
