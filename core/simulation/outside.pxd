"""A venue outside of the core with its gateway: what it is sent it keeps, whatever dies; what it says may go astray."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport ReportEvent, Send
from core.simulation.checker cimport Checker
from core.simulation.dice cimport Dice
from core.simulation.traffic cimport Traffic
from core_ext.memory cimport Memory

cdef enum:
    PENDING = 4096                  # sends, at first
    LOST = 2048                     # the most that is held back until the venue is asked
    SAID = 2 * LOST                 # on their way, and held back
    FROM_A_SEND = 8                 # reports: new, a fill and its breaks, canceled, each said twice

cdef struct Kid:                    # a child order, as the venue has it
    char name[56]
    int64_t qty
    int64_t cum
    int64_t price
    uint32_t order
    uint32_t account
    uint32_t symbol
    uint32_t at                     # its place among the live ones
    uint8_t side
    uint8_t state                   # 0 never came, 1 live, 2 ended
    uint8_t pad[6]

cdef struct Said:                   # a report on its way, or lost
    ReportEvent report
    uint64_t due                    # the step from which on it may arrive
    uint32_t child
    uint32_t pad

cdef struct Found:                  # a send that the gateway has found in the journal
    Send send
    uint64_t run                    # of the core
    uint8_t written                 # it may have been: the gateway noted it before it wrote
    uint8_t pad[7]

cdef class Outside:
    cdef readonly uint16_t venue
    cdef Checker checker
    cdef Traffic traffic
    cdef Dice* dice
    cdef uint64_t* marks
    cdef readonly uint32_t max_children
    cdef Kid* kids                  # [child]
    cdef uint32_t* live             # children
    cdef readonly uint32_t live_count
    cdef Found* found
    cdef uint64_t max_found         # a power of two
    cdef uint64_t found_head
    cdef uint64_t found_tail
    cdef Said* said
    cdef readonly uint32_t said_count
    cdef Said* lost
    cdef readonly uint32_t lost_count
    cdef uint64_t fills
    cdef uint64_t number
    cdef uint32_t* asked            # [child] how often that core asked about it
    cdef readonly bint dead         # its gateway
    cdef readonly uint64_t run      # of the core that it speaks to
    cdef public uint32_t drop       # of 1024: how often, each
    cdef public uint32_t repeat
    cdef public uint32_t late
    cdef public uint32_t reject
    cdef public uint32_t reject_cancel
    cdef public uint32_t die_in_write
    cdef public uint32_t stray      # a fill of nobody's order
    cdef public uint32_t other_ids  # an exec_id that stands for another fill, too
    cdef public uint32_t excess     # a fill of more than was ordered
    cdef public bint resends        # a planted fault: a gateway that writes again what it may have written
    cdef public uint8_t forgets     # a planted fault: reports of that kind are lost for good
    cdef public int64_t late_qty    # of a fill behind a cancel, as it is told; a planted fault: another than it was
    cdef Memory _memory
    cdef Memory _found

    cdef int find(self, const Send* send) except -1
    cdef void _have_more(self)
    cdef int _count_question(self, const Send* send) except -1
    cdef bint _can_say(self) noexcept nogil
    cdef bint _is_on_its_way(self, uint32_t child) noexcept nogil
    cdef int work(self) except -1
    cdef int _write(self, Found* found) except -1
    cdef int _on_send(self, const Send* send) except -1
    cdef int _new(self, const Send* send, Kid* kid) except -1
    cdef int _cancel(self, const Send* send, Kid* kid) except -1
    cdef int _replace(self, const Send* send, Kid* kid) except -1
    cdef int _status(self, const Send* send, Kid* kid) except -1
    cdef int _fill(self, uint32_t child, int64_t qty) except -1
    cdef int _end(self, uint32_t child) except -1
    cdef int _break(self, const ReportEvent* fill, uint32_t child) except -1
    cdef int trade(self) except -1
    cdef int deliver(self) except -1
    cdef ReportEvent _report(self, uint32_t child, uint8_t exec_type)
    cdef int _say(self, const ReportEvent* report, uint32_t child, bint must_come) except -1
    cdef int _push(self, const ReportEvent* report, uint32_t child, uint64_t due) except -1
    cdef bint _again(self, uint32_t child, bint fills_only) except -1
