# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Price levels in order: see levels.pxd."""
from libc.stdint cimport uint64_t

from core.messages cimport NONE


cdef inline uint64_t rank(int64_t px) noexcept nogil:
    """What decides who stands above whom in the tree: a hash, one for each price (splitmix64's last step)."""
    cdef uint64_t mixed = <uint64_t>px + <uint64_t>0x9E3779B97F4A7C15u
    mixed = (mixed ^ (mixed >> 30)) * <uint64_t>0xBF58476D1CE4E5B9u
    mixed = (mixed ^ (mixed >> 27)) * <uint64_t>0x94D049BB133111EBu
    return mixed ^ (mixed >> 31)


cdef uint32_t find_level(const Level* pool, const Side* of, int side, int64_t px) noexcept nogil:
    """The level at px, or NONE."""
    cdef uint32_t at = of.best
    if at == NONE or pool[at].px == px:
        return at                   # most of what happens, happens at the touch
    at = of.root
    while at != NONE and pool[at].px != px:
        at = pool[at].left if better(side, px, pool[at].px) else pool[at].right
    return at


cdef void link_level(Level* pool, Side* of, int side, uint32_t new) noexcept nogil:
    """Puts a level, of a price that isn't there, in its place in the tree and in the list."""
    cdef int64_t px = pool[new].px
    cdef uint64_t high = rank(px)
    cdef uint32_t* link = &of.root
    cdef uint32_t* left
    cdef uint32_t* right
    cdef uint32_t at
    cdef uint32_t before = NONE     # the nearest of the better ones that the search passes
    cdef uint32_t after = NONE
    while link[0] != NONE and rank(pool[link[0]].px) > high:
        at = link[0]
        if better(side, px, pool[at].px):
            after = at
            link = &pool[at].left
        else:
            before = at
            link = &pool[at].right
    at = link[0]                    # what was here goes under the new one, cut in two by its price
    link[0] = new
    left = &pool[new].left
    right = &pool[new].right
    while at != NONE:
        if better(side, px, pool[at].px):
            after = at
            right[0] = at
            right = &pool[at].left
            at = right[0]
        else:
            before = at
            left[0] = at
            left = &pool[at].right
            at = left[0]
    left[0] = right[0] = NONE
    between(pool, of, before, new, after)


cdef void between(Level* pool, Side* of, uint32_t before, uint32_t new, uint32_t after) noexcept nogil:
    """Puts a level between two neighbours of the list."""
    pool[new].better = before
    pool[new].worse = after
    if before == NONE:
        of.best = new
    else:
        pool[before].worse = new
    if after == NONE:
        of.worst = new
    else:
        pool[after].better = new


cdef void unlink_level(Level* pool, Side* of, int side, uint32_t old) noexcept nogil:
    """Takes a level out of the tree and of the list."""
    cdef int64_t px = pool[old].px
    cdef uint32_t* link = &of.root
    cdef uint32_t a = pool[old].left
    cdef uint32_t b = pool[old].right
    while link[0] != old:
        link = &pool[link[0]].left if better(side, px, pool[link[0]].px) else &pool[link[0]].right
    while a != NONE and b != NONE:
        if rank(pool[a].px) > rank(pool[b].px):
            link[0] = a
            link = &pool[a].right
            a = link[0]
        else:
            link[0] = b
            link = &pool[b].left
            b = link[0]
    link[0] = b if a == NONE else a
    a = pool[old].better
    b = pool[old].worse
    if a == NONE:
        of.best = b
    else:
        pool[a].worse = b
    if b == NONE:
        of.worst = a
    else:
        pool[b].better = a
