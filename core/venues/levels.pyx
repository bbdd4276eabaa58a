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


cdef uint32_t find_level(const Levels* pool, const Side* of, int side, int64_t px) noexcept nogil:
    """The level at px, or NONE."""
    cdef const Branch* tree = pool.branches
    cdef uint32_t at = of.best
    if at == NONE or tree[at].px == px:
        return at                   # most of what happens, happens at the touch
    at = of.root
    while at != NONE and tree[at].px != px:
        at = tree[at].left if better(side, px, tree[at].px) else tree[at].right
    return at


cdef void link_level(const Levels* pool, Side* of, int side, uint32_t new) noexcept nogil:
    """Puts a level, of a price that isn't there, in its place in the tree and in the list."""
    cdef Branch* tree = pool.branches
    cdef int64_t px = pool.levels[new].px
    cdef uint64_t high = rank(px)
    cdef uint32_t* link = &of.root
    cdef uint32_t before = NONE     # the nearest of the better ones that the search passes
    cdef uint32_t after = NONE
    cdef uint32_t at
    while link[0] != NONE and rank(tree[link[0]].px) > high:
        at = link[0]
        if better(side, px, tree[at].px):
            after = at
            link = &tree[at].left
        else:
            before = at
            link = &tree[at].right
    at = link[0]
    link[0] = new
    tree[new].px = px
    split(tree, side, new, at, &before, &after)
    between(pool.levels, of, before, new, after)


cdef void split(Branch* tree, int side, uint32_t new, uint32_t at, uint32_t* before, uint32_t* after) noexcept nogil:
    """What was where the new one is goes under it, cut in two by its price."""
    cdef uint32_t* left = &tree[new].left
    cdef uint32_t* right = &tree[new].right
    while at != NONE:
        if better(side, tree[new].px, tree[at].px):
            after[0] = at
            right[0] = at
            right = &tree[at].left
            at = right[0]
        else:
            before[0] = at
            left[0] = at
            left = &tree[at].right
            at = left[0]
    left[0] = right[0] = NONE


cdef void between(Level* levels, Side* of, uint32_t before, uint32_t new, uint32_t after) noexcept nogil:
    """Puts a level between two neighbours of the list."""
    levels[new].better = before
    levels[new].worse = after
    if before == NONE:
        of.best = new
    else:
        levels[before].worse = new
    if after == NONE:
        of.worst = new
    else:
        levels[after].better = new


cdef void unlink_level(const Levels* pool, Side* of, int side, uint32_t old) noexcept nogil:
    """Takes a level out of the tree and of the list."""
    cdef Branch* tree = pool.branches
    cdef int64_t px = tree[old].px
    cdef uint32_t* link = &of.root
    while link[0] != old:
        link = &tree[link[0]].left if better(side, px, tree[link[0]].px) else &tree[link[0]].right
    join(tree, link, tree[old].left, tree[old].right)
    take_out(pool.levels, of, pool.levels[old].better, pool.levels[old].worse)


cdef void join(Branch* tree, uint32_t* link, uint32_t a, uint32_t b) noexcept nogil:
    """Two trees, all of a better than all of b, as one at link."""
    while a != NONE and b != NONE:
        if rank(tree[a].px) > rank(tree[b].px):
            link[0] = a
            link = &tree[a].right
            a = link[0]
        else:
            link[0] = b
            link = &tree[b].left
            b = link[0]
    link[0] = b if a == NONE else a


cdef void take_out(Level* levels, Side* of, uint32_t before, uint32_t after) noexcept nogil:
    """Makes two levels neighbours."""
    if before == NONE:
        of.best = after
    else:
        levels[before].worse = after
    if after == NONE:
        of.worst = before
    else:
        levels[after].better = before
