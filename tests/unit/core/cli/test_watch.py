"""Once or again and again: on a terminal, elsewhere, as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from core.cli import watch

type Feed = Callable[..., Callable[[], Mapping[str, Any]]]


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    """Gives values in turn; Ctrl-C while it waits after the last."""

    def make(*values: int) -> Callable[[], Mapping[str, Any]]:
        left = list(values)

        def sleep(_seconds: float) -> None:
            if not left:
                raise KeyboardInterrupt

        monkeypatch.setattr(watch.time, "sleep", sleep)
        return lambda: {"n": left.pop(0)}

    return make


def draw(value: Mapping[str, Any]) -> list[Any]:
    return [f"n is {value['n']}"]


def test_once(feed: Feed, capsys: pytest.CaptureFixture[str]) -> None:
    fetch = feed(1, 2)
    watch.repeat(fetch, draw, "table", False)
    watch.repeat(fetch, draw, "json", False)
    assert capsys.readouterr().out == 'n is 1\n{\n  "n": 2\n}\n'


@pytest.mark.parametrize("output", ["table", "json"])
def test_without_a_terminal_what_changed_is_printed(
    feed: Feed, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        watch.repeat(feed(1, 1, 2, 2, 1), draw, output, True)
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    found = [json.loads(line)["n"] if output == "json" else int(line[-1]) for line in lines]
    assert found == [1, 2, 1]


def test_on_a_terminal_a_picture_takes_the_place_of_the_last(
    feed: Feed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(SystemExit):
        watch.repeat(feed(1, 2), draw, "table", True)
    out = capsys.readouterr().out
    assert out.startswith("\x1b[?1049h")
    assert out.count("\x1b[H") >= 2
    assert "n is 1" in out
    assert "n is 2" in out
    assert "\x1b[?1049l" in out
