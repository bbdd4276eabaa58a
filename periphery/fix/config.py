"""A gateway's TOML file: where it listens, where its stores are, and its sessions.

store = "/var/lib/nacre/fix"                      # a file a session; kept
listen = "127.0.0.1:9878"                         # of the sessions that accept
journal = "/var/lib/nacre/journal"                # drop copies read it; else as the core says
[dictionaries]
"FIX.4.4" = "/usr/share/fix/FIX44.xml.gz"         # QuickFIX's form, gzipped or not
[tls]                                             # left out: none
certificate = "gateway.pem"
key = "gateway.key"
ca = "clients.pem"                                # given: the peer must have a certificate of it

[[session]]
name = "oms"
role = "orders"                                   # or "drop-copy", "broker"
sender = "NACRE"
target = "OMS"
account = "A1"                                    # of orders that name none
accounts = { "F-001" = "A1" }                     # Account (1) to the core's; left out: the same names

[[session]]
name = "street"
role = "broker"                                   # this side calls
connect = "fix.example.com:9880"
venue = "XNAS"                                    # declared in the core with mode manual
sender = "DESK"
target = "STREET"
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.venues.fix import schedule
from core.venues.fix.agreement import Settings
from core.venues.fix.schedule import Schedule
from periphery.fix import access
from periphery.fix.access import BadConfig as BadConfig

ROLES = ("orders", "drop-copy", "broker")
VERSIONS = ("FIX.4.2", "FIX.4.4")


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM. ca: of the peer's certificate, which it must then have."""

    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """One session; `settings` is what its machine must know."""

    name: str
    role: str
    settings: Settings
    dictionary: Path
    account: str | None = None
    accounts: dict[str, str] = field(default_factory=dict)
    cancel_on_disconnect: bool = True
    only_accounts: frozenset[str] = frozenset()
    from_start: bool = False
    journal: Path | None = None
    venue: str = ""
    connect: tuple[str, int] | None = None
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file."""

    store: Path
    host: str
    port: int
    sessions: tuple[SessionConfig, ...]
    socket: Path | None = None
    journal: Path | None = None
    tls: Tls | None = None
    sync: bool = False


_TOP = frozenset({"store", "listen", "socket", "journal", "sync", "dictionaries", "tls", "session"})
_SESSION = frozenset({
    "name", "role", "begin", "sender", "target", "account", "accounts", "only_accounts", "from_start",
    "cancel_on_disconnect", "schedule", "dictionary", "reset_on_logon", "reset_on_logout",
    "reset_on_disconnect", "user_fields", "sending_time_s", "throttle_per_s", "logout_timeout_s",
    "logon_timeout_s", "heartbeat_s", "venue", "connect", "tls", "username", "password_hash",
    "password_file",
})  # fmt: skip


def read(path: Path) -> Config:
    """BadConfig, OSError."""
    try:
        told = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise BadConfig(f"{path}: not TOML: {wrong}") from wrong
    try:
        return _config(told, path.parent)
    except BadConfig as wrong:
        raise BadConfig(f"{path}: {wrong}") from wrong


def _config(told: dict[str, Any], folder: Path) -> Config:
    _known(told, _TOP, "")
    host, port = _address(told.get("listen", "127.0.0.1:0"))
    journal = _path(told, "journal", folder)
    dictionaries = _table(told, "dictionaries")
    rows = told.get("session")
    if not isinstance(rows, list) or not rows:
        raise BadConfig("[[session]]: give at least one")
    sessions = tuple(_session(row, dictionaries, folder, journal) for row in rows)
    _once([each.name for each in sessions], "name")
    _once([_ids(each) for each in sessions], "begin, sender and target")
    if "store" not in told:
        raise BadConfig("store: name a folder for the sessions' files")
    return Config(
        folder / str(told["store"]), host, port, sessions, _path(told, "socket", folder), journal,
        _tls(_table(told, "tls"), folder) if "tls" in told else None, _flag(told, "sync", False),
    )  # fmt: skip


def _session(row: Any, dictionaries: dict[str, Any], folder: Path, journal: Path | None) -> SessionConfig:
    if not isinstance(row, dict):
        raise BadConfig("session: give tables, [[session]]")
    name = _text(row, "name", "session")
    if not name.replace("-", "").replace("_", "").isalnum() or len(name) > 24:
        raise BadConfig(f"session.name {name!r}: give 1 to 24 letters, digits, - or _")
    _known(row, _SESSION, f"session {name}.")
    role, begin = row.get("role", "orders"), row.get("begin", "FIX.4.4")
    if role not in ROLES:
        raise BadConfig(f"session {name}.role {role!r}: one of {', '.join(ROLES)}")
    if begin not in VERSIONS:
        raise BadConfig(f"session {name}.begin {begin!r}: one of {', '.join(VERSIONS)}")
    dictionary = row.get("dictionary", dictionaries.get(begin))
    if dictionary is None:
        raise BadConfig(
            f'session {name}: name the dictionary of {begin} under [dictionaries], "{begin}" = FILE'
        )
    calls = role == "broker"
    if calls != ("connect" in row) or calls != ("venue" in row):
        raise BadConfig(f"session {name}: a broker's has connect, HOST:PORT, and venue; no other has")
    return SessionConfig(
        name, role, _settings(row, name, begin, folder), folder / str(dictionary),
        str(row["account"]) if "account" in row else None,
        {str(key): str(value) for key, value in _table(row, "accounts").items()},
        _flag(row, "cancel_on_disconnect", True),
        frozenset(map(str, row.get("only_accounts", ()))), _flag(row, "from_start", False), journal,
        str(row.get("venue", "")), _address(row["connect"], "connect") if calls else None,
        _tls(_table(row, "tls"), folder) if "tls" in row else None,
    )  # fmt: skip


def _settings(row: dict[str, Any], name: str, begin: str, folder: Path) -> Settings:
    try:
        hours = schedule.parse(_table(row, "schedule")) if "schedule" in row else Schedule()
    except ValueError as wrong:
        raise BadConfig(f"session {name}.{wrong}") from wrong
    sender, target = (_text(row, key, f"session {name}").encode() for key in ("sender", "target"))
    return Settings(
        begin.encode(),
        sender,
        target,
        initiator=row.get("role") == "broker",
        credentials=access.credentials(row, name, folder),
        admits=access.admits(row, name),
        heartbeat_s=_count(row, "heartbeat_s", 30),
        schedule=hours,
        reset_on_logon=_flag(row, "reset_on_logon", False),
        reset_on_logout=_flag(row, "reset_on_logout", False),
        reset_on_disconnect=_flag(row, "reset_on_disconnect", False),
        user_fields=_flag(row, "user_fields", False),
        sending_time_s=_count(row, "sending_time_s", 120),
        throttle_per_s=_count(row, "throttle_per_s", 0),
        logon_timeout_s=_count(row, "logon_timeout_s", 10),
        logout_timeout_s=_count(row, "logout_timeout_s", 2),
    )


def _ids(session: SessionConfig) -> str:
    settings = session.settings
    return b" ".join((settings.begin, settings.sender, settings.target)).decode()


def _once(values: list[str], what: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise BadConfig(f"session: {what} {value!r} is there twice")


def _known(row: dict[str, Any], keys: frozenset[str], where: str) -> None:
    for key in row:
        if key not in keys:
            raise BadConfig(f"{where}{key}: no such key; there is {', '.join(sorted(keys))}")


def _table(row: dict[str, Any], key: str) -> dict[str, Any]:
    found = row.get(key, {})
    if not isinstance(found, dict):
        raise BadConfig(f"{key}: give a table")
    return found


def _text(row: dict[str, Any], key: str, where: str) -> str:
    found = row.get(key)
    if not isinstance(found, str) or not found or not found.isprintable():
        raise BadConfig(f"{where}.{key}: give some text")
    return found


def _flag(row: dict[str, Any], key: str, default: bool) -> bool:
    found = row.get(key, default)
    if not isinstance(found, bool):
        raise BadConfig(f"{key} {found!r}: true or false")
    return found


def _count(row: dict[str, Any], key: str, default: int) -> int:
    found = row.get(key, default)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < 1 << 31:
        raise BadConfig(f"{key} {found!r}: a whole number from 0")
    return found


def _path(row: dict[str, Any], key: str, folder: Path) -> Path | None:
    return folder / str(row[key]) if key in row else None


def _address(text: Any, key: str = "listen") -> tuple[str, int]:
    host, colon, port = str(text).rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise BadConfig(f"{key} {text!r}: give HOST:PORT")
    return host, int(port)


def _tls(row: dict[str, Any], folder: Path) -> Tls:
    _known(row, frozenset({"certificate", "key", "ca"}), "tls.")
    return Tls(*(_path(row, key, folder) for key in ("certificate", "key", "ca")))
