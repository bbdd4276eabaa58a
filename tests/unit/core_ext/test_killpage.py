"""The kill page: in force at once for every reader, epochs grow, cleared by name, full blocks more."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core_ext.killpage import PAGE_BYTES, KillPage

ANY = 0xFFFFFFFF


def page_and_memory() -> tuple[KillPage, mmap.mmap]:
    memory = mmap.mmap(-1, PAGE_BYTES)
    return KillPage.format(memory), memory


def test_an_empty_page_blocks_nothing() -> None:
    page, _ = page_and_memory()
    assert page.epoch == 0
    assert page.rows() == []
    assert not page.is_blocked([0, 1, 2, 3])


def test_a_kill_is_seen_through_another_object_at_once() -> None:
    writer, memory = page_and_memory()
    reader = KillPage.attach(memory)
    assert not reader.is_blocked([0, 5])
    epoch = writer.kill(1, 5, "ann")
    assert reader.is_blocked([0, 5])
    assert not reader.is_blocked([0, 6])
    assert [(row["epoch"], row["kind"], row["key"], row["by"]) for row in reader.rows()] == [
        (epoch, 1, 5, "ann")
    ]
    reader.clear([epoch])
    assert not writer.is_blocked([0, 5])


def test_epochs_only_grow_and_clearing_names_them() -> None:
    page, _ = page_and_memory()
    first, second = page.kill(2, 7, "ann"), page.kill(2, 7, "bob")
    assert second == first + 1
    page.clear([first])
    assert page.is_blocked([0, ANY, 7])
    page.clear([second])
    assert not page.is_blocked([0, ANY, 7])
    assert page.kill(0, 0, "ann") == second + 1
    assert page.is_blocked([0])


def test_a_lost_page_goes_on_after_the_journals_epochs() -> None:
    page, _ = page_and_memory()
    page.start_after(40)
    page.start_after(12)
    assert page.kill(0, 0, "ann") == 41


def test_a_full_page_blocks_everything() -> None:
    page, _ = page_and_memory()
    epochs = [page.kill(1, key, "ann") for key in range(61)]
    assert not page.is_blocked([0, 100])
    epochs.append(page.kill(1, 61, "ann"))
    assert page.is_blocked([0, 100])
    page.clear(epochs)
    assert not page.is_blocked([0, 100])
    for _ in range(200):  # lines are used again
        page.clear([page.kill(3, 1, "ann")])
    assert page.rows() == []


def test_it_works_from_another_process(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_bytes(bytes(PAGE_BYTES))
    fd = os.open(path, os.O_RDWR)
    page = KillPage.format(mmap.mmap(fd, PAGE_BYTES))
    os.close(fd)
    code = (
        "import mmap, os, sys\nfrom core_ext.killpage import KillPage\n"
        "fd = os.open(sys.argv[1], os.O_RDWR)\nKillPage.attach(mmap.mmap(fd, 8192)).kill(4, 9, 'ann')\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert page.is_blocked([0, ANY, ANY, ANY, 9])


def test_what_is_no_page_is_refused() -> None:
    with pytest.raises(ValueError, match="not a page of this build"):
        KillPage.attach(mmap.mmap(-1, PAGE_BYTES))
    with pytest.raises(ValueError, match="a page takes 8192"):
        KillPage.format(bytearray(100))
    with pytest.raises(ValueError, match="kind 8"):
        page_and_memory()[0].kill(8, 0, "ann")
    with pytest.raises(TypeError, match=r"KillPage\.format"):
        KillPage()
