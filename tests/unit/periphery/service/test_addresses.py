"""A port that is taken: the message names the setting and its value, and says that it is in use."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from periphery.backend.serve import make_server
from periphery.fix.gateway import _listen
from periphery.service.listening import Listening
from periphery.websocket.server import Service
from periphery.websocket.settings import Settings
from tests.support_backend import config_of

type Listen = Callable[[Path, int], object]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as there:
        yield there.getsockname()[1]


def backend(folder: Path, port: int) -> object:
    return make_server(config_of(folder, listen=f"127.0.0.1:{port}"), lambda _port: None)


def probes(_folder: Path, port: int) -> object:
    return Listening(f"127.0.0.1:{port}", BaseHTTPRequestHandler)


def fix(_folder: Path, port: int) -> object:
    return _listen("127.0.0.1", port)


def websocket(folder: Path, port: int) -> object:
    service = Service.__new__(Service)  # before it has a journal to follow
    service.settings = Settings(journal=str(folder), listen=f"127.0.0.1:{port}")
    service._tls = None
    return asyncio.run(service._listen())


@pytest.mark.parametrize(
    ("listen", "setting"), [(backend, "listen"), (probes, "http"), (fix, "listen"), (websocket, "listen")]
)
def test_a_port_that_is_taken_is_said_to_be(tmp_path: Path, taken: int, listen: Listen, setting: str) -> None:
    with pytest.raises(ValueError, match=f"{setting} '127.0.0.1:{taken}': in use.*give another port"):
        listen(tmp_path, taken)


def test_an_address_of_another_machine_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"listen '192\.0\.2\.1:80': .*give HOST:PORT"):
        make_server(config_of(tmp_path, listen="192.0.2.1:80"), lambda _port: None)
