# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The timed loop of `bench positions` (see positions_loop.pxd)."""
from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memset

from core.messages cimport (
    AD_FUNDING, K_ADJUST, K_ADJUSTED, K_INSTRUMENT, K_REPORT, K_VENUE, NONE, OF_FILL_APPLIED, SIDE_BUY, SIDE_SELL,
    VF_HAS_MARK, X_TRADE, AdjustedEvent,
)
from core.engine cimport Derived
from core.positions.engine cimport Fill
from core.positions.ledger cimport Position
from core_ext.clock cimport mono_ns, ticks, ticks_to_ns
from core_ext.wide cimport i128

from core.engine import Emitter
from core.fused import plain_ring


cdef extern from * nogil:
    """
    /* What was asked of the memory has come: a clock read out of order would not see what is waited for. */
    #if defined(__x86_64__)
    #define nacre_bench_settle() __builtin_ia32_lfence()
    #else
    #define nacre_bench_settle() __sync_synchronize()
    #endif
    """
    void settle "nacre_bench_settle" ()


cdef inline int64_t settled_ticks() noexcept nogil:
    cdef int64_t now
    settle()
    now = ticks()
    settle()
    return now


cdef class Keeper:
    """A position keeper with `symbols` x `accounts` positions, and room for so many fills; all pages taken.

    Position i is of account i % accounts in symbol i // accounts.
    """

    def __init__(self, object capacity, uint32_t symbols, uint32_t accounts):
        size = (64 << 20) + capacity.positions * sizeof(Position) + capacity.fills * sizeof(Fill)
        self.accounts = accounts
        self.engine = Positions(Arena(size), Emitter(6, plain_ring(64, sizeof(Derived))), capacity)
        self.arena = Arena(size)
        self.positions = self.arena.table("positions", sizeof(Position), capacity.positions)
        self.fills = self.arena.table("fills", sizeof(Fill), capacity.fills)
        self._pages = bytes(PAGES * sizeof(Page) + 64)
        self.pages = <Page*>(<size_t>(PyBytes_AS_STRING(self._pages) + 63) & ~<size_t>63)
        self.clock_ns = Histogram()
        self._declare(symbols)
        prefault(self.engine.arena)
        prefault(self.arena)

    def _declare(self, uint32_t symbols):
        cdef Page* page = self.pages
        cdef uint32_t i
        memset(page, 0, sizeof(Page))
        page.header.kind = K_VENUE
        page.request.venue.taker_fee = 30_000_000
        page.request.venue.fee_precision = 8
        self.engine.on_event(page)
        for i in range(symbols):
            memset(page, 0, sizeof(Page))
            page.header.kind = K_INSTRUMENT
            page.request.instrument.symbol = i
            page.request.instrument.price_precision = 2
            page.request.instrument.multiplier = 1
            page.request.instrument.lot = 1
            self.engine.on_event(page)

    def fill_up(self, const int64_t[::1] qty, int64_t px) -> None:
        """A fill in every position, untimed: what follows finds them open."""
        cdef Py_ssize_t i
        with nogil:
            for i in range(qty.shape[0]):
                self._fill(&self.pages[0], <uint32_t>i, qty[i], px)
                self.engine.on_event(&self.pages[0])

    def run(self, const uint32_t[::1] positions, const int64_t[::1] qty, const int64_t[::1] px,
            const uint32_t[::1] touched, Histogram update_ns not None, Histogram touch_ns not None) -> tuple[int, int]:
        """A block: each fill booked and timed, then as many bare touches. The arrays are of one length. (ns of all
        updates, ns of all touches)"""
        cdef Py_ssize_t i
        cdef Py_ssize_t count = positions.shape[0]
        cdef int64_t updates = 0
        cdef int64_t touches = 0
        cdef int64_t t
        cdef uint64_t first = self.booked
        with nogil:
            for i in range(count):
                self._fill(&self.pages[i % PAGES], positions[i], qty[i], px[i])
                t = settled_ticks()
                self.engine.on_event(&self.pages[i % PAGES])
                t = ticks_to_ns(settled_ticks() - t)
                update_ns.record(t)
                updates += t
            for i in range(count):
                t = settled_ticks()
                self._touch(touched[i], first + <uint64_t>i, qty[i])
                t = ticks_to_ns(settled_ticks() - t)
                touch_ns.record(t)
                touches += t
            for i in range(count):
                t = settled_ticks()
                self.clock_ns.record(ticks_to_ns(settled_ticks() - t))
        return updates, touches

    cdef void _fill(self, Page* page, uint32_t position, int64_t qty, int64_t px) noexcept nogil:
        """What the stages before leave on the page of a fill."""
        page.header.kind = K_REPORT
        page.header.seq = self.booked + 1
        page.resolved.fill = <uint32_t>self.booked
        self.booked += 1
        page.request.report.exec_type = X_TRADE
        page.request.report.last_qty = qty if qty > 0 else -qty
        page.request.report.last_px = px
        page.resolved.position = position
        page.resolved.ref_fill = NONE
        page.verdict.flags = VF_HAS_MARK
        page.verdict.mark2 = 2 * px
        page.outcome.flags = OF_FILL_APPLIED
        page.outcome.account = position % self.accounts
        page.outcome.symbol = position // self.accounts
        page.outcome.side = SIDE_BUY if qty > 0 else SIDE_SELL

    cdef void _touch(self, uint32_t position, uint64_t fill, int64_t qty) noexcept nogil:
        """The memory that a booked fill needs, and no arithmetic: a line of a position, one of a fill."""
        cdef int64_t* held = <int64_t*>(self.positions + position * sizeof(Position))
        cdef int64_t* line = <int64_t*>(self.fills + fill * sizeof(Fill))
        held[0] += qty
        line[0] = held[0]
        line[7] = qty

    def funding_ns(self, uint32_t symbol) -> tuple[int, int]:
        """(ns of a funding of all positions of a symbol, how many were open)"""
        cdef Page* page = self.pages
        cdef int64_t began
        cdef int told = 0
        cdef Derived* item
        memset(page, 0, sizeof(Page))
        page.header.kind = K_ADJUST
        page.header.seq = self.booked + 1
        page.request.adjust.symbol = symbol
        page.request.adjust.what = AD_FUNDING
        page.request.adjust.digits = 8
        page.request.adjust.a = 10_000
        page.verdict.flags = VF_HAS_MARK
        page.verdict.mark2 = 20_001
        began = mono_ns()
        with nogil:
            self.engine.on_event(page)
        began = mono_ns() - began
        page.header.kind = K_ADJUSTED
        item = <Derived*>self.engine.emitter.ring.peek()
        while item != NULL:
            page.request.adjusted = (<AdjustedEvent*>item.request)[0]
            self.engine.emitter.ring.release()
            page.header.seq += 1
            self.engine.on_event(page)
            told += 1
            item = <Derived*>self.engine.emitter.ring.peek()
        return began, told

    def differ(self, const int64_t[::1] qty, const int64_t[::1] flow) -> int:
        """How many positions aren't what was counted without the keeper: quantity, and cash flow in price units."""
        cdef Py_ssize_t i
        cdef int found = 0
        cdef Position* position
        cdef i128 cost
        for i in range(qty.shape[0]):
            position = &self.engine.positions[i]
            cost = position.cost if position.qty > 0 else -position.cost
            found += position.qty != qty[i] or position.realized - cost != <i128>flow[i] * <i128>1_000_000
        return found


cdef void prefault(Arena arena):
    """Takes every page of an arena's tables from the machine now."""
    cdef size_t at
    cdef volatile char* base = arena.base
    for at in range(0, arena._header.used, 4096):
        base[at] = base[at]
