# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Asks the router's policies what they would do, for tests, the bench and the curious: see planner.pxd."""
from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy, memset

from core.messages cimport K_FACTS, K_LISTING, K_VENUE, REQUEST_SIZE
from core.router.policies cimport plan
from core.router.sweep cimport LEGS_MAX, Leg

from core.capacity import Capacity

ROOM = 8 << 20


cdef class Planner:
    """One symbol (index 0) at some venues, whose index is their slot. fees: (taker, maker) of each, 10^-8 bps."""

    def __init__(self, fees, *, int64_t lot=1, int64_t tick=1):
        capacity = Capacity(symbols=1, depths=max(len(fees), 1), facts=max(len(fees), 1))
        self.arena = Arena(ROOM)
        self.view = MarketView(self.arena, 1, capacity.depths)
        self.facts = Facts(self.arena, None, self.view, capacity)
        self._memory = bytes(sizeof(Page))
        self.page = <Page*>PyBytes_AS_STRING(self._memory)
        memset(&self.ask, 0, sizeof(Ask))
        self.ask.lot = lot
        self.ask.tick = tick
        for venue, (taker, maker) in enumerate(fees):
            memset(self.page, 0, sizeof(Page))
            self.page.header.kind = K_VENUE
            self.page.request.venue.venue = venue
            self.page.request.venue.taker_fee = taker
            self.page.request.venue.maker_fee = maker
            self.view.on_event(self.page)
            self.page.header.kind = K_LISTING
            memset(&self.page.request, 0, sizeof(self.page.request))
            self.page.request.listing.venue = venue
            self.view.on_event(self.page)

    def feed(self, int kind, const unsigned char[::1] request not None, int64_t time_ns=0) -> None:
        """A market event, or facts, as on the spine."""
        if request.shape[0] > REQUEST_SIZE:
            raise ValueError(f"request of {request.shape[0]} bytes: at most {REQUEST_SIZE}")
        self.page.header.kind = kind
        self.page.header.time_ns = time_ns
        memcpy(&self.page.request, &request[0], request.shape[0])
        if kind == K_FACTS:
            self.facts.on_event(self.page)
        elif not self.view.on_event(self.page):
            raise ValueError(f"kind {kind}: neither market data nor facts")

    def book(self, int64_t now_ns=0) -> dict:
        """The consolidated book: see MarketView.book."""
        return self.view.book(0, now_ns)

    def legs(self, int policy, bint buys, int64_t qty, limit=None, *, bint rests=True,
             uint64_t left_out=0) -> tuple[list[tuple[int, int, int, bool, int]], int]:
        """([(slot, qty, price, whether it rests, delay in ns)], what has no leg)"""
        cdef Leg found[LEGS_MAX]
        cdef Ask ask = self.ask
        cdef int64_t rest = 0
        cdef int count
        cdef int i
        ask.policy = policy
        ask.buys = buys
        ask.rests = rests
        ask.qty = qty
        ask.limited = limit is not None
        ask.limit = 0 if limit is None else limit
        ask.left_out = left_out
        if qty % ask.lot:
            ask.lot = 1
        count = plan(self.facts, &ask, found, &rest)
        return [(found[i].slot, found[i].qty, found[i].price, bool(found[i].rests), found[i].delay_ns)
                for i in range(count)], rest
