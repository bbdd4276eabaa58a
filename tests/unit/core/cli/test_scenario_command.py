"""`nacre scenario run`: it hands over the file and the streams, and passes on the exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest
from click.testing import CliRunner

from core.cli import root

type Provide = Callable[..., None]

LINES = '{"type":"deny","at":5,"line":2,"seq":3,"request":"order","reason":"tick","text":"[b]"}\n'


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "s.jsonl"
    path.write_text("")
    return str(path)


@pytest.mark.parametrize("code", [0, 1, 2])
def test_lines_pass_through_untouched(provide: Provide, file: str, code: int) -> None:
    def run(path: str, out: TextIO, err: TextIO) -> int:
        assert path == file
        out.write(LINES)
        err.write("said\n")
        return code

    provide("core.scenario", run=run)
    done = CliRunner().invoke(root, ["scenario", "run", file])
    assert (done.exit_code, done.stdout, done.stderr) == (code, LINES, "said\n")


def test_a_dash_is_standard_input(provide: Provide) -> None:
    provide("core.scenario", run=lambda path, out, err: out.write(path) and 0)
    assert CliRunner().invoke(root, ["scenario", "run", "-"]).stdout == "-"


def test_a_table_shows_each_line(provide: Provide, file: str) -> None:
    provide("core.scenario", run=lambda path, out, err: out.write(LINES) and 0)
    done = CliRunner().invoke(root, ["scenario", "run", file, "-o", "table"])
    assert done.exit_code == 0
    assert "request=order  reason=tick  text=[b]" in done.stdout


def test_a_bad_file_leaves_stdout_empty(provide: Provide, file: str) -> None:
    provide("core.scenario", run=lambda path, out, err: 2)
    done = CliRunner().invoke(root, ["scenario", "run", file, "-o", "table"])
    assert (done.exit_code, done.stdout) == (2, "")


def test_a_file_that_is_not_there_exits_2() -> None:
    done = CliRunner().invoke(root, ["scenario", "run", "never.jsonl"])
    assert (done.exit_code, done.stdout) == (2, "")
