# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Binary recordings of orders: see records.pxd."""
from core.data.decimals cimport Decimal
from core.data.reader cimport ORDER_ADD, ORDER_CANCEL, ORDER_EXECUTE

cdef enum:
    LOOK_AHEAD = 1 << 16


cdef class OrderReader(Reader):
    """Orders by id, and the books that they make. After damage it looks for the next record that can be one."""

    def __init__(self, file, format, chunks, sink=None, on_place=None, streams=None):
        Reader.__init__(self, file, format, chunks, sink, on_place, streams)
        self.orders = Orders()

    cdef int add_order(self, Stream stream, uint64_t id, uint64_t scope, bint ask, int64_t px, int64_t qty) except -1:
        """A new order; one whose id rests already is counted, and changes nothing."""
        cdef Order* order
        if self.orders.find(id, scope) != NULL:
            self.duplicate_ids += 1
            return 0
        order = self.orders.add(id, scope)
        order.px = px
        order.qty = qty
        order.ask = ask
        order.symbol = stream.index
        self.emit_order(stream, ORDER_ADD, id, ask, px, self.px_digits, qty, stream.book.qty_digits)
        return self.move(stream, ask, px, qty, 1)

    cdef int take_order(self, Stream stream, Order* order, int64_t qty, int64_t executed) except -1:
        """Takes qty from an order, all where it has less; more than it has is counted as mismatched. executed: so much of
        it traded, the rest was cancelled."""
        if qty > order.qty:
            self.mismatched += 1
            qty = order.qty
        executed = min(executed, qty)
        if executed:
            self._order(stream, ORDER_EXECUTE, order, executed)
        if qty > executed:
            self._order(stream, ORDER_CANCEL, order, qty - executed)
        self.move(stream, order.ask, order.px, -qty, -(qty == order.qty))
        order.filled = max(order.filled - executed, 0)
        order.qty -= qty
        if order.qty == 0:
            self.orders.remove(order)
        return 0

    cdef int _order(self, Stream stream, int what, const Order* order, int64_t qty) except -1:
        """Tells what happened to an order."""
        return self.emit_order(stream, what, order.id, order.ask, order.px, self.px_digits, qty, stream.book.qty_digits)

    cdef int move(self, Stream stream, bint ask, int64_t px, int64_t qty, int orders) except -1:
        """Changes a level, and tells it."""
        cdef int64_t now = 0
        cdef Decimal price
        cdef Decimal none
        none.units = 0
        none.digits = 0
        stream.has_book = 1
        stream.book.px_digits = <unsigned char>self.px_digits
        stream.deltas += 1
        price.units, price.digits = px, <unsigned char>self.px_digits
        stream.see(&price, &none)
        if stream.book.add(ask, px, qty, orders, &now):
            return self.bad_at("a level that can't be so", self.pull.place(), NULL, 0)
        return self.emit_depth(stream, ask, px, self.px_digits, now, stream.book.qty_digits)

    cdef int lost_bytes(self, str reason, Py_ssize_t n) except -1:
        """Counts a row that isn't one and goes on behind it."""
        self.rows += 1
        self.bad(f"{reason}; {n:,} bytes are left out", self.pull.at(), min(n, 32))
        self.end_row()
        self.skipped_bytes += n
        self.pull.take(n)
        return 0

    cdef Py_ssize_t resume(self, Py_ssize_t start) except -1:
        """How far from here a record begins that can be one and is followed by another, `start` at least."""
        cdef Py_ssize_t have = self.pull.need(LOOK_AHEAD)
        cdef Py_ssize_t at
        for at in range(start, have):
            if self.plausible(at, have):
                return at
        return have

    cdef bint plausible(self, Py_ssize_t at, Py_ssize_t have) except -1:
        raise NotImplementedError

    def extra(self):
        return {"orders": {"unknown_ids": self.unknown_ids, "duplicate_ids": self.duplicate_ids,
                           "mismatched": self.mismatched, "resting": self.orders.count},
                "skipped_bytes": self.skipped_bytes}
