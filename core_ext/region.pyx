# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Region: plain memory or a shared-memory segment whose owner is known by a held lock (layout: region.pxd)."""
import errno
import mmap
import os
import struct
import time
from multiprocessing import shared_memory

from core_ext.held_lock import HeldLock, is_locked

from cpython.buffer cimport PyBuffer_FillInfo

cdef extern from * nogil:
    """
    #include <sys/mman.h>
    #ifndef MADV_POPULATE_WRITE
    #define MADV_POPULATE_WRITE 23            /* Linux 5.14; EINVAL before */
    #endif
    static int nacre_populate(char* base, size_t size) {
        size_t skew = (size_t)base & 4095;
        return madvise(base - skew, size + skew, MADV_POPULATE_WRITE);
    }
    """
    int populate "nacre_populate" (char* base, size_t size)

cdef uint64_t MAGIC = int.from_bytes(b"NACRREGN", "little")
cdef uint32_t VERSION = 1
SHM_DIRECTORY = "/dev/shm"
HEADER_BYTES = sizeof(RegionHeader)
_TRIES = 100                                  # of a race with another creator: each loses at most one turn
_EPOCH = struct.Struct("<Q16xQ")              # magic (0) and owner epoch (24)


class RegionBusy(OSError):
    """A living process owns the segment."""


class RegionLayoutError(ValueError):
    """The segment was made with another layout version, or is not a region at all."""


class RegionNoSpace(OSError):
    """Shared memory is too small for the segment."""


cdef class Region:
    """A block of zeroed memory with the buffer protocol. Make it with `plain`, `create` or `attach`."""

    def __init__(self):
        if self._window is None:
            raise TypeError("Region: use Region.plain(size), Region.create(name, size, layout_version) or "
                            "Region.attach(name, layout_version)")

    @staticmethod
    def plain(size_t size, str name="plain", uint32_t layout_version=0):
        """Memory of this process: `size` bytes of payload, zeroed, on a cache line."""
        _check_size(name, size)
        cdef Region region = Region.__new__(Region)
        region._memory = mmap.mmap(-1, size + HEADER_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        region._bind(region._memory, name)
        region._stamp(size, layout_version, time.time_ns())
        return region

    @staticmethod
    def create(str name not None, size_t size, uint32_t layout_version):
        """Makes the shared segment `name`, allocated in full, and owns it until `close` or this process's death.

        A segment that a dead owner left is removed first; its memory is never used again. RegionBusy: a living
        process owns it. RegionNoSpace: names what is needed, what is free, and the remedy. ValueError: a bad name.
        """
        _check_size(name, size)
        _check_name(name)
        cdef Region region = Region.__new__(Region)
        cdef uint64_t epoch = 0
        for _ in range(_TRIES):
            epoch = max(epoch, _reclaim(name))
            _check_space(name, size + HEADER_BYTES)
            memory, lock = _make(name, size + HEADER_BYTES)
            if lock is not None:
                region._memory = memory
                region._lock = lock
                region._shared = True
                region._bind(memory.buf, name)
                region._stamp(size, layout_version, max(epoch + 1, <uint64_t>time.time_ns()))
                return region
        raise RegionBusy(errno.EBUSY, f"region: {_TRIES} tries to make it were lost to other processes; let one "
                         "process make it", name)

    @staticmethod
    def attach(str name not None, uint32_t layout_version):
        """Attaches to a segment that another object or process owns.

        FileNotFoundError: there is none. RegionLayoutError: made with another layout version, or not (yet) whole.
        """
        _check_name(name)
        cdef Region region = Region.__new__(Region)
        try:
            region._memory = shared_memory.SharedMemory(name, track=False)
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "region: no such shared segment; start its owner first, and share "
                                    "its IPC namespace", name) from None
        except ValueError:       # empty: its owner died, or is, between making and sizing it
            raise RegionLayoutError(f"region {name!r}: the segment has no size yet; its owner is making it: try "
                                    "again") from None
        region._shared = True
        region._bind(region._memory.buf, name)
        _check_header(region, layout_version)
        region.size = region._header.size
        return region

    cdef void _bind(self, object buffer, str name):
        self._window = Window(buffer, f"region {name!r}", 64)
        self._header = <RegionHeader*>self._window.base
        self.base = self._window.base + sizeof(RegionHeader)
        self.name = name

    cdef void _stamp(self, size_t size, uint32_t layout, uint64_t epoch):
        self.size = size
        self._header.version = VERSION
        self._header.layout = layout
        self._header.size = size
        self._header.owner_epoch = epoch
        self._header.created_ns = time.time_ns()
        store_release(&self._header.magic, MAGIC)     # last: who sees the magic sees a whole header

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        if self.base == NULL:
            raise ValueError(f"region {self.name!r}: closed")
        PyBuffer_FillInfo(buffer, self, self.base, self.size, 0, flags)
        self._exports += 1

    def __releasebuffer__(self, Py_buffer* buffer):
        self._exports -= 1

    @property
    def is_shared(self):
        """True for a shared segment, False for plain memory."""
        return self._shared

    @property
    def is_owner(self):
        """True for plain memory, and for the process that made the segment (not its forked children)."""
        return not self._shared or (self._lock is not None and self._lock.held)

    @property
    def closed(self):
        """True after `close`."""
        return self.base == NULL

    @property
    def layout_version(self):
        """What the creator said."""
        return _open_header(self).layout

    @property
    def owner_epoch(self):
        """Greater for every later owner of the same name."""
        return _open_header(self).owner_epoch

    @property
    def heartbeat_ns(self):
        """The time of the owner's last sign of life; 0 before the first."""
        _open_header(self)
        return self.last_beat()

    def heartbeat(self, int64_t now_ns):
        """The owner's sign of life. PermissionError for anybody else."""
        _open_header(self)
        if not self.is_owner:
            raise PermissionError(errno.EPERM, "region: only the owner may write the heartbeat", self.name)
        self.beat(now_ns)

    def is_owner_alive(self):
        """True while the process that made this very segment lives. Asks the kernel for its lock, not for a pid."""
        if self.is_owner:
            return True
        try:
            fd = os.open(_path(self.name), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return _epoch_of(fd) == self.owner_epoch and is_locked(fd)
        finally:
            os.close(fd)

    def touch(self):
        """Faults every page in now, so that no first touch happens on the path."""
        _open_header(self)
        cdef size_t at
        cdef volatile char* base = self._window.base
        cdef volatile char read
        cdef size_t size = self._window.size
        if populate(self._window.base, size) != 0:
            for at in range(0, size, 4096):
                read = base[at]        # an old kernel: reading maps the (already allocated) page

    def close(self):
        """Lets go of the memory; the owner removes the segment. BufferError while somebody holds a buffer of it."""
        if self.base == NULL:
            return
        if self._exports:
            raise BufferError(f"region {self.name!r}: {self._exports} buffers of it are in use; release them first")
        self.base = NULL
        self._window.drop()
        self._memory.close()
        if self._lock is not None:
            _remove(self._lock)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def __dealloc__(self):
        # Not closed: as after a crash. The lock goes with its object, the segment stays for the next owner to reclaim.
        if self._window is not None:
            self._window.drop()


cdef RegionHeader* _open_header(Region region) except NULL:
    if region.base == NULL:
        raise ValueError(f"region {region.name!r}: closed")
    return region._header


def _path(name):
    return os.path.join(SHM_DIRECTORY, name)


cdef _check_size(str name, size_t size):
    if size == 0 or size > <size_t>1 << 46:
        raise ValueError(f"region {name!r}: size {size}; 1 to 2**46 bytes are possible")


cdef _check_name(str name):
    if not name or "/" in name or name.startswith(".") or len(name.encode()) > 200:
        raise ValueError(f"region: name {name!r}; 1 to 200 bytes without '/' and not starting with '.' are possible")


cdef _check_header(Region region, uint32_t layout_version):
    cdef RegionHeader* header = region._header
    if region._window.size < HEADER_BYTES or load_acquire(&header.magic) != MAGIC or header.version != VERSION:
        raise RegionLayoutError(f"region {region.name!r}: no region of version {VERSION} in this segment of "
                                f"{region._window.size} bytes; its owner is still making it (try again), or another "
                                "program made it (remove it)")
    if header.layout != layout_version:
        raise RegionLayoutError(f"region {region.name!r}: layout version {header.layout}, this build has "
                                f"{layout_version}; run one build in all processes, or restart the owner")
    if header.size > region._window.size - HEADER_BYTES:
        raise RegionLayoutError(f"region {region.name!r}: its header says {header.size} bytes, the segment has "
                                f"{region._window.size - HEADER_BYTES}; restart the owner")


def _no_space(name, need, free):
    return RegionNoSpace(errno.ENOSPC, f"region: {need} bytes are needed in {SHM_DIRECTORY}, {free} are free; make it "
                         "larger (docker run --shm-size, compose shm_size, Kubernetes emptyDir medium: Memory with a "
                         "sizeLimit) or lower the capacities", name)


def _free_space():
    found = os.statvfs(SHM_DIRECTORY)
    return found.f_bavail * found.f_frsize


cdef _check_space(str name, size_t need):
    free = _free_space()
    if need > free:
        raise _no_space(name, need, free)


cdef tuple _make(str name, size_t size):
    """(memory, lock) of a new segment allocated in full, or (None, None) when another process was quicker."""
    try:
        memory = shared_memory.SharedMemory(name, create=True, size=size, track=False)
    except FileExistsError:
        return None, None
    try:
        lock = HeldLock(_path(name), os.O_RDWR)
    except (BlockingIOError, FileNotFoundError):      # taken for a dead owner's, between making and locking it
        memory.close()
        return None, None
    if not lock.names_its_path():
        memory.close()
        lock.release()
        return None, None
    try:
        os.posix_fallocate(lock.fd, 0, size)
    except OSError as error:
        memory.close()
        _remove(lock)
        if error.errno == errno.ENOSPC:
            raise _no_space(name, size, _free_space()) from None
        raise
    return memory, lock


def _reclaim(name):
    """Removes what a dead owner left under this name. Its epoch, 0 when there was nothing. RegionBusy."""
    try:
        lock = HeldLock(_path(name), os.O_RDWR)
    except FileNotFoundError:
        return 0
    except BlockingIOError:
        raise RegionBusy(errno.EBUSY, "region: a living process owns this segment; stop it, or use another name",
                         name) from None
    epoch = _epoch_of(lock.fd)
    _remove(lock)
    return epoch


def _remove(lock):
    """Unlinks the locked segment, unless the path leads to another one by now, and gives the lock up."""
    if lock.held:
        if lock.names_its_path():
            os.unlink(lock.path)
        lock.release()


def _epoch_of(fd):
    """The owner epoch in a segment file; 0 when it holds no region."""
    raw = os.pread(fd, _EPOCH.size, 0)
    if len(raw) < _EPOCH.size:
        return 0
    magic, epoch = _EPOCH.unpack(raw)
    return epoch if magic == MAGIC else 0
