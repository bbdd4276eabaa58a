# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows of a recording played into a planner, and what an order that rests among them would get."""
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memset

from core.market.view cimport Level, Top
from core.messages cimport K_DEPTH, K_QUOTE, K_TRADE
from core.router.planner cimport Planner

import numpy as np

ROW = np.dtype([
    ("ts_ns", "<i8"), ("px", "<i8"), ("qty", "<i8"), ("ask_px", "<i8"), ("ask_qty", "<i8"),
    ("venue", "<u4"), ("kind", "u1"), ("side", "u1"), ("pad", "<u2"),
])

cdef class Tape:
    def __init__(self, Planner planner not None, rows, int venues):
        self.planner = planner
        self._kept = np.ascontiguousarray(rows)
        self.raw = self._kept.view("u1")
        self.rows = <const Row*>&self.raw[0]
        self.count = self.raw.shape[0] // sizeof(Row)
        self.venues = venues
        self.tops = np.zeros((self.count, venues, 4), np.int64)
        self.shown = self.tops

    def play(self, Py_ssize_t until) -> None:
        cdef int slot
        cdef Top* top
        with nogil:
            while self.played < until and self.played < self.count:
                self._feed(&self.rows[self.played])
                for slot in range(self.venues):
                    top = self.planner.view.top(0, slot)
                    self.shown[self.played, slot, 0] = top.bid_px
                    self.shown[self.played, slot, 1] = top.bid_qty
                    self.shown[self.played, slot, 2] = top.ask_px
                    self.shown[self.played, slot, 3] = top.ask_qty
                self.played += 1

    cdef void _feed(self, const Row* row) noexcept nogil:
        page = self.planner.page
        memset(&page.request, 0, 64)
        page.header.kind = row.kind
        page.header.time_ns = row.ts_ns
        if row.kind == K_QUOTE:
            page.request.quote.venue = row.venue
            page.request.quote.bid_px = row.px
            page.request.quote.bid_qty = row.qty
            page.request.quote.ask_px = row.ask_px
            page.request.quote.ask_qty = row.ask_qty
        elif row.kind == K_DEPTH:
            page.request.depth.venue = row.venue
            page.request.depth.side = row.side
            page.request.depth.px = row.px
            page.request.depth.qty = row.qty
        else:
            page.request.trade.venue = row.venue
            page.request.trade.px = row.px
            page.request.trade.qty = row.qty
        self.planner.view.on_event(page)

    def taken(self, int venue, bint buys, int64_t qty) -> int:
        cdef Level one
        cdef uint32_t count = 0
        cdef uint32_t i
        cdef int64_t part
        cdef int64_t total = 0
        cdef const Level* levels = self.planner.view.ladder(0, venue, buys, &one, &count)
        for i in range(count):
            part = levels[i].qty if levels[i].qty < qty else qty
            total += part * levels[i].px
            qty -= part
        if qty:
            raise ValueError(f"venue {venue}: {qty} more than it shows")
        return total

    def rest(self, int venue, Py_ssize_t start, int64_t until_ns, bint buys, int64_t px, int64_t qty,
             int64_t ahead) -> tuple[int, int]:
        cdef Py_ssize_t i
        cdef int64_t left = qty
        cdef int64_t gone = 0
        cdef int64_t part
        with nogil:
            for i in range(start, self.count):
                if self.rows[i].ts_ns > until_ns or left <= 0:
                    break
                if self.rows[i].venue != <uint32_t>venue:
                    continue
                part = self._less_ahead(i, venue, buys, px, ahead)
                gone += part
                ahead -= part
                part = self._comes(i, venue, buys, px)
                if part > ahead:
                    gone += ahead
                    part -= ahead
                    ahead = 0
                    left -= part if part < left else left
                else:
                    gone += part
                    ahead -= part
        return qty - left, gone + qty - left

    cdef int64_t _less_ahead(self, Py_ssize_t i, int venue, bint buys, int64_t px, int64_t ahead) noexcept nogil:
        """What of the queue ahead is no longer there: our price's level got smaller, is gone, or was traded through."""
        cdef int64_t best = self.shown[i, venue, 0 if buys else 2]
        cdef int64_t size = self.shown[i, venue, 1 if buys else 3]
        cdef int64_t against = self.shown[i, venue, 2 if buys else 0]
        cdef int64_t shown = self.shown[i, venue, 3 if buys else 1]
        if shown > 0 and (against <= px if buys else against >= px):
            return ahead
        if self.rows[i].kind == K_TRADE:
            return ahead if (self.rows[i].px < px if buys else self.rows[i].px > px) else 0
        if size <= 0 or (best < px if buys else best > px):
            return ahead
        return ahead - size if best == px and size < ahead else 0

    cdef int64_t _comes(self, Py_ssize_t i, int venue, bint buys, int64_t px) noexcept nogil:
        """What trades at our price or through it by this row: a trade, or an opposite side that comes that far."""
        cdef int side = 2 if buys else 0
        cdef int64_t against = self.shown[i, venue, side]
        cdef int64_t shown = self.shown[i, venue, side + 1]
        if self.rows[i].kind == K_TRADE:
            return self.rows[i].qty if (self.rows[i].px <= px if buys else self.rows[i].px >= px) else 0
        if shown <= 0 or (against > px if buys else against < px):
            return 0
        if i and self.shown[i - 1, venue, side] == against and self.shown[i - 1, venue, side + 1] == shown:
            return 0                # it stood there before
        return shown
