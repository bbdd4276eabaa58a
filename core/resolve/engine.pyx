# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""resolve: see engine.pxd."""
from libc.string cimport memcpy, memset

from core.engine cimport Emitter
from core.messages cimport (
    D_CONFLICT, D_DUPLICATE_EXEC, D_DUPLICATE_ID, D_NO_REFERENCE, D_TABLE_FULL, K_ALGO, K_BOOK, K_CANCEL,
    K_OPEN_POSITION, K_ORDER, K_REPLACE, K_REPORT, K_SLICE, NONE, UNKNOWN, UNKNOWN16, X_TRADE, X_TRADE_CANCEL,
    X_TRADE_CORRECT, Page, ReportEvent, Resolved, SliceEvent, is_request,
)
from core.orders.order cimport is_worked
from core_ext.spine cimport publish
from core_ext.tables cimport Arena


cdef class Resolve(Engine):
    """Every cl_ord_id ever seen is used up, those of denied requests too. Orders, children, fills and positions
    are numbered in the order in which they are first seen; a full table is told in the flags, and the order
    denied."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity):
        self.arena = arena
        self.emitter = emitter
        self.max_orders = capacity.orders
        self.max_more = capacity.more_children
        self.max_positions = capacity.positions
        self.ids = IdTable(arena, "resolve.ids", capacity.ids, key_size=40, record_size=40 + sizeof(Named))
        self.fills = IdTable(arena, "resolve.fills", capacity.fills, key_size=48)
        self.children = Map64(arena, "resolve.children", capacity.more_children)
        self.positions = Map64(arena, "resolve.positions", capacity.positions)
        self.first_ids = <uint32_t*>arena.table("resolve.first_ids", sizeof(uint32_t), capacity.orders)
        self.more_venues = <uint16_t*>arena.table("resolve.more_venues", sizeof(uint16_t), capacity.more_children)
        self.records = <FillRecord*>arena.table("resolve.records", sizeof(FillRecord), capacity.fills)
        self.current = <FillNow*>arena.table("resolve.current", sizeof(FillNow), capacity.fills)
        self.counts = <uint64_t*>arena.table("resolve.counts", sizeof(uint64_t), 8)
        arena.used_by("resolve.first_ids", &self.counts[0])
        arena.used_by("resolve.more_venues", &self.counts[1])
        arena.used_by("resolve.records", &self.counts[4])
        arena.used_by("resolve.current", &self.counts[4])

    cdef void on_batch(self, Page** todo, int count) noexcept nogil:
        cdef int i
        for i in range(count):
            self.on_event(todo[i])
            publish(<char*>&todo[i].resolved, todo[i].header.seq)

    cdef void on_event(self, Page* page) noexcept nogil:
        cdef Resolved* out = &page.resolved
        cdef uint16_t kind = page.header.kind
        out.id = NONE
        out.orig_id = NONE
        out.order = NONE
        out.child = NONE
        out.n = 0
        out.position = NONE
        out.fill = NONE
        out.ref_fill = NONE
        out.ref_qty = 0
        out.ref_px = 0
        out.flags = 0
        if kind == K_ORDER:
            self._order(page)
        elif kind == K_REPORT:
            self._report(page)
        elif kind == K_REPLACE:
            self._request(page, page.request.replace.cl_ord_id, page.request.replace.orig_cl_ord_id, 1)
        elif kind == K_CANCEL:
            self._request(page, page.request.cancel.cl_ord_id, page.request.cancel.orig_cl_ord_id, 0)
        elif kind == K_SLICE:
            self._child(page)
        elif kind == K_ALGO:
            out.orig_id = self.ids.find(page.request.algo.cl_ord_id)
            if out.orig_id != NONE:
                out.order = self.named(out.orig_id).order
        elif kind == K_OPEN_POSITION:
            out.position = self._position(page.request.open_position.account, page.request.open_position.symbol)
        elif kind == K_BOOK:
            self._book(page)

    # ---- what an event names ------------------------------------------------------------------------------------

    cdef void prepare(self, Page** todo, int count) noexcept nogil:
        """First the slots of the hashes, then the keys that stand in them, and where new ones will stand."""
        cdef uint32_t new = self.ids.count()
        cdef int i
        for i in range(count):
            self.foresee(todo[i])
        for i in range(count):
            if is_request(todo[i].header.kind) and todo[i].header.kind != K_REPORT:
                self.ids.prefetch_new(new)
                new += 1
            if todo[i].header.kind == K_REPORT:
                self.ids.prefetch_key(self._ask(todo[i]).hash)
            elif todo[i].header.kind == K_REPLACE or todo[i].header.kind == K_CANCEL:
                self.ids.prefetch_key(self._ask(todo[i]).other)

    cdef void foresee(self, const Page* page) noexcept nogil:
        """Once it is sequenced: the first of its lines is under way while the next event is sequenced."""
        if is_request(page.header.kind) and self.asked[page.header.seq % ASKED].seq != page.header.seq:
            self._prefetch(page, self._ask(page))

    cdef void _prefetch(self, const Page* page, const Asked* asked) noexcept nogil:
        self.ids.prefetch(asked.hash)
        if page.header.kind == K_REPORT:
            if is_fill(page.request.report.exec_type):
                self.fills.prefetch(asked.other)
        elif page.header.kind != K_ORDER:
            self.ids.prefetch(asked.other)

    cdef Asked* _ask(self, const Page* page) noexcept nogil:
        """The event taken apart, now or before."""
        cdef Asked* asked = &self.asked[page.header.seq % ASKED]
        cdef uint16_t kind = page.header.kind
        if asked.seq == page.header.seq:
            return asked
        asked.seq = page.header.seq
        if kind == K_ORDER:
            asked.hash = self.ids.hash(page.request.order.cl_ord_id)
        elif kind == K_REPORT:
            self._ask_report(&page.request.report, asked)
        elif kind == K_REPLACE:
            asked.hash = self.ids.hash(page.request.replace.cl_ord_id)
            asked.other = self.ids.hash(page.request.replace.orig_cl_ord_id)
        else:
            asked.hash = self.ids.hash(page.request.cancel.cl_ord_id)
            asked.other = self.ids.hash(page.request.cancel.orig_cl_ord_id)
        return asked

    cdef void _ask_report(self, const ReportEvent* report, Asked* asked) noexcept nogil:
        """child_id is `<first cl_ord_id>.<n>`: the text before the last point names the order."""
        asked.n = 0
        if not split_child_id(report.child_id, asked.name, &asked.n):
            return
        asked.hash = self.ids.hash(asked.name)
        if is_fill(report.exec_type):
            fill_key(&asked.fill, report.venue, report.exec_id)
            asked.other = self.fills.hash(<const char*>&asked.fill)

    cdef uint32_t _id(self, Page* page, const char* text, uint64_t hash, uint32_t order) noexcept nogil:
        """Uses the id up; `order` is what it will name where it is new."""
        cdef bint existed = 0
        cdef uint32_t id = self.ids.put_hashed(text, hash, &existed)
        if id == NONE:
            page.resolved.flags |= D_TABLE_FULL
        elif existed:
            page.resolved.flags |= D_DUPLICATE_ID
        else:
            self.named(id).order = order
            self.named(id).position = NONE
        return id

    # ---- requests -----------------------------------------------------------------------------------------------

    cdef void _order(self, Page* page) noexcept nogil:
        cdef Resolved* out = &page.resolved
        cdef uint32_t order = <uint32_t>self.counts[0]
        cdef Named* named
        out.id = self._id(page, page.request.order.cl_ord_id, self._ask(page).hash, order)
        if out.flags:
            return
        named = self.named(out.id)
        if order >= self.max_orders:
            named.order = NONE
            out.flags |= D_TABLE_FULL
            return
        self.counts[0] += 1
        out.order = order
        out.child = order           # the child with number 1 has its order's index
        out.n = 1
        if page.request.order.account < UNKNOWN and page.request.order.symbol < UNKNOWN:
            out.position = self._position(page.request.order.account, page.request.order.symbol)
            if out.position == NONE:
                out.flags |= D_TABLE_FULL
        self.first_ids[order] = out.id
        named.first = 1
        named.position = out.position
        if page.request.order.venue < UNKNOWN16 and not is_worked(&page.request.order):
            named.venue = page.request.order.venue + 1

    cdef void _request(self, Page* page, const char* id, const char* orig, bint replaces) noexcept nogil:
        cdef Resolved* out = &page.resolved
        cdef const Asked* asked = self._ask(page)
        cdef uint32_t order = NONE
        cdef uint32_t position = NONE
        out.orig_id = self.ids.find_hashed(orig, asked.other)
        if out.orig_id != NONE:
            order = self.named(out.orig_id).order
            position = self.named(out.orig_id).position
        out.id = self._id(page, id, asked.hash, order if replaces else NONE)
        if order == NONE:
            return
        out.order = order
        out.position = position
        out.child = order
        if replaces and not out.flags:
            self.named(out.id).position = position

    def position_of(self, uint32_t account, uint32_t symbol) -> int:
        """The position's index; NONE: there is none yet. Not for the path."""
        return self.positions.find((<uint64_t>account << 32) | symbol)

    cdef uint32_t _position(self, uint32_t account, uint32_t symbol) noexcept nogil:
        cdef uint64_t key = (<uint64_t>account << 32) | symbol
        cdef uint32_t found = self.positions.find(key)
        if found != NONE:
            return found
        if self.counts[2] >= self.max_positions or not self.positions.put(key, <uint32_t>self.counts[2]):
            return NONE
        self.counts[2] += 1
        return <uint32_t>(self.counts[2] - 1)

    cdef void _child(self, Page* page) noexcept nogil:
        """A slice's child: number 1 has the order's index, the others the next free one beyond the orders."""
        cdef SliceEvent* slice = &page.request.slice
        cdef Resolved* out = &page.resolved
        cdef Named* first = self.named(self.first_ids[slice.order])
        out.order = slice.order
        out.n = slice.n
        out.position = first.position
        if slice.n == 1:
            out.child = slice.order
            first.venue = slice.venue + 1
            return
        if (self.counts[1] >= self.max_more
                or not self.children.put((<uint64_t>slice.order << 32) | slice.n, self.max_orders + <uint32_t>self.counts[1])):
            out.flags |= D_TABLE_FULL
            return
        out.child = self.max_orders + <uint32_t>self.counts[1]
        self.more_venues[self.counts[1]] = slice.venue + 1
        self.counts[1] += 1

    # ---- reports ------------------------------------------------------------------------------------------------

    cdef void _report(self, Page* page) noexcept nogil:
        cdef ReportEvent* report = &page.request.report
        cdef Resolved* out = &page.resolved
        cdef const Asked* asked = self._ask(page)
        cdef Named* first
        cdef uint16_t venue
        cdef uint32_t id
        if asked.n == 0:
            return
        id = self.ids.find_hashed(asked.name, asked.hash)
        if id == NONE or self.named(id).order == NONE or self.first_ids[self.named(id).order] != id:
            return
        first = self.first_of(self.named(id))
        out.order = first.order
        out.n = asked.n
        out.position = first.position
        if asked.n == 1:
            out.child = out.order
            venue = first.venue
        else:
            out.child = self.children.find((<uint64_t>out.order << 32) | asked.n)
            venue = 0 if out.child == NONE else self.more_venues[out.child - self.max_orders]
        # a fill from a venue that the child never went to is unknown, and uses no exec_id up
        if venue == report.venue + 1 and is_fill(report.exec_type):
            self._fill(page, asked)

    cdef void _fill(self, Page* page, const Asked* asked) noexcept nogil:
        cdef ReportEvent* report = &page.request.report
        cdef Resolved* out = &page.resolved
        cdef const char* key = <const char*>&asked.fill
        cdef FillRecord* record
        cdef bint existed = 0
        if (report.exec_type != X_TRADE and self.fills.find_hashed(key, asked.other) == NONE
                and not self._reference(page)):
            out.flags |= D_NO_REFERENCE     # its exec_id isn't used up: it may come again once the fill is known
            return
        out.fill = self.fills.put_hashed(key, asked.other, &existed)
        if out.fill == NONE:
            out.flags |= D_TABLE_FULL
            return
        record = &self.records[out.fill]
        if existed:
            out.flags |= D_DUPLICATE_EXEC
            if (record.qty != report.last_qty or record.px != report.last_px or record.child != out.child
                    or record.exec_type != report.exec_type):
                out.flags |= D_CONFLICT
            return
        self.counts[4] = out.fill + 1
        record.qty = report.last_qty
        record.px = report.last_px
        record.child = out.child
        record.exec_type = report.exec_type
        record.base = out.fill
        self.current[out.fill].qty = report.last_qty
        self.current[out.fill].px = report.last_px
        if report.exec_type != X_TRADE:
            self._amend(page)

    cdef void _book(self, Page* page) noexcept nogil:
        """A fill that a person books: its exec_id is used up like a venue's."""
        cdef Resolved* out = &page.resolved
        cdef FillKey key
        cdef bint existed = 0
        fill_key(&key, page.request.book.venue, page.request.book.exec_id)
        out.position = self._position(page.request.book.account, page.request.book.symbol)
        out.fill = self.fills.put(<char*>&key, &existed)
        if out.position == NONE or out.fill == NONE:
            out.flags |= D_TABLE_FULL
        elif existed:
            out.flags |= D_DUPLICATE_EXEC
        else:
            self.counts[4] = out.fill + 1
            self.records[out.fill].qty = page.request.book.qty
            self.records[out.fill].px = page.request.book.px
            self.records[out.fill].child = NONE
            self.records[out.fill].exec_type = X_TRADE
            self.records[out.fill].base = out.fill
            self.current[out.fill].qty = page.request.book.qty
            self.current[out.fill].px = page.request.book.px

    cdef bint _reference(self, Page* page) noexcept nogil:
        """Finds the fill that a bust or correction is about; 0 where it names none of that child."""
        cdef Resolved* out = &page.resolved
        cdef FillKey key
        fill_key(&key, page.request.report.venue, page.request.report.exec_ref_id)
        out.ref_fill = self.fills.find(<char*>&key)
        if out.ref_fill != NONE:
            out.ref_fill = self.records[out.ref_fill].base  # a correction names the fill that it corrected
        if out.ref_fill != NONE and self.records[out.ref_fill].child != out.child:
            out.ref_fill = NONE
        return out.ref_fill != NONE

    cdef void _amend(self, Page* page) noexcept nogil:
        """What the fill was before this bust or correction, and what it is from now on."""
        cdef ReportEvent* report = &page.request.report
        cdef Resolved* out = &page.resolved
        self.records[out.fill].base = out.ref_fill
        out.ref_qty = self.current[out.ref_fill].qty
        out.ref_px = self.current[out.ref_fill].px
        self.current[out.ref_fill].qty = report.last_qty if report.exec_type == X_TRADE_CORRECT else 0
        self.current[out.ref_fill].px = report.last_px


cdef bint is_fill(uint8_t exec_type) noexcept nogil:
    return exec_type == X_TRADE or exec_type == X_TRADE_CANCEL or exec_type == X_TRADE_CORRECT


cdef void fill_key(FillKey* key, uint16_t venue, const char* exec_id) noexcept nogil:
    memset(key, 0, sizeof(FillKey))
    key.venue = venue
    memcpy(key.text, exec_id, 40)


cdef bint split_child_id(const char* child_id, char* name, uint32_t* n) noexcept nogil:
    """`{length}<name>.<digits>` into a name field and a number; 0 where it has another form."""
    cdef int length = <unsigned char>child_id[0]
    cdef int point = length
    cdef uint64_t number = 0
    cdef int i
    if length > 55:
        return 0
    while point > 0 and child_id[point] != c'.':
        point -= 1
    if point <= 1 or point == length or length - point > 9 or point - 1 > 39:
        return 0
    for i in range(point + 1, length + 1):
        if child_id[i] < c'0' or child_id[i] > c'9':
            return 0
        number = number * 10 + <uint64_t>(child_id[i] - c'0')
    if child_id[point + 1] == c'0':
        return 0
    cut_name(child_id, point, name)
    n[0] = <uint32_t>number
    return 1


cdef void cut_name(const char* text, int size, char* name) noexcept nogil:
    """The first `size` bytes of a text as a name field of 40 bytes: its length, the text, zeros; a word at a time."""
    cdef uint64_t word
    cdef int at
    for at in range(0, 40, 8):
        memcpy(&word, text + at, 8)
        if size < at + 8:
            word = word & ((<uint64_t>1 << (8 * (size - at))) - 1) if size > at else 0
        memcpy(name + at, &word, 8)
    name[0] = <char>(size - 1)
