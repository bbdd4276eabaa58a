"""How a backend is run: one TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from core.config_origin import Origins
from periphery.service.config import mistake

_Count = Annotated[int, msgspec.Meta(ge=1)]
_Positive = Annotated[float, msgspec.Meta(gt=0)]


class BadConfig(ValueError):
    """A setting that isn't there, or whose value isn't of its type; the message names file and key."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one peer may ask for. *_per_s: a mean; *_burst: at once. body_bytes: of one request."""

    user_per_s: _Positive = 50.0
    user_burst: _Count = 100
    address_per_s: _Positive = 100.0
    address_burst: _Count = 200
    login_per_minute: _Positive = 10.0
    login_burst: _Count = 10
    body_bytes: _Count = 1 << 20
    body_s: _Positive = 10.0


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the backend. Paths are relative to the file's folder.

    state: the backend's own folder, made with mode 0700: users, audit, idempotency keys, backtests.
    core: the core's socket; empty: NACRE_SOCKET, else this user's core.
    token_file: the core's token; empty: beside the socket.
    http: HOST:PORT of /metrics and of the probes that `nacre ps` asks; empty: none.
    listen: HOST:PORT; port 0 is any that is free. certificate, certificate_key: PEM files, for HTTPS.
    store: the recorder's, for history; empty: none. source: the core's name there.
    read_only: nothing is changed, but for a kill.
    strategies, data: the folders whose files may be run and played.
    engines: name to HOST:PORT of its probes. infrastructure: name (prometheus, grafana, redis, ...) to
    HOST:PORT, of what has none: whether it listens. local: the folder of `nacre up --local`.
    origins: web pages of other origins that may ask.
    websocket: HOST:PORT of the websocket engine, for the pages' live data; websocket_secret: the file that it
    takes tokens by.
    token_s: how long a token holds; session_s: how long it may be renewed after a login.
    answer_s: how long the core's answer is waited for.
    backtests, backtests_waiting: how many run at a time, and how many may wait.
    """

    state: str
    core: str = ""
    token_file: str = ""
    listen: str = "127.0.0.1:8440"
    http: str = ""
    certificate: str = ""
    certificate_key: str = ""
    store: str = ""
    source: str = "core"
    read_only: bool = False
    strategies: str = ""
    data: str = ""
    engines: dict[str, str] = {}
    infrastructure: dict[str, str] = {}
    local: str = ""
    origins: list[str] = []
    websocket: str = ""
    websocket_secret: str = ""
    token_s: _Positive = 600.0
    session_s: _Positive = 43_200.0
    answer_s: _Positive = 5.0
    backtests: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    backtests_waiting: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 32
    limits: Limits = Limits()


PATHS = (
    "state", "core", "token_file", "certificate", "certificate_key", "strategies", "data", "local",
    "websocket_secret",
)  # fmt: skip


def read_config(file: Path, given: Mapping[str, str] | None = None) -> Config:
    """The settings in a file, and those that are given in place of its own. BadConfig."""
    try:
        found = tomllib.loads(file.read_text())
        said = found.get("backend", found) | dict(given or {})
        config = msgspec.convert(said, Config)
    except msgspec.ValidationError as error:
        section = "backend" if "backend" in found else ""
        raise BadConfig(mistake(error, said, Origins(str(file), {}, {}, section=section), Config)) from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"{file}: {error}") from error
    if not config.state:
        raise BadConfig(f"{file}: state is empty: name a folder of the backend's own")
    whole = {name: _beside(file, getattr(config, name)) for name in PATHS}
    return msgspec.structs.replace(config, **whole, store=_store(file, config.store))


def _beside(file: Path, path: str) -> str:
    return str((file.parent / path).absolute()) if path else ""


def _store(file: Path, address: str) -> str:
    start = "sqlite:///"
    return start + _beside(file, address.removeprefix(start)) if address.startswith(start) else address


def split_listen(listen: str) -> tuple[str, int]:
    """(host, port). BadConfig."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise BadConfig(f"listen {listen!r}: give HOST:PORT")
    return host.strip("[]"), int(port)
