# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""LOBSTER: see lobster.pxd.

Two checks, told apart. *By row*: the book of row i - 1 and message i give the book of row i, on all levels that row
i - 1 makes known: its own, and beyond them those that follow where a side shows fewer levels than a row has room for.
The level that comes into view when one goes is unknown before; it must stand behind the known ones. *By messages
alone*: orders by id, from nothing; what rested before the first message is unknown and counted.
"""
from core.data.book cimport Level
from core.data.decimals cimport Decimal, parse_decimal, parse_id, parse_signed, parse_whole, rescale
from core.data.orders cimport Order
from core.data.pull cimport LINE_END, LINE_OPEN, LINE_WHOLE
from core.data.reader cimport NO_SIDE, ORDER_ADD, ORDER_CANCEL, ORDER_EXECUTE

cdef enum:
    EMPTY = 9_999_999_999
    PX_DIGITS = 4
    ADD = 1
    PART_CANCEL = 2
    DELETE = 3
    EXECUTE = 4
    EXECUTE_HIDDEN = 5
    CROSS = 6
    HALT = 7
    DAY_NS = 86_400_000_000_000

TYPES = {1: "add", 2: "part_cancel", 3: "delete", 4: "execute", 5: "execute_hidden", 6: "cross", 7: "halt"}


cdef bint parse_row(const char* p, Py_ssize_t n, Row* out) noexcept nogil:
    """ask px, ask qty, bid px, bid qty of each level; levels stand in order, empty ones at the end."""
    cdef Py_ssize_t at = 0
    cdef int field = 0
    cdef int64_t value[4]
    cdef Py_ssize_t end
    out.good = 0
    out.levels = 0
    out.sides[0].count = 0
    out.sides[1].count = 0
    while at <= n:
        end = at
        while end < n and p[end] != b",":
            end += 1
        if not parse_signed(p + at, end - at, &value[field]):
            return 0
        at = end + 1
        field += 1
        if field == 4:
            field = 0
            if out.levels == MOST_LEVELS:
                return 0
            out.levels += 1
            if not _take(&out.sides[1], value[0], value[1], out.levels, 1) or not (
                    _take(&out.sides[0], value[2], value[3], out.levels, -1)):
                return 0
    out.good = field == 0 and out.levels > 0
    return out.good


cdef bint _take(Side* side, int64_t px, int64_t qty, int level, int sign) noexcept nogil:
    """One level of a side, `sign` 1 of the ask; 0: it stands in no order, or is neither a level nor an empty one."""
    if px == sign * EMPTY:
        return qty == 0
    if qty <= 0 or side.count != level - 1:
        return 0
    if side.count and sign * px <= sign * side.px[side.count - 1]:
        return 0
    side.px[side.count] = px
    side.qty[side.count] = qty
    side.count += 1
    return 1


cdef bint parse_message(const char* p, Py_ssize_t n, Message* out) noexcept nogil:
    """time, type, id, size, price, direction."""
    cdef const char* field[6]
    cdef Py_ssize_t size[6]
    cdef int count = 0
    cdef Py_ssize_t start = 0
    cdef Py_ssize_t i
    cdef Decimal seconds
    for i in range(n + 1):
        if i == n or p[i] == b",":
            if count == 6:
                return 0
            field[count] = p + start
            size[count] = i - start
            count += 1
            start = i + 1
    if count != 6 or not parse_decimal(field[0], size[0], &seconds):
        return 0
    if not rescale(seconds.units, seconds.digits, 9, &out.ns) or out.ns >= DAY_NS:
        return 0
    if not (parse_whole(field[1], size[1], &out.type) and parse_id(field[2], size[2], &out.id)
            and parse_whole(field[3], size[3], &out.size) and parse_signed(field[4], size[4], &out.px)
            and parse_signed(field[5], size[5], &out.direction)):
        return 0
    if out.type < ADD or out.type > HALT or (out.direction != 1 and out.direction != -1):
        return 0
    if out.type == HALT:
        return -1 <= out.px <= 1
    return out.size > 0 and out.px > 0


cdef bint _side_follows(const Side* before, const Side* now, int levels, int sign, int64_t px, int64_t change) noexcept nogil:
    """Whether a side's known levels and a change of one of them give the side as it is; sign: -1 of the ask."""
    cdef Side made
    cdef bint whole = before.count < levels     # all that there is of this side is known
    cdef int i = 0
    cdef int k
    made.count = before.count
    while i < before.count and sign * before.px[i] > sign * px:
        i += 1
    if change == 0 or (i == before.count and not whole):
        i = before.count                        # nothing changes, or beyond what is known
        change = 0
    for k in range(min(i, before.count)):
        made.px[k] = before.px[k]
        made.qty[k] = before.qty[k]
    if change and i < before.count and before.px[i] == px:
        if before.qty[i] + change < 0:
            return 0
        if before.qty[i] + change == 0:
            made.count -= 1
            _copy(before, i + 1, &made, i)
        else:
            made.px[i] = px
            made.qty[i] = before.qty[i] + change
            _copy(before, i + 1, &made, i + 1)
    elif change < 0:
        return 0                                # it takes from a level that isn't there
    elif change:
        made.px[i] = px
        made.qty[i] = change
        made.count = min(before.count + 1, levels)
        _copy(before, i, &made, i + 1)
    if whole and now.count != made.count:
        return 0
    if now.count < made.count:
        return 0
    for k in range(made.count):
        if now.px[k] != made.px[k] or now.qty[k] != made.qty[k]:
            return 0
    return 1


cdef void _copy(const Side* before, int start, Side* made, int at) noexcept nogil:
    """The levels of a side from `start` on, as far as there is room."""
    cdef int k
    for k in range(min(before.count - start, made.count - at)):
        made.px[at + k] = before.px[start + k]
        made.qty[at + k] = before.qty[start + k]


cdef class Lobster(LineReader):
    """Messages, with the book's rows beside them or alone.

    midnight_ns: of New York's day in ns since the epoch, 0 where the day isn't known. rows: chunks of the book's file,
    or None.
    """

    def __init__(self, file, format, chunks, sink=None, on_place=None, streams=None, *, symbol, midnight_ns, rows):
        LineReader.__init__(self, file, format, chunks, sink, on_place, streams)
        self.venue = "NASDAQ"
        self.clock = "exchange" if midnight_ns else "midnight"
        self.midnight_ns = midnight_ns
        self.stream = self.streams.named(symbol)
        self.stream.book.px_digits = PX_DIGITS
        self.orders = Orders()
        self.rows_in = None if rows is None else Pull(rows)

    cdef int line(self, const char* p, Py_ssize_t n) except -1:
        cdef Message message
        cdef Row* before = &self.rows_of[self.current]
        cdef int had = 0
        cdef bint good = parse_message(p, n, &message)
        if good and self.later(self.midnight_ns + message.ns):
            return 1
        if self.rows_in is not None:
            had = self._next_row()
        if not good:
            self.bad("no message: time, type, id, size, price, direction", p, n)
        else:
            self.time(self.midnight_ns + message.ns)
            self.exchange_ns = self.recv_ns
            self.types[message.type] += 1
        if had:
            if self.rows > 1:
                if self._transition(&message, good):
                    self.transitions_ok += 1
                else:
                    self.transitions_bad += 1
            self._tell(before if self.rows > 1 else NULL, &self.rows_of[self.current])
        elif self.rows_in is not None:
            self.transitions_bad += self.rows > 1
            self.bad("the book has no row for this message", p, n)
        if not good:
            return 0
        self._order(&message)
        if had:
            self._compare_best(&self.rows_of[self.current])
        return self._execution(&message)

    cdef int _next_row(self) except -1:
        """Reads the book's next row into the other place; 0: there is none."""
        cdef const char* p
        cdef Py_ssize_t n
        cdef Row* row
        cdef int found = self.rows_in.line(&p, &n)
        if found == LINE_END:
            return 0
        self.current ^= 1
        row = &self.rows_of[self.current]
        if found == LINE_OPEN:
            self.unterminated += 1
        if (found != LINE_WHOLE and found != LINE_OPEN) or not parse_row(p, n, row):
            row.good = 0
            self.book_errors += 1
            self.bad_at("no row of the book: ask, size, bid, size of each level in order", self.rows_in.place(), p, n)
        self.book_rows += 1
        self.rows_in.take(self.rows_in.seen - self.rows_in.start)
        return 1

    cdef bint _transition(self, const Message* message, bint usable) noexcept nogil:
        """Whether the row before and the message give this row."""
        cdef Row* now = &self.rows_of[self.current]
        cdef Row* before = &self.rows_of[self.current ^ 1]
        cdef int ask
        cdef int64_t change
        if not usable or not now.good or not before.good or now.levels != before.levels:
            return 0
        for ask in range(2):
            change = 0
            if message.direction == (-1 if ask else 1) and ADD <= message.type <= EXECUTE:
                change = message.size if message.type == ADD else -message.size
            if not _side_follows(&before.sides[ask], &now.sides[ask], now.levels, -1 if ask else 1, message.px, change):
                return 0
        return 1

    cdef int _order(self, const Message* message) except -1:
        """The message on the orders that messages alone have made."""
        cdef Order* order
        cdef bint ask = message.direction < 0
        if message.type < ADD or message.type > EXECUTE:
            return 0
        order = self.orders.find(message.id, 0)
        if message.type == ADD:
            if order != NULL:
                self.duplicates += 1
                return 0
            order = self.orders.add(message.id, 0)
            order.px = message.px
            order.qty = message.size
            order.ask = ask
            self._tell_order(ORDER_ADD, message, ask, message.px, message.size)
            return self._move(ask, message.px, message.size, 1)
        if order == NULL:
            self.unknown[message.type] += 1
            if message.type == EXECUTE:
                self._tell_order(ORDER_EXECUTE, message, ask, message.px, message.size)
            return 0
        if order.px != message.px or order.ask != ask or message.size > order.qty or (
                message.type == DELETE and message.size != order.qty):
            self.mismatched += 1
        change = min(message.size, order.qty)
        if message.type == DELETE:
            change = order.qty
        self._tell_order(ORDER_EXECUTE if message.type == EXECUTE else ORDER_CANCEL, message, order.ask, order.px, change)
        self._move(order.ask, order.px, -change, -(change == order.qty))
        order.qty -= change
        if order.qty == 0:
            self.orders.remove(order)
        return 0

    cdef int _tell_order(self, int what, const Message* message, bint ask, int64_t px, int64_t qty) except -1:
        """One order, also of one that rested before the first message and trades now; and the digits of its price."""
        cdef Decimal price
        cdef Decimal none
        price.units, price.digits = px, PX_DIGITS
        none.units, none.digits = 0, 0
        self.stream.see(&price, &none)
        return self.emit_order(self.stream, what, message.id, ask, px, PX_DIGITS, qty, 0)

    cdef int _move(self, bint ask, int64_t px, int64_t qty, int orders) except -1:
        """Changes a level of the book of orders; without the book's rows it is what is told."""
        cdef int64_t now = 0
        self.stream.book.add(ask, px, qty, orders, &now)
        if self.rows_in is None:
            self.emit_depth(self.stream, ask, px, PX_DIGITS, now, 0)
            if self.stream.book.crossed():
                self.cross(self.stream)
        return 0

    cdef int _execution(self, const Message* message) except -1:
        """An execution is a trade; the aggressor is on the other side of the resting order."""
        cdef Decimal px, qty
        if EXECUTE <= message.type <= CROSS:
            px.units, px.digits = message.px, PX_DIGITS
            qty.units, qty.digits = message.size, 0
            self.emit_trade(self.stream, NO_SIDE if message.type == CROSS else message.direction > 0, &px, &qty)
        return 0

    cdef int _tell(self, const Row* before, const Row* now) except -1:
        """Tells a row's levels where they differ from the row before; a crossed row is counted."""
        cdef int ask
        if not now.good:
            return 0
        if now.sides[0].count and now.sides[1].count and now.sides[1].px[0] < now.sides[0].px[0]:
            self.cross(self.stream)
        if self.sink is None:
            return 0
        for ask in range(2):
            self._tell_side(ask, NULL if before == NULL or not before.good else &before.sides[ask], &now.sides[ask])
        return 0

    cdef int _tell_side(self, bint ask, const Side* old, const Side* new) except -1:
        """Tells where a side differs from what it was; old: NULL where nothing was known."""
        cdef int sign = 1 if ask else -1
        cdef int i = 0
        cdef int k = 0
        cdef int count = 0 if old == NULL else old.count
        while i < count or k < new.count:
            if k == new.count or (i < count and sign * old.px[i] < sign * new.px[k]):
                self.emit_depth(self.stream, ask, old.px[i], PX_DIGITS, 0, 0)
                i += 1
            elif i == count or sign * new.px[k] < sign * old.px[i]:
                self.emit_depth(self.stream, ask, new.px[k], PX_DIGITS, new.qty[k], 0)
                k += 1
            else:
                if old.qty[i] != new.qty[k]:
                    self.emit_depth(self.stream, ask, new.px[k], PX_DIGITS, new.qty[k], 0)
                i += 1
                k += 1
        return 0

    cdef int _compare_best(self, const Row* row) except -1:
        """Whether messages alone give the best levels of the row."""
        cdef Level* bid = self.stream.book.best(0)
        cdef Level* ask = self.stream.book.best(1)
        if row.good:
            self.best_bid_equal += (row.sides[0].count == 0 if bid == NULL else row.sides[0].count > 0
                                    and bid.px == row.sides[0].px[0] and bid.qty == row.sides[0].qty[0])
            self.best_ask_equal += (row.sides[1].count == 0 if ask == NULL else row.sides[1].count > 0
                                    and ask.px == row.sides[1].px[0] and ask.qty == row.sides[1].qty[0])
        return 0

    def finish(self):
        cdef const char* p
        cdef Py_ssize_t n
        LineReader.finish(self)
        if self.rows_in is None:
            return
        while self.rows_in.line(&p, &n) != LINE_END:
            self.book_rows += 1
            self.bad_at("the book has a row more than there are messages", self.rows_in.place(), p, n)
            self.rows_in.take(self.rows_in.seen - self.rows_in.start)
        if self.rows_in.damage is not None:
            self.bad_at(self.rows_in.damage, self.rows_in.place(), NULL, 0)

    def extra(self):
        unknown = {TYPES[i]: self.unknown[i] for i in range(2, 5)}
        found = {"types": {str(i): self.types[i] for i in range(1, 8) if self.types[i]}}
        if self.rows_in is not None:
            found |= {"book_rows": self.book_rows, "levels": self.rows_of[self.current].levels}
        alone = {"unknown_ids": sum(unknown.values()), "unknown_by_type": unknown, "duplicate_ids": self.duplicates,
                 "mismatched": self.mismatched, "resting": self.orders.count}
        if self.rows_in is not None:
            alone |= {"best_bid_equal": self.best_bid_equal, "best_ask_equal": self.best_ask_equal}
        return found | {"by_messages_alone": alone}


cdef class LobsterBook(LineReader):
    """The book's rows alone: each is looked at by itself."""

    def __init__(self, file, format, chunks, sink=None, on_place=None, streams=None, *, symbol):
        LineReader.__init__(self, file, format, chunks, sink, on_place, streams)
        self.venue = "NASDAQ"
        self.clock = "none"
        self.stream = self.streams.named(symbol)

    cdef int line(self, const char* p, Py_ssize_t n) except -1:
        if not parse_row(p, n, &self.row):
            self.bad("no row of the book: ask, size, bid, size of each level in order", p, n)
        elif self.row.sides[0].count and self.row.sides[1].count and self.row.sides[1].px[0] < self.row.sides[0].px[0]:
            self.cross(self.stream)
        return 0

    def extra(self):
        return {"levels": self.row.levels}
