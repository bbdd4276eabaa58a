"""A core's configuration: every mistake names the file, the key, the value and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.live.config import ConfigError, beside, default_socket, load
from core.live.plan import plans
from core.scenario.reader import ScenarioError

DECLARED = """
[[instrument]]
symbol = "X"
kind = "equity"
price_precision = 2
qty_precision = 0
tick = "0.01"
lot = "1"
currency = "USD"
[[venue]]
venue = "V"
mode = "match"
symbols = ["X"]
[[account]]
account = "A"
currency = "USD"
"""


def test_a_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "core.toml"
    file.write_text(
        'name = "fx"\ndurability = "group"\nrights = {guest = ["A"]}\ncapacity = {orders = 64}\n' + DECLARED
    )
    config = load(str(file), wait="yield", journal=None)
    assert (config.name, config.durability, config.wait, config.live) == ("fx", "group", "yield", False)
    assert [line.type for line in config.lines] == ["instrument", "venue", "account"]
    assert config.rights == {"guest": ("A",)}
    assert config.capacity.orders == 64
    assert config.socket.name == "fx.sock"
    assert config.journal.parts[-3:] == ("nacre", "fx", "journal")


def test_a_limit_of_the_file_is_of_what_its_declarations_declare(tmp_path: Path) -> None:
    (tmp_path / "desk.jsonl").write_text('{"type":"account","account":"A","currency":"USD"}\n')
    file = tmp_path / "core.toml"
    limit = '[[limit]]\naccount = "A"\ncheck = "max_order_qty"\nvalue = "10"\n'
    file.write_text('declare = "desk.jsonl"\n' + limit)
    assert [line.type for line in load(str(file)).lines] == ["account", "limit"]
    file.write_text('declare = "desk.jsonl"\n' + limit.replace('"A"', '"B"'))
    with pytest.raises(ConfigError, match=r"limit\[1\] = .*B"):
        load(str(file))


def test_strict_rules_are_a_live_cores(tmp_path: Path) -> None:
    file = tmp_path / "core.toml"
    for live, more, strict in (
        ("false", "", (False, False)),
        ("true", "", (True, True)),
        ("true", "second_person = false\n", (False, True)),
        ("false", "require_limits = true\n", (False, True)),
    ):
        file.write_text(f"live = {live}\n{more}" + DECLARED)
        config = load(str(file))
        assert (config.second_person, config.require_limits) == strict


def test_where_the_socket_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NACRE_SOCKET", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/x")
    assert str(default_socket("fx")).startswith("/run/x/nacre-")
    monkeypatch.setenv("NACRE_SOCKET", "/s/own.sock")
    assert default_socket("fx") == Path("/s/own.sock")
    assert beside(Path("/s/own.sock"), "token") == Path("/s/own.token")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("wait = 'never'", r"wait = 'never': give one of auto"),
        ("durability = 'none'", r"durability = 'none': give one of async, group"),
        ("name = 'a/b'", r"name = 'a/b': give 1 to 31 letters"),
        ("colour = 1", r"colour = 1: no such key; one of name"),
        ("live = 'yes'", r"live = 'yes': must be a bool"),
        ("max_sessions = 65", r"max_sessions = 65: give 1 to 64"),
        ("segment_mb = 0", r"segment_mb = 0: give 1 to"),
        ("capacity = {orders = 0}", r"capacity.orders = 0: give 1 or more"),
        ("capacity = {colour = 1}", r"capacity.colour = 1: no such table"),
        ("rights = {guest = 'A'}", r"rights.guest = 'A': must be a list"),
        ("users = ['ann']", r"users = 'ann': must be a int"),
        ("x = ", "isn't TOML"),
        ("[[account]]\naccount = 'A'", r"account\[1\] = .*currency"),
        ("[[venue]]\nvenue = 'V'\nmode = 'match'\nsymbols = ['X']", r"venue\[1\] = .*isn't declared"),
        (DECLARED + "[capacity]\ncurrencies = 1\nsymbols = 1\naccounts = 1\nlimits = 1\nvenues = 1", None),
        (
            DECLARED + "[[account]]\naccount = 'B'\ncurrency = 'EUR'\n[capacity]\naccounts = 1",
            r"accounts = 1: 2 are",
        ),
        (
            DECLARED + "[[account]]\naccount = 'B'\ncurrency = 'EUR'\n[capacity]\ncurrencies = 1",
            r"currencies = 1: 2",
        ),
        (DECLARED + "[rights]\nguest = ['B']", r"rights.guest = 'B': no such account"),
        ("socket = '/" + "x" * 120 + "'", "at most 100 bytes"),
    ],
)
def test_mistakes_name_file_key_value_remedy(tmp_path: Path, text: str, error: str | None) -> None:
    file = tmp_path / "core.toml"
    file.write_text(text)
    if error is None:
        assert load(str(file)).capacity.accounts == 1
        return
    with pytest.raises(ConfigError, match=error) as told:
        load(str(file))
    assert str(told.value).startswith(str(file))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"no\.toml: file.*can't be read"):
        load("no.toml")
    with pytest.raises(ConfigError, match=r"no\.jsonl.*can't be read"):
        load(None, "no.jsonl")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"type": "order"}', "d.jsonl:1: "),
        ('{"type": "time", "at": 5}', "d.jsonl:1: time: not a declaration"),
        ('{"type": "venue", "venue": "V", "mode": "odd", "symbols": []}', "d.jsonl:1: mode"),
    ],
)
def test_declarations_are_declarations(tmp_path: Path, line: str, error: str) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(ScenarioError, match=error):
        load(None, str(file))


def test_where_engines_are(tmp_path: Path) -> None:
    file = tmp_path / "core.toml"
    file.write_text(
        'remote = "tcp://{stage}.far:1"\nplacements = {risk = "remote", orders = "contained"}\n' + DECLARED
    )
    config = load(str(file))
    assert config.placements == {"risk": "remote", "orders": "contained"}
    assert config.remote == "tcp://{stage}.far:1"


def test_a_stage_that_several_engines_share(tmp_path: Path) -> None:
    file = tmp_path / "core.toml"
    file.write_text('placements = {execution = "remote"}\npartitions = {execution = 3}\n' + DECLARED)
    config = load(str(file))
    assert (config.partitions, config.partition_by) == ({"execution": 3}, "account")
    (plan,) = [each for each in plans(config, {}) if each.stages == ("execution",)]
    assert plan.remote == "tcp://execution:7700 tcp://execution-2:7700 tcp://execution-3:7700"


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ('placements = {journal = "remote"}', "placements.journal", "give fused or pinned or contained"),
        ('remote = "risk:7700"', "remote", "give a ZeroMQ address"),
        ('remote = "tcp://{engine}:7700"', "remote", "give a ZeroMQ address"),
        ("realtime = 100", "realtime", "give 1 to 99"),
        ("realtime = 10", "realtime", "say `wait` too"),
        (
            'placement = "remote"\npartitions = {risk = 2}',
            "partitions.risk",
            "only execution can be shared out",
        ),
        ("partitions = {execution = 2}", "partitions.execution", 'placements.execution = "remote"'),
        ('placement = "remote"\npartitions = {execution = 17}', "partitions.execution", "give 1 to 16"),
        ('partitions = {by = "venue"}', "partitions.by", "give account or order"),
    ],
)
def test_what_is_wrong_with_them(tmp_path: Path, text: str, key: str, remedy: str) -> None:
    file = tmp_path / "core.toml"
    file.write_text(text + "\n" + DECLARED)
    with pytest.raises(ConfigError) as caught:
        load(str(file))
    assert key in str(caught.value)
    assert remedy in str(caught.value)
