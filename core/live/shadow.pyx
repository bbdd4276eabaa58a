# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The shadow: see shadow.pxd."""
import time

from core.messages cimport (
    NONE, T_LIMIT_IF_TOUCHED, T_MARKET_IF_TOUCHED, T_STOP, T_STOP_LIMIT, T_TRAILING_STOP,
)
from core.orders.life cimport Life
from core.orders.order cimport B_EXISTS, Child, Order, child_live, leaves_of, order_ended, order_leaves, status_of
from core.positions.engine cimport Fill, Positions
from core.recovery.catchup cimport Catchup
from core.router.held cimport SP_FLOOR, HeldOrder
from core_ext.journal.reader cimport JournalReader
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core_ext.journal import segment_of

SLICE = 4096  # events between two looks at the clock


cdef bint has_stop(uint8_t ord_type) noexcept nogil:
    return (ord_type == T_STOP or ord_type == T_STOP_LIMIT or ord_type == T_MARKET_IF_TOUCHED
            or ord_type == T_LIMIT_IF_TOUCHED or ord_type == T_TRAILING_STOP)


cdef class Shadow(Catchup):
    """Lives through the journal as far as it goes, whenever it is asked to."""

    def __init__(self, folder, capacity):
        Catchup.__init__(self, capacity)
        self.folder = folder

    def follow(self, uint64_t until=0xFFFFFFFFFFFFFFFF, double for_s=1e9) -> int:
        """Goes on up to event `until`, or to what the journal has by now, for so long at most; the last event."""
        end = time.monotonic() + for_s
        if self.reader is None and not self._open():
            return 0
        while self.events < until and time.monotonic() < end and self._some(min(until, self.events + SLICE)):
            pass
        return self.events

    def _some(self, uint64_t until):
        """Whether the journal had something more."""
        cdef uint64_t before = self.events
        self._from_journal(self.reader, until)
        if self.events == before:
            self.reader.refresh()
            self._from_journal(self.reader, until)
        return self.events != before

    def _open(self):
        """Whether there is a journal."""
        try:
            number = segment_of(self.folder, self.events + 1)
            self.reader = JournalReader(self.folder, from_segment=number, follow=True)
        except FileNotFoundError:
            return False
        return True

    def open_orders(self, int kind=0, uint32_t key=0) -> int:
        """How many live orders are in a scope: a Scope and the index of what it names."""
        cdef Life life = self.core.orders.life
        cdef Order* order
        cdef uint32_t i
        cdef uint64_t found = 0
        for i in range(life.count()):
            order = &life.orders[i]
            if not order.bits & B_EXISTS or order_ended(order) or order_leaves(order) == 0:
                continue
            found += kind == 0 or key == (order.account, order.strategy, order.symbol, order.venue,
                                          order.session)[kind - 1]
        return found

    def levels_at(self, venue) -> list[tuple[int, int, int, int]]:
        """What a venue shows of each symbol, as integers: (symbol, 0 bid or 1 ask, px, qty), best first."""
        return self.core.risk.view.levels_at(venue)

    def last_quotes(self) -> list:
        """The best of each symbol at each venue that ever quoted it: see shadow.pyi."""
        return self.core.risk.view.last_quotes()

    def order_rows(self, account=None, symbol=None, bint live_only=False, int most=10000) -> list[dict[str, object]]:
        """Orders as integers, the newest first. account, symbol: an index, or None for any."""
        cdef Life life = self.core.orders.life
        cdef Order* order
        cdef int64_t i
        out = []
        for i in range(<int64_t>life.count() - 1, -1, -1):
            order = &life.orders[i]
            if (not order.bits & B_EXISTS or (account is not None and order.account != account)
                    or (symbol is not None and order.symbol != symbol)
                    or (live_only and (order_ended(order) or order_leaves(order) == 0))):
                continue
            out.append(self._order_row(<uint32_t>i))
            if len(out) >= most:
                break
        return out

    cdef object _order_row(self, uint32_t index):
        cdef Order* order = &self.core.orders.life.orders[index]
        cdef HeldOrder* held = &self.core.router.held.orders[index]
        cdef bint trails = order.ord_type == T_TRAILING_STOP
        notional = (<object><int64_t>(order.notional >> 64) << 64) | <object><uint64_t>order.notional
        return {
            "order": index, "id": order.id_current, "id_first": self.core.resolve.first_ids[index], "account": order.account,
            "symbol": order.symbol,
            "strategy": order.strategy, "session": order.session, "venue": order.venue, "side": order.side,
            "ord_type": order.ord_type, "time_in_force": order.time_in_force, "order_qty": order.order_qty,
            "cum_qty": order.cum_qty, "leaves_qty": order_leaves(order), "price": order.price, "notional": notional,
            "ord_status": status_of(order.bits, order.order_qty, order.cum_qty),
            "children": self._child_rows(index), "flags": order.flags,
            "stop_px": held.stop_px if has_stop(order.ord_type) else 0,
            "trigger": held.trigger if has_stop(order.ord_type) else None,
            "trail": held.trail if trails else 0, "trail_unit": held.trail_unit if trails else 0,
            "max_floor": held.max_floor if held.special & SP_FLOOR else 0,
            "expire_ns": self.core.execution.reserved[index].expire_ns,
        }

    def fill_rows(self, uint64_t since=0, int most=10000) -> list[dict[str, object]]:
        """Fills that stand of events after `since`, as integers, the newest first: see shadow.pyi."""
        cdef Positions positions = self.core.positions
        cdef int64_t i
        out = []
        for i in range(<int64_t>positions.counts[1] - 1, -1, -1):
            if positions.fills[i].seq <= since or len(out) >= most:
                break
            if positions.fills[i].qty:
                out.append(self._fill_row(&positions.fills[i], self.core.resolve.records[i].child))
        return out

    cdef object _fill_row(self, const Fill* fill, uint32_t child):
        """child: NONE of a fill that a person booked."""
        cdef Life life = self.core.orders.life
        cdef uint32_t order = NONE if child == NONE else life.children[child].order
        position = &self.core.positions.positions[fill.position]
        fee = (<object><int64_t>(fill.fee >> 64) << 64) | <object><uint64_t>fill.fee
        return {
            "seq": fill.seq, "time_ns": fill.time_ns, "account": position.account, "symbol": position.symbol,
            "venue": fill.venue, "qty": fill.qty, "px": fill.px, "fee": fee, "maker": bool(fill.maker),
            "order": order, "id_first": NONE if order == NONE else self.core.resolve.first_ids[order],
        }

    cdef object _child_rows(self, uint32_t index):
        cdef Life life = self.core.orders.life
        cdef uint32_t i = life.orders[index].first_child
        cdef Child* child
        out = []
        while i != NONE and life.children[i].bits & B_EXISTS and len(out) < 256:
            child = &life.children[i]
            out.append({
                "n": child.n, "venue": child.venue, "order_qty": child.order_qty, "cum_qty": child.cum_qty,
                "leaves_qty": leaves_of(child.bits, child.order_qty, child.cum_qty), "price": child.price,
                "ord_status": status_of(child.bits, child.order_qty, child.cum_qty), "live": child_live(child),
            })
            i = child.next
        return out
