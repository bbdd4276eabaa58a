# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Each policy by its name (docs/routing.md): (facts, books, order) -> legs, and what is left over."""
from core.market.view cimport SymbolMarket
from core.messages cimport (
    FA_MARKOUT, PO_DARK, PO_HOME, PO_ISO, PO_NET, PO_OPTIMAL, PO_POST, PO_SPRAY, PO_SWEEP, PO_TAKE, VS_UP,
)
from core.router.cheapest cimport STREAMS_MAX, Stream, carries, cheapest, taking
from core.router.optimal cimport optimal, passive_price, unfilled_cost
from core.router.sweep cimport cheapest_to_post, seen, sweep, within
from core_ext.wide cimport i128

cdef enum:
    NOWHERE = -1


cdef int plan(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil:
    """The legs of the order's policy, in the order in which they are sent. legs: room for LEGS_MAX.

    rest: what has no leg. Of a resting order it is posted; but by `take` and, where it has a model, `optimal`, which wait
    for the next quote.
    """
    cdef int count = 0
    rest[0] = ask.qty
    if ask.policy == PO_SWEEP or not priced(facts, ask):
        count = sweep(facts, ask, legs, rest)
    elif ask.policy == PO_NET or ask.policy == PO_TAKE:
        count = net(facts, ask, legs, rest)
    elif ask.policy == PO_HOME:
        count = home(facts, ask, legs, rest)
    elif ask.policy == PO_SPRAY:
        count = spray(facts, ask, legs, rest)
    elif ask.policy == PO_DARK:
        count = dark(facts, ask, legs, rest)
    elif ask.policy == PO_ISO:
        count = iso(facts, ask, legs, rest)
    elif ask.policy == PO_OPTIMAL:
        count = optimal(facts, ask, legs, rest)
    elif ask.policy != PO_POST:
        count = sweep(facts, ask, legs, rest)
    if rest[0] > 0 and ask.rests and not waits(facts, ask):
        count += post(facts, ask, legs + count, rest)
    return count


cdef bint waits(Facts facts, const Ask* ask) noexcept nogil:
    """Whether what is left is not posted: nobody shows it for as little as `take` is limited to, or `optimal` expects."""
    cdef i128 unfilled
    return ask.policy == PO_TAKE or (ask.policy == PO_OPTIMAL and unfilled_cost(facts, ask, &unfilled))


cdef bint priced(Facts facts, const Ask* ask) noexcept nogil:
    """Whether costs by lot can be told exactly at the prices of this market; where they can't, prices decide."""
    cdef SymbolMarket* market = &facts.view.symbols[ask.symbol]
    return carries(ask, market.ask_px if ask.buys else market.bid_px)


cdef int net(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil:
    """What is cheapest with fees and rebates."""
    cdef Stream streams[STREAMS_MAX]
    cdef int count = taking(facts, ask, streams, 0, 0)
    return cheapest(ask, streams, count, count, 0, 0, legs, rest)


cdef int home(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil:
    """At the venue declared first what it shows; the rest where it is cheapest."""
    cdef Ask part = ask[0]
    cdef int count
    part.left_out = ask.left_out | ~<uint64_t>1
    count = net(facts, &part, legs, rest)
    part.left_out = ask.left_out | 1
    part.qty = rest[0]
    return count + (net(facts, &part, legs + count, rest) if part.qty > 0 else 0)


cdef int spray(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil:
    """As `net`, the slowest venue first, the others so much later that all arrive together."""
    cdef int count = net(facts, ask, legs, rest)
    cdef int64_t latency
    cdef int64_t longest = 0
    cdef int i
    for i in range(count):
        latency = facts.latency(ask.symbol, <int>legs[i].slot)
        longest = latency if latency > longest else longest
    for i in range(count):
        legs[i].delay_ns = longest - facts.latency(ask.symbol, <int>legs[i].slot)
    in_time(legs, count)
    return count


cdef void in_time(Leg* legs, int count) noexcept nogil:
    """Sorts legs by when they leave; those that leave together keep their order."""
    cdef Leg leg
    cdef int i
    cdef int j
    for i in range(1, count):
        leg = legs[i]
        j = i
        while j > 0 and legs[j - 1].delay_ns > leg.delay_ns:
            legs[j] = legs[j - 1]
            j -= 1
        legs[j] = leg


cdef int iso(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil:
    """As `sweep`, all at once and all at the worst price of any: what is shown elsewhere is being taken too."""
    cdef int count = sweep(facts, ask, legs, rest)
    cdef int64_t worst
    cdef int i
    if count == 0:
        return 0
    worst = legs[0].price
    for i in range(1, count):
        if legs[i].price > worst if ask.buys else legs[i].price < worst:
            worst = legs[i].price
    for i in range(count):
        legs[i].price = worst
    return count


cdef int dark(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil:
    """All of it at the mid, at the first venue that is up and never showed anything; without one as `net`."""
    cdef SymbolMarket* market = &facts.view.symbols[ask.symbol]
    cdef uint32_t slot
    cdef int64_t px
    if market.bid_qty <= 0 or market.ask_qty <= 0:
        return net(facts, ask, legs, rest)
    px = mid_of(ask, market.bid_px, market.ask_px)
    if not within(ask, px):
        px = ask.limit
    for slot in range(market.listings):
        if seen(facts, ask, slot) and not facts.view.top(ask.symbol, <int>slot).quoted:
            take(&legs[0], slot, ask.qty, px, 0)
            rest[0] = 0
            return 1
    return net(facts, ask, legs, rest)


cdef int64_t mid_of(const Ask* ask, int64_t bid, int64_t offered) noexcept nogil:
    """The mid, to the tick away from the market: down for a buy, up for a sale."""
    cdef int64_t between = (offered - bid) / 2 / ask.tick * ask.tick
    return bid + between if ask.buys else offered - between


cdef int post(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil:
    """All of the rest at one venue: at the order's own price; of `post` in the queue, without taking."""
    cdef bint passive = ask.policy == PO_POST
    cdef int slot = cheapest_to_rest(facts, ask) if passive else cheapest_to_post(
        facts, ask.symbol, ask.left_out, VS_UP)
    cdef int64_t px = ask.limit
    if slot == NOWHERE or (passive and not passive_price(facts, ask, <uint32_t>slot, &px)):
        return 0
    take(legs, <uint32_t>slot, rest[0], px, 1)
    rest[0] = 0
    return 1


cdef int cheapest_to_rest(Facts facts, const Ask* ask) noexcept nogil:
    """The slot with the least maker fee and markout together, then declaration."""
    cdef int found = NOWHERE
    cdef uint32_t slot
    cdef int64_t cost
    cdef int64_t least = 0
    for slot in range(facts.view.symbols[ask.symbol].listings):
        if not seen(facts, ask, slot):
            continue
        cost = facts.maker_fee(ask.symbol, <int>slot) + facts.fact(ask.symbol, <int>slot, FA_MARKOUT)
        if found < 0 or cost < least:
            found = <int>slot
            least = cost
    return found


cdef void take(Leg* leg, uint32_t slot, int64_t qty, int64_t px, bint rests) noexcept nogil:
    leg.slot = slot
    leg.qty = qty
    leg.price = px
    leg.delay_ns = 0
    leg.rests = rests
