# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The fence: see fence.pxd."""
from libc.string cimport memset

from core_ext.atomics cimport store_release

cdef uint64_t MAGIC = int.from_bytes(b"NACRFENC", "little")
cdef uint64_t VERSION = 1
FENCE_BYTES = sizeof(FencePage)


cdef class Fence:
    """Until when this host may speak to venues. Make it with `Fence.format` or `Fence.attach`."""

    def __init__(self):
        if self._window is None:
            raise TypeError("Fence: use Fence.format(buffer) or Fence.attach(buffer)")

    @staticmethod
    def format(buffer):
        """Lays a closed fence over a writable buffer of FENCE_BYTES and attaches to it."""
        cdef Window window = Window(buffer, "fence", 64)
        if window.size < sizeof(FencePage):
            raise ValueError(f"fence: the buffer has {window.size} bytes, it takes {sizeof(FencePage)}")
        memset(window.base, 0, sizeof(FencePage))
        (<FencePage*>window.base).version = VERSION
        store_release(&(<FencePage*>window.base).magic, MAGIC)
        return Fence.attach(buffer)

    @staticmethod
    def attach(buffer):
        """Attaches to a fence that `format` made. ValueError where it isn't one."""
        cdef Fence fence = Fence.__new__(Fence)
        fence._window = Window(buffer, "fence", 64)
        fence._page = <FencePage*>fence._window.base
        if fence._window.size < sizeof(FencePage) or load_acquire(&fence._page.magic) != MAGIC \
                or fence._page.version != VERSION:
            raise ValueError("fence: not a fence of this build; remove the file while no core runs")
        return fence

    def hold(self, uint64_t epoch, int64_t until_ns) -> None:
        """The lease of that epoch is held until then, of CLOCK_BOOTTIME. One process writes: who holds it."""
        self._page.epoch = epoch
        store_release(&self._page.until_ns, <uint64_t>until_ns)

    def close(self) -> None:
        """Nothing more is sent, from now on."""
        store_release(&self._page.until_ns, 0)

    @property
    def opened(self) -> bool:
        """Whether sends may go out now."""
        return self.is_open()

    @property
    def epoch(self) -> int:
        """Of the last lease that was held here."""
        return self._page.epoch

    @property
    def until_ns(self) -> int:
        return <int64_t>load_acquire(&self._page.until_ns)


def boottime() -> int:
    """Nanoseconds since the machine started, its sleep included: what a lease is measured with."""
    return boot_ns()
