"""resolve: turns what clients and venues call things into dense indices. No other engine hashes."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Engine
from core.messages cimport Page
from core_ext.tables cimport IdTable, Map64

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

cdef class Resolve(Engine):
    cdef IdTable ids                # cl_ord_id -> id
    cdef IdTable fills              # (venue, exec_id) -> fill
    cdef Map64 children             # (order, n > 1) -> child
    cdef Map64 positions            # (account, symbol) -> position
    cdef uint32_t* id_order         # [id] the order that it names, or NONE
    cdef uint32_t* order_position   # [order]
    cdef uint16_t* child_venue      # [child] the venue that it goes to, plus 1
    cdef FillRecord* records        # [fill]
    cdef FillNow* current           # [fill]
    cdef uint64_t* counts           # [0] orders, [1] children beyond the first, [2] positions,
                                    # [3] ids' end, [4] fills' end, [5] children's end
    cdef uint32_t max_orders
    cdef uint32_t max_more
    cdef uint32_t max_positions

    cdef void _fill(self, Page* page) noexcept nogil
    cdef bint _reference(self, Page* page) noexcept nogil
    cdef void _amend(self, Page* page) noexcept nogil
    cdef void _request(self, Page* page, const char* id, const char* orig, bint replaces) noexcept nogil
    cdef uint32_t _position(self, uint32_t account, uint32_t symbol) noexcept nogil
    cdef void on_event(self, Page* page) noexcept nogil
    cdef uint32_t _id(self, Page* page, const char* text, uint32_t order) noexcept nogil
    cdef void _order(self, Page* page) noexcept nogil
    cdef void _child(self, Page* page) noexcept nogil
    cdef void _report(self, Page* page) noexcept nogil
    cdef void _goes_to(self, uint32_t child, uint16_t venue) noexcept nogil

cdef void fill_key(FillKey* key, uint16_t venue, const char* exec_id) noexcept nogil
