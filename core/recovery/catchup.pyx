# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Catching up: see catchup.pxd.

First the journal; then, for events that are not in it yet, the spine: the journal's own cursor keeps them there. Both
grow while they are read. Everything that comes out is discarded: the process that died has told it, or left it where
those who come back find it.
"""
import time

from core.messages cimport (
    K_DAY, K_DEPTH, K_INSTRUMENT, K_LISTING, K_QUOTE, K_REPORT, K_SIMULATE, K_TRADE, K_VENUE, K_VENUE_STATE, PAGE_SIZE, Header, Page,
    ReportEvent, Request, Send,
)
from core.venues.gateway cimport Gateway
from core.venues.simulated cimport Simulated
from core_ext.journal.reader cimport JournalReader
from core_ext.spine cimport Spine
from libc.stdint cimport uint16_t, uint32_t, uint64_t

from core.capacity import DEFAULT
from core_ext.journal import segment_of

WAIT_S = 10.0
NAP_S = 0.0005


cdef bint for_venues(uint16_t kind) noexcept nogil:
    """Whether simulated venues are to hear of such an event."""
    return (kind == K_QUOTE or kind == K_DEPTH or kind == K_TRADE or kind == K_VENUE_STATE or kind == K_VENUE
            or kind == K_LISTING or kind == K_INSTRUMENT or kind == K_DAY or kind == K_SIMULATE)


cdef class Catchup(Replay):
    """A fused core that lives through a live core's past. sent_through: the last event whose send was handled, and whose
    report the gateway's guard had heard: what came after it is handled in its order by who goes on."""

    def __init__(self, capacity=DEFAULT, Gateway gateway=None, Simulated venues=None, uint64_t sent_through=0):
        Replay.__init__(self, capacity)
        self.gateway = gateway
        self.venues = venues
        self.sent_through = sent_through
        if gateway is not None or venues is not None:
            self.together = 1       # what they are told of comes in the order of events, with what they hear between
        self._page = bytearray(PAGE_SIZE)
        self.page = <Page*><char*>self._page

    def live_through(self, folder, Spine spine, uint64_t until) -> None:
        """Every event up to `until`, which must be published; spine None: from the journal alone.

        Raises a CoreFault, JournalCorrupt, or TimeoutError.
        """
        cdef uint64_t before
        reader = None
        end = time.monotonic() + WAIT_S
        while self.events < until:
            before = self.events
            reader = _reader(folder, self.events + 1) if reader is None else reader
            if reader is not None:
                self._from_journal(reader, until)
                reader.refresh()
            while spine is not None and self.events < until and self._from_spine(spine, self.events + 1):
                self.events += 1
            self.core.raise_fault()
            if self.events != before:
                end = time.monotonic() + WAIT_S
            elif time.monotonic() > end:
                raise TimeoutError(f"event {self.events + 1} is neither in the journal {folder} nor on the spine: the "
                                   "journal's process doesn't record; see its output")
            else:
                time.sleep(NAP_S)

    def record(self, uint64_t seq, const unsigned char[::1] body) -> None:
        """One record that came another way. Raises a CoreFault; ValueError: it isn't the next one."""
        if seq != self.events + 1:
            raise ValueError(f"catching up: record {seq} comes after {self.events}: {self.events + 1} is missing")
        with nogil:
            self._record(seq, <const char*>&body[0], <uint32_t>body.shape[0])
            self._settle()
        self.core.raise_fault()
        self.events += 1

    cdef int _from_journal(self, JournalReader reader, uint64_t until) except -1:
        """What the journal has by now; records that came from the spine before are passed over."""
        with nogil:
            self._live(reader, until)
        if self.core.faults.code():
            self.core.raise_fault()
        return reader.check()

    cdef bint _from_spine(self, Spine spine, uint64_t seq) noexcept nogil:
        """One event that is on the spine still; 0: it isn't (any more)."""
        if not spine.copy(seq, <char*>self.page) or self.page.header.seq != seq:
            return 0
        self._record(seq, <char*>self.page, sizeof(Header) + self.page.header.length)
        self._settle()
        return not self.core.faults.code()

    cdef void _input(self, const Header* header, const char* request) noexcept nogil:
        if header.kind == K_REPORT and self.gateway is not None and header.seq <= self.sent_through:
            self.gateway.heard(<const ReportEvent*>request)
        elif self.venues is not None and for_venues(header.kind):
            self.venues.on_event(header.kind, <const Request*>request, header.time_ns)
        Replay._input(self, header, request)

    cdef void _discard_sends(self) noexcept nogil:
        cdef Send* send
        while True:
            send = <Send*>self.core.sends.peek()
            if send == NULL:
                return
            if self.gateway is not None and send.seq <= self.sent_through:
                self.gateway.lived_through(send)
            self.core.sends.release()


def _reader(folder, uint64_t seq):
    """The journal from the segment on that has that event; None: there is none yet."""
    try:
        return JournalReader(folder, from_segment=segment_of(folder, seq), follow=True)
    except (FileNotFoundError, ValueError):
        return None
