# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Takes what is shown, best price first; at one price the lower taker fee, then the venue declared first.

Source: docs/scenarios.md, "Router". Levels come from each venue's depth, or its quote where it sent no depth.
A venue that isn't up, or whose bit is set in `left_out`, isn't seen.
"""
from core.market.view cimport Level, MarketView
from core.messages cimport MAX_SYMBOL_VENUES, VS_UP


cdef bint seen(MarketView view, uint32_t symbol, uint32_t slot, uint64_t left_out) noexcept nogil:
    return view.top(symbol, <int>slot).state == VS_UP and not (left_out >> slot) & 1


cdef bint within(bint buys, bint limited, int64_t limit, int64_t px) noexcept nogil:
    return not limited or (px <= limit if buys else px >= limit)


cdef int64_t taker_fee(MarketView view, uint32_t symbol, uint32_t slot) noexcept nogil:
    return view.venues[view.top(symbol, <int>slot).venue].taker_fee


cdef int next_level(MarketView view, uint32_t symbol, bint buys, uint64_t left_out, const uint32_t* used,
                    Level* best) noexcept nogil:
    """The slot whose next unused level is the best of all; -1: no level is left."""
    cdef Level level
    cdef int found = -1
    cdef uint32_t slot
    cdef bint better
    for slot in range(view.symbols[symbol].listings):
        if not seen(view, symbol, slot, left_out) or not view.level(symbol, <int>slot, buys, used[slot], &level):
            continue
        if found < 0:
            better = 1
        elif level.px != best.px:
            better = level.px < best.px if buys else level.px > best.px
        else:
            better = taker_fee(view, symbol, slot) < taker_fee(view, symbol, <uint32_t>found)
        if better:
            found = <int>slot
            best[0] = level
    return found


cdef int sweep(MarketView view, uint32_t symbol, bint buys, bint limited, int64_t limit, int64_t qty,
               uint64_t left_out, Leg* legs, int64_t* rest) noexcept nogil:
    """One leg a venue, in the order in which venues are first taken from. `rest`: what nobody shows in the limit.

    legs: room for MAX_SYMBOL_VENUES. Returns how many there are.
    """
    cdef uint32_t used[MAX_SYMBOL_VENUES]
    cdef int leg_of[MAX_SYMBOL_VENUES]
    cdef int count = 0
    cdef int slot
    cdef int i
    cdef int64_t part
    cdef Level level
    for i in range(MAX_SYMBOL_VENUES):
        used[i] = 0
        leg_of[i] = -1
    while qty > 0:
        slot = next_level(view, symbol, buys, left_out, used, &level)
        if slot < 0 or not within(buys, limited, limit, level.px):
            break
        used[slot] += 1
        part = level.qty if level.qty < qty else qty
        qty -= part
        if leg_of[slot] < 0:
            leg_of[slot] = count
            legs[count].slot = <uint32_t>slot
            legs[count].qty = 0
            count += 1
        legs[leg_of[slot]].qty += part
        legs[leg_of[slot]].price = level.px
    rest[0] = qty
    return count


cdef int one_venue(MarketView view, uint32_t symbol, bint buys, bint limited, int64_t limit, int64_t qty,
                   uint64_t left_out, Leg* leg) noexcept nogil:
    """One venue that shows it all, for less: by its worst price, then taker fee, then declaration. 0: nobody does."""
    cdef Leg one[MAX_SYMBOL_VENUES]
    cdef int64_t rest = 0
    cdef uint32_t slot
    cdef int found = 0
    cdef uint64_t others
    cdef bint better
    for slot in range(view.symbols[symbol].listings):
        others = left_out | ~(<uint64_t>1 << slot)
        if sweep(view, symbol, buys, limited, limit, qty, others, one, &rest) != 1 or rest:
            continue
        if not found:
            better = 1
        elif one[0].price != leg.price:
            better = one[0].price < leg.price if buys else one[0].price > leg.price
        else:
            better = taker_fee(view, symbol, slot) < taker_fee(view, symbol, leg.slot)
        if better:
            leg[0] = one[0]
            found = 1
    return found


cdef int cheapest_to_post(MarketView view, uint32_t symbol, uint64_t left_out, uint8_t state) noexcept nogil:
    """The slot in that state with the least maker fee, then declaration; -1: none may be used."""
    cdef int found = -1
    cdef uint32_t slot
    cdef int64_t fee
    cdef int64_t least = 0
    for slot in range(view.symbols[symbol].listings):
        if view.top(symbol, <int>slot).state != state or (left_out >> slot) & 1:
            continue
        fee = view.venues[view.top(symbol, <int>slot).venue].maker_fee
        if found < 0 or fee < least:
            found = <int>slot
            least = fee
    return found
