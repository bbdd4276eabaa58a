"""The lock: what it may hold, and how it is written."""

import re
from pathlib import Path

import pytest

from deploy.setup import lock

PIN = re.compile(r"[a-z0-9-]+==([0-9]+!)?[0-9][\w.]*( \\\n    --hash=sha256:[0-9a-f]{64})+\n")


def test_the_lock_holds_versions_and_hashes_alone() -> None:
    text = lock.LOCK.read_text().removeprefix(lock.HEADER)
    assert PIN.sub("", text) == ""


def test_the_lock_holds_all_that_is_declared() -> None:
    locked = {line.split("==")[0] for line in lock.LOCK.read_text().splitlines() if "==" in line}
    assert {re.split(r"[<>=[]", wanted)[0] for wanted in lock.wanted()} <= locked


def test_hashes_of_all_machines_are_joined() -> None:
    pins: lock.Pins = {("b", "2"): {"9", "8"}, ("a", "1"): {"7"}}
    assert "".join(lock.lines(pins)) == (
        lock.HEADER + "a==1 \\\n    --hash=sha256:7\nb==2 \\\n    --hash=sha256:8 \\\n    --hash=sha256:9\n"
    )


def test_two_versions_of_one_package_are_refused() -> None:
    with pytest.raises(SystemExit, match="numpy"):
        list(lock.lines({("numpy", "1"): {"7"}, ("numpy", "2"): {"8"}}))


def test_every_machine_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(
        pip: list[str], python: str, machine: str, scratch: Path, wanted: list[str], glibcs: tuple[str, ...]
    ) -> list[dict[str, object]]:
        assert wanted == ["some-name"]
        assert glibcs == lock.GLIBCS
        hashes = {"hashes": {"sha256": f"{python}-{machine}"}}
        return [
            {"metadata": {"name": "Some_Name", "version": "1"}, "download_info": {"archive_info": hashes}}
        ]

    monkeypatch.setattr(lock, "resolve", resolve)
    asked = {f"{python}-{machine}" for python in ("3.13", "3.14") for machine in ("x86_64", "aarch64")}
    assert lock.collect([], tmp_path, ["some-name"]) == {("some-name", "1"): asked}
