"""A FIX gateway in a process of its own, forked: it can be killed before and after all that it does."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.venues.fix import store as store_module
from periphery.client import Client
from periphery.fix.config import read
from periphery.fix.gateway import CALLED, Gateway
from tests.integration.live_core import Process
from tests.support_fix import PATIENCE_S, dictionary_of

SESSION = '[[session]]\nname = "oms"\nsender = "NACRE"\ntarget = "OMS"\naccount = "A"\n'


def config_for(core: Process, sessions: str = SESSION, more: str = "") -> Path:
    """A gateway's file in the core's folder. sessions, more: TOML."""
    path = core.folder / "gateway.toml"
    lines = [
        'store = "fix"',
        'listen = "127.0.0.1:0"',
        f'socket = "{core.socket}"',
        f'journal = "{core.journal}"',
        more,
        "[dictionaries]",
        *(f'"{begin}" = "{dictionary_of(begin)}"' for begin in ("FIX.4.2", "FIX.4.4")),
        sessions,
    ]
    path.write_text("\n".join(lines))
    return path


class Forked:
    """The gateway of a file. die_at: it kills itself before or after that many steps; 0: never.

    A step is a record of a store, a write to a socket, a request to the core. torn: the record at which it
    dies is half written.
    """

    def __init__(
        self, path: Path, die_at: int = 0, torn: bool = False, roles: tuple[str, ...] = CALLED
    ) -> None:
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reader)
            _child(path, writer, die_at, torn, roles)
        os.close(writer)
        with os.fdopen(reader) as file:
            line = file.readline()
        self.code: int | None = None
        self.address = ("127.0.0.1", int(line)) if line else None

    @property
    def is_dead(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        if not self.is_dead:
            os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        end = time.monotonic() + PATIENCE_S
        while not self.is_dead and time.monotonic() < end:
            time.sleep(0.002)
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            raise AssertionError("the gateway doesn't end")
        return self.code


def _child(path: Path, writer: int, die_at: int, torn: bool, roles: tuple[str, ...]) -> None:
    """Never returns."""
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
    code = 1
    try:
        said = open(path.with_suffix(".log"), "a")  # noqa: SIM115
        gateway = Gateway(read(path), lambda text: print(text, file=said, flush=True), "test", roles)
        if die_at:
            _arm(die_at, torn)
        os.write(writer, f"{gateway.address[1]}\n".encode())
        os.close(writer)
        gateway.run(lambda: bool(stopped))
        code = 0
    except BaseException as wrong:
        import traceback

        with open(path.with_suffix(".log"), "a") as log:
            traceback.print_exception(wrong, file=log)
    finally:
        os._exit(code)


def _arm(die_at: int, torn: bool) -> None:
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def stepped(run: Callable[..., Any]) -> Callable[..., Any]:
        def around(*args: Any, **more: Any) -> Any:
            step()
            found = run(*args, **more)
            step()
            return found

        return around

    append = store_module.DiskStore._append
    write = os.write

    def half(fd: int, data: bytes) -> int:
        if count + 1 == die_at and torn:
            write(fd, data[: len(data) // 2])
        step()
        return write(fd, data)

    store_module.os = _Os(half)  # type: ignore[attr-defined]
    store_module.DiskStore._append = stepped(append)  # type: ignore[method-assign]
    socket.socket.send = stepped(socket.socket.send)  # type: ignore[method-assign]
    for name in ("submit", "cancel", "replace", "request"):
        setattr(Client, name, stepped(getattr(Client, name)))


class _Os:
    """The module os, with another write."""

    def __init__(self, write: Callable[[int, bytes], int]) -> None:
        self.write = write

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)
