# Where a test may kill a process: before and after each store that publishes something to another process, or to one
# that comes back. A build option (NACRE_FAULT_POINTS, see setup.py): otherwise nothing of it is compiled.
#
# A store's point is its own number; the point after it is one more.
cdef extern from * nogil:
    """
    #ifdef NACRE_FAULT_POINTS
    #include "core_ext/fault_points.h"
    #else
    #define NACRE_BEFORE(point) ((void)0)
    #define NACRE_AFTER(point) ((void)0)
    #endif
    """
    void fault_before "NACRE_BEFORE" (int point)
    void fault_after "NACRE_AFTER" (int point)

cdef enum FaultPoint:
    RING_PUBLISH = 0
    RING_RELEASE = 2
    SPINE_CLAIM = 4
    SPINE_PUBLISH = 6
    SPINE_CURSOR = 8
    JOURNAL_RECORD = 10             # the word that makes a record, or a segment's end record, one
    JOURNAL_SEGMENT = 12            # the word that begins a segment
    KILL_EPOCH = 14
    KILL_CHANGES = 16
    KILL_CLEAR = 18
    BOARD_WORD = 20
    INTENT_STORE = 22
    INTENT_DONE = 24
    SEAT_HEAD = 26                  # requests of a session that are taken
    SEAT_CLAIM = 28                 # a response's slot that is about to be overwritten
