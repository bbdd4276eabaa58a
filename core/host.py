"""What a machine is like for the core, from the kernel's files: each finding, its cost and its mending."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.clock_sync import ClockSync, clock_sync

PINNED_PROCESSORS = 4
"""From here on every engine group has a processor of its own."""

SHM_NEEDED = 1 << 30
MEMLOCK_NEEDED = 1 << 28
IDLE_US = 2
CLOCK_OFF_NS = 1_000_000
RUNTIMES = ("docker", "podman", "nerdctl", "kubectl")

type State = Literal["ok", "costs", "unknown", "broken"]
"""costs: it works, slower; broken: something that should work doesn't."""


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


def _idle_states(root: Path) -> Finding:
    """How deep processors may sleep: the slowest state that isn't switched off."""
    folder = root / "sys/devices/system/cpu/cpu0/cpuidle"
    states = sorted(folder.glob("state[0-9]*"), key=lambda path: int(path.name.removeprefix("state")))
    open_ = [state for state in states if _read(state / "disable") in (None, "0")]
    if not open_:
        return Finding("idle states", "not shown (a virtual machine, or none)", "unknown")
    slowest = max(open_, key=_exit_us)
    found = f"to {_read(slowest / 'name')}, {_exit_us(slowest)} us to wake"
    if _exit_us(slowest) <= IDLE_US:
        return Finding("idle states", found, "ok")
    return Finding(
        "idle states", found, "costs",
        f"the first event after a pause waits up to {_exit_us(slowest)} us for its processor to wake",
        "boot with processor.max_cstate=1 intel_idle.max_cstate=0, or hold /dev/cpu_dma_latency at 0; "
        "`wait = spin`",
    )  # fmt: skip


def _exit_us(state: Path) -> int:
    return int(_read(state / "latency") or 0)


def _interrupts(root: Path) -> Finding:
    """Whether devices may interrupt the processors that are kept for engines."""
    kept = _processor_list(_read(root / "sys/devices/system/cpu/isolated") or "")
    lists = [text for path in root.glob("proc/irq/[0-9]*/smp_affinity_list") if (text := _read(path))]
    if not lists:
        return Finding("interrupts", "not shown", "unknown")
    if not kept:
        return Finding(
            "interrupts", f"{len(lists)}, on any processor: none is isolated", "costs",
            "a device's interrupt stops an engine where it is: tens of microseconds at p99.9",
            "isolate processors first; then write the others into /proc/irq/*/smp_affinity_list, "
            "irqbalance off",
        )  # fmt: skip
    wild = sum(bool(kept & _processor_list(text)) for text in lists)
    if not wild:
        return Finding("interrupts", f"{len(lists)}, none on isolated processors", "ok")
    return Finding(
        "interrupts", f"{wild} of {len(lists)} may come to isolated processors", "costs",
        "a device's interrupt stops an engine where it is: tens of microseconds at p99.9",
        "write the other processors into /proc/irq/*/smp_affinity_list; irqbalance off, or "
        "IRQBALANCE_BANNED_CPULIST",
    )  # fmt: skip


def _processor_list(text: str) -> set[int]:
    """`0-2,5` as a set."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def _clock(_root: Path) -> Finding:
    return of_clock(clock_sync())


def of_clock(sync: ClockSync | None) -> Finding:
    """Whether somebody keeps the clock, and how well."""
    if sync is None:
        return Finding("clock", "not shown", "unknown")
    found = f"off by {abs(sync.offset_ns) / 1e3:.0f} us, at most {sync.error_ns / 1e6:.1f} ms"
    if sync.synchronised and abs(sync.offset_ns) <= CLOCK_OFF_NS:
        return Finding("clock", found, "ok")
    return Finding(
        "clock", found if sync.synchronised else "nobody keeps it", "costs",
        "times in the journal aren't the venues': delays and costs are measured wrong, and a set-back "
        "clock stands still",
        "run chrony (or ptp4l and phc2sys): it slews; never set the clock by hand while a core runs",
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
    _idle_states,
    _interrupts,
    _clock,
    _container_runtime,
)
