# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A reader's event as what a core takes: see inputs.pxd."""
from libc.stdint cimport uint8_t, uint64_t

from core.data.decimals cimport rescale
from core.data.reader cimport EVENT_ORDER, EVENT_QUOTE, EVENT_TRADE
from core.messages cimport DepthEvent, QuoteEvent, SimulateEvent, TradeEvent


cdef bint input_of(const Event* row, uint32_t symbol, int px_to, int qty_to, uint16_t venue, int64_t shown_qty,
                   Input* item) noexcept nogil:
    """Fills in kind, length and request of an input that is zeroed; 0: its numbers have no exact place in the
    instrument's units. shown_qty: of every quote's sides, where the recording has no sizes; else 0."""
    cdef QuoteEvent* quote = <QuoteEvent*>item.request
    cdef TradeEvent* trade = <TradeEvent*>item.request
    cdef DepthEvent* depth = <DepthEvent*>item.request
    cdef SimulateEvent* order = <SimulateEvent*>item.request
    cdef int64_t px, qty
    if not rescale(row.px, row.px_digits, px_to, &px) or not rescale(row.qty, row.qty_digits, qty_to, &qty):
        return 0
    item.kind = row.kind
    if row.kind == EVENT_QUOTE:
        item.length = sizeof(QuoteEvent)
        quote.symbol = symbol
        quote.venue = venue
        quote.bid_px = px
        quote.bid_qty = qty
        if not rescale(row.ask_px, row.px_digits, px_to, &quote.ask_px) or not (
                rescale(row.ask_qty, row.qty_digits, qty_to, &quote.ask_qty)):
            return 0
        if shown_qty:
            quote.bid_qty = quote.ask_qty = shown_qty
        return 1
    if row.kind == EVENT_TRADE:
        item.length = sizeof(TradeEvent)
        trade.symbol = symbol
        trade.venue = venue
        trade.aggressor = row.side
        trade.px = px
        trade.qty = qty
        return 1
    if row.kind == EVENT_ORDER:
        item.length = sizeof(SimulateEvent)
        order.symbol = symbol
        order.venue = venue
        order.what = <uint8_t>row.ask_qty
        order.detail = row.side
        order.count = <uint64_t>row.ask_px
        order.a = px
        order.b = qty
        return 1
    item.length = sizeof(DepthEvent)
    depth.symbol = symbol
    depth.venue = venue
    depth.side = row.side
    depth.px = px
    depth.qty = qty
    return 1
