# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Questions about risk: see inspect.pxd."""
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from core.messages cimport (
    K_ORDER, MAX_VENUES, NONE, R_CREDIT, R_DAILY_LOSS, R_LOSING_STREAK, R_MAX_WORKING_ORDERS, R_NONE, R_SELF_TRADE,
    RS_ACTIVE, SC_ALL, SC_GROUP, SC_VENUE, LimitEvent, OrderEvent, Page,
)
from core.risk.checks cimport HOLDS, keys_asked
from core.risk.counted cimport Change, Finding
from core.risk.engine cimport Risk
from core.risk.limits cimport CHAINS, Limit, remember_counter
from core.risk.proposal cimport Proposal
from core.risk.tallies cimport Cell, Tally
from core_ext.wide cimport i128


def states(Risk risk not None) -> list[dict[str, int]]:
    """Every scope that isn't active: kind (a Scope), key (an index), state (a RiskState), reason: of a venue, the break
    for which it is halted (a Reason), else 0."""
    cdef uint32_t kind
    cdef uint32_t key
    out = []
    if not risk.gate.switched[0]:
        return out
    for kind in (SC_ALL, 1, 2, 3, 4, 5, SC_GROUP):
        for key in range(1 if kind == SC_ALL else risk.gate.max_keys):
            state = risk.gate.states[kind * risk.gate.max_keys + key]
            if state != RS_ACTIVE:
                broken = risk.breaks.reasons[key] if kind == SC_VENUE and key < MAX_VENUES else 0
                out.append({"kind": kind, "key": key, "state": state, "reason": broken})
    return out


def usage(Risk risk not None, int64_t now_ns) -> list[dict[str, object]]:
    """Of each limit that counts something, and each key of it: limit, key, unit, bound, value, warned."""
    cdef uint64_t i
    cdef uint32_t index
    cdef Tally* tally
    cdef Finding found
    cdef Change none
    memset(&none, 0, sizeof(Change))
    out = []
    for i in range(risk.tallies.counts[0]):
        tally = &risk.tallies.tallies[i]
        if tally.first_cell == NONE:
            continue
        for index in range(<uint32_t>risk.limits.counts[0]):
            if risk.limits.limits[index].group != tally.group or not risk.limits.limits[index].active or not counts(
                    risk.limits.limits[index].check):
                continue
            memset(&found, 0, sizeof(Finding))
            found.bound = risk.limits.bound(&risk.limits.limits[index], now_ns)
            if risk.limits.limits[index].check >= R_DAILY_LOSS:
                loss_of(risk, index, <uint32_t>i, &found)
            else:
                measured(risk, index, <uint32_t>i, tally, &none, &found)
            out.append({
                "limit": index, "key": tally.key, "unit": found.unit, "bound": wide(found.bound),
                "value": None if found.unknown or found.reason != R_NONE else wide(found.value),
                "below": bool(found.below),
            })
    return out


def explain(Risk risk not None, bytes order not None, uint32_t session, int64_t now_ns, uint32_t position) -> dict[str, object]:
    """What this order (an ORDER_EVENT) would be denied for, and every limit that it is in, in the order of testing:
    limit, key, reason, unit, bound, value, passes. position: of (account, symbol), NONE where there is none yet."""
    cdef Page page
    cdef Proposal asked
    cdef uint32_t cursors[CHAINS]
    cdef int count
    cdef uint32_t index
    cdef Finding found
    cdef Limit* limit
    cdef uint64_t tallies = risk.tallies.counts[0]
    cdef uint64_t cells = risk.tallies.counts[1]
    cdef uint64_t counters = risk.limits.counts[1]
    if len(order) != sizeof(OrderEvent):
        raise ValueError(f"order: {len(order)} bytes, an order has {sizeof(OrderEvent)}")
    memset(&page, 0, sizeof(Page))
    memcpy(&page.request.order, <const char*>order, sizeof(OrderEvent))
    page.header.kind = K_ORDER
    page.header.session = session
    page.header.time_ns = now_ns
    page.resolved.position = position
    rows = []
    risk.propose(&page, &asked)
    asked.protects = 0
    asked.waits_limit = NONE
    if not risk.gate.passes(&page, &asked):
        return {"always": page.verdict.reason, "unit": page.verdict.unit, "bound": wide(page.verdict.limit),
                "value": wide(page.verdict.value), "limits": rows}
    risk.measure.value(&asked)
    count = risk.checks.begin_merge(asked.account, cursors)
    while risk.checks.merge(cursors, count, &index):
        limit = &risk.limits.limits[index]
        if not limit.active or limit.group == NONE or not risk.limits.applies(
                &risk.limits.groups[limit.group], keys_asked(&asked)) or limit.check == R_SELF_TRADE:
            continue
        passes = risk.checks.test(&page, &asked, index, &found)
        rows.append({
            "limit": index, "key": risk.limits.key(limit.each, keys_asked(&asked)), "reason": found.reason,
            "unit": found.unit, "bound": wide(found.bound), "below": bool(found.below), "soft": bool(limit.soft),
            "value": None if found.unknown or found.decided == HOLDS else wide(found.value), "passes": bool(passes),
        })
    forget(risk, tallies, cells, counters)
    return {"always": 0, "limits": rows}


def limit_events(Risk risk not None) -> list[bytes]:
    """Every limit that was ever set, by its index, as the event that would set it; off: it isn't in force."""
    cdef LimitEvent event
    cdef uint64_t i
    cdef Limit* limit
    out = []
    for i in range(risk.limits.counts[0]):
        limit = &risk.limits.limits[i]
        memset(&event, 0, sizeof(LimitEvent))
        event.scope = limit.scope
        event.check = limit.check
        event.each = limit.each
        event.off = not limit.active
        event.currency = limit.currency
        event.soft = limit.soft
        event.action = limit.action
        event.value = limit.value
        event.window_ns = limit.window_ns
        event.index = limit.index
        out.append((<char*>&event)[:sizeof(LimitEvent)])
    return out


def holdings(Risk risk not None) -> list[dict[str, int]]:
    """What risk knows of each position: quantity, working, and its book in the ledger's units."""
    cdef uint64_t i
    out = []
    for i in range(risk.holdings.counts[0]):
        held = &risk.holdings.holdings[i]
        book = &risk.holdings.books[i]
        if held.known:
            out.append({
                "position": i, "account": held.account, "symbol": held.symbol, "qty": held.qty, "buys": held.buys,
                "sells": held.sells,
                "book_qty": book.qty, "cost": wide(book.cost), "realized": wide(book.realized), "fees": wide(book.fees),
                "paid": wide(book.paid),
            })
    return out


def cells(Risk risk not None) -> list[dict[str, int]]:
    """What each tally counts of each symbol; the tally's group, key and sum of worst cases."""
    cdef uint64_t i
    out = []
    for i in range(risk.tallies.counts[1]):
        cell = &risk.tallies.cells[i]
        tally = &risk.tallies.tallies[cell.tally]
        group = &risk.limits.groups[tally.group]
        out.append({
            "tally": cell.tally, "group": tally.group, "key": tally.key, "each": group.each, "needs": group.needs,
            "by_position": group.by_position, "symbol": cell.symbol, "qty": cell.qty, "buys": cell.buys,
            "sells": cell.sells, "scale": cell.scale, "worst": wide(tally.worst), "live": tally.live,
            "scope": {"account": group.scope.account, "strategy": group.scope.strategy, "symbol": group.scope.symbol,
                      "venue": group.scope.venue, "session": group.scope.session, "sector": group.scope.sector},
        })
    return out


def openings(Risk risk not None) -> list[tuple[int, int, int]]:
    """(account, symbol, quantity that no order brought)."""
    cdef uint64_t i
    return [(risk.measure.openings[i].account, risk.measure.openings[i].symbol, risk.measure.openings[i].qty)
            for i in range(risk.measure.counts[0]) if risk.measure.openings[i].qty]


cdef bint counts(int check):
    """Whether a limit has a value between orders."""
    return R_MAX_WORKING_ORDERS <= check <= R_CREDIT or R_DAILY_LOSS <= check <= R_LOSING_STREAK


cdef void measured(Risk risk, uint32_t index, uint32_t tally, const Tally* counted, const Change* none,
                   Finding* found) noexcept nogil:
    cdef Cell* cell = &risk.tallies.cells[counted.first_cell]
    cdef uint32_t account = risk.limits.limits[index].scope.account
    if account >= risk.max_accounts:
        account = 0
    risk.checks.counted.measure(index, tally, counted.first_cell, counted.key, account, cell.symbol, none, found)


cdef void loss_of(Risk risk, uint32_t index, uint32_t tally, Finding* found) noexcept nogil:
    cdef Page page
    memset(&page, 0, sizeof(Page))
    risk.watch._measure_loss(&page, index, tally, found)


cdef void forget(Risk risk, uint64_t tallies, uint64_t cells, uint64_t counters):
    """Takes back what a question made: the newest first, so that maps are laid out as they were."""
    cdef uint64_t i
    while risk.tallies.counts[1] > cells:
        risk.tallies.counts[1] -= 1
        i = risk.tallies.counts[1]
        cell = &risk.tallies.cells[i]
        risk.tallies.tallies[cell.tally].first_cell = cell.next
        risk.tallies.cell_of.remove((<uint64_t>cell.tally << 32) | cell.symbol)
        memset(cell, 0, sizeof(Cell))
        memset(&risk.tallies.books[i], 0, sizeof(risk.tallies.books[i]))
    while risk.tallies.counts[0] > tallies:
        risk.tallies.counts[0] -= 1
        i = risk.tallies.counts[0]
        tally = &risk.tallies.tallies[i]
        risk.tallies.tally_of.remove((<uint64_t>tally.group << 32) | tally.key)
        if risk.limits.groups[tally.group].tally == i:
            risk.limits.groups[tally.group].tally = NONE
        memset(tally, 0, sizeof(Tally))
    while risk.limits.counts[1] > counters:
        risk.limits.counts[1] -= 1
        i = risk.limits.counts[1]
        counter = &risk.limits.counters[i]
        risk.limits.counter_of.remove((<uint64_t>counter.limit << 32) | counter.key)
        if risk.limits.limits[counter.limit].counter == i:
            risk.limits.limits[counter.limit].counter = NONE
        group = &risk.limits.groups[risk.limits.limits[counter.limit].group]
        if risk.limits.limits[counter.limit].each == SC_ALL:
            remember_counter(group, risk.limits.limits[counter.limit].check, NONE)
        memset(counter, 0, sizeof(risk.limits.counters[i]))


cdef object wide(i128 value):
    """A 128-bit integer as Python's."""
    return (<object><int64_t>(value >> 64) << 64) | <object><uint64_t>(value & <i128>0xFFFFFFFFFFFFFFFF)
