"""resolve: turns what clients and venues call things into dense indices. No other engine hashes."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Engine
from core.messages cimport NONE, Page, ReportEvent
from core_ext.tables cimport IdTable, Map64

cdef struct Named:                  # 24: beside each cl_ord_id, on its cache line
    uint32_t order                  # that it names, or NONE
    uint32_t position               # of that order
    uint16_t venue                  # of an order's first id: the venue that child 1 goes to, plus 1
    uint8_t first                   # whether it is an order's first
    uint8_t pad
    uint32_t pad2[3]

cdef struct FillKey:                # 48: {u16 venue; u8 length; text}: what exec_ids are told apart by
    uint16_t venue
    char text[46]

cdef struct FillRecord:             # 32: what a fill said, to tell a repeat from a conflict
    int64_t qty
    int64_t px
    uint32_t child
    uint32_t exec_type
    uint32_t base                   # the fill that a correction or bust is about; of a trade: itself
    uint32_t pad

cdef struct FillNow:                # 16: what it counts for after busts and corrections
    int64_t qty
    int64_t px

cdef struct Asked:                  # 128: what an event names, taken apart and hashed; of the page alone, so no state
    uint64_t seq                    # 0: not taken apart yet
    uint64_t hash                   # of cl_ord_id; of a report: of the order's name in child_id
    uint64_t other                  # of orig_cl_ord_id; of a fill: of its key
    uint32_t n                      # a report's child number; 0: child_id has another form
    uint32_t pad
    char name[40]
    FillKey fill
    uint64_t pad2

cdef enum:
    ASKED = 32

@cython.final
cdef class Resolve(Engine):
    cdef IdTable ids                # cl_ord_id -> id, with a Named beside each
    cdef IdTable fills              # (venue, exec_id) -> fill
    cdef Map64 children             # (order, n > 1) -> child
    cdef Map64 positions            # (account, symbol) -> position
    cdef uint32_t* first_ids        # [order]
    cdef uint16_t* more_venues      # [child beyond the first ones] the venue that it goes to, plus 1
    cdef FillRecord* records        # [fill]
    cdef FillNow* current           # [fill]
    cdef uint64_t* counts           # [0] orders, [1] children beyond the first, [2] positions, [4] fills' end
    cdef uint32_t max_orders
    cdef uint32_t max_more
    cdef uint32_t max_positions
    cdef Asked asked[ASKED]

    cdef void foresee(self, const Page* page) noexcept nogil
    cdef void _prefetch(self, const Page* page, const Asked* asked) noexcept nogil
    cdef Asked* _ask(self, const Page* page) noexcept nogil
    cdef void _ask_report(self, const ReportEvent* report, Asked* asked) noexcept nogil
    cdef void _fill(self, Page* page, const Asked* asked) noexcept nogil
    cdef bint _reference(self, Page* page) noexcept nogil
    cdef void _book(self, Page* page) noexcept nogil
    cdef void _amend(self, Page* page) noexcept nogil
    cdef void _request(self, Page* page, const char* id, const char* orig, bint replaces) noexcept nogil
    cdef uint32_t _position(self, uint32_t account, uint32_t symbol) noexcept nogil
    cdef uint32_t _id(self, Page* page, const char* text, uint64_t hash, uint32_t order) noexcept nogil
    cdef void _order(self, Page* page) noexcept nogil
    cdef void _child(self, Page* page) noexcept nogil
    cdef void _report(self, Page* page) noexcept nogil

    cdef inline Named* named(self, uint32_t id) noexcept nogil:
        return <Named*>self.ids.beside(id)

    # The order that a cl_ord_id names, or NONE. For who drives the core.
    cdef inline uint32_t order_of(self, const char* id) noexcept nogil:
        cdef uint32_t found = self.ids.find(id)
        return <uint32_t>NONE if found == NONE else self.named(found).order

    # What stands beside the first id of the order that `named` names.
    cdef inline Named* first_of(self, Named* named) noexcept nogil:
        return named if named.first else self.named(self.first_ids[named.order])

cdef void fill_key(FillKey* key, uint16_t venue, const char* exec_id) noexcept nogil
