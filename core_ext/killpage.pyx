# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The kill page: see killpage.pxd."""
from libc.string cimport memcpy, memset

from core_ext.atomics cimport compare_and_swap, store_release
from core_ext.clock cimport now_ns
from core_ext.fault_points cimport KILL_CHANGES, KILL_CLEAR, KILL_EPOCH, fault_after, fault_before

cdef uint64_t MAGIC = int.from_bytes(b"NACRKILL", "little")
cdef uint32_t VERSION = 1
PAGE_BYTES = 8192
TRIES = 1000                        # as many clearings at one time there are never


cdef inline uint32_t _kind(const KillLine* lines, int i) noexcept nogil:
    """Of a line; what is no kind, since somebody wrote over it, blocks everything: more, never less."""
    cdef uint32_t kind = lines[i].kind
    return 0 if i == 0 or kind >= KILL_KINDS else kind


cdef class KillPage:
    """Who is blocked, in memory that needs no process. Make it with `KillPage.format` or `KillPage.attach`."""

    def __init__(self):
        if self._window is None:
            raise TypeError("KillPage: use KillPage.format(buffer) or KillPage.attach(buffer)")

    @staticmethod
    def format(buffer):
        """Lays an empty page over a writable buffer of PAGE_BYTES and attaches to it."""
        cdef Window window = _window_of(buffer)
        cdef KillHeader* header = <KillHeader*>window.base
        header.magic = 0
        memset(window.base, 0, <size_t>PAGE_BYTES)
        header.version = VERSION
        header.lines = KILL_LINES
        store_release(&header.magic, MAGIC)
        return KillPage.attach(buffer)

    @staticmethod
    def attach(buffer):
        """Attaches to a page that `format` made. ValueError where it isn't one."""
        cdef KillPage page = KillPage.__new__(KillPage)
        page._window = _window_of(buffer)
        page._header = <KillHeader*>page._window.base
        if load_acquire(&page._header.magic) != MAGIC or page._header.version != VERSION:
            raise ValueError(f"kill page: magic {page._header.magic:#x}, version {page._header.version}: not a page of "
                             "this build; remove the file while no core runs, and start the core again")
        page._lines = <KillLine*>(page._window.base + sizeof(KillHeader))
        page._cleared = <ClearLine*>(page._window.base + sizeof(KillHeader) + KILL_LINES * sizeof(KillLine))
        page.refresh()
        return page

    cdef bint in_force(self, int i) noexcept nogil:
        return load_acquire(&self._lines[i].epoch) > load_acquire(&self._cleared[i].epoch)

    cdef void refresh(self) noexcept nogil:
        """Reads what is in force. `changes` first: what changes meanwhile is read again."""
        cdef int i
        self._seen = load_acquire(&self._header.changes)
        self._count = 0
        for i in range(KILL_LINES):
            if load_acquire(&self._lines[i].epoch) > self._epoch:
                self._epoch = self._lines[i].epoch
            if self.in_force(i):
                self._blocked[self._count].kind = _kind(self._lines, i)
                self._blocked[self._count].key = self._lines[i].key
                self._count += 1

    cdef uint64_t _bump(self, uint64_t* word) noexcept nogil:
        cdef uint64_t value
        while True:
            value = load_acquire(word)
            if compare_and_swap(word, value, value + 1):
                return value + 1

    cdef void _change(self) noexcept nogil:
        fault_before(KILL_CHANGES)
        self._bump(&self._header.changes)
        fault_after(KILL_CHANGES)

    cdef int _claim(self) noexcept nogil:
        """A line that was never used, or whose kill was cleared; 0: none is free, so everything is blocked."""
        cdef int i
        cdef uint64_t claim
        for i in range(1, KILL_LINES):
            claim = load_acquire(&self._lines[i].claim)
            if claim != 1 and not self.in_force(i) and compare_and_swap(&self._lines[i].claim, claim, 1):
                return i
        return 0

    def kill(self, uint32_t kind, uint32_t key, str by) -> int:
        """Puts a kill in force, for every reader at once; its epoch. kind 0: everything."""
        cdef bytes name = by.encode()[:31]
        cdef int i
        cdef KillLine* line
        cdef uint64_t epoch
        if not 0 <= kind < KILL_KINDS:
            raise ValueError(f"kill page: kind {kind} of {KILL_KINDS}")
        i = self._claim()
        line = &self._lines[i]
        line.kind = kind if i else 0
        line.key = key if i else 0
        line.at_ns = now_ns()
        memset(line.by, 0, sizeof(line.by))
        memcpy(line.by, <const char*>name, len(name))
        for _ in range(TRIES):
            epoch = self._bump(&self._header.given)
            fault_before(KILL_EPOCH)
            store_release(&line.epoch, epoch)
            fault_after(KILL_EPOCH)
            if self.in_force(i):        # else line 0 was shared, and cleared meanwhile with a later epoch
                break
        else:
            raise ValueError("kill page: it was written over: stop the core, remove the file, and start it again")
        store_release(&line.claim, 2)
        self._change()
        return epoch

    def clear(self, epochs) -> None:
        """Takes the kills with these epochs out of force. One process re-arms: the core."""
        cdef int i
        wanted = set(epochs)
        for i in range(KILL_LINES):
            if self.in_force(i) and self._lines[i].epoch in wanted:
                fault_before(KILL_CLEAR)
                store_release(&self._cleared[i].epoch, self._lines[i].epoch)
                fault_after(KILL_CLEAR)
        self._change()

    def start_after(self, uint64_t epoch) -> None:
        """Epochs go on from here: a page that was lost must not give an epoch twice. Before anybody kills."""
        if load_acquire(&self._header.given) < epoch:
            store_release(&self._header.given, epoch)

    def rows(self) -> list[dict[str, object]]:
        """The kills in force, oldest first: epoch, kind, key, at_ns, by."""
        cdef int i
        out = []
        for i in range(KILL_LINES):
            if self.in_force(i):
                line = &self._lines[i]
                out.append({"epoch": line.epoch, "kind": _kind(self._lines, i), "key": line.key, "at_ns": line.at_ns,
                            "by": (<bytes>line.by[:31]).split(b"\0")[0].decode("utf-8", "replace")})
        return sorted(out, key=epoch_of)

    def is_blocked(self, keys) -> bool:
        """Whether something with these keys, by kind, is blocked. keys[0] is ignored."""
        cdef uint32_t found[8]
        cdef int i
        memset(found, 0xFF, sizeof(found))
        for i, key in enumerate(keys):
            found[i] = key
        return self.blocks(found)

    @property
    def changes(self) -> int:
        """Grows with every kill and clearing."""
        return load_acquire(&self._header.changes)

    @property
    def epoch(self) -> int:
        """The highest epoch given."""
        return load_acquire(&self._header.given)


def epoch_of(row):
    return row["epoch"]


cdef Window _window_of(buffer):
    cdef Window window = Window(buffer, "kill page")
    if window.size < <size_t>PAGE_BYTES:
        raise ValueError(f"kill page: the buffer has {window.size} bytes, a page takes {PAGE_BYTES}")
    return window
