"""The upgrade drill: from the build before to this one between two days, and back; what is mixed is refused.

The build before is this one's modules with a byte more: another build to every check, that does the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.live.day_files import write_day
from core.recovery import verify
from tests.integration.live_core import ROOT, Client, Process
from tests.integration.test_day_live import DayProcess, S, day

WAIT_S = 120.0
PACKAGES = ("core", "core_ext", "periphery")


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree of the build before."""
    root = tmp_path_factory.mktemp("before")
    for name in PACKAGES:
        shutil.copytree(
            ROOT / name, root / name, copy_function=_linked, ignore=shutil.ignore_patterns("__pycache__")
        )
    (module,) = (root / "core" / "risk").glob("engine.*.so")
    data = module.read_bytes()
    module.unlink()
    module.write_bytes(data + b"\n")
    return root


@pytest.fixture
def cores() -> Iterator[list[Process]]:
    found: list[Process] = []
    yield found
    for core in found:
        core.end()


def of_build(root: Path, folder: Path, today: Path, *options: str) -> DayProcess:
    core = DayProcess(folder, today, "--placement", "fused", *options)
    core.root = root
    return core


def trade(core: Process) -> None:
    client = Client(core)
    client.quote("1.10000", "1.10010")
    client.must("day_open", by="ann", second="bob")
    client.order("a1", 110010, qty=300)
    client.expect("a1", status=S.FILLED)
    client.close()


def end_of_day(core: Process, today: Path, tomorrow: Path) -> list[tuple[str, str]]:
    """Tomorrow's files are written; the positions that they begin with."""
    client = Client(core)
    client.must("day_close", by="ann", cancel=True)
    write_day(tomorrow, today, client.must("day_files"))
    found = positions(client)
    client.close()
    return found


def positions(client: Client) -> list[tuple[str, str]]:
    return [(row["account"], row["qty"]) for row in client.must("positions")["positions"]]


def test_to_this_build_and_back(tmp_path: Path, before: Path, cores: list[Process]) -> None:
    monday, tuesday, wednesday = (tmp_path / name for name in ("monday", "tuesday", "wednesday"))
    day(monday)
    old = of_build(before, tmp_path / "one", monday)
    cores.append(old)
    old.start()
    trade(old)
    held = end_of_day(old, monday, tuesday)
    ended = old.stop()

    new = of_build(ROOT, tmp_path / "one", monday)  # the same journal
    cores.append(new)
    with pytest.raises(AssertionError, match="written by another build of the engines"):
        new.start()
    assert verify(old.journal)["ok"], "it was left as it was"

    new = of_build(ROOT, tmp_path / "two", tuesday, "--yesterday", str(tuesday))
    cores.append(new)
    new.start()
    client = Client(new)
    assert positions(client) == held
    client.close()
    trade(new)
    assert end_of_day(new, tuesday, wednesday) != held
    new.stop()

    back = of_build(before, tmp_path / "three", wednesday, "--yesterday", str(wednesday))
    cores.append(back)
    back.start()
    trade(back)
    back.stop()
    again = of_build(before, tmp_path / "one", monday)  # and the first day, once more
    cores.append(again)
    again.start()
    assert again.ask("status")["restored"]["state_hash"] == ended["state_hash"]


def test_an_engine_of_another_build_is_refused(tmp_path: Path, before: Path, cores: list[Process]) -> None:
    """A core whose risk engine comes by itself: that of another build may not take part."""
    core = Process(tmp_path, "--placement", "fused")
    (tmp_path / "core.toml").write_text('[placements]\nrisk = "contained"\n')
    core.declares += ["--config", str(tmp_path / "core.toml")]
    cores.append(core)
    command = [sys.executable, "-m", "core.cli", "core", "run", "--socket", str(core.socket)]
    command += ["--journal", str(core.journal), *core.declares, *core.options]
    pipe = subprocess.PIPE
    core.process = subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
    engine = [sys.executable, "-m", "core.cli", "core", "engine", "risk", "--socket", str(core.socket)]
    ran = subprocess.run(engine, cwd=before, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert (ran.returncode, "run the same image" in ran.stderr) == (2, True), ran.stderr


def test_a_client_of_another_protocol_is_refused(tmp_path: Path, cores: list[Process]) -> None:
    core = Process(tmp_path, "--placement", "fused")
    cores.append(core)
    core.start()
    told = Client(core, version=99).told
    assert (told["ok"], "this core speaks version" in told["error"]) == (False, True), told
