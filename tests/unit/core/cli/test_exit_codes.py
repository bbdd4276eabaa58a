"""The page and the code say the same of exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli import NOUNS, root
from core.cli.output import EXIT_CODES, BadInput
from periphery.cli.desk import CoreSaidNo, NoCoreThere

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "command.md").read_text()
ROW = re.compile(r"^\| (\d) \| ([^|]+) \|", re.MULTILINE)


def test_the_page_lists_the_codes_of_the_code() -> None:
    assert {int(code): meaning for code, meaning in ROW.findall(PAGE)} == EXIT_CODES


def test_errors_have_the_codes_of_the_page() -> None:
    assert (CoreSaidNo.exit_code, BadInput.exit_code, NoCoreThere.exit_code) == (1, 2, 3)


def test_help_tells_them() -> None:
    told = " ".join(CliRunner().invoke(root, ["--help"]).stdout.split())
    assert all(f"{code} {meaning}" in told for code, meaning in EXIT_CODES.items())


@pytest.mark.parametrize("line", ["nothing", "core nothing", "core status --nothing", "order buy"])
def test_wrong_usage_is_2(line: str) -> None:
    done = CliRunner().invoke(root, line.split())
    assert (done.exit_code, done.stdout) == (2, "")


def test_the_page_has_every_noun_and_verb() -> None:
    for noun in root.list_commands(None):  # type: ignore[arg-type]
        command = root.get_command(None, noun)  # type: ignore[arg-type]
        assert f"`{noun}`" in PAGE
        for verb in getattr(command, "commands", ()):
            assert f"`{verb}`" in PAGE, f"{noun} {verb}"
    assert set(NOUNS) < set(root.list_commands(None))  # type: ignore[arg-type]


def test_no_line_of_a_help_is_cut() -> None:
    for noun in root.list_commands(None):  # type: ignore[arg-type]
        listed = CliRunner().invoke(root, [noun, "--help"], terminal_width=80).stdout
        cut = [line for line in listed.splitlines() if line.startswith("  ") and line.endswith("...")]
        assert not cut, noun


def test_a_noun_that_is_misspelt_is_told_what_is_nearly_it() -> None:
    said = CliRunner().invoke(root, ["ordr", "list"])
    assert said.exit_code == 2
    assert "No such command 'ordr'. Did you mean order" in said.stderr
    assert "mean" not in CliRunner().invoke(root, ["zzzz"]).stderr
