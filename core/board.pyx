# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The board: see board.pxd."""
import errno
import mmap
import os

from core.engine cimport DERIVES_MAX, Derived
from core.faults import FAULT_BYTES
from core.messages cimport PAGE_SIZE, Send
from core.sequencer.engine cimport Input
from core_ext.atomics cimport load_relaxed, store_release
from core_ext.fault_points cimport BOARD_WORD, fault_after, fault_before
from core_ext.spine cimport published

from core.timing import TIMED, TIMING_BYTES, Timing
from core.topology import DERIVING, LIVE_CURSORS

DESK = 1024
FEED = 4096
MAX_SESSIONS = SEATS
MAX_WORKERS = WORKERS
PAGE_BYTES = 4096
SHARED = "/dev/shm"                 # a container has its own, of the size that was asked for


def parts(capacity) -> dict[str, int]:
    """Bytes of each part, by name, in their order."""
    ring = lambda slots, size: Ring.bytes_needed(slots, size)
    return {
        "faults": FAULT_BYTES,
        "words": sizeof(Words),
        "workers": WORKERS * sizeof(WorkerLines),
        "timing": TIMING_BYTES,
        "spine": Spine.bytes_needed(capacity.spine, PAGE_SIZE, len(LIVE_CURSORS)),
        **{f"loopback.{name}": ring(capacity.loopback, sizeof(Derived)) for name in DERIVING},
        "desk": ring(DESK, sizeof(Input)),
        "feed": ring(FEED, sizeof(Input)),
        "reports": ring(capacity.loopback, sizeof(Input)),
        "sends": ring(capacity.loopback, sizeof(Send)),
        "to_venues": ring(capacity.loopback, sizeof(Input)),
        "from_venues": ring(capacity.loopback, sizeof(Input)),
    }


def board_bytes(capacity) -> int:
    """How much memory a core of that capacity shares."""
    return sum(_paged(size) for size in parts(capacity).values())


def make_memory(capacity) -> int:
    """A file of that size in the shared memory, without a name, allocated in full; its descriptor.

    OSError: there is no room; it says how much is needed.
    """
    size = board_bytes(capacity)
    fd = os.open(SHARED, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(fd, 0, size)
    except OSError as error:
        room = os.fstatvfs(fd)
        os.close(fd)
        raise _short(error, size, room.f_bavail * room.f_frsize) from None
    return fd


def _short(error, size, room):
    """What to do about it."""
    if error.errno != errno.ENOSPC:
        return error
    return OSError(errno.ENOSPC, f"{SHARED} has {room} bytes free, the board needs {size}: give it more (shm_size, "
                                 "--shm-size, mount -o remount,size=), or make [capacity] spine and loopback smaller")


def _paged(size):
    return -(-size // PAGE_BYTES) * PAGE_BYTES


cdef class Board:
    """The parts over memory of `board_bytes`. fresh: lays them anew; else attaches to what is there."""

    def __init__(self, memory, capacity, bint fresh=False):
        if capacity.loopback < 2 * DERIVES_MAX:
            raise ValueError(f"capacity: loopback = {capacity.loopback}: give {2 * DERIVES_MAX} or more")
        self.capacity = capacity
        self.memory = memory
        self.journal = LIVE_CURSORS.index("journal")
        views = self._views(parts(capacity))
        self.faults = Faults(views["faults"])
        self._words = Window(views["words"], "board", 64)
        self.words = <Words*>self._words.base
        self._workers = Window(views["workers"], "board", 64)
        self.workers = <WorkerLines*>self._workers.base
        ring = (lambda name, slots, size: Ring.format(views[name], slots, size)) if fresh else (
            lambda name, slots, size: Ring.attach(views[name]))
        self.spine = (Spine.format(views["spine"], capacity.spine, PAGE_SIZE, len(LIVE_CURSORS)) if fresh
                      else Spine.attach(views["spine"]))
        self.loopbacks = {name: ring(f"loopback.{name}", capacity.loopback, sizeof(Derived)) for name in DERIVING}
        self.timings = {name: Timing(views["timing"], name, fresh) for name in TIMED}
        self.desk = ring("desk", DESK, sizeof(Input))
        self.feed = ring("feed", FEED, sizeof(Input))
        self.reports = ring("reports", capacity.loopback, sizeof(Input))
        self.sends = ring("sends", capacity.loopback, sizeof(Send))
        self.to_venues = ring("to_venues", capacity.loopback, sizeof(Input))
        self.from_venues = ring("from_venues", capacity.loopback, sizeof(Input))

    def _views(self, sizes):
        whole = memoryview(self.memory)
        out, at = {}, 0
        for name, size in sizes.items():
            out[name] = whole[at : at + size]
            at += _paged(size)
        return out

    @staticmethod
    def of(int fd, capacity, bint fresh=False):
        """The board in that file."""
        return Board(mmap.mmap(fd, board_bytes(capacity)), capacity, fresh)

    def declare(self, uint32_t symbols, uint32_t venues, uint32_t accounts, uint32_t strategies) -> None:
        """How many of each there are by now; only after the events that declare them are on their ring."""
        self.words.declared.venues = venues
        self.words.declared.accounts = accounts
        self.words.declared.strategies = strategies
        fault_before(BOARD_WORD)
        store_release(<uint64_t*>&self.words.declared, (<uint64_t>venues << 32) | symbols)
        fault_after(BOARD_WORD)

    def call(self, int worker) -> None:
        """Tells the worker that a message waits for it."""
        fault_before(BOARD_WORD)
        store_release(&self.workers[worker].attention, load_relaxed(&self.workers[worker].attention) + 1)
        fault_after(BOARD_WORD)

    def worker_counts(self, int worker) -> dict[str, int]:
        """beat_ns: monotonic time of its last turn; events taken, turns, naps."""
        lines = &self.workers[worker]
        return {"beat_ns": lines.beat_ns, "taken": lines.taken, "turns": lines.turns, "naps": lines.naps}

    def seat_fault(self, int seat) -> str:
        """What the session did wrong; "": nothing."""
        return ("", "its request ring is overwritten", "a request is missing: source_seq left a number out")[
            self.words.intake.seat_faults[seat]]

    def clear_seat_fault(self, int seat) -> None:
        """Before the seat is given to another session."""
        self.words.intake.seat_faults[seat] = 0

    @property
    def seq(self) -> int:
        """The last event that is whole on the spine."""
        return self.last()

    cdef uint64_t last(self) noexcept nogil:
        """A sequencer that dies may leave one that is claimed and never published."""
        cdef uint64_t seq = self.spine.claimed()
        if published(self.spine.slot(seq), seq) or seq <= self.spine.cursor(self.journal):
            return seq
        return seq - 1

    @property
    def recorded(self) -> int:
        """The last sequence that counts as recorded."""
        return self.spine.cursor(self.journal)

    def cursors(self) -> dict[str, int]:
        """The last event that each stage is done with."""
        return {name: self.spine.cursor(i) for i, name in enumerate(LIVE_CURSORS)}

    def counts(self) -> dict[str, int]:
        """What the processes tell of themselves."""
        words = self.words
        return {
            "inputs": words.intake.inputs, "repeated": words.intake.repeated, "spilled": words.intake.spilled,
            "timers": words.intake.timers, "waiting": words.intake.waiting,
            "sent": words.gateways.sent, "suppressed": words.gateways.suppressed, "unknown": words.gateways.unknown,
            "under_way": words.gateways.under_way + words.venues.under_way,
            "venue_messages": words.venues.messages, "venue_bytes": words.venues.bytes,
            "venue_doubled": words.venues.doubled,
            "short_of_space": words.journal.short_of_space, "durable": words.journal.durable,
        }

    def is_quiet(self) -> bool:
        """Whether every event has been everywhere, and nothing waits on a ring or under way."""
        seq = self.seq
        before = (*self.loopbacks.values(), self.desk, self.feed)
        # in the order in which something moves on: what has left one place is seen in a later one
        if any(len(ring) for ring in before) or any(done != seq for done in self.cursors().values()):
            return False
        if len(self.sends) or len(self.to_venues):
            return False
        counts = self.counts()
        if counts["waiting"] or counts["under_way"] or len(self.from_venues) or len(self.reports):
            return False
        return seq == self.seq

    def is_settled(self) -> bool:
        """Whether every event has been everywhere, and all that engines derived from them too."""
        seq = self.seq
        return (not any(len(ring) for ring in self.loopbacks.values()) and not self.words.intake.waiting
                and all(done == seq for done in self.cursors().values()) and seq == self.seq)
