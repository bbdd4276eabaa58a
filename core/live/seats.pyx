# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What a client may say, and what is made of the rest: it is denied by name, never trusted."""
from libc.string cimport memset

from core.messages cimport (
    AL_TWAP, CG_OUO, K_DEPTH, K_QUOTE, K_TRADE, NONE, NONE16, O_HAS_PRICE, O_HAS_QTY, O_HAS_STOP, PEG_MARKET, PO_OPTIMAL, SIDE_SELL_SHORT, T_LIMIT, T_PEGGED,
    SG_STOP, SIDE_SELL, TIF_CLS, TR_MARK, TU_BPS, UNKNOWN, UNKNOWN16, W_UNSUPPORTED, CancelEvent, DepthEvent,
    FilterEvent, OrderEvent, QuoteEvent, ReplaceEvent, Request, SignalEvent, TradeEvent,
)


cdef enum:
    NOBODY = 255                    # the aggressor of a trade that doesn't say


cdef bint tidy_id(char* field) noexcept nogil:
    """Makes a client's id field one that tables can take; 0: it was none."""
    cdef uint8_t length = <uint8_t>field[0]
    if length > 39:
        field[0] = 39
        return 0
    memset(field + 1 + length, 0, 39 - length)
    return length > 0


cdef bint check_order(Input* item, const RequestSeat* seat, uint32_t symbols, uint32_t venues, uint32_t accounts,
                      uint32_t strategies) noexcept nogil:
    cdef OrderEvent* order = &(<Request*>item.request).order
    cdef bint well = tidy_id(order.cl_ord_id)
    item.length = sizeof(OrderEvent)
    if order.account >= accounts or not (seat.every or seat.rights[order.account]):
        order.account = UNKNOWN
    if order.symbol >= symbols:
        order.symbol = UNKNOWN
    if order.venue != NONE16 and order.venue >= venues:
        order.venue = UNKNOWN16
    if order.strategy != NONE and order.strategy >= strategies:
        order.strategy = NONE
        well = 0
    if order.side > SIDE_SELL_SHORT:
        order.side = 0
        well = 0
    if order.ord_type > T_PEGGED:
        order.ord_type = T_LIMIT
        well = 0
    if order.time_in_force > TIF_CLS:
        order.time_in_force = 0
        well = 0
    if (order.policy > PO_OPTIMAL or order.algo > AL_TWAP or order.peg > PEG_MARKET or order.trail_unit > TU_BPS
            or order.trigger > TR_MARK or order.contingency > CG_OUO or (order.list_id and not order.contingency)):
        memset(&order.policy, 0, sizeof(OrderEvent) - (<char*>&order.policy - <char*>order))
        well = 0
    order.pad2 = 0
    if not well:
        order.wrong |= W_UNSUPPORTED
    return well


cdef void check_replace(Input* item) noexcept nogil:
    cdef ReplaceEvent* replace = &(<Request*>item.request).replace
    item.length = sizeof(ReplaceEvent)
    replace.flags &= O_HAS_PRICE | O_HAS_QTY | O_HAS_STOP
    replace.pad = 0
    tidy_id(replace.orig_cl_ord_id)
    if not tidy_id(replace.cl_ord_id):
        replace.wrong |= W_UNSUPPORTED


cdef void check_cancel(Input* item) noexcept nogil:
    cdef CancelEvent* cancel = &(<Request*>item.request).cancel
    item.length = sizeof(CancelEvent)
    tidy_id(cancel.orig_cl_ord_id)
    memset(cancel.pad, 0, sizeof(cancel.pad))
    if not tidy_id(cancel.cl_ord_id):
        cancel.wrong |= W_UNSUPPORTED


cdef bint check_signal(Input* item, uint32_t symbols) noexcept nogil:
    """0: it says nothing that there is. Whom it names need not be there: nobody hears it then."""
    cdef SignalEvent* signal = &(<Request*>item.request).signal
    item.length = sizeof(SignalEvent)
    if signal.symbol >= symbols:
        signal.symbol = NONE
    memset(signal.pad, 0, sizeof(signal.pad))
    return signal.what <= SG_STOP


cdef bint check_market(Input* item, uint32_t symbols, uint32_t venues) noexcept nogil:
    """0: no market data, or of a symbol or venue that isn't declared, or of less than nothing."""
    cdef Request* told = <Request*>item.request
    if item.kind == K_QUOTE:
        item.length = sizeof(QuoteEvent)
        told.quote.pad = 0
        return (told.quote.symbol < symbols and told.quote.venue < venues and told.quote.bid_px >= 0
                and told.quote.bid_qty >= 0 and told.quote.ask_px >= 0 and told.quote.ask_qty >= 0)
    if item.kind == K_TRADE:
        item.length = sizeof(TradeEvent)
        told.trade.pad = 0
        return (told.trade.symbol < symbols and told.trade.venue < venues and told.trade.px > 0 and told.trade.qty > 0
                and (told.trade.aggressor <= SIDE_SELL or told.trade.aggressor == NOBODY))
    if item.kind == K_DEPTH:
        item.length = sizeof(DepthEvent)
        told.depth.pad = 0
        return (told.depth.symbol < symbols and told.depth.venue < venues and told.depth.px > 0 and told.depth.qty >= 0
                and told.depth.side <= SIDE_SELL)
    return 0


cdef void check_cancel_all(Input* item, const RequestSeat* seat) noexcept nogil:
    cdef FilterEvent* asked = &(<Request*>item.request).filter
    item.length = sizeof(FilterEvent)
    asked.by = seat.person
    asked.kind = 0
    asked.cancel_on_disconnect = 0
    asked.by_rights = not seat.every
    asked.pad = 0
    asked.epoch = 0
