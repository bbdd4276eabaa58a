"""Which processes `nacre up --local` starts, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.cli.local import Local, Part, parts
from core.cli.output import BadInput


def made(sections: dict[str, dict[str, Any]], store: str | None = None) -> dict[str, Part]:
    found = parts(
        Path("/f"),
        Path("/core.toml"),
        Path("/e.toml"),
        sections,
        Path("/s"),
        None,
        store,
        False,
        None,
        lambda: True,
    )
    return {part.name: part for part in found}


def test_services_have_sections_of_the_engines_file() -> None:
    sections = {"risk": {}, "websocket": {"secret": "s"}, "cache": {"redis": "unix:///r"}}
    found = made(sections, "sqlite:///x")
    assert list(found) == ["core", "recorder", "risk", "websocket", "cache"]
    assert "--outputs=risk=/f/risk" in found["recorder"].words
    assert not [word for word in found["recorder"].words if "websocket" in word or "cache" in word]
    assert found["websocket"].words == [
        "websocket", "run", "--config", "/e.toml", "--journal", "/f/journal", "--outputs=risk=/f/risk",
        "--http", "127.0.0.1:0",
    ]  # fmt: skip
    asked = ["cache", "run", "/f/journal", "--http=127.0.0.1:0", "--redis=unix:///r"]
    assert found["cache"].words == asked


def test_only_what_is_asked_for_runs() -> None:
    assert list(made({})) == ["core"]


def test_nothing_more_is_started_once_it_is_told_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A strategy that is started only to be ended might trade meanwhile."""
    started: list[str] = []
    monkeypatch.setattr(Local, "_start", lambda _, part: started.append(part.name))
    local = Local([Part("core", [], ready=lambda: False), Part("strategy", [])], print)
    local.run(lambda: bool(started))
    assert started == ["core"]


def test_an_engine_that_there_isnt_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match=r"engine 'rsk': there is .*portfolio, risk"):
        made({"rsk": {}})


def test_one_alone_runs_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(Local, "_start", lambda _, part: started.append(part.name))

    def second() -> bool:
        with pytest.raises(BadInput, match=r"runs already in .*--folder"):
            Local([Part("other", [])], print, tmp_path).run(lambda: True)
        return bool(started)

    for _ in range(2):  # the lock of one that has ended is free again
        started.clear()
        Local([Part("core", [])], print, tmp_path).run(second)
        assert started == ["core"]
