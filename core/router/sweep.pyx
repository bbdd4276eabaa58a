# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Takes what is shown, best price first; at one price the lower taker fee, then the venue declared first.

Source: docs/scenarios.md, "Router". Levels come from each venue's depth, or its quote where it sent no depth.
A venue that isn't up, or whose bit is set in `left_out`, isn't seen.
"""
from core.market.view cimport Level
from core.messages cimport VS_UP


cdef bint seen(Facts facts, const Ask* ask, uint32_t slot) noexcept nogil:
    return facts.view.top(ask.symbol, <int>slot).state == VS_UP and not (ask.left_out >> slot) & 1


cdef bint within(const Ask* ask, int64_t px) noexcept nogil:
    return not ask.limited or (px <= ask.limit if ask.buys else px >= ask.limit)


cdef int next_level(Facts facts, const Ask* ask, const uint32_t* used, Level* best) noexcept nogil:
    """The slot whose next unused level is the best of all; -1: no level is left."""
    cdef Level level
    cdef int found = -1
    cdef uint32_t slot
    cdef bint better
    for slot in range(facts.view.symbols[ask.symbol].listings):
        if not seen(facts, ask, slot) or not facts.view.level(ask.symbol, <int>slot, ask.buys, used[slot], &level):
            continue
        if found < 0:
            better = 1
        elif level.px != best.px:
            better = level.px < best.px if ask.buys else level.px > best.px
        else:
            better = facts.taker_fee(ask.symbol, <int>slot) < facts.taker_fee(ask.symbol, found)
        if better:
            found = <int>slot
            best[0] = level
    return found


cdef int sweep(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil:
    """One leg a venue, in the order in which venues are first taken from. `rest`: what nobody shows in the limit.

    legs: room for MAX_SYMBOL_VENUES. Returns how many there are.
    """
    cdef uint32_t used[MAX_SYMBOL_VENUES]
    cdef int leg_of[MAX_SYMBOL_VENUES]
    cdef int64_t qty = ask.qty
    cdef int count = 0
    cdef int slot
    cdef int i
    cdef int64_t part
    cdef Level level
    for i in range(MAX_SYMBOL_VENUES):
        used[i] = 0
        leg_of[i] = -1
    while qty > 0:
        slot = next_level(facts, ask, used, &level)
        if slot < 0 or not within(ask, level.px):
            break
        used[slot] += 1
        part = level.qty if level.qty < qty else qty
        qty -= part
        if leg_of[slot] < 0:
            leg_of[slot] = count
            legs[count].slot = <uint32_t>slot
            legs[count].qty = 0
            legs[count].delay_ns = 0
            legs[count].rests = 0
            count += 1
        legs[leg_of[slot]].qty += part
        legs[leg_of[slot]].price = level.px
    rest[0] = qty
    return count


cdef int one_venue(Facts facts, const Ask* ask, Leg* leg) noexcept nogil:
    """One venue that shows it all, for less: by its worst price, then taker fee, then declaration. 0: nobody does."""
    cdef Leg one[MAX_SYMBOL_VENUES]
    cdef Ask alone = ask[0]
    cdef int64_t rest = 0
    cdef uint32_t slot
    cdef int found = 0
    cdef bint better
    for slot in range(facts.view.symbols[ask.symbol].listings):
        alone.left_out = ask.left_out | ~(<uint64_t>1 << slot)
        if sweep(facts, &alone, one, &rest) != 1 or rest:
            continue
        if not found:
            better = 1
        elif one[0].price != leg.price:
            better = one[0].price < leg.price if ask.buys else one[0].price > leg.price
        else:
            better = facts.taker_fee(ask.symbol, <int>slot) < facts.taker_fee(ask.symbol, <int>leg.slot)
        if better:
            leg[0] = one[0]
            found = 1
    return found


cdef int cheapest_to_post(Facts facts, uint32_t symbol, uint64_t left_out, uint8_t state) noexcept nogil:
    """The slot in that state with the least maker fee, then declaration; -1: none may be used."""
    cdef int found = -1
    cdef uint32_t slot
    cdef int64_t fee
    cdef int64_t least = 0
    for slot in range(facts.view.symbols[symbol].listings):
        if facts.view.top(symbol, <int>slot).state != state or (left_out >> slot) & 1:
            continue
        fee = facts.maker_fee(symbol, <int>slot)
        if found < 0 or fee < least:
            found = <int>slot
            least = fee
    return found
