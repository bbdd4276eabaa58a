"""What every configured part is run with, and where each word of it came from: for `nacre config`."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.cli.secrets import without_password
from core.config_origin import DEFAULT, Origins
from core.live.config import ENVIRONMENT, KEYS, CoreConfig, from_environment, load
from core.scenario.reader import ScenarioError
from periphery.service import config as service
from periphery.service.registry import PLACES

ELSEWHERE = ("cache",)
"""Sections of the engines' file that are options of `nacre up --local`, as its documentation says."""

type Row = dict[str, Any]
type Environment = Mapping[str, str] | None


def rows(what: str, file: Path | None, said: Mapping[str, Any], environment: Environment = None) -> list[Row]:
    """Of a part: {key, value, origin}, passwords left out. ValueError: what is wrong, and where."""
    environment = os.environ if environment is None else environment
    if what == "core":
        return list(_of_core(file, said, environment))
    if what in READERS:
        if file is None:
            raise ValueError(f"{what} has a file: give --config")
        return list(_of_file(what, file))
    found = service.read_settings(_kind(what), what, file, said, environment, ("origins",))
    places = service.origins(what, file, said, environment)
    return [_row(key, value, places.shown(key)) for key, value in _flat(msgspec.to_builtins(found))]


def check(what: str, file: Path, environment: Environment = None) -> list[str]:
    """What is wrong in a file: of `engines` each section is checked."""
    if what != "engines":
        return _problems(what, file, environment)
    try:
        sections = {
            key: each for key, each in tomllib.loads(file.read_text()).items() if key not in ELSEWHERE
        }
    except (OSError, ValueError) as error:
        return [f"{file}: {error}"]
    return [
        problem
        for name, section in sections.items()
        for problem in _problems(name, file, environment, _by_option(name, section))
    ]


def _by_option(name: str, section: object) -> dict[str, Any]:
    """What an engine's section may leave to `nacre engine run --state`, or to `nacre up`."""
    return {"state": name} if name in PLACES and isinstance(section, dict) and "state" not in section else {}


def _problems(
    what: str, file: Path, environment: Environment, said: Mapping[str, Any] | None = None
) -> list[str]:
    try:
        rows(what, file, said or {}, environment)
    except (ValueError, OSError, ScenarioError) as error:
        return [str(error)]
    return []


def _of_core(file: Path | None, said: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[Row]:
    name = None if file is None else str(file)
    found = load(name, environment=environment, **said)
    places = Origins(name, from_environment(environment), said, ENVIRONMENT)
    for key in KEYS:
        value = _of_config(found, key)
        if key == "socket" and not places.is_set(key) and "NACRE_SOCKET" in environment:
            yield _row(key, value, "NACRE_SOCKET")
        elif isinstance(value, dict):
            yield from (
                _row(f"{key}.{part}", each, places.shown(f"{key}.{part}")) for part, each in value.items()
            )
        else:
            yield _row(key, value, places.shown(key))


def _of_config(found: CoreConfig, key: str) -> Any:
    value = getattr(found, key, None)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return len(found.lines) if key == "declare" else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _of_file(what: str, file: Path) -> Iterator[Row]:
    found = READERS[what](file)
    told = (
        dataclasses.asdict(found)
        if dataclasses.is_dataclass(found) and not isinstance(found, type)
        else found
    )
    whole = msgspec.to_builtins(told, enc_hook=str)
    section = "backend" if what == "backend" and f"\n[{what}]" in f"\n{file.read_text()}" else ""
    places = Origins(str(file), {}, {}, section=section)
    for key, value in _flat(whole):
        yield _row(key, value, places.shown(key))


def _backend(file: Path) -> Any:
    from periphery.backend.config import read_config

    return read_config(file)


def _fix(file: Path) -> Any:
    from periphery.fix.config import read

    return read(file)


def _act(file: Path) -> Any:
    from periphery.monitoring.acting import read_rules

    return read_rules(file)[0]


READERS: dict[str, Callable[[Path], Any]] = {"act": _act, "backend": _backend, "fix": _fix}
"""Parts that are run with one file alone."""


def _kind(what: str) -> type[msgspec.Struct]:
    """The settings of an engine, or of a service that has its own."""
    if what == "websocket":
        from periphery.websocket.settings import Settings

        return Settings
    if what.startswith("market_data"):
        from periphery.market_data.settings import Settings as MarketData

        return MarketData
    if what not in PLACES:
        known = ", ".join(sorted({"core", "websocket", "market_data", *READERS, *PLACES}))
        raise ValueError(f"{what}: no such part; one of {known}")
    return service.Config


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Tables by dotted keys; those of a list as they are."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _row(key: str, value: Any, origin: str) -> Row:
    return {
        "key": key,
        "value": without_password(value) if isinstance(value, str) else value,
        "origin": origin or DEFAULT,
    }
