# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The cheapest way to deal a quantity out: docs/routing.md has the model.

A stream is one way to trade at one venue: to take what it shows, or to rest in its queue. Its parts come in an order
in which no part costs less than the one before, so that the cheapest split of all is found by always taking the
cheapest part next. Costs are exact: price units x 10^-12 of a lot, in 128 bits; of what is only expected, another
10^-6 of that. A lot may lie over several levels; it then costs their sum.
"""
from core.messages cimport FA_FILL, FA_REJECT
from core.router.facts cimport MILLION, VenueSymbol
from core.router.sweep cimport seen, within

cdef extern from *:
    """
    #define NACRE_ONE ((int64_t)1000000000000LL)  /* 10^-8 bps in 1 */
    #define NACRE_LOT_PX_MAX ((__int128)40 * 1000000000000000000LL)
    #define NACRE_DEAREST ((__int128)(((unsigned __int128)1 << 127) - 1))
    """
    const int64_t ONE "NACRE_ONE"
    const i128 LOT_PX_MAX "NACRE_LOT_PX_MAX"
    const i128 DEAREST "NACRE_DEAREST"


cdef bint carries(const Ask* ask, int64_t px) noexcept nogil:
    """Whether a lot's cost fits: lot x price up to 4 x 10^19."""
    cdef i128 value = <i128>ask.lot * <i128>px
    return -LOT_PX_MAX <= value <= LOT_PX_MAX


cdef int64_t bounded(int64_t fee) noexcept nogil:
    """A fee, rebate or expectation beyond all of the value counts as all of it."""
    if fee > ONE:
        return ONE
    if fee < -ONE:
        return -ONE
    return fee


cdef i128 cost_of(bint buys, int64_t px, int64_t fee) noexcept nogil:
    """What one unit costs with its fee (10^-8 bps of its value), in 10^-12 of a price unit; a sale's proceeds are negative."""
    cdef int64_t weight = ONE + fee if px >= 0 and buys or px < 0 and not buys else ONE - fee
    if not buys:
        px = -px
    return <i128>px * <i128>weight


cdef i128 expect(i128 cost, int64_t share, i128 unfilled) noexcept nogil:
    """With that probability it is had at its cost; else it stays unfilled."""
    if share == MILLION:
        return cost * <i128>MILLION
    return unfilled * <i128>MILLION + (cost - unfilled) * <i128>share


cdef void rest_at(const Ask* ask, Stream* stream, int64_t px, i128 unfilled) noexcept nogil:
    """A stream's price in its queue, and what its parts have in common: one product is left for each of them."""
    stream.px = px
    stream.base = <i128>ask.lot * unfilled * <i128>MILLION
    stream.slope = <i128>ask.lot * (cost_of(ask.buys, px, stream.fee) - unfilled)


cdef int taking(Facts facts, const Ask* ask, Stream* streams, bint expected, i128 unfilled) noexcept nogil:
    """A stream for each venue that shows something within the limit."""
    cdef Stream* stream
    cdef const VenueSymbol* known
    cdef int count = 0
    cdef uint32_t slot
    for slot in range(facts.view.symbols[ask.symbol].listings):
        if not seen(facts, ask, slot):
            continue
        stream = &streams[count]
        stream.levels = facts.view.ladder(ask.symbol, <int>slot, ask.buys, &stream.one, &stream.count)
        if not stream.count or not carries(ask, stream.levels[0].px) or not carries(
                ask, stream.levels[stream.count - 1].px):
            continue                # prices are in order: those between are as large at most
        stream.slot = slot
        stream.next = 0
        stream.left = 0
        stream.rests = 0
        stream.fee = bounded(facts.taker_fee(ask.symbol, <int>slot))
        stream.share = MILLION
        if expected:
            known = facts.row(ask.symbol, <int>slot)
            stream.share = share_of(known)
        if advance(ask, stream, expected, unfilled):
            count += 1
    return count


cdef int64_t share_of(const VenueSymbol* known) noexcept nogil:
    """What of a take is had on the average."""
    cdef int64_t share = MILLION
    if known != NULL and (known.given >> FA_FILL) & 1:
        share = known.values[<int>FA_FILL]
    if known != NULL:
        share = share * (MILLION - known.values[<int>FA_REJECT]) / MILLION
    return share


cdef bint advance(const Ask* ask, Stream* stream, bint expected, i128 unfilled) noexcept nogil:
    """The stream's next part; 0: it has no whole lot more."""
    if stream.rests:
        return queue_part(ask, stream)
    if ask.lot == 1:
        return next_level(ask, stream, expected, unfilled)
    return lots_part(ask, stream, expected, unfilled)


cdef bint next_level(const Ask* ask, Stream* stream, bint expected, i128 unfilled) noexcept nogil:
    """Where every unit is a lot: a level as it is."""
    cdef const Level* level = &stream.levels[stream.next]
    if stream.next >= stream.count or not within(ask, level.px):
        return 0
    stream.next += 1
    stream.px = level.px
    stream.qty = level.qty
    stream.cost = cost_of(ask.buys, level.px, stream.fee)
    if expected:
        stream.cost = expect(stream.cost, stream.share, unfilled)
    return 1


cdef bint lots_part(const Ask* ask, Stream* stream, bint expected, i128 unfilled) noexcept nogil:
    """Whole lots of one level, or one lot that lies over several."""
    cdef int64_t need = ask.lot
    cdef int64_t part
    cdef i128 cost
    cdef i128 sum = 0
    while True:
        if stream.left <= 0:
            if stream.next >= stream.count or not within(ask, stream.levels[stream.next].px):
                return 0
            stream.px = stream.levels[stream.next].px
            stream.left = stream.levels[stream.next].qty
            stream.next += 1
            continue
        cost = cost_of(ask.buys, stream.px, stream.fee)
        if expected:
            cost = expect(cost, stream.share, unfilled)
        if need == ask.lot and stream.left >= ask.lot:
            stream.qty = stream.left - stream.left % ask.lot
            stream.cost = cost * <i128>ask.lot
            stream.left -= stream.qty
            return 1
        part = stream.left if stream.left < need else need
        sum += cost * <i128>part
        need -= part
        stream.left -= part
        if need == 0:
            stream.qty = ask.lot
            stream.cost = sum
            return 1


cdef bint queue_part(const Ask* ask, Stream* stream) noexcept nogil:
    """As far as the next step of its outflow: what lies there is filled if at least so much leaves the queue."""
    cdef const VenueSymbol* known = stream.known
    cdef int side = 0 if ask.buys else 1
    cdef int64_t reach
    cdef int64_t share
    while stream.next < known.steps[side]:
        reach = known.reach[side][stream.next] - stream.ahead
        share = known.leaves[side][stream.next]
        stream.next += 1
        if ask.lot != 1:
            reach = reach / ask.lot * ask.lot
        if reach > stream.dealt:
            stream.qty = reach - stream.dealt
            stream.dealt = reach
            if stream.share != MILLION:
                share = share * stream.share / MILLION
            stream.cost = stream.base + stream.slope * <i128>share
            return 1
    return 0


cdef struct Queued:                 # the streams in the order of what their next parts cost
    i128 cost
    int stream
    int leg                         # -1: nothing was taken of it yet


cdef int cheapest(const Ask* ask, Stream* streams, int takes, int count, bint expected, i128 unfilled, Leg* legs,
                  int64_t* rest) noexcept nogil:
    """One leg a stream, in the order in which they are first used. takes: as many of the streams take, the others
    rest; each kind has a line of its own, since a shorter one is faster kept in order. expected: what costs more than
    to stay unfilled is left; `rest` is what nobody has, or is left."""
    cdef Queued lines[STREAMS_MAX + 2]
    cdef Queued* taking = lines
    cdef Queued* resting = lines + takes + 1
    cdef Queued** first
    cdef Stream* stream
    cdef i128 most = unfilled * <i128>MILLION * <i128>ask.lot if expected else DEAREST
    cdef int64_t qty = ask.qty
    cdef int64_t part
    cdef int found = 0
    line_up(taking, streams, 0, takes)
    line_up(resting, streams, takes, count)
    while qty > 0:
        first = &taking if taking.cost <= resting.cost else &resting
        if first[0].cost >= most:
            break
        stream = &streams[first[0].stream]
        if first[0].leg < 0:
            first[0].leg = found
            start(&legs[found], stream)
            found += 1
        part = stream.qty if stream.qty < qty else qty
        legs[first[0].leg].qty += part
        legs[first[0].leg].price = stream.px
        qty -= part
        if qty > 0 and advance(ask, stream, expected, unfilled):
            first[0].cost = stream.cost
            settle(first[0])
        else:
            first[0] += 1
    rest[0] = qty
    return found


cdef void line_up(Queued* line, const Stream* streams, int start, int end) noexcept nogil:
    """The streams from `start` on by cost; behind them one that none comes after."""
    cdef int i
    line[end - start].cost = DEAREST
    for i in range(end - 1, start - 1, -1):
        line[i - start].cost = streams[i].cost
        line[i - start].stream = i
        line[i - start].leg = -1
        settle(&line[i - start])


cdef void settle(Queued* line) noexcept nogil:
    """Puts the first to its place; at one cost the earlier stream stands before."""
    cdef Queued moved = line[0]
    while line[1].cost < moved.cost or (line[1].cost == moved.cost and line[1].stream < moved.stream):
        line[0] = line[1]
        line += 1
    line[0] = moved


cdef void start(Leg* leg, const Stream* stream) noexcept nogil:
    leg.slot = stream.slot
    leg.rests = stream.rests
    leg.qty = 0
    leg.delay_ns = 0
