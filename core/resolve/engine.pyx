# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""resolve: see engine.pxd."""
from libc.string cimport memcpy, memset

from core.engine cimport Emitter
from core.messages cimport (
    D_CONFLICT, D_DUPLICATE_EXEC, D_DUPLICATE_ID, D_NO_REFERENCE, D_TABLE_FULL, K_CANCEL, K_OPEN_POSITION, K_ORDER,
    K_REPLACE, K_REPORT, K_SLICE, NONE, UNKNOWN, UNKNOWN16, W_ID_TOO_LONG, X_TRADE, X_TRADE_CANCEL, X_TRADE_CORRECT, Page,
    ReportEvent, Resolved, SliceEvent,
)
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
        self.ids = IdTable(arena, "resolve.ids", capacity.ids, key_size=40)
        self.fills = IdTable(arena, "resolve.fills", capacity.fills, key_size=48)
        self.children = Map64(arena, "resolve.children", capacity.more_children)
        self.positions = Map64(arena, "resolve.positions", capacity.positions)
        self.id_order = <uint32_t*>arena.table("resolve.id_order", sizeof(uint32_t), capacity.ids)
        self.order_position = <uint32_t*>arena.table("resolve.order_position", sizeof(uint32_t), capacity.orders)
        self.child_venue = <uint16_t*>arena.table("resolve.child_venue", sizeof(uint16_t),
                                                  capacity.orders + capacity.more_children)
        self.records = <FillRecord*>arena.table("resolve.records", sizeof(FillRecord), capacity.fills)
        self.current = <FillNow*>arena.table("resolve.current", sizeof(FillNow), capacity.fills)
        self.counts = <uint64_t*>arena.table("resolve.counts", sizeof(uint64_t), 8)
        arena.used_by("resolve.order_position", &self.counts[0])
        arena.used_by("resolve.child_venue", &self.counts[5])
        arena.used_by("resolve.id_order", &self.counts[3])
        arena.used_by("resolve.records", &self.counts[4])
        arena.used_by("resolve.current", &self.counts[4])

    cdef void on_event(self, Page* page) noexcept nogil:
        cdef Resolved* out = &page.resolved
        cdef uint16_t kind = page.header.kind
        memset(<char*>out + sizeof(out.seq), 0, sizeof(Resolved) - sizeof(out.seq))
        out.id = NONE
        out.orig_id = NONE
        out.order = NONE
        out.child = NONE
        out.position = NONE
        out.fill = NONE
        out.ref_fill = NONE
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
        elif kind == K_OPEN_POSITION:
            out.position = self._position(page.request.open_position.account, page.request.open_position.symbol)

    cdef uint32_t _id(self, Page* page, const char* text, uint32_t order) noexcept nogil:
        """Uses the id up; `order` is what it will name where it is new."""
        cdef bint existed = 0
        cdef uint32_t id = self.ids.put(text, &existed)
        if id == NONE:
            page.resolved.flags |= D_TABLE_FULL
        elif existed:
            page.resolved.flags |= D_DUPLICATE_ID
        else:
            self.id_order[id] = order
            self.counts[3] = id + 1
        return id

    cdef void _order(self, Page* page) noexcept nogil:
        cdef Resolved* out = &page.resolved
        cdef uint32_t order = <uint32_t>self.counts[0]
        out.id = self._id(page, page.request.order.cl_ord_id, order)
        if out.flags:
            return
        if order >= self.max_orders:
            self.id_order[out.id] = NONE
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
        self.order_position[order] = out.position
        if page.request.order.venue < UNKNOWN16:
            self._goes_to(order, page.request.order.venue)

    cdef void _goes_to(self, uint32_t child, uint16_t venue) noexcept nogil:
        self.child_venue[child] = venue + 1
        if child >= self.counts[5]:
            self.counts[5] = child + 1

    cdef void _request(self, Page* page, const char* id, const char* orig, bint replaces) noexcept nogil:
        cdef Resolved* out = &page.resolved
        out.orig_id = self.ids.find(orig)
        if out.orig_id != NONE:
            out.order = self.id_order[out.orig_id]
        out.id = self._id(page, id, out.order if replaces else NONE)
        if out.order != NONE:
            out.position = self.order_position[out.order]
            out.child = out.order

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
        out.order = slice.order
        out.n = slice.n
        out.position = self.order_position[slice.order]
        if slice.n == 1:
            out.child = slice.order
            self._goes_to(out.child, slice.venue)
            return
        if (self.counts[1] >= self.max_more
                or not self.children.put((<uint64_t>slice.order << 32) | slice.n, self.max_orders + <uint32_t>self.counts[1])):
            out.flags |= D_TABLE_FULL
            return
        out.child = self.max_orders + <uint32_t>self.counts[1]
        self.counts[1] += 1
        self._goes_to(out.child, slice.venue)

    cdef void _report(self, Page* page) noexcept nogil:
        """child_id is `<first cl_ord_id>.<n>`: the text before the last point names the order."""
        cdef ReportEvent* report = &page.request.report
        cdef Resolved* out = &page.resolved
        cdef char name[40]
        cdef uint32_t n = 0
        cdef uint32_t id
        if not split_child_id(report.child_id, name, &n):
            return
        id = self.ids.find(name)
        if id == NONE or self.id_order[id] == NONE:
            return
        out.order = self.id_order[id]
        out.n = n
        out.position = self.order_position[out.order]
        out.child = out.order if n == 1 else self.children.find((<uint64_t>out.order << 32) | n)
        # a fill from a venue that the child never went to is unknown, and uses no exec_id up
        if out.child != NONE and self.child_venue[out.child] == report.venue + 1 and (report.exec_type == X_TRADE or report.exec_type == X_TRADE_CANCEL
                                  or report.exec_type == X_TRADE_CORRECT):
            self._fill(page)

    cdef void _fill(self, Page* page) noexcept nogil:
        cdef ReportEvent* report = &page.request.report
        cdef Resolved* out = &page.resolved
        cdef FillKey key
        cdef FillRecord* record
        cdef bint existed = 0
        fill_key(&key, report.venue, report.exec_id)
        if report.exec_type != X_TRADE and self.fills.find(<char*>&key) == NONE and not self._reference(page):
            out.flags |= D_NO_REFERENCE     # its exec_id isn't used up: it may come again once the fill is known
            return
        out.fill = self.fills.put(<char*>&key, &existed)
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
    memset(name, 0, 40)
    name[0] = <char>(point - 1)
    memcpy(name + 1, child_id + 1, point - 1)
    n[0] = <uint32_t>number
    return 1
