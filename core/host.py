"""What a machine is like for the core, from the kernel's files: each finding, its cost and its mending."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PINNED_PROCESSORS = 4
"""From here on every engine group has a processor of its own."""

SHM_NEEDED = 1 << 30
MEMLOCK_NEEDED = 1 << 28
RUNTIMES = ("docker", "podman", "nerdctl", "kubectl")

type State = Literal["ok", "costs", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. cost, mend: "" where all is well."""

    name: str
    found: str
    state: State
    cost: str = ""
    mend: str = ""


def examine(root: Path = Path("/")) -> list[Finding]:
    """Every finding; `root` is where the kernel's files are."""
    return [check(root) for check in _CHECKS]


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None


def _processors(root: Path) -> Finding:
    usable = len(os.sched_getaffinity(0))
    quota = _quota(root)
    found = f"{usable} usable of {os.cpu_count()}" + (f", quota {quota:g}" if quota is not None else "")
    if usable >= PINNED_PROCESSORS and (quota is None or quota >= PINNED_PROCESSORS):
        return Finding("processors", found, "ok")
    return Finding(
        "processors", found, "costs",
        "engines, clients and the kernel take turns: a hop waits for a time slice, tails of milliseconds",
        f"run fused, or give it {PINNED_PROCESSORS} or more (docker --cpuset-cpus, a Guaranteed Pod)",
    )  # fmt: skip


def _quota(root: Path) -> float | None:
    """Processors' worth of time that the control group allows, None where it sets no bound."""
    words = (_read(root / "sys/fs/cgroup/cpu.max") or "max").split()
    return None if words[0] == "max" or len(words) < 2 else int(words[0]) / int(words[1])


def _isolated(root: Path) -> Finding:
    found = _read(root / "sys/devices/system/cpu/isolated")
    if found:
        return Finding("isolated processors", found, "ok")
    return Finding(
        "isolated processors", "none", "costs",
        "the scheduler may put other work on an engine's processor: p99.9 of tens of microseconds",
        "boot with isolcpus= and nohz_full= for the engines' processors",
    )  # fmt: skip


def _governor(root: Path) -> Finding:
    files = sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor"))
    found = sorted({text for text in map(_read, files) if text})
    if not found:
        return Finding("governor", "not shown (a virtual machine, or no scaling)", "unknown")
    if found == ["performance"]:
        return Finding("governor", "performance", "ok")
    return Finding(
        "governor", ", ".join(found), "costs",
        "the clock slows when idle: the first orders after a pause take up to twice as long",
        "cpupower frequency-set -g performance",
    )  # fmt: skip


def _clock_source(root: Path) -> Finding:
    found = _read(root / "sys/devices/system/clocksource/clocksource0/current_clocksource")
    if found is None:
        return Finding("clock source", "not shown", "unknown")
    if found in ("tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"):
        return Finding("clock source", found, "ok")
    return Finding(
        "clock source", found, "costs",
        "each look at the clock is a system call: about a microsecond an event instead of 20 ns",
        "boot with clocksource=tsc tsc=reliable, if the processor's counter is constant",
    )  # fmt: skip


def _shared_memory(root: Path) -> Finding:
    try:
        stat = os.statvfs(root / "dev/shm")
    except OSError:
        return Finding(
            "shared memory", "no /dev/shm", "costs", "the core has no place for its rings: it won't start",
            "mount a tmpfs at /dev/shm",
        )  # fmt: skip
    size, free = stat.f_blocks * stat.f_frsize, stat.f_bavail * stat.f_frsize
    found = f"{_bytes(size)}, {_bytes(free)} free"
    if free >= SHM_NEEDED:
        return Finding("shared memory", found, "ok")
    return Finding(
        "shared memory", found, "costs",
        "too small for the spine and the tables at their usual sizes: the core refuses to start",
        "docker --shm-size=2g, a memory volume in Kubernetes, or mount -o remount,size=2g /dev/shm",
    )  # fmt: skip


def _memlock(_root: Path) -> Finding:
    soft, _hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    found = "unlimited" if soft == resource.RLIM_INFINITY else _bytes(soft)
    if soft == resource.RLIM_INFINITY or soft >= MEMLOCK_NEEDED:
        return Finding("locked memory", found, "ok")
    return Finding(
        "locked memory", found, "costs",
        "memory can't be locked: under pressure a page of the path may be taken and cost milliseconds",
        "ulimit -l unlimited, docker --ulimit memlock=-1, or LimitMEMLOCK=infinity",
    )  # fmt: skip


def _huge_pages(root: Path) -> Finding:
    count = _read(root / "proc/sys/vm/nr_hugepages")
    if count is None:
        return Finding("huge pages", "not shown", "unknown")
    if int(count) > 0:
        return Finding("huge pages", count, "ok")
    return Finding(
        "huge pages", "0", "costs",
        "random access over big tables misses the TLB: tens of ns an order at a million live orders",
        "sysctl vm.nr_hugepages=512 (1 GB)",
    )  # fmt: skip


def _transparent_huge_pages(root: Path) -> Finding:
    text = _read(root / "sys/kernel/mm/transparent_hugepage/enabled")
    chosen = text[text.index("[") + 1 : text.index("]")] if text and "[" in text else None
    if chosen is None:
        return Finding("transparent huge pages", "not shown", "unknown")
    if chosen != "always":
        return Finding("transparent huge pages", chosen, "ok")
    return Finding(
        "transparent huge pages", chosen, "costs",
        "the kernel stops a process to gather pages: rare stalls of milliseconds",
        "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
    )  # fmt: skip


def _container_runtime(_root: Path) -> Finding:
    found = [name for name in RUNTIMES if shutil.which(name)]
    if found:
        return Finding("container runtime", ", ".join(found), "ok")
    return Finding(
        "container runtime", "none", "costs", "the contained and remote placements can't run here",
        "install docker or podman; fused and pinned need neither",
    )  # fmt: skip


def _bytes(count: int) -> str:
    power = min(max(count.bit_length() - 1, 0) // 10, 4)
    return f"{count / (1 << 10 * power):.4g} {('B', 'KB', 'MB', 'GB', 'TB')[power]}"


_CHECKS: tuple[Callable[[Path], Finding], ...] = (
    _processors,
    _isolated,
    _governor,
    _clock_source,
    _shared_memory,
    _memlock,
    _huge_pages,
    _transparent_huge_pages,
    _container_runtime,
)
