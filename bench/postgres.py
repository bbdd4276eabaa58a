"""A PostgreSQL server of one's own: a new cluster in a folder, on a UNIX socket, stopped by its pid. With
a port it also listens there, where a password is asked for.

Its tools refuse root: as root they run as the user postgres, else nobody.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_S = 60.0
LIBRARIES = Path("/usr/lib/postgresql")


def find_tools() -> Path | None:
    """The folder of initdb and postgres, of the newest version; None where there is none."""
    versions = sorted(LIBRARIES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class Postgres:
    """One cluster. `start` and `stop` as often as one wants; `address` stays."""

    def __init__(self, tools: Path, folder: Path, port: int = 0) -> None:
        self.port = port
        self.tools = tools
        self.folder = folder
        self.data = folder / "data"
        self.user = _other_user()
        self.address = f"postgresql://nacre@/postgres?host={folder}" + (f"&port={port}" if port else "")
        self._server: subprocess.Popen[bytes] | None = None
        if self.user is not None:
            shutil.chown(folder, self.user.pw_name)
        how = ["--auth-local=trust", "--auth-host=scram-sha-256", "--locale=C", "-E", "UTF8", "-N"]
        self._run("initdb", "-D", str(self.data), "-U", "nacre", *how)

    def _run(self, name: str, *words: str) -> None:
        done = subprocess.run(
            [self.tools / name, *words], capture_output=True, text=True, check=False, **self._as_user()
        )
        assert done.returncode == 0, done.stderr

    @property
    def _port(self) -> list[str]:
        return ["-p", str(self.port)] if self.port else []

    def _as_user(self) -> dict[str, Any]:
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": [], "cwd": "/"}

    def start(self) -> None:
        """Until it takes connections."""
        words = ["-D", str(self.data), "-k", str(self.folder), "-c", "fsync=off"]
        words += ["-c", f"listen_addresses={'127.0.0.1' if self.port else ''}"]
        words += ["-c", f"port={self.port}"] if self.port else []
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self.tools / "postgres", *words], stdout=log, stderr=log, **self._as_user()
            )
        end = time.monotonic() + START_S
        while not self._answers():
            assert self._server.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "it doesn't start"
            time.sleep(0.05)

    def _answers(self) -> bool:
        words = ["-h", str(self.folder), "-U", "nacre", "-d", "postgres", "-q", *self._port]
        return subprocess.run([self.tools / "pg_isready", *words], check=False).returncode == 0

    def stop(self) -> None:
        """At once, with no wait for its clients."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(START_S)
            self._server = None


def _other_user() -> pwd.struct_passwd | None:
    """Whom to be instead of root."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name: user for user in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


@contextmanager
def postgres_server(tools: Path, port: int = 0) -> Iterator[Postgres]:
    """A server that runs; afterwards nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="nacre-pg-") as folder:
        server = Postgres(tools, Path(folder), port)
        server.start()
        try:
            yield server
        finally:
            server.stop()
