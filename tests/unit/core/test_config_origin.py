"""Where a setting's word came from, to the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config_origin import Origins, lines_of
from core.live.config import ConfigError, load

TEXT = '''# a comment
name = "desk"
cpus = [
  2,  # name = "no key"
  3,
]
note = """
wait = "spin"
"""
"quoted" . key = 1

[capacity]
orders = 1024

[[account]]
account = "A1"
[[account]]
account = "B1"
'''


def test_lines_of_keys_and_tables(tmp_path: Path) -> None:
    file = tmp_path / "core.toml"
    file.write_text(TEXT)
    assert lines_of(str(file)) == {
        "name": 2, "cpus": 3, "note": 7, "quoted.key": 10, "capacity": 12, "capacity.orders": 13,
        "account": 15, "account[1]": 15, "account[1].account": 16, "account[2]": 17, "account[2].account": 18,
    }  # fmt: skip
    assert lines_of(str(tmp_path / "none.toml")) == {}
    file.write_text("not = toml = at all")
    assert lines_of(str(file)) == {}


def test_the_last_word_counts(tmp_path: Path) -> None:
    file = tmp_path / "core.toml"
    file.write_text(TEXT)
    places = Origins(str(file), {"name": "a", "wait": "spin"}, {"wait": "sleep", "max_sessions": 3})
    assert places.of("wait") == "--wait"
    assert places.of("max_sessions") == "--max-sessions"
    assert places.of("name") == "NACRE_CORE_NAME"
    assert places.of("capacity.orders") == f"{file}:13"
    assert places.of("capacity.fills") == f"{file}:12"
    assert places.shown("capacity.fills") == places.shown("live") == "default"


def test_a_cores_environment(tmp_path: Path) -> None:
    file = tmp_path / "core.toml"
    file.write_text('name = "desk"\nwait = "spin"\nplacement = "pinned"\n')
    given = {"NACRE_CORE_WAIT": "sleep", "NACRE_CORE_MAX_SESSIONS": "5", "NACRE_CORE_USERS": "10, 11"}
    found = load(str(file), environment=given | {"NACRE_CORE_LIVE": "true"}, placement="fused")
    assert (found.name, found.wait, found.placement) == ("desk", "sleep", "fused")
    assert (found.max_sessions, found.users, found.live) == (5, (10, 11), True)


@pytest.mark.parametrize(
    ("given", "said", "words"),
    [
        ({"NACRE_CORE_WAIT": "soon"}, {}, "NACRE_CORE_WAIT: wait = 'soon': give one of"),
        (
            {"NACRE_CORE_MAX_SESSIONS": "many"},
            {},
            "NACRE_CORE_MAX_SESSIONS: max_sessions = 'many': must be a int",
        ),
        ({"NACRE_CORE_MAX_SESSIONS": "900"}, {}, "NACRE_CORE_MAX_SESSIONS: max_sessions = 900: give 1 to 64"),
        ({"NACRE_CORE_ODD": "1"}, {}, "NACRE_CORE_ODD: odd = '1': no such key"),
        ({}, {"durability": "none"}, "--durability: durability = 'none': give one of"),
        ({}, {}, "core.toml:2: segment_mb = 0: give 1 to 1024"),
    ],
)
def test_mistakes_name_their_place(
    tmp_path: Path, given: dict[str, str], said: dict[str, str], words: str
) -> None:
    file = tmp_path / "core.toml"
    file.write_text('name = "desk"\nsegment_mb = 0\n' if "core.toml" in words else "")
    with pytest.raises(ConfigError) as caught:
        load(str(file), environment=given, **said)
    assert words in str(caught.value)
