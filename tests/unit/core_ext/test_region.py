"""Region over plain and shared memory: owner by lock, layout version, full allocation, reclaim."""

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from core_ext import region as region_module
from core_ext.region import HEADER_BYTES, Region, RegionBusy, RegionLayoutError, RegionNoSpace

NAME = "nacre-test-region"
FILE = Path("/dev/shm") / NAME
OWNER = f"""
from core_ext.region import Region
r = Region.create("{NAME}", 5000, 7)
memoryview(r)[0] = 42
print(r.owner_epoch, flush=True)
input()
"""


def owner() -> "tuple[subprocess.Popen[str], int]":
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_plain_memory_is_zeroed_and_on_a_cache_line() -> None:
    with Region.plain(1000, "mine") as region:
        region.touch()
        assert bytes(region) == bytes(1000)
        assert (region.name, region.size, region.is_shared, region.is_owner) == ("mine", 1000, False, True)
        assert region.is_owner_alive()
    assert region.closed
    region.close()
    with pytest.raises(ValueError, match="closed"):
        memoryview(region)
    with pytest.raises(ValueError, match="closed"):
        _ = region.owner_epoch


def test_two_views_of_one_segment() -> None:
    with Region.create(NAME, 5000, 7) as mine, Region.attach(NAME, 7) as other:
        mine.touch()
        other.touch()
        view = memoryview(mine)
        view[4999] = 9
        assert memoryview(other)[4999] == 9
        view.release()
        assert (other.size, other.layout_version, other.owner_epoch) == (5000, 7, mine.owner_epoch)
        assert (mine.is_owner, other.is_owner, other.is_owner_alive()) == (True, False, True)
        mine.heartbeat(123)
        assert other.heartbeat_ns == 123
        with pytest.raises(PermissionError, match="only the owner"):
            other.heartbeat(1)
    assert not FILE.exists()


def test_the_header_is_where_the_drawing_says() -> None:
    with Region.create(NAME, 5000, 7) as region:
        region.heartbeat(99)
        raw = FILE.read_bytes()
        assert struct.unpack_from("<8sIIQQ", raw) == (b"NACRREGN", 1, 7, 5000, region.owner_epoch)
        assert struct.unpack_from("<q", raw, 64) == (99,)
        assert len(raw) == HEADER_BYTES + 5000 == 5128


def test_the_segment_is_allocated_in_full() -> None:
    with Region.create(NAME, 10 << 20, 1):
        assert FILE.stat().st_blocks * 512 >= 10 << 20


def test_a_living_owner_is_not_robbed() -> None:
    process, epoch = owner()
    with pytest.raises(RegionBusy, match="a living process owns"):
        Region.create(NAME, 5000, 7)
    with Region.attach(NAME, 7) as other:
        assert (other.owner_epoch, bytes(other)[:1], other.is_owner_alive()) == (epoch, b"\x2a", True)
        kill(process)
        assert not other.is_owner_alive()
        assert bytes(other)[:1] == b"\x2a"
        with Region.create(NAME, 5000, 7) as mine:  # a dead owner's memory is never used again
            assert bytes(mine)[:1] == b"\0"
            assert bytes(other)[:1] == b"\x2a"
            assert mine.owner_epoch > epoch
            assert not other.is_owner_alive()
    assert not FILE.exists()


def test_an_owner_that_ends_in_order_removes_its_segment_only() -> None:
    first = Region.create(NAME, 100, 1)
    FILE.unlink()
    second = Region.create(NAME, 100, 1)
    first.close()
    assert FILE.exists()
    second.close()
    assert not FILE.exists()


def test_another_layout_version_is_refused_by_name() -> None:
    with (
        Region.create(NAME, 100, 7),
        pytest.raises(RegionLayoutError, match=f"{NAME}.*layout version 7, this build has 8"),
    ):
        Region.attach(NAME, 8)


def test_what_is_no_region_is_refused() -> None:
    with pytest.raises(FileNotFoundError, match="start its owner first"):
        Region.attach(NAME, 1)
    for content in (b"", bytes(50), bytes(5000), b"x" * 5000):
        FILE.write_bytes(content)
        with pytest.raises(RegionLayoutError, match=NAME):
            Region.attach(NAME, 1)
    Region.create(NAME, 100, 1).close()  # nobody holds its lock: reclaimed
    assert not FILE.exists()


def test_too_little_shared_memory_says_what_to_do() -> None:
    with pytest.raises(
        RegionNoSpace, match=r"35184372088832 bytes are needed in /dev/shm, \d+ are free.*--shm-size"
    ):
        Region.create(NAME, (1 << 45) - HEADER_BYTES, 1)
    assert not FILE.exists()


def test_space_that_runs_out_while_allocating_is_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_module, "_free_space", lambda: 1 << 50)
    with pytest.raises(RegionNoSpace, match="35184372088832 bytes are needed"):
        Region.create(NAME, (1 << 45) - HEADER_BYTES, 1)
    assert not FILE.exists()


def test_close_waits_for_whoever_holds_a_buffer() -> None:
    region = Region.plain(100)
    view = memoryview(region)
    with pytest.raises(BufferError, match="1 buffers of it are in use"):
        region.close()
    view.release()
    region.close()


FORKS = f"""
import os
from core_ext.region import Region
r = Region.create("{NAME}", 100, 1)
child = os.fork()
if child == 0:
    os._exit(7 if r.is_owner else 0)
assert os.waitpid(child, 0)[1] == 0
assert r.is_owner
child = os.fork()
if child == 0:
    import time
    os.close(1)
    time.sleep(60)
print(child, flush=True)
os._exit(0)
"""


def test_a_forked_child_does_not_keep_the_dead_owner_alive() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKS], stdout=subprocess.PIPE, text=True, check=True, timeout=30
    )
    try:
        with Region.attach(NAME, 1) as other:
            assert not other.is_owner_alive()
        Region.create(NAME, 100, 1).close()
    finally:
        os.kill(int(done.stdout), signal.SIGKILL)


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "n" * 201])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Region.create(name, 100, 1)


def test_bad_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="size 0"):
        Region.plain(0)
    with pytest.raises(TypeError, match=r"Region\.plain"):
        Region()
