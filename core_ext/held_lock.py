"""A lock on a file that the kernel drops when its holder dies: how an owner is known in any pid namespace."""

import errno
import fcntl
import os
import struct
import weakref
from typing import ClassVar

# struct flock on 64-bit Linux: type, whence, start, length, pid (0 for an open file description lock).
_FLOCK = struct.Struct("@hhqqi4x")


def _request(kind: int) -> bytes:
    return _FLOCK.pack(kind, os.SEEK_SET, 0, 0, 0)


class HeldLock:
    """An exclusive open-file-description lock on a whole file, held until `release` or the process's death.

    A forked child closes its copy at once: a child must not keep its dead parent's lock alive.
    """

    _held: ClassVar["weakref.WeakSet[HeldLock]"] = weakref.WeakSet()

    def __init__(self, path: str, flags: int = os.O_RDWR | os.O_CREAT) -> None:
        """Opens the file and takes the lock; BlockingIOError when somebody holds it."""
        self.path = path
        self.fd = -1
        self.fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
        try:
            fcntl.fcntl(self.fd, fcntl.F_OFD_SETLK, _request(fcntl.F_WRLCK))
        except OSError as error:
            self._close()
            if error.errno in (errno.EAGAIN, errno.EACCES):
                raise BlockingIOError(error.errno, "the lock is held by a living process", path) from None
            raise
        HeldLock._held.add(self)

    @property
    def held(self) -> bool:
        """False after `release`, and in a forked child."""
        return self.fd >= 0

    def names_its_path(self) -> bool:
        """True while the path still leads to the locked file (nobody unlinked or replaced it)."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return False
        mine = os.fstat(self.fd)
        return (found.st_dev, found.st_ino) == (mine.st_dev, mine.st_ino)

    def release(self) -> None:
        """Gives the lock up."""
        HeldLock._held.discard(self)
        self._close()

    def __del__(self) -> None:
        self._close()

    def _close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def is_locked(fd: int) -> bool:
    """True when a living process holds the lock on this open file. Asks without taking it."""
    answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _request(fcntl.F_WRLCK))
    return bool(_FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)


def _drop_in_child() -> None:
    for lock in list(HeldLock._held):
        lock.release()


os.register_at_fork(after_in_child=_drop_in_child)
