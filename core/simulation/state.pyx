# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The tables that the end of a seed is held against: see state.pxd."""
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.alerts cimport is_break
from core.messages cimport (
    K_CANCEL, K_HALT, K_KILL, K_ORDER, K_REARM, K_REPLACE, K_VENUE_STATE, SC_VENUE, VS_UP, FilterEvent, Header, Request,
)
from core.orders.life cimport Life
from core.orders.order cimport B_ENDED, B_EXISTS, B_PENDING_CANCEL, B_PENDING_REPLACE, Child, Order, child_live
from core.positions.ledger cimport Position
from core.recovery.replay cimport Replay
from core.simulation.checker cimport key_of
from core.simulation.traffic cimport id_of
from core_ext.journal.reader cimport JournalReader

from core.simulation.held import HeldChild, HeldOrder


def children(Replay played not None) -> dict[int, HeldChild]:
    """Of every child, by index."""
    cdef Life life = played.core.orders.life
    cdef Child* child
    cdef uint32_t i
    out = {}
    for i in range(life.max_children):
        child = &life.children[i]
        if child.bits & B_EXISTS:
            is_owed = bool(child.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE))
            out[i] = HeldChild(
                child.venue, child.order_qty, child.cum_qty, bool(child_live(child)), child.price, is_owed)
    return out


def orders(Replay played not None) -> dict[int, HeldOrder]:
    """Of every order, by index."""
    cdef Life life = played.core.orders.life
    cdef Order* order
    cdef uint32_t i
    cdef dict filled = {}
    cdef int64_t qty
    out = {}
    for i in range(life.max_children):
        if life.children[i].bits & B_EXISTS:
            filled[life.children[i].order] = filled.get(life.children[i].order, 0) + life.children[i].cum_qty
    for i in range(life.count()):
        order = &life.orders[i]
        if order.bits & B_EXISTS:
            qty = order.order_qty
            if order.bits & B_PENDING_REPLACE and order.pend_qty > qty:
                qty = order.pend_qty
            qty = 0 if order.bits & B_ENDED or qty < order.cum_qty else qty - order.cum_qty
            out[i] = HeldOrder(order.account, order.symbol, order.side, order.cum_qty, filled.get(i, 0), qty)
    return out


def quantities(Replay played not None) -> list[tuple[int, int]]:
    """(order, the most that it is or is to be) of every order."""
    cdef Life life = played.core.orders.life
    cdef uint32_t i
    return [(i, max(life.orders[i].order_qty, life.orders[i].pend_qty)) for i in range(life.count())
            if life.orders[i].bits & B_EXISTS]


def positions(Replay played not None) -> dict[tuple[int, int], int]:
    """Quantity by account and symbol."""
    cdef uint64_t i
    cdef Position* position
    out = {}
    for i in range(played.core.positions.counts[0]):
        position = &played.core.positions.positions[i]
        if position.touched:
            out[(position.account, position.symbol)] = position.qty
    return out


cdef class _Inputs:
    """A journal's events, one after the other: each is whole until the next one."""
    cdef JournalReader reader
    cdef const Header* header
    cdef const Request* request

    def __init__(self, path):
        self.reader = JournalReader(path)

    cdef bint next(self) except -1:
        cdef uint64_t seq = 0
        cdef char* body = NULL
        cdef uint32_t length = 0
        if self.reader.next(&seq, &body, &length) <= 0:
            return False
        self.header = <const Header*>body
        self.request = <const Request*>(body + sizeof(Header))
        return True


def requests(path) -> dict[int, int]:
    """How often each cl_ord_id stands in the journal, by its number."""
    cdef _Inputs each = _Inputs(path)
    cdef uint32_t id
    out: dict = {}
    while each.next():
        if each.header.kind == K_ORDER or each.header.kind == K_REPLACE or each.header.kind == K_CANCEL:
            id = id_of(each.request.order.cl_ord_id)
            out[id] = out.get(id, 0) + 1
    return out


def kills(path) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
    """The kills and the rearms of the journal, as (kind, key, epoch), in order."""
    cdef _Inputs each = _Inputs(path)
    cdef const FilterEvent* said
    killed, armed = [], []
    while each.next():
        if each.header.kind == K_KILL or each.header.kind == K_REARM:
            said = &each.request.filter
            row = (said.kind, key_of(said.kind, &said.scope), said.epoch)
            (killed if each.header.kind == K_KILL else armed).append(row)
    return killed, armed


def halted(path) -> list[int]:
    """Venues that the journal leaves halted on a break."""
    cdef _Inputs each = _Inputs(path)
    found = set()
    while each.next():
        if each.header.kind == K_HALT and is_break(&each.request.halt):
            found.add(each.request.halt.scope.venue)
        elif each.header.kind == K_REARM and each.request.filter.kind == SC_VENUE:
            found.discard(each.request.filter.scope.venue)
    return sorted(found)


def ups(path) -> dict[int, int]:
    """How often the journal says of each venue that it is up."""
    cdef _Inputs each = _Inputs(path)
    out: dict = {}
    while each.next():
        if each.header.kind == K_VENUE_STATE and each.request.venue_state.state == VS_UP:
            out[each.request.venue_state.venue] = out.get(each.request.venue_state.venue, 0) + 1
    return out
