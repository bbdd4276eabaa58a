# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Limit and market quantities over venues, after R. Cont and A. Kukanov, "Optimal order placement in limit order
markets" (2013): docs/routing.md states the model and what is different here.

What a unit costs: taken, its price and fee; resting, what the queue's outflow makes likely of its price and fee, else
what an unfilled unit is expected to cost. Children may never exceed their order, so that nothing can be filled twice;
the expected cost is then a sum over venues of convex functions of their quantities, and the cheapest part next is its
optimum.
"""
from core.market.view cimport Level, SymbolMarket, Top
from core.messages cimport FA_MARKOUT, FA_REJECT, SIDE_BUY, SIDE_SELL
from core.router.cheapest cimport STREAMS_MAX, Stream, advance, bounded, carries, cheapest, cost_of, rest_at, taking
from core.router.facts cimport MILLION, VenueSymbol
from core.router.sweep cimport seen, within
from core_ext.wide cimport i128


cdef int optimal(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil:
    cdef Stream streams[STREAMS_MAX]
    cdef i128 unfilled = 0
    cdef bint expected = ask.rests and unfilled_cost(facts, ask, &unfilled)
    cdef int takes = taking(facts, ask, streams, expected, unfilled)
    cdef int rests = queues(facts, ask, streams + takes, unfilled) if expected else 0
    return cheapest(ask, streams, takes, takes + rests, expected, unfilled, legs, rest)


cdef bint unfilled_cost(Facts facts, const Ask* ask, i128* out) noexcept nogil:
    """What a unit that stays unfilled costs in the end: the mid and what was fitted. 0: that, or a market, isn't there."""
    cdef SymbolMarket* market = &facts.view.symbols[ask.symbol]
    cdef int64_t fitted = facts.unfilled[2 * ask.symbol + (SIDE_BUY if ask.buys else SIDE_SELL)]
    cdef int64_t mid2
    if market.bid_qty <= 0 or market.ask_qty <= 0 or fitted == 0:
        return 0
    if not carries(ask, market.bid_px) or not carries(ask, market.ask_px):
        return 0
    mid2 = market.bid_px + market.ask_px
    out[0] = cost_of(ask.buys, mid2, bounded(fitted)) / 2
    return 1


cdef int queues(Facts facts, const Ask* ask, Stream* streams, i128 unfilled) noexcept nogil:
    """A stream for each venue whose queue is known and can be joined without taking."""
    cdef Stream* stream
    cdef const VenueSymbol* known
    cdef int count = 0
    cdef uint32_t slot
    cdef int64_t px
    for slot in range(facts.view.symbols[ask.symbol].listings):
        known = facts.row(ask.symbol, <int>slot)
        if known == NULL or not known.steps[0 if ask.buys else 1] or not seen(facts, ask, slot):
            continue
        stream = &streams[count]
        if not passive_price(facts, ask, slot, &px) or not carries(ask, px):
            continue
        stream.ahead = ahead_of(facts, ask, slot, px)
        stream.levels = NULL
        stream.known = known
        stream.slot = slot
        stream.next = 0
        stream.dealt = 0
        stream.rests = 1
        stream.fee = bounded(facts.maker_fee(ask.symbol, <int>slot) + known.values[<int>FA_MARKOUT])
        stream.share = MILLION - known.values[<int>FA_REJECT]
        rest_at(ask, stream, px, unfilled)
        if advance(ask, stream, 1, unfilled):
            count += 1
    return count


cdef bint passive_price(Facts facts, const Ask* ask, uint32_t slot, int64_t* out) noexcept nogil:
    """Where an order joins that venue's queue: its best, else the best of all; within the limit, and never so that
    it would lock or cross a market. 0: there is no such price."""
    cdef SymbolMarket* market = &facts.view.symbols[ask.symbol]
    cdef Top* top = facts.view.top(ask.symbol, <int>slot)
    cdef int64_t px
    if (top.bid_qty if ask.buys else top.ask_qty) > 0:
        px = top.bid_px if ask.buys else top.ask_px
    elif (market.bid_qty if ask.buys else market.ask_qty) > 0:
        px = market.bid_px if ask.buys else market.ask_px
    elif ask.limited:
        px = ask.limit
    else:
        return 0
    if not within(ask, px):
        px = ask.limit
    if ask.buys and market.ask_qty > 0 and px >= market.ask_px:
        px = market.ask_px - ask.tick
    elif not ask.buys and market.bid_qty > 0 and px <= market.bid_px:
        px = market.bid_px + ask.tick
    out[0] = px
    return 1


cdef int64_t ahead_of(Facts facts, const Ask* ask, uint32_t slot, int64_t px) noexcept nogil:
    """What stands before a new order at that price."""
    cdef Level level
    cdef int64_t ahead = 0
    cdef uint32_t i = 0
    while facts.view.level(ask.symbol, <int>slot, not ask.buys, i, &level):
        if level.px < px if ask.buys else level.px > px:
            break
        ahead += level.qty
        i += 1
    return ahead
