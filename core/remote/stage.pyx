# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A remote engine's two ends: see stage.pxd, and batch.pxd for what travels between them.

The proxy stands where the engine would. It sends the pages that are ready, up to BATCHES batches ahead of the answers,
and applies answers in order: derived events and sends first, then the paragraph, then the cursor, as an engine at that
place does. What has no room on a ring waits, and nothing more is sent meanwhile.
"""
import mmap

from libc.string cimport memcmp, memcpy, memset

from core.engine cimport DERIVES_MAX, Derived, Engine
from core.execution.engine cimport Execution
from core.faults cimport FAULT_NONDETERMINISM
from core.messages cimport PAGE_SIZE, Page, Send
from core.remote.batch cimport W_PAGES
from core_ext.spine cimport publish

from core.topology import PARAGRAPHS

HEAD_BYTES = sizeof(BatchHead)
BATCH_BYTES = sizeof(BatchHead) + BATCH * PAGE_SIZE
ANSWER_BYTES = sizeof(BatchHead) + BATCH * (PAGE_SIZE + DERIVES_MAX * sizeof(Derived) + sizeof(Send))


cdef class ProxyStage(EngineStage):
    """The place of a remote engine. board: the core's; sends as of EngineStage."""

    def __init__(self, str name, board, Ring sends=None):
        EngineStage.__init__(self, name, Engine(), board.spine, board.faults, sends)
        self.loopback = board.loopbacks.get(name)
        self.reads = self.writes + self.written

    def resume(self, uint64_t seq) -> None:
        """The engine has lived through the events up to `seq`; see EngineStage."""
        cdef Derived* derived = NULL if self.loopback is None else <Derived*>self.loopback.newest()
        cdef Send* send = NULL if self.sends is None else <Send*>self.sends.newest()
        self._leave_off(seq)
        if derived != NULL:
            self.told_cause, self.told_n = derived.cause, derived.n
        if send != NULL:
            self.told_seq = send.seq

    @property
    def under_way(self) -> int:
        """Batches without their answer."""
        return self.sent - self.done_batches

    def collect(self, unsigned char[::1] out) -> int:
        """A batch of what is ready, in `out` (BATCH_BYTES); its bytes. 0: nothing is, or enough is under way."""
        if self.answer is not None or self.sent - self.done_batches >= BATCHES:
            return 0
        return self._collect(<BatchHead*>&out[0])

    cdef size_t _collect(self, BatchHead* head) noexcept nogil:
        cdef Page* todo[BATCH]
        cdef int count = 0
        cdef int i
        cdef uint64_t first = self.next
        cdef UnderWay* batch = &self.batches[self.sent % BATCHES]
        self.next = self._find(BATCH, todo, &count)
        if not count:
            if self.next != first:
                self._pass_by()
            return 0
        batch.through = self.next - 1
        batch.count = count
        self.sent += 1
        memset(head, 0, sizeof(BatchHead))
        head.what = W_PAGES
        head.count = count
        head.number = self.sent
        for i in range(count):
            batch.seqs[i] = todo[i].header.seq
            memcpy(<char*>head + sizeof(BatchHead) + i * self.reads, todo[i], self.reads)
        return sizeof(BatchHead) + count * self.reads

    cdef void _pass_by(self) noexcept nogil:
        """Events that the engine has no business with: done with the batch before them."""
        if self.sent != self.done_batches:
            self.batches[(self.sent - 1) % BATCHES].through = self.next - 1
        elif self.next - 1 >= self.redo_through:
            self.spine.set_cursor(self.cursor, self.next - 1)

    def apply(self, bytes answer=None) -> bool:
        """The next answer, or the rest of the last one; False: a ring has no room, try again.

        ValueError: it isn't the answer to what was asked.
        """
        cdef const BatchHead* head
        cdef bint done
        if answer is not None:
            self._check(answer)
            self.answer = answer
            self.at = self.at_derived = self.at_sends = 0
        if self.answer is None:
            return True
        head = <const BatchHead*><const char*>self.answer
        with nogil:
            done = self._apply(<const char*>head)
        if done:
            self.answer = None
        return done

    def _check(self, bytes answer):
        cdef const BatchHead* head = <const BatchHead*><const char*>answer
        cdef UnderWay* batch = &self.batches[self.done_batches % BATCHES]
        cdef size_t size = sizeof(BatchHead)
        if <size_t>len(answer) >= size:
            size += head.count * self.written + head.derived * sizeof(Derived) + head.sends * sizeof(Send)
        if (<size_t>len(answer) != size or self.sent == self.done_batches or head.number != self.done_batches + 1
                or head.count != batch.count or (head.derived and self.loopback is None)
                or (head.sends and self.sends is None)):
            raise ValueError(f"remote {self.name}: an answer of {len(answer)} bytes that nobody waits for: batch "
                             f"{self.done_batches + 1} of {batch.count} events is next")

    cdef bint _apply(self, const char* answer) noexcept nogil:
        cdef const BatchHead* head = <const BatchHead*>answer
        cdef UnderWay* batch = &self.batches[self.done_batches % BATCHES]
        cdef const char* paragraphs = answer + sizeof(BatchHead)
        cdef const char* derived = paragraphs + head.count * self.written
        cdef const char* sends = derived + head.derived * sizeof(Derived)
        cdef uint64_t seq
        while self.at < head.count:
            seq = batch.seqs[self.at]
            if not self._put_derived(derived, head.derived, seq) or not self._put_sends(sends, head.sends, seq):
                return 0
            self._paragraph(paragraphs + self.at * self.written, seq)
            self.at += 1
        if batch.through >= self.redo_through:
            self.spine.set_cursor(self.cursor, batch.through)
        self.done_batches += 1
        return 1

    cdef bint _put_derived(self, const char* rows, uint32_t count, uint64_t seq) noexcept nogil:
        """Those of the event that aren't on the ring yet; 0: it has no room."""
        cdef const Derived* row
        cdef char* slot
        while self.at_derived < count:
            row = <const Derived*>rows + self.at_derived
            if row.cause != seq:
                return 1
            if row.cause > self.told_cause or (row.cause == self.told_cause and row.n > self.told_n):
                slot = self.loopback.claim()
                if slot == NULL:
                    return 0
                memcpy(slot, row, sizeof(Derived))
                self.loopback.publish()
            self.at_derived += 1
        return 1

    cdef bint _put_sends(self, const char* rows, uint32_t count, uint64_t seq) noexcept nogil:
        cdef const Send* row
        cdef char* slot
        while self.at_sends < count:
            row = <const Send*>rows + self.at_sends
            if row.seq != seq:
                return 1
            if row.seq > self.told_seq:
                slot = self.sends.claim()
                if slot == NULL:
                    return 0
                memcpy(slot, row, sizeof(Send))
                self.sends.publish()
            self.at_sends += 1
        return 1

    cdef void _paragraph(self, const char* paragraph, uint64_t seq) noexcept nogil:
        """Published; or, where a former proxy published it, compared: others may have read it."""
        cdef char* own = self.spine.slot(seq) + self.writes
        if seq > self.redo_through:
            memcpy(own + sizeof(uint64_t), paragraph + sizeof(uint64_t), self.written - sizeof(uint64_t))
            publish(own, seq)
        elif memcmp(own + sizeof(uint64_t), paragraph + sizeof(uint64_t), self.written - sizeof(uint64_t)):
            self.faults.fail(FAULT_NONDETERMINISM, self.engine_id, seq, 0)


cdef class RemoteEngine:
    """An engine that has lived through the past, with rings of its own. stage: its name."""

    def __init__(self, str stage, Engine engine not None):
        self.name = stage
        self.engine = engine
        self.writes, self.written = PARAGRAPHS[stage]
        self.reads = self.writes + self.written
        self._page = bytearray(PAGE_SIZE)
        self.page = <Page*><char*>self._page
        if engine.emitter is not None:
            self.loopback = _ring(2 * BATCH * DERIVES_MAX, sizeof(Derived))
            engine.emitter.resume(self.loopback)
        if isinstance(engine, Execution):
            self.sends = _ring(2 * BATCH, sizeof(Send))
            (<Execution>engine).resume(self.sends)

    def answer(self, const unsigned char[::1] batch, unsigned char[::1] out) -> int:
        """What the engine makes of the pages, in `out` (ANSWER_BYTES); its bytes. ValueError: no batch, or not next."""
        cdef const BatchHead* asked = <const BatchHead*>&batch[0]
        cdef BatchHead* head = <BatchHead*>&out[0]
        cdef uint32_t i
        cdef char* at = <char*>head + sizeof(BatchHead)
        if (<size_t>batch.shape[0] < sizeof(BatchHead) or asked.count > BATCH or asked.number != self.number + 1
                or <size_t>batch.shape[0] != sizeof(BatchHead) + asked.count * self.reads):
            raise ValueError(f"remote {self.name}: {batch.shape[0]} bytes that are no batch, or not batch {self.number + 1}")
        with nogil:
            memset(head, 0, sizeof(BatchHead))
            head.what = W_PAGES
            head.count = asked.count
            head.number = self.number = asked.number
            for i in range(asked.count):
                memcpy(self.page, <const char*>asked + sizeof(BatchHead) + i * self.reads, self.reads)
                self.engine.on_event(self.page)
                memcpy(at, <char*>self.page + self.writes, self.written)
                at += self.written
            self.events += asked.count
            head.derived = _drain(self.loopback, &at, sizeof(Derived))
            head.sends = _drain(self.sends, &at, sizeof(Send))
        return at - <char*>head


cdef uint32_t _drain(Ring ring, char** at, size_t size) noexcept nogil:
    """All that is on the ring, in a row."""
    cdef uint32_t count = 0
    cdef char* slot
    if ring is None:
        return 0
    slot = ring.peek()
    while slot != NULL:
        memcpy(at[0], slot, size)
        at[0] += size
        ring.release()
        count += 1
        slot = ring.peek()
    return count


cdef Ring _ring(int least, size_t size):
    slots = 1 << (least - 1).bit_length()
    return Ring.format(mmap.mmap(-1, Ring.bytes_needed(slots, size)), slots, size)
