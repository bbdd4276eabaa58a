# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The two ends of `bench hop`: an asker, which keeps the time, and an answerer (layout: hop_loop.pxd)."""
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.messages cimport PAGE_SIZE, RESOLVED_AT
from core_ext.atomics cimport cpu_relax, load_acquire, store_release
from core_ext.clock cimport mono_ns, ticks, ticks_to_ns
from core_ext.histogram cimport Histogram
from core_ext.spine cimport Spine, publish, published
from core_ext.window cimport Window

BOARD_BYTES = sizeof(Board)
SLOT_BYTES = PAGE_SIZE

cdef enum:
    KIND_RAW = 1
    KIND_HOP = 2
    KIND_HICCUP = 3
    KIND_END = 4
    ASKER = 0                       # cursors
    ANSWERER = 1
    LOOK_UP = 1023                  # a waiting end looks up from its word once in so many spins
    WORDS = 8                       # of a line
    LINES = 16                      # raw ones, taken in turn

cdef uint64_t MIX = 0x9E3779B97F4A7C15


cdef inline int64_t longest_gap(int64_t duration_ns) noexcept nogil:
    """The longest time, in ticks, between two looks at the clock."""
    cdef int64_t end = mono_ns() + duration_ns
    cdef int64_t last = ticks()
    cdef int64_t now, gap = 0
    cdef int spins = 0
    while spins & 255 or mono_ns() < end:
        now = ticks()
        if now - last > gap:
            gap = now - last
        last = now
        spins += 1
    return gap


cdef inline uint64_t sum_of(uint64_t seq, int words) noexcept nogil:
    """Of word 1 and of all words beyond the header, where word i is seq + i."""
    cdef uint64_t beyond = <uint64_t>(words - WORDS)
    return seq + 1 + beyond * seq + (<uint64_t>words * <uint64_t>(words - 1) - WORDS * (WORDS - 1)) // 2


cdef class Asker:
    """Begins each round trip and keeps its time. `buffer`: the shared block, its spine formatted."""
    cdef Window window
    cdef Board* board
    cdef Spine spine
    cdef int64_t[::1] taken
    cdef int64_t patience_ns
    cdef uint64_t raw_seq
    cdef uint64_t hop_seq
    cdef uint64_t lines
    cdef readonly uint64_t wrong    # answers that were not made from what was asked
    cdef readonly bint lost         # the other end did not answer in time

    def __init__(self, buffer, Spine spine, int64_t[::1] taken, double patience_s=20, uint64_t lines=1):
        if not 1 <= lines <= RESOLVED_AT // 64:
            raise ValueError(f"bench hop: {lines} lines; 1 to {RESOLVED_AT // 64} are possible")
        self.window = Window(buffer, "bench hop", 64)
        self.board = <Board*>self.window.base
        self.spine = spine
        self.taken = taken
        self.patience_ns = <int64_t>(patience_s * 1e9)
        self.lines = lines
        self.board.lines = lines

    cdef void _open(self, uint32_t kind, bint relax, uint64_t first) noexcept nogil:
        self.board.kind = kind
        self.board.relax = relax
        self.board.first = first
        self.board.last = 0
        store_release(&self.board.block, self.board.block + 1)

    cdef void _close(self, uint64_t last) noexcept nogil:
        """Says which round trip was the last, and waits until the other end is done with the block."""
        cdef int64_t deadline = mono_ns() + self.patience_ns
        store_release(&self.board.last, last)
        while load_acquire(&self.board.done) != self.board.block:
            cpu_relax()
            if mono_ns() > deadline:
                self.lost = True
                return

    cdef inline bint _wait(self, const char* word, uint64_t seq, bint relax) noexcept nogil:
        cdef uint64_t spins = 0
        cdef int64_t deadline = 0
        while not published(word, seq):
            spins += 1
            if spins & 0xFFFFF == 0:
                if deadline == 0:
                    deadline = mono_ns() + self.patience_ns
                elif mono_ns() > deadline:
                    self.lost = True
                    return False
            if relax:
                cpu_relax()
        return True

    def raw(self, int64_t duration_ns, bint relax=False) -> int:
        """A block of raw ping-pong: how many round trips; their ticks are in `taken`."""
        cdef Py_ssize_t n = 0
        cdef uint64_t seq = self.raw_seq
        cdef int64_t start, begin, now
        cdef int64_t limit = <int64_t>(duration_ns / (ticks_to_ns(1 << 20) / 1048576.0))
        cdef uint64_t* ping
        cdef const char* pong
        if self.lost:
            return 0
        with nogil:
            self.board.line = (self.board.line + 1) % LINES
            ping = &self.board.ping[self.board.line].value
            pong = <const char*>&self.board.pong[self.board.line].value
            self._open(KIND_RAW, relax, seq + 1)
            start = begin = ticks()
            while n < self.taken.shape[0] and begin - start < limit:
                seq += 1
                store_release(ping, seq)
                if not self._wait(pong, seq, relax):
                    break
                now = ticks()
                self.taken[n] = now - begin
                begin = now
                n += 1
            self._close(seq)
        self.raw_seq = seq
        return n

    def hop(self, int64_t duration_ns, bint relax=False) -> int:
        """A block over the spine: a header's line there, a paragraph's line back, by the path's own primitives."""
        cdef Py_ssize_t n = 0
        cdef uint64_t seq = self.hop_seq
        cdef int64_t start, begin, now
        cdef int64_t limit = <int64_t>(duration_ns / (ticks_to_ns(1 << 20) / 1048576.0))
        cdef uint64_t* header
        cdef uint64_t* answer
        cdef uint64_t wrong = 0
        cdef int words = <int>self.lines * WORDS
        cdef int i
        if self.lost:
            return 0
        with nogil:
            self._open(KIND_HOP, relax, seq + 1)
            start = begin = ticks()
            while n < self.taken.shape[0] and begin - start < limit:
                seq += 1
                while not self.spine.can_claim(seq):
                    cpu_relax()
                self.spine.claim(seq)
                header = <uint64_t*>self.spine.slot(seq)
                for i in range(WORDS, words):   # the line that the other end spins on comes last
                    header[i] = seq + i
                for i in range(1, WORDS):
                    header[i] = seq + i
                publish(<char*>header, seq)
                answer = <uint64_t*>(<char*>header + RESOLVED_AT)
                if not self._wait(<char*>answer, seq, relax):
                    break
                wrong += answer[1] != (sum_of(seq, words) ^ MIX)
                for i in range(2, WORDS):
                    wrong += answer[i] != (seq + i ^ MIX)
                self.spine.set_cursor(ASKER, seq)
                now = ticks()
                self.taken[n] = now - begin
                begin = now
                n += 1
            self._close(seq)
        self.hop_seq = seq
        self.wrong += wrong
        return n

    def hiccup(self, int64_t duration_ns) -> int:
        """Both ends only look at the clock: the longest gap that this end saw, ns."""
        cdef int64_t gap
        if self.lost:
            return 0
        with nogil:
            self.board.ns = duration_ns
            self._open(KIND_HICCUP, False, 0)
            gap = longest_gap(duration_ns)
            self._close(0)
        return ticks_to_ns(gap)

    def end(self) -> None:
        """Tells the answerer to leave."""
        with nogil:
            self._open(KIND_END, False, 0)
            self._close(0)

    def record(self, Histogram histogram not None, Py_ssize_t n) -> None:
        """The first n round trips of `taken` into a histogram, ns."""
        cdef Py_ssize_t i
        for i in range(min(n, self.taken.shape[0])):
            histogram.record(ticks_to_ns(self.taken[i]))

    def seen(self) -> dict[str, int]:
        """Both ends' counts: equal where nothing was lost."""
        return {
            "raw_asked": self.raw_seq,
            "raw_answered": self.board.raw,
            "hops_asked": self.hop_seq,
            "hops_answered": self.board.hops,
            "claimed": self.spine.claimed(),
            "asker_cursor": self.spine.cursor(ASKER),
            "answerer_cursor": self.spine.cursor(ANSWERER),
            "broken": self.board.broken,
            "wrong": self.wrong,
            "gap_ns": ticks_to_ns(self.board.gap),
        }


cdef inline bint over(Board* board, uint64_t seq) noexcept nogil:
    cdef uint64_t last = load_acquire(&board.last)
    return last != 0 and seq > last


cdef inline bint awaited(Board* board, const char* word, uint64_t seq, bint relax) noexcept nogil:
    """Spins on the word until it carries seq; False once the block was closed before seq."""
    cdef uint32_t spins = 0
    while not published(word, seq):
        spins += 1
        if spins & LOOK_UP == 0 and over(board, seq):
            return False
        if relax:
            cpu_relax()
    return True


cdef void answer_raw(Board* board) noexcept nogil:
    cdef uint64_t seq = board.first
    cdef bint relax = board.relax
    cdef const char* ping = <const char*>&board.ping[board.line].value
    cdef uint64_t* pong = &board.pong[board.line].value
    while awaited(board, ping, seq, relax):
        store_release(pong, seq)
        board.raw += 1
        seq += 1


cdef void answer_hops(Board* board, Spine spine) noexcept nogil:
    cdef uint64_t seq = board.first
    cdef bint relax = board.relax
    cdef uint64_t* header
    cdef uint64_t* answer
    cdef uint64_t total
    cdef int words = <int>board.lines * WORDS
    cdef int i
    board.broken += seq != spine.cursor(ANSWERER) + 1
    while True:
        header = <uint64_t*>spine.slot(seq)
        if not awaited(board, <char*>header, seq, relax):
            return
        answer = <uint64_t*>(<char*>header + RESOLVED_AT)
        total = header[1]
        for i in range(WORDS, words):
            total += header[i]
        answer[1] = total ^ MIX
        for i in range(2, WORDS):
            answer[i] = header[i] ^ MIX
        publish(<char*>answer, seq)
        spine.set_cursor(ANSWERER, seq)
        board.hops += 1
        seq += 1


def answer(buffer, Spine spine not None, double seconds=600) -> bool:
    """The answerer: block after block, until it is told to leave. False: nobody told it anything in time."""
    cdef Window window = Window(buffer, "bench hop", 64)
    cdef int told
    with nogil:
        told = answer_blocks(<Board*>window.base, spine, <int64_t>(seconds * 1e9))
    return bool(told)


cdef int answer_blocks(Board* board, Spine spine, int64_t patience_ns) noexcept nogil:
    cdef uint64_t block = 0
    cdef int64_t gap
    while next_block(board, block, patience_ns):
        block += 1
        if board.kind == KIND_RAW:
            answer_raw(board)
        elif board.kind == KIND_HOP:
            answer_hops(board, spine)
        elif board.kind == KIND_HICCUP:
            gap = longest_gap(board.ns)
            if gap > board.gap:
                board.gap = gap
        store_release(&board.done, block)
        if board.kind == KIND_END:
            return 1
    return 0


cdef bint next_block(Board* board, uint64_t block, int64_t patience_ns) noexcept nogil:
    cdef int64_t deadline = mono_ns() + patience_ns
    while load_acquire(&board.block) == block:
        cpu_relax()
        if mono_ns() > deadline:
            return False
    return True
