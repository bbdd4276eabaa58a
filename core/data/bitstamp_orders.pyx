# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Bitstamp's orders as ob-analytics records them: a row for each that is created, changed or deleted.

    id,timestamp,exchange.timestamp,price,volume,action,direction       ms, ms, decimal, 10^-8, word, bid or ask

The recordings are dirty, and all of it is told apart: a row that came before (its text is the same), a row about an id
that has been deleted, one about an id that was never created, and of these the ids that are created after all: such an
order is gone already and doesn't rest. What has gone is remembered for the last 65,536 ids.
"""
from libc.string cimport memcmp

from core.data.decimals cimport parse_fixed, parse_id, parse_whole
from core.data.orders cimport Gone, Order, digest
from core.data.pull cimport LINE_END, LINE_LONG, LINE_OPEN
from core.data.reader cimport ORDER_ADD, ORDER_CANCEL, ORDER_EXECUTE

cdef enum:
    PX_DIGITS = 8
    QTY_DIGITS = 8
    FIELDS = 7

HEADER = b"id,timestamp,exchange.timestamp,price,volume,action,direction"


cdef class BitstampOrders(OrderReader):
    """One pair's orders; the symbol is from the file's name."""

    def __init__(self, file, format, chunks, sink=None, on_place=None, streams=None, *, symbol):
        OrderReader.__init__(self, file, format, chunks, sink, on_place, streams)
        self.venue = "BITSTAMP"
        self.px_digits = PX_DIGITS
        self.gone = GoneIds()
        self.stream = self.streams.named(symbol)
        self.stream.qty_seen = QTY_DIGITS
        self.stream.book.qty_digits = QTY_DIGITS

    cdef int run_some(self) except -1:
        cdef const char* p
        cdef Py_ssize_t n
        cdef int found
        while True:
            found = self.pull.line(&p, &n)
            if found == LINE_END:
                return 0
            self.line_no += 1
            if self.line_no == 1 and p[:n].replace(b'"', b"") == HEADER:
                self.pull.take(self.pull.seen - self.pull.start)
                continue
            self.rows += 1
            if found == LINE_OPEN:
                self.unterminated = 1
            if found == LINE_LONG:
                self.bad("a line that is too long", p, n)
            elif self._row(p, n):
                self.rows -= 1
                self.line_no -= 1
                self.pull.seen = self.pull.start
                return 1
            self.end_row()
            self.pull.take(self.pull.seen - self.pull.start)

    cdef int _row(self, const char* p, Py_ssize_t n) except -1:
        cdef const char* field[FIELDS]
        cdef Py_ssize_t size[FIELDS]
        cdef int count = 0
        cdef Py_ssize_t start = 0
        cdef Py_ssize_t i
        cdef uint64_t id = 0
        cdef int64_t ms = 0
        cdef int64_t exchange_ms = 0
        cdef int64_t px = 0
        cdef int64_t qty = 0
        cdef bint ask
        for i in range(n + 1):
            if i == n or p[i] == b",":
                if count == FIELDS:
                    return self.bad(f"more than {FIELDS} fields", p, n)
                field[count] = p + start
                size[count] = i - start
                if size[count] > 1 and field[count][0] == b'"' and p[i - 1] == b'"':
                    field[count] += 1
                    size[count] -= 2
                count += 1
                start = i + 1
        if count != FIELDS:
            return self.bad(f"{FIELDS} fields expected, {count} found", p, n)
        if not parse_id(field[0], size[0], &id):
            return self.bad("an id that is none", p, n)
        if not parse_whole(field[1], size[1], &ms) or not parse_whole(field[2], size[2], &exchange_ms) or (
                ms > 9_000_000_000_000 or exchange_ms > 9_000_000_000_000):
            return self.bad("a time that is no ms since the epoch", p, n)
        if not parse_fixed(field[3], size[3], PX_DIGITS, &px) or px == 0:
            return self.bad("a price that is none", p, n)
        if not parse_whole(field[4], size[4], &qty):
            return self.bad("a volume that is no whole number", p, n)
        if self.later(ms * 1_000_000):
            return 1
        ask = is_word(field[6], size[6], b"ask", 3)
        if not ask and not is_word(field[6], size[6], b"bid", 3):
            return self.bad("a direction that is neither bid nor ask", p, n)
        if is_word(field[5], size[5], b"created", 7):
            if qty == 0:
                return self.bad("an order of no volume", p, n)
            self._begin("created", ms, exchange_ms)
            self._created(id, px, qty, ask, digest(p, n))
        elif is_word(field[5], size[5], b"changed", 7) or is_word(field[5], size[5], b"deleted", 7):
            self._begin("changed" if field[5][0] == b"c" else "deleted", ms, exchange_ms)
            self._later(id, px, qty, ask, digest(p, n), field[5][0] == b"d")
        else:
            return self.bad("an action that is none of created, changed, deleted", p, n)
        if self.stream.book.crossed():
            self.cross(self.stream)
        return 0

    def _begin(self, str kind, int64_t ms, int64_t exchange_ms):
        self.time(ms * 1_000_000)
        self.exchange_ns = exchange_ms * 1_000_000
        self.kind(kind)

    cdef int _created(self, uint64_t id, int64_t px, int64_t qty, bint ask, uint64_t row) except -1:
        cdef Gone* gone = self.gone.find(id)
        cdef Order* order = self.orders.find(id, 0)
        if gone != NULL:
            if gone.unknown:
                gone.unknown = 0
                self.created_late += 1
            elif gone.row == row:
                self.duplicate_rows += 1
            else:
                self.after_deletion += 1
            return 0
        if order != NULL:
            if order.row == row:
                self.duplicate_rows += 1
            else:
                self.duplicate_ids += 1
            return 0
        self.add_order(self.stream, id, 0, ask, px, qty)
        self.orders.find(id, 0).row = row
        return 0

    cdef int _later(self, uint64_t id, int64_t px, int64_t qty, bint ask, uint64_t row, bint deleted) except -1:
        """A change or a deletion."""
        cdef Order* order = self.orders.find(id, 0)
        cdef Gone* gone
        cdef int64_t before
        if order == NULL:
            gone = self.gone.find(id)
            if gone != NULL:
                self.duplicate_rows += gone.row == row
                self.after_deletion += gone.row != row
            elif deleted:
                self.deleted_unknown += 1
                self.gone.put(id, row, True)
            else:
                self.changed_unknown += 1
                if qty:
                    self.add_order(self.stream, id, 0, ask, px, qty)
                    order = self.orders.find(id, 0)
                    order.row = row
                    order.uncreated = 1
            return 0
        if order.row == row:
            self.duplicate_rows += 1
            return 0
        order.row = row
        if order.ask != ask:
            self.mismatched += 1
        if deleted or qty == 0:
            self.deleted_unknown += deleted and order.uncreated
            self.take_order(self.stream, order, order.qty, 0 if qty else order.qty)
            self.gone.put(id, row, False)
            return 0
        before = order.qty
        if order.px != px:
            self.moved += 1
            self._order(self.stream, ORDER_CANCEL, order, before)
            self.emit_order(self.stream, ORDER_ADD, order.id, order.ask, px, self.px_digits, qty,
                            self.stream.book.qty_digits)
            self.move(self.stream, order.ask, order.px, -before, -1)
            self.move(self.stream, order.ask, px, qty, 1)
            order.px = px
        else:
            if qty < before:
                self._order(self.stream, ORDER_EXECUTE, order, before - qty)
            self.move(self.stream, order.ask, px, qty - before, 0)
        order.qty = qty
        return 0

    def extra(self):
        orders = {"duplicate_rows": self.duplicate_rows, "duplicate_ids": self.duplicate_ids,
                  "deleted_without_create": self.deleted_unknown - self.created_late,
                  "created_after_deletion": self.created_late, "changed_without_create": self.changed_unknown,
                  "after_deletion": self.after_deletion, "moved": self.moved, "mismatched": self.mismatched,
                  "resting": self.orders.count}
        return {"orders": orders}


cdef bint is_word(const char* p, Py_ssize_t n, const char* word, Py_ssize_t size) noexcept nogil:
    return n == size and memcmp(p, word, <size_t>size) == 0
