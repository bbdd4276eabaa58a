"""`nacre journal`: what it prints of recovery's answers, and how it exits by them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.cli import root

type Provide = Callable[..., None]

PROBLEM = {"file": "0.journal", "offset": 640, "sequence": 9, "what": "crc"}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(root, ["journal", *arguments])


@pytest.mark.parametrize("verb", ["info", "verify", "replay"])
@pytest.mark.parametrize(("answer", "code"), [({"ok": True}, 0), ({"ok": False}, 1), ({"records": 3}, 0)])
def test_the_exit_code_is_that_of_ok(
    provide: Provide, tmp_path: Path, verb: str, answer: dict[str, object], code: int
) -> None:
    provide("core.recovery", **{verb: lambda path: answer})
    done = run(verb, str(tmp_path), "-o", "json")
    assert (done.exit_code, json.loads(done.stdout)) == (code, answer)


def test_the_table_names_file_offset_and_sequence(provide: Provide, tmp_path: Path) -> None:
    provide("core.recovery", verify=lambda path: {"ok": False, "records": 12_345, "problems": [PROBLEM]})
    done = run("verify", str(tmp_path))
    assert done.exit_code == 1
    for text in ("12,345", "0.journal", "640", "offset", "sequence", "crc"):
        assert text in done.stdout


def test_export_writes_json_lines_to_stdout(provide: Provide, tmp_path: Path) -> None:
    provide("core.recovery", export=lambda path, out: out.write('{"a":1}\n{"a":2}\n'))
    assert run("export", str(tmp_path)).stdout == '{"a":1}\n{"a":2}\n'


def test_what_is_no_journal_exits_2(provide: Provide, tmp_path: Path) -> None:
    def refuse(path: str) -> None:
        raise ValueError("no journal's magic")

    provide("core.recovery", info=refuse)
    done = run("info", str(tmp_path))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no journal's magic" in done.stderr


def test_a_path_that_is_not_there_exits_2() -> None:
    assert run("verify", "never").exit_code == 2
