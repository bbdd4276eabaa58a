"""`nacre fix`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from periphery.cli.fix import command
from periphery.fix.config import read
from periphery.fix.gateway import Gateway
from tests.support_fix import dictionary_of


def typed(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "fix.toml"
    path.write_text(
        f'store = "store"\nlisten = "127.0.0.1:0"\nsocket = "none.sock"\n'
        f'[dictionaries]\n"FIX.4.4" = "{dictionary_of("FIX.4.4")}"\n'
        '[[session]]\nname = "oms"\nsender = "N"\ntarget = "O"\n'
    )
    return path


def test_how_a_gateway_is(config: Path) -> None:
    assert typed("status", "--config", str(config)).exit_code == 1
    gateway = Gateway(read(config), print)
    gateway.turn()
    found = typed("status", "--config", str(config), "-o", "json")
    (told,) = json.loads(found.stdout)["sessions"]
    assert found.exit_code == 0
    assert (told["name"], told["running"], told["logged_on"], told["next_out"]) == ("oms", True, False, 1)
    assert "none.sock" in told["why"]
    assert "oms" in typed("status", "--config", str(config)).stdout
    gateway.close()
    ended = typed("status", "--config", str(config), "-o", "json")
    assert ended.exit_code == 1
    assert not json.loads(ended.stdout)["sessions"][0]["running"]


def test_a_session_is_told_once_by_the_gateway_that_had_it_last(config: Path) -> None:
    copies = '[[session]]\nname = "copies"\nrole = "drop-copy"\nsender = "N"\ntarget = "B"\n'
    config.write_text('journal = "journal"\n' + config.read_text() + copies)
    for name, roles in (("accept", ("orders", "drop-copy")), ("drop-copy", ("drop-copy",))):
        gateway = Gateway(read(config), print, name, roles)
        gateway.turn()
        if name == "accept":
            gateway.close()
    found = json.loads(typed("status", "--config", str(config), "-o", "json").stdout)["sessions"]
    gateway.close()
    assert [(row["name"], row["running"]) for row in found] == [("copies", True), ("oms", False)]


@pytest.mark.parametrize("verb", ["accept", "drop-copy", "initiate"])
def test_a_file_without_such_sessions(config: Path, verb: str) -> None:
    config.write_text(
        config.read_text().replace('"oms"', '"oms"\nrole = "drop-copy"' if verb == "initiate" else '"o m"')
    )
    found = typed(verb, "--config", str(config))
    assert found.exit_code == 2
    assert "session" in found.output
