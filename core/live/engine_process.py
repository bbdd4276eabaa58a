"""An engine in a container of its own: it comes to the core, works for it, and comes again when the core is
gone.

Two processes. The first one waits, and guards the second, the worker. Its connection to the supervisor is the
worker's control socket: when the supervisor lets go of it, the worker is killed, wherever it is; when both
are dead the supervisor sees it hang up. So no two workers ever write in one place.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from core.build import build_id
from core.live.places import beside
from core.live.plan import Plan
from core.live.worker import PACKET_MAX, name_process, serve

AGAIN_S = 0.1
DIED = 1
REFUSED = 2
_PR_SET_PDEATHSIG = 1


class EngineRefused(RuntimeError):
    """The core doesn't want this engine; the message is its own."""


class _Told(Exception):  # no error
    """SIGTERM, or a Ctrl-C."""


def run(name: str, core_socket: Path, token_file: Path) -> int:
    """Until it is told to end: 0; or its worker dies, which whoever started this repairs: 1.
    EngineRefused.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _told)
    name_process(f"{name}-guard")
    try:
        while True:
            control = _come(name, core_socket, token_file)
            if not _work(control):
                return DIED
    except _Told:
        return 0


def _told(_number: int, _frame: object) -> None:
    raise _Told


def _come(name: str, core_socket: Path, token_file: Path) -> socket.socket:
    """A connection to the core, once there is one and it has been told the token."""
    path = beside(core_socket, "engines")
    while True:
        control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            token = token_file.read_text().strip()
            control.connect(os.fspath(path))
            control.send(msgspec.msgpack.encode({"engine": name, "token": token, "build": build_id()}))
            return control
        except OSError:  # not there yet, or no longer
            control.close()
            time.sleep(AGAIN_S)
        except BaseException:
            control.close()
            raise


def _work(control: socket.socket) -> bool:
    """Waits for its place, then works there; whether the core is gone, and the worker did not die."""
    worker = 0
    try:
        found = _place(control)
        if found is None:
            time.sleep(AGAIN_S)
            return True
        worker = os.fork()
        if worker == 0:
            _be(found[0], control, found[1])
        os.close(found[1])
        return _guard(control, worker)
    finally:
        if worker:
            _end(worker)
        control.close()


def _place(control: socket.socket) -> tuple[Plan, int] | None:
    """The plan and the core's memory; None: the core is gone, or there is room later. EngineRefused."""
    try:
        packet, fds, _, _ = socket.recv_fds(control, PACKET_MAX, 1)
    except ConnectionError:
        return None
    if not packet:
        return None
    told: dict[str, Any] = msgspec.msgpack.decode(packet)
    if not told["ok"]:
        if told["error"].startswith("busy"):
            return None
        raise EngineRefused(told["error"])
    return msgspec.convert(told["plan"], Plan), fds[0]


def _be(plan: Plan, control: socket.socket, board_fd: int) -> None:
    """The worker's life, in the child."""
    guard = os.getppid()
    code = DIED
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == guard:
            serve(plan, control, board_fd)
            code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _guard(control: socket.socket, worker: int) -> bool:
    """Until the worker ends or the supervisor lets go of the connection; see `_work`."""
    pidfd = os.pidfd_open(worker)
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.register(control, select.POLLRDHUP)
        ready = [fd for fd, _ in poll.poll()]
        if control.fileno() in ready:
            return True  # also where the worker saw it first
        ended = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOWAIT)
        return ended is not None and ended.si_status == 0
    finally:
        os.close(pidfd)


def _end(worker: int) -> None:
    os.kill(worker, signal.SIGKILL)  # not reaped yet: the number is still its own
    os.waitpid(worker, 0)
