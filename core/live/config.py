"""How a core is set up: a TOML file, a file of declarations, options. All of it is checked first."""

from __future__ import annotations

import importlib.util
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from core.capacity import Capacity
from core.config_origin import Origins
from core.live.day_files import doubts, read_day
from core.live.places import beside, default_socket
from core.scenario.declared import Declared
from core.scenario.reader import Line, ScenarioError, read
from core.scenario.values import convert
from core.topology import CONTAINED, FUSED, LIVE_STAGES, PINNED, PLACEMENTS, REMOTABLE, REMOTE

__all__ = ["ConfigError", "CoreConfig", "beside", "default_journal", "default_socket", "load"]

DECLARING = ("instrument", "venue", "account", "open_position", "fx", "limit", "venue_facts", "venue_queue")
WAITS = ("auto", "spin", "yield", "sleep")
DURABILITIES = ("async", "group")
SESSIONS_MAX = 64
GROUPS_MAX = 64
GROUPS_AN_ACCOUNT = 8
SEGMENT_MB = 64
SEGMENT_MB_MAX = 1024
SNAPSHOT_EVENTS = 1 << 20
REMOTE_ADDRESS = "tcp://{stage}:7700"
PARTITION_BY = ("account", "order")
PARTS_MAX = 16
ENVIRONMENT = "NACRE_CORE_"
KEYS = {
    "name": str,
    "socket": str,
    "journal": str,
    "declare": str,
    "day": str,
    "yesterday": str,
    "durability": str,
    "wait": str,
    "live": bool,
    "placement": str,
    "placements": dict,
    "partitions": dict,
    "remote": str,
    "realtime": int,
    "lock_memory": bool,
    "touch_memory": bool,
    "cpus": list,
    "max_sessions": int,
    "segment_mb": int,
    "users": list,
    "rights": dict,
    "capacity": dict,
    "second_person": bool,
    "require_limits": bool,
    "groups": dict,
    "fenced": bool,
    "snapshot_events": int,
}


class ConfigError(ValueError):
    """What is wrong with a configuration: the place, the key, the value, and what to do."""

    def __init__(self, file: str, key: str, value: object, remedy: str) -> None:
        super().__init__(f"{file}: {key} = {value!r}: {remedy}")
        self.key, self.value, self.remedy = key, value, remedy


@dataclass(frozen=True, slots=True)
class CoreConfig:
    """One core. `socket` says where all else of this host is: see `beside`."""

    name: str = "core"
    socket: Path = field(default_factory=lambda: default_socket("core"))
    journal: Path = field(default_factory=lambda: default_journal("core"))
    durability: str = "async"
    wait: str = "auto"
    live: bool = False
    placement: str = "auto"
    placements: Mapping[str, str] = field(default_factory=dict)
    partitions: Mapping[str, int] = field(default_factory=dict)
    partition_by: str = "account"
    remote: str = REMOTE_ADDRESS
    realtime: int = 0
    lock_memory: bool = False
    touch_memory: bool = False
    cpus: tuple[int, ...] = ()
    max_sessions: int = SESSIONS_MAX
    segment_mb: int = SEGMENT_MB
    users: tuple[int, ...] = ()
    rights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    second_person: bool = False
    require_limits: bool = False
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    day: Path | None = None
    yesterday: Path | None = None
    doubts: tuple[dict[str, Any], ...] = ()
    capacity: Capacity = field(default_factory=Capacity)
    lines: tuple[Line, ...] = ()
    fenced: bool = False
    snapshot_events: int = SNAPSHOT_EVENTS
    file: str = "core"


def default_journal(name: str) -> Path:
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "nacre" / name / "journal"


def load(
    config: str | None = None,
    declare: str | None = None,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> CoreConfig:
    """The configuration: the file's keys, then NACRE_CORE_<KEY> of the environment, then the options that are
    given; the last word counts. ConfigError, which says where the word came from; ScenarioError.
    """
    given = from_environment(os.environ if environment is None else environment)
    said = {key: value for key, value in (options | {"declare": declare}).items() if value is not None}
    try:
        return _load(config, given, said)
    except ConfigError as error:
        place = Origins(config, given, said).of(error.key)
        raise ConfigError(place, error.key, error.value, error.remedy) from None


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Of each NACRE_CORE_<KEY> its value; numbers and lists as they are in a file. ConfigError."""
    found = {}
    for name, text in environment.items():
        key = name.removeprefix(ENVIRONMENT).lower()
        if name.startswith(ENVIRONMENT):
            found[key] = _worded(name, key, text)
    return found


def _worded(name: str, key: str, text: str) -> Any:
    kind = KEYS.get(key, str)
    if kind is str:
        return text
    try:
        return tomllib.loads(f"value = [{text}]" if kind is list else f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise ConfigError(name, key, text, f"must be a {kind.__name__}, as in the file") from None


def _load(config: str | None, given: dict[str, Any], said: dict[str, Any]) -> CoreConfig:
    file = config or "options"
    keys = _read(config) if config else {}
    inline = {name: keys.pop(name) for name in DECLARING if name in keys}
    base = Path(config).parent if config else Path()
    for key in ("declare", "day", "yesterday"):
        if key in keys:
            keys[key] = str(base / _typed(file, key, keys[key], str))
    for key, value in (keys | given).items():
        _known(file, key, value)
    keys |= given | said
    if "day" not in keys:
        lines = _declared(keys["declare"]) if keys.get("declare") else []
        return _made(file, keys, [*lines, *_inline(file, inline, lines)])
    if inline or "declare" in keys:
        raise ConfigError(file, "day", keys["day"], "its files declare all: leave out other declarations")
    return _of_day(file, keys)


def _of_day(file: str, keys: dict[str, Any]) -> CoreConfig:
    """A core that begins with the files of a day, compared with those of the day before."""
    before = _day(keys["yesterday"]) if "yesterday" in keys else None
    lines = _day(keys["day"])
    made = _made(file, keys, lines)
    return replace(
        made,
        day=Path(keys["day"]),
        yesterday=Path(keys["yesterday"]) if "yesterday" in keys else None,
        doubts=tuple(doubts(lines, before)),
    )


def _day(folder: str) -> list[Line]:
    try:
        return read_day(Path(folder))
    except OSError as error:
        raise ConfigError(folder, "day", error.filename, f"can't be read: {error.strerror}") from None


def _read(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, "file", "", f"isn't TOML: {error}") from None
    except OSError as error:
        raise ConfigError(path, "file", "", f"can't be read: {error.strerror}") from None


def _known(file: str, key: str, value: object) -> None:
    if key not in KEYS:
        raise ConfigError(file, key, value, f"no such key; one of {', '.join((*KEYS, *DECLARING))}")
    _typed(file, key, value, KEYS[key])


def _typed(file: str, key: str, value: Any, wanted: type) -> Any:
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise ConfigError(file, key, value, f"must be a {wanted.__name__}")
    return value


def _made(file: str, keys: dict[str, Any], lines: list[Line]) -> CoreConfig:
    name = keys.get("name", "core")
    if not name or len(name) > 31 or not name.replace("-", "").replace("_", "").isalnum():
        raise ConfigError(file, "name", name, "give 1 to 31 letters, digits, - and _")
    for key, allowed in (("wait", WAITS), ("durability", DURABILITIES), ("placement", PLACEMENTS)):
        if keys.get(key, allowed[0]) not in allowed:
            raise ConfigError(file, key, keys[key], f"give one of {', '.join(allowed)}")
    for key, most in (("max_sessions", SESSIONS_MAX), ("segment_mb", SEGMENT_MB_MAX)):
        if not 1 <= keys.get(key, 1) <= most:
            raise ConfigError(file, key, keys[key], f"give 1 to {most}")
    capacity = _capacity(file, keys.get("capacity", {}))
    _fits(file, capacity, lines)
    socket = Path(keys["socket"]) if "socket" in keys else default_socket(name)
    if len(os.fsencode(socket)) > 100:
        raise ConfigError(
            file, "socket", str(socket), "a socket's path has at most 100 bytes: give a shorter"
        )
    return CoreConfig(
        name=name,
        socket=socket,
        journal=Path(keys["journal"]) if "journal" in keys else default_journal(name),
        durability=keys.get("durability", "async"),
        wait=keys.get("wait", "auto"),
        live=keys.get("live", False),
        placement=keys.get("placement", "auto"),
        placements=_placements(file, keys.get("placements", {})),
        partitions=_partitions(file, keys),
        partition_by=keys.get("partitions", {}).get("by", "account"),
        realtime=_realtime(file, keys.get("realtime", 0), keys.get("wait", "auto")),
        lock_memory=keys.get("lock_memory", False),
        touch_memory=keys.get("touch_memory", False),
        remote=_remote(file, keys),
        cpus=_cpus(file, keys.get("cpus", [])),
        max_sessions=keys.get("max_sessions", SESSIONS_MAX),
        segment_mb=keys.get("segment_mb", SEGMENT_MB),
        users=tuple(_typed(file, "users", user, int) for user in keys.get("users", ())),
        rights=_rights(file, keys.get("rights", {}), lines),
        second_person=keys.get("second_person", keys.get("live", False)),
        require_limits=keys.get("require_limits", keys.get("live", False)),
        groups=_groups(file, keys.get("groups", {}), lines),
        fenced=keys.get("fenced", False),
        snapshot_events=_snapshots(file, keys.get("snapshot_events", SNAPSHOT_EVENTS)),
        capacity=capacity,
        lines=tuple(lines),
        file=file,
    )


def _placements(file: str, given: dict[str, Any]) -> dict[str, str]:
    """Where single stages run, apart from `placement`."""
    for stage, where in given.items():
        if stage not in LIVE_STAGES:
            raise ConfigError(
                file, f"placements.{stage}", where, f"no such stage; one of {', '.join(LIVE_STAGES)}"
            )
        allowed: tuple[str, ...] = (PINNED,) if stage == "venues" else (FUSED, PINNED, CONTAINED)
        allowed += (REMOTE,) if stage in REMOTABLE else ()
        if where not in allowed:
            raise ConfigError(file, f"placements.{stage}", where, f"give {' or '.join(allowed)}")
    return dict(given)


def _partitions(file: str, keys: dict[str, Any]) -> dict[str, int]:
    """How many remote engines share a stage's work. Only execution's can be shared out: risk's limits
    are of all.
    """
    given = dict(keys.get("partitions", {}))
    by = given.pop("by", "account")
    if by not in PARTITION_BY:
        raise ConfigError(file, "partitions.by", by, f"give {' or '.join(PARTITION_BY)}")
    for stage, count in given.items():
        name = f"partitions.{stage}"
        if stage != "execution":
            raise ConfigError(
                file, name, count, "only execution can be shared out: every other stage is single"
            )
        if not 1 <= _typed(file, name, count, int) <= PARTS_MAX:
            raise ConfigError(file, name, count, f"give 1 to {PARTS_MAX}")
        if keys.get("placements", {}).get(stage, keys.get("placement")) != REMOTE:
            raise ConfigError(
                file, name, count, f'its engines are remote: say `placements.{stage} = "{REMOTE}"`'
            )
    return given


def _realtime(file: str, given: int, wait: str) -> int:
    """A priority. One that spins at it takes its processor for itself: that must be asked for, with
    processors.
    """
    if not 0 <= given <= 99:
        raise ConfigError(file, "realtime", given, "give 1 to 99, or 0 for none")
    if given and wait == "auto":
        raise ConfigError(
            file, "realtime", given, 'say `wait` too: "spin" takes each worker\'s processor for itself'
        )
    return given


def _snapshots(file: str, given: int) -> int:
    """Events between two snapshots."""
    if given < 0:
        raise ConfigError(file, "snapshot_events", given, "give 1 or more, or 0 for none")
    return given


def _remote(file: str, keys: dict[str, Any]) -> str:
    """Where remote engines listen: one address for all, {stage} stands for the engine's name."""
    given: str = keys.get("remote", REMOTE_ADDRESS)
    wanted = REMOTE in (keys.get("placement"), *keys.get("placements", {}).values())
    if wanted and importlib.util.find_spec("zmq") is None:
        raise ConfigError(file, "placement", REMOTE, "needs pyzmq: install nacre[periphery]")
    try:
        if "://" in given.format(stage="risk"):
            return given
    except (KeyError, IndexError, ValueError):
        pass
    raise ConfigError(
        file, "remote", given, f"give a ZeroMQ address with {{stage}} in it, as {REMOTE_ADDRESS}"
    )


def _cpus(file: str, given: list[Any]) -> tuple[int, ...]:
    usable = os.sched_getaffinity(0)
    for cpu in given:
        if _typed(file, "cpus", cpu, int) not in usable:
            raise ConfigError(file, "cpus", cpu, f"give processors of {sorted(usable)}")
    return tuple(given)


def _rights(file: str, given: dict[str, Any], lines: list[Line]) -> dict[str, tuple[str, ...]]:
    """The accounts that a session of that name may trade; `*` is for all others, else they may trade all."""
    accounts = {line.data["account"] for line in lines if line.type == "account"}
    for session, names in given.items():
        _typed(file, f"rights.{session}", names, list)
        for name in names:
            if accounts and name not in accounts:
                raise ConfigError(
                    file, f"rights.{session}", name, "no such account: declare it, or mend the name"
                )
    return {session: tuple(names) for session, names in given.items()}


def _groups(file: str, given: dict[str, Any], lines: list[Line]) -> dict[str, tuple[str, ...]]:
    """Accounts that share limits."""
    accounts = {line.data["account"] for line in lines if line.type == "account"}
    for line in lines:
        group = line.data.get("group")
        if group is not None and group not in given:
            raise ConfigError(file, "groups", group, "a limit is on it: say which accounts are in it")
    if len(given) > GROUPS_MAX:
        raise ConfigError(file, "groups", len(given), f"give {GROUPS_MAX} at most")
    for group, names in given.items():
        _typed(file, f"groups.{group}", names, list)
        if not 1 <= len(group.encode()) <= 31:
            raise ConfigError(file, "groups", group, "give a name of 1 to 31 bytes")
        for name in names:
            if name not in accounts:
                raise ConfigError(
                    file, f"groups.{group}", name, "no such account: declare it, or mend the name"
                )
    of = [name for names in given.values() for name in set(names)]
    for name in of:
        if of.count(name) > GROUPS_AN_ACCOUNT:
            raise ConfigError(file, "groups", name, f"an account is in {GROUPS_AN_ACCOUNT} groups at most")
    return {group: tuple(names) for group, names in given.items()}


def _capacity(file: str, given: dict[str, Any]) -> Capacity:
    known = {item.name for item in fields(Capacity)}
    for key, value in given.items():
        if key not in known:
            raise ConfigError(
                file, f"capacity.{key}", value, f"no such table; one of {', '.join(sorted(known))}"
            )
        if _typed(file, f"capacity.{key}", value, int) < 1:
            raise ConfigError(file, f"capacity.{key}", value, "give 1 or more")
    return Capacity(**given)


def _fits(file: str, capacity: Capacity, lines: list[Line]) -> None:
    """What is declared must have room in the tables."""
    named = {
        "symbols": [line for line in lines if line.type == "instrument"],
        "accounts": [line for line in lines if line.type == "account"],
        "venues": [line for line in lines if line.type == "venue"],
        "limits": [line for line in lines if line.type == "limit"],
        "currencies": _values(lines, "currency", "settle_currency", "base_currency", "pair"),
        "strategies": _values(lines, "strategy"),
        "sessions": _values(lines, "session"),
        "sectors": _values(lines, "sector"),
    }
    for key, found in named.items():
        if len(found) > getattr(capacity, key):
            raise ConfigError(
                file, f"capacity.{key}", getattr(capacity, key), f"{len(found)} are declared: raise it"
            )


def _values(lines: list[Line], *keys: str) -> set[str]:
    found = [line.data.get(key) for line in lines for key in keys]
    return {part for value in found if value for part in value.split("/")}


def _inline(file: str, tables: dict[str, Any], before: list[Line]) -> list[Line]:
    """[[instrument]], [[venue]]... of the TOML file, in the order in which they need each other, and lines
    before them.
    """
    declared = Declared()
    for line in before:
        declared.add(line.type, line.data)
    out: list[Line] = []
    for kind in DECLARING:
        rows = tables.get(kind, [])
        for number, row in enumerate(_typed(file, kind, rows, list), 1):
            try:
                line_type, _, data = convert({"type": kind, **row})
                declared.check(line_type, data)
            except ValueError as error:
                raise ConfigError(file, f"{kind}[{number}]", row, str(error)) from None
            declared.add(line_type, data)
            out.append(Line(number, 0, line_type, data))
    return out


def _declared(path: str) -> list[Line]:
    try:
        lines = read(path)
    except OSError as error:
        raise ConfigError(path, "declare", path, f"can't be read: {error.strerror}") from None
    for line in lines:
        if line.type not in DECLARING:
            what = f"{line.type}: not a declaration; a core takes {', '.join(DECLARING)} here"
            raise ScenarioError(path, line.number, what)
    return lines
