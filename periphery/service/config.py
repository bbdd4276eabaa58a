"""How an engine is run: a TOML file, the environment, what the command says; the last word counts."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from core.config_origin import Origins

PREFIX = "NACRE_"
"""NACRE_RISK_JOURNAL is `journal` of the engine risk, NACRE_RISK_PARAMS_SEED its parameter seed."""

EVERY_S, EVERY_MOST_S = 0.001, 1.0
_Positive = Annotated[float, msgspec.Meta(gt=0)]


class BadConfig(ValueError):
    """A setting that isn't there, or whose value isn't of its type; the message names the place."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one engine. journal: the core's; or connect: the address of its stream. state: its own
    folder. core: the address of a core or a bridge, to which it sends what its outputs ask for; empty:
    nothing is sent. part: 2/3 is the second of three that share the work; empty: it does all. http: HOST:PORT
    of its probes, empty for none. publish: the address where its outputs are published, empty for none.
    every_s: what comes within that time is taken together: 20 looks at a row cost more than one at 20 rows.
    key, server_key: files, where the stream wants keys. keys: a folder, where outputs are published with
    keys; plain: without, beyond this host too. save_every_s: of wall time. stale_after_s: how long it may do
    nothing and be well.
    """

    state: str
    journal: str = ""
    connect: str = ""
    key: str = ""
    server_key: str = ""
    core: str = ""
    part: str = ""
    http: str = ""
    publish: str = ""
    keys: str = ""
    plain: bool = False
    every_s: Annotated[float, msgspec.Meta(ge=0, le=EVERY_MOST_S)] = EVERY_S
    save_every_s: _Positive = 1.0
    stale_after_s: _Positive = 5.0
    params: dict[str, Any] = {}


def read_config(
    name: str, file: Path | None, given: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> Config:
    """The settings of the engine by that name. given: what the command says. BadConfig."""
    config = read_settings(Config, name, file, given, environment)
    if bool(config.journal) == bool(config.connect):
        raise BadConfig(
            f"engine {name}: give journal, a core's folder, or connect, the address of its stream"
        )
    return config


def replay_config(name: str, file: Path | None, given: Mapping[str, Any]) -> Config:
    """Of an engine that runs over a journal once more: of its section only what it computes by. BadConfig."""
    section = {} if file is None else _section(file, name)
    found: dict[str, Any] = {key: section[key] for key in ("params", "part") if key in section}
    _merge(found, given)
    return read_settings(Config, name, None, found, {})


def read_settings[Settings: msgspec.Struct](
    kind: type[Settings],
    name: str,
    file: Path | None,
    given: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    lists: Collection[str] = (),
) -> Settings:
    """The settings of a service by its name. lists: those that one text may give, with commas. BadConfig."""
    found: dict[str, Any] = {}
    if file is not None:
        found = _section(file, name)
    _merge(found, _from_environment(name, os.environ if environment is None else environment))
    _merge(found, given)
    for key in lists:
        if isinstance(found.get(key), str):
            found[key] = [part.strip() for part in found[key].split(",") if part.strip()]
    try:
        return msgspec.convert(found, kind, strict=False)
    except msgspec.ValidationError as error:
        places = origins(name, file, given, environment)
        raise BadConfig(f"engine {name}: {mistake(error, found, places, kind)}") from error


def origins(
    name: str, file: Path | None, given: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> Origins:
    """Where each setting's word comes from."""
    words = _from_environment(name, os.environ if environment is None else environment)
    return Origins(None if file is None else str(file), words, given, f"{PREFIX}{name.upper()}_", name)


def mistake(
    error: msgspec.ValidationError, found: Mapping[str, Any], places: Origins, kind: type[msgspec.Struct]
) -> str:
    """The place of the setting that an error is about, its key and value, and what may stand there."""
    named = re.search(r"`\$\.([\w.]+)|field `(\w+)`", str(error))
    if named is None:
        return f"{places.file or 'the command'}: {error}"
    key = named[1] or named[2]
    value: Any = found
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    what = f"{key} = {value!r}" if value is not None else key
    return f"{places.of(key)}: {what}: {error}{_known(error, kind)}"


def _known(error: msgspec.ValidationError, kind: type[msgspec.Struct]) -> str:
    """Of an unknown field, those that there are: of the struct that it stands in."""
    unknown = re.search(r"unknown field `\w+`(?: - at `\$\.(\w+)`)?", str(error))
    if unknown is None:
        return ""
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    if unknown[1]:
        inner = fields.get(unknown[1])
        if not (isinstance(inner, type) and issubclass(inner, msgspec.Struct)):
            return ""
        fields = {field.name: field.type for field in msgspec.structs.fields(inner)}
    return f"; it has {', '.join(sorted(fields))}"


def _section(file: Path, name: str) -> dict[str, Any]:
    try:
        whole = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"{file}: {error}") from error
    section = whole.get(name, {})
    if not isinstance(section, dict):
        raise BadConfig(f"{file}: [{name}] is no section")
    return section


def _from_environment(name: str, environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    start = f"{PREFIX}{name.upper()}_"
    for key, value in environment.items():
        if key.startswith(f"{start}PARAMS_"):
            found.setdefault("params", {})[key.removeprefix(f"{start}PARAMS_").lower()] = value
        elif key.startswith(start):
            found[key.removeprefix(start).lower()] = value
    return found


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value
