"""How the websocket engine is run; docs/websocket.md says what each setting is."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from periphery.service.config import BadConfig, read_settings

NAME = "websocket"
_Positive = Annotated[float, msgspec.Meta(gt=0)]
_Count = Annotated[int, msgspec.Meta(ge=1)]
_LISTS = ("origins",)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """journal: the core's; or connect: the address of its stream, with key and server_key, files, where that
    wants keys. listen: HOST:PORT, or unix:PATH. http: of the probes. secret: the file that tokens
    are signed with. keys: a file of keys. origins: of pages that may connect. engines: state folders by name.
    retained: changes of a topic of news that can be resumed from. stall_s: how long a client may take none.
    """

    journal: str = ""
    connect: str = ""
    key: str = ""
    server_key: str = ""
    listen: str = "127.0.0.1:8765"
    http: str = ""
    secret: str = ""
    keys: str = ""
    origins: list[str] = []
    certificate: str = ""
    certificate_key: str = ""
    engines: dict[str, str] = {}
    clients: _Count = 2000
    subscriptions: _Count = 1000
    message_bytes: _Count = 65_536
    messages_per_s: _Positive = 20.0
    retained: _Count = 2000
    flush_s: Annotated[float, msgspec.Meta(ge=0)] = 0.01
    auth_within_s: _Positive = 5.0
    ping_every_s: _Positive = 20.0
    silent_after_s: _Positive = 20.0
    stall_s: _Positive = 10.0
    stale_after_s: _Positive = 5.0


def read(
    file: Path | None, given: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> Settings:
    """From [websocket] of a TOML file, NACRE_WEBSOCKET_..., then what the command says. BadConfig."""
    found = read_settings(Settings, NAME, file, given, environment, _LISTS)
    if bool(found.journal) == bool(found.connect):
        raise BadConfig("websocket: give journal, a core's folder, or connect, the address of its stream")
    if not found.secret and not found.keys:
        raise BadConfig("websocket: nobody could sign in: give secret = FILE, or keys = FILE")
    if bool(found.certificate) != bool(found.certificate_key):
        raise BadConfig("websocket: certificate and certificate_key go together")
    return found


def tls(settings: Settings) -> ssl.SSLContext | None:
    """None: without. BadConfig: the files are none of a certificate."""
    if not settings.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.certificate, settings.certificate_key)
    except (OSError, ssl.SSLError) as error:
        raise BadConfig(f"websocket: certificate {settings.certificate}: {error}") from error
    return context
