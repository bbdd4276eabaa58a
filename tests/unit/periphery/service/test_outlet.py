"""An engine's outputs on the bus: each once, whoever is away, killed or slow."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from periphery.client.outputs import EngineOutput, Outputs
from periphery.service import outlet
from periphery.service.engine import Output
from periphery.service.outlet import Outlet, OutputsLog
from periphery.service.state import Said, read_said
from periphery.stream import wire
from periphery.stream.subscriber import Refused
from tests.unit.periphery.stream.turning import PATIENCE_S

COUNT = 300


def say(said: Said, first: int, last: int, words: str = "x") -> None:
    for n in range(first, last + 1):
        said.add(10 * n, 100 * n, Output("t", {"n": n, "words": words}))
    said.show()


def take(outputs: Outputs, count: int) -> list[EngineOutput]:
    end, found = time.monotonic() + PATIENCE_S, []
    while len(found) < count and time.monotonic() < end:
        output = outputs.next(0.2)
        if output is not None:
            found.append(output)
    assert len(found) == count, outputs.why
    return found


def opened(path: Path, address: str = "tcp://127.0.0.1:*") -> Outlet:
    return Outlet(OutputsLog("risk", path), address)


def test_each_comes_once_before_and_after_it_was_asked_for(tmp_path: Path) -> None:
    said = Said(tmp_path / "outputs")
    say(said, 1, COUNT)
    published = opened(said.path)
    with Outputs(published.address) as outputs:
        found = take(outputs, COUNT)
        say(said, COUNT + 1, COUNT + 5)
        found += take(outputs, 5)
        assert outputs.next(0.05) is None
        assert outputs.mark == (COUNT + 5, said.digest)
    published.close()
    said.close()
    assert [tuple(each)[1:] for each in found] == read_said(said.path)
    assert [each.number for each in found] == list(range(1, COUNT + 6))


@pytest.mark.parametrize("known", [1, 63, 64, 65, 200, COUNT])
def test_it_goes_on_from_a_number(tmp_path: Path, known: int) -> None:
    said = Said(tmp_path / "outputs")
    say(said, 1, known)
    digest = said.digest
    say(said, known + 1, COUNT + 1)
    published = opened(said.path)
    with Outputs(published.address, known, digest) as outputs:
        assert [each.number for each in take(outputs, COUNT + 1 - known)] == list(range(known + 1, COUNT + 2))
    published.close()
    said.close()


def test_what_was_cut_off_and_said_again_comes_once(tmp_path: Path) -> None:
    """The engine is killed: its file loses what no state knows, and it says that again."""
    said = Said(tmp_path / "outputs")
    say(said, 1, 20)
    size = said.sync()
    first = opened(said.path)
    say(said, 21, 30)
    outputs = Outputs(address := first.address)
    found = take(outputs, 30)
    first.close()
    said.close()
    with (tmp_path / "outputs").open("r+b") as file:
        file.truncate(size)
    again = Said(tmp_path / "again")
    say(again, 1, 20)
    second = opened(again.path, address)
    assert outputs.next(0.5) is None
    say(again, 21, 40)
    found += take(outputs, 10)
    outputs.close()
    second.close()
    again.close()
    assert [each.number for each in found] == list(range(1, 41))


def test_outputs_of_an_engine_that_began_anew_are_others(tmp_path: Path) -> None:
    said = Said(tmp_path / "outputs")
    say(said, 1, 100, "others")
    published = opened(said.path)
    with Outputs(published.address, 70, b"x" * 16) as outputs, pytest.raises(Refused, match="began anew"):
        take(outputs, 1)
    published.close()
    said.close()


def test_a_long_output_and_many_short_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "TOGETHER_BYTES", 100)
    said = Said(tmp_path / "outputs")
    say(said, 1, 70)
    say(said, 71, 71, "long" * 5000)
    say(said, 72, 80)
    published = opened(said.path)
    with Outputs(published.address) as outputs:
        assert [each.number for each in take(outputs, 80)] == list(range(1, 81))
    published.close()
    said.close()


def test_a_slow_one_holds_nobody_up(tmp_path: Path) -> None:
    said = Said(tmp_path / "outputs")
    published = opened(said.path)
    slow, quick = Outputs(published.address), Outputs(published.address)
    slow.next()
    for n in range(1, 4 * wire.WINDOW):
        say(said, n, n)
        assert take(quick, 1)[0].number == n
    assert [each.number for each in take(slow, 4 * wire.WINDOW - 1)] == list(range(1, 4 * wire.WINDOW))
    slow.close()
    quick.close()
    published.close()
    said.close()
