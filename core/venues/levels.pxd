"""Price levels in order: a tree to find one by its price, and a list from the best to the worst.

The tree is a treap: a search tree by price, a heap by a hash of the price. Its shape depends on the prices alone, not
on how they came, and is as deep as that of a random tree. A level and its branch have one index, in two arrays: what a
search passes lies close together. A side of a book is no more than a root and two ends. To find, add or remove a level
costs the depth, O(log levels); the next best is a link.
"""
from libc.stdint cimport int64_t, uint32_t

cdef enum:
    BID = 0
    ASK = 1

cdef struct Level:                  # 64: a price at one side of a book
    int64_t px
    int64_t shown                   # the market's quantity that can be taken
    int64_t open                    # our orders' quantity
    int64_t used                    # the market's quantity that has gone from the front of its queue
    uint32_t first                  # the queue: our orders, and the market's where they are known one by one
    uint32_t last
    uint32_t better                 # neighbours by price
    uint32_t worse
    int64_t most                    # no order's `behind` is more
    int64_t seen                    # what the market should show now, if nobody cancelled since its last update

cdef struct Branch:                 # 16: the same level in its tree
    int64_t px
    uint32_t left                   # better prices
    uint32_t right

cdef struct Side:                   # 16: one side of a book
    uint32_t root
    uint32_t best
    uint32_t worst
    uint32_t top                    # the best level that the market shows

cdef inline bint better(int side, int64_t a, int64_t b) noexcept nogil:
    """Whether a resting price goes before another on its side."""
    return a < b if side == ASK else a > b

cdef inline bint within(int side, int64_t limit, int64_t px) noexcept nogil:
    """Whether an order of this side with this limit may trade at px."""
    return px >= limit if side == ASK else px <= limit

cdef inline int64_t least(int64_t a, int64_t b) noexcept nogil:
    return a if a < b else b

cdef struct Levels:                 # the two arrays
    Level* levels
    Branch* branches

cdef uint32_t find_level(const Levels* pool, const Side* of, int side, int64_t px) noexcept nogil
cdef void link_level(const Levels* pool, Side* of, int side, uint32_t new) noexcept nogil
cdef void unlink_level(const Levels* pool, Side* of, int side, uint32_t old) noexcept nogil
