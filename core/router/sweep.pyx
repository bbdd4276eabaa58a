# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Takes what is shown, best price first; at one price the lower taker fee, then the venue declared first.

Source: docs/scenarios.md, "Router". Levels come from each venue's depth, or its quote where it sent no depth.
A venue that isn't up, or whose bit is set in `left_out`, isn't seen.
"""
from core.market.view cimport Level
from core.messages cimport VS_UP


cdef bint seen(Facts facts, const Ask* ask, uint32_t slot) noexcept nogil:
    return facts.view.top(ask.symbol, <int>slot).state == VS_UP and not (ask.left_out >> slot) & 1


cdef struct Head:                   # a venue's next level
    int64_t rank                    # its price, or less that: the lower the better
    int64_t fee
    const Level* levels
    uint32_t left                   # levels from this one on
    uint32_t slot
    Level one                       # where it sends no depth


cdef int heads_of(Facts facts, const Ask* ask, Head* heads) noexcept nogil:
    """Each venue that is seen and shows something, at its best level."""
    cdef Head* head
    cdef int count = 0
    cdef uint32_t slot
    for slot in range(facts.view.symbols[ask.symbol].listings):
        if not seen(facts, ask, slot):
            continue
        head = &heads[count]
        head.levels = facts.view.ladder(ask.symbol, <int>slot, ask.buys, &head.one, &head.left)
        if head.left:
            head.slot = slot
            head.fee = facts.taker_fee(ask.symbol, <int>slot)
            head.rank = rank_of(ask, head)
            count += 1
    return count


cdef int64_t rank_of(const Ask* ask, const Head* head) noexcept nogil:
    return head.levels[0].px if ask.buys else -head.levels[0].px


cdef int best_of(const Head* heads, int count) noexcept nogil:
    """By price, then fee, then declaration; -1: no level is left."""
    cdef int found = -1
    cdef int i
    for i in range(count):
        if heads[i].left and (found < 0 or heads[i].rank < heads[found].rank or (
                heads[i].rank == heads[found].rank and heads[i].fee < heads[found].fee)):
            found = i
    return found


cdef int sweep(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil:
    """One leg a venue, in the order in which venues are first taken from. `rest`: what nobody shows in the limit.

    legs: room for MAX_SYMBOL_VENUES. Returns how many there are.
    """
    cdef Head heads[MAX_SYMBOL_VENUES]
    cdef int leg_of[MAX_SYMBOL_VENUES]
    cdef int64_t qty = ask.qty
    cdef int count = heads_of(facts, ask, heads)
    cdef int found = 0
    cdef int best
    cdef int i
    cdef int64_t part
    for i in range(count):
        leg_of[i] = -1
    while qty > 0:
        best = best_of(heads, count)
        if best < 0 or not within(ask, heads[best].levels[0].px):
            break
        if leg_of[best] < 0:
            leg_of[best] = found
            start(&legs[found], heads[best].slot)
            found += 1
        part = heads[best].levels[0].qty
        part = part if part < qty else qty
        qty -= part
        legs[leg_of[best]].qty += part
        legs[leg_of[best]].price = heads[best].levels[0].px
        heads[best].left -= 1
        if heads[best].left:
            heads[best].levels += 1
            heads[best].rank = rank_of(ask, &heads[best])
    rest[0] = qty
    return found


cdef void start(Leg* leg, uint32_t slot) noexcept nogil:
    leg.slot = slot
    leg.qty = 0
    leg.delay_ns = 0
    leg.rests = 0


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
