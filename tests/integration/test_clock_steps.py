"""The host's clock is set while a core runs: stamps never go back, and the journal replays to the same state.

The core's processes are given a clock of the test's own: a library loaded before libc adds what a file says
to realtime.
"""

from __future__ import annotations

import mmap
import subprocess
import sysconfig
from pathlib import Path

import pytest

from core.recovery import replay
from core.recovery.journal import event
from core_ext.journal import JournalReader
from periphery.client import connect
from tests.integration.live_core import Process, until

SECOND = 10**9
HOUR = 3600 * SECOND
SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int (*given)(clockid_t, struct timespec*);
static volatile int64_t* apart;

static void begin(void) {                                  // also before any constructor ran
    given = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
    int file = open(getenv("TEST_CLOCK"), O_RDONLY);
    apart = mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
    close(file);
}

int clock_gettime(clockid_t id, struct timespec* out) {
    if (!given) begin();
    int failed = given(id, out);
    if (id == CLOCK_REALTIME && !failed) {
        int64_t ns = out->tv_sec * 1000000000LL + out->tv_nsec + *apart;
        out->tv_sec = ns / 1000000000LL;
        out->tv_nsec = ns % 1000000000LL;
    }
    return failed;
}
"""


class Clock:
    """By how much the core's clock is apart from the host's, in ns."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock"
        self.file.write_bytes(bytes(4096))
        with self.file.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 4096)
        self.library = folder / "clock.so"
        source = folder / "clock.c"
        source.write_text(SOURCE)
        compiler = (sysconfig.get_config_var("CC") or "gcc").split()[0]
        subprocess.run([compiler, "-shared", "-fPIC", "-o", self.library, source, "-ldl"], check=True)

    def set(self, apart_ns: int) -> None:
        self._map[:8] = apart_ns.to_bytes(8, "little", signed=True)


def orders(core: Process, name: str, count: int = 5) -> None:
    with connect(core.socket, name=name) as client:
        for i in range(count):
            client.submit("EURUSD", "buy", 10, "limit", "1.00000", account="A", cl_ord_id=f"{name}{i}")


def times(core: Process) -> dict[int, int]:
    """Of each event, by its sequence."""
    return {row["seq"]: row["time_ns"] for row in (event(body) for _, body in JournalReader(core.journal))}


@pytest.mark.parametrize("placement", ["fused", "pinned"])
def test_steps_and_leaps_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, placement: str
) -> None:
    clock = Clock(tmp_path)
    monkeypatch.setenv("TEST_CLOCK", str(clock.file))
    monkeypatch.setenv("LD_PRELOAD", str(clock.library))
    core = Process(tmp_path, "--placement", placement)
    try:
        core.start()
        monkeypatch.delenv("LD_PRELOAD")
        orders(core, "first")
        clock.set(-HOUR)  # set back
        back = core.ask("status")["seq"]
        orders(core, "back")
        until(lambda: core.ask("status")["seq"] >= back + 6, "its events are sequenced")
        clock.set(HOUR)  # and far forth
        forth = core.ask("status")["seq"]
        orders(core, "forth")
        clock.set(HOUR + SECOND)  # a leap second
        orders(core, "leap")
        clock.set(HOUR)  # taken back
        orders(core, "again")
        told = core.stop()
        whole = times(core)
    finally:
        core.end()
    stamps = [whole[seq] for seq in sorted(whole)]
    assert stamps == sorted(stamps)
    stood = {whole[seq] for seq in range(back + 1, back + 7)}
    assert stood == {whole[back]}, "set back, the clock stands still at the last stamp"
    assert min(whole[seq] for seq in whole if seq > forth) >= whole[back] + HOUR - 60 * SECOND
    assert replay(core.journal)["state_hash"] == told["state_hash"]
