# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What passed lately: see contents.pxd."""
from libc.string cimport memcmp, memset

from core.messages cimport (
    NONE,
)
from core.risk.limits cimport Limits
from core_ext.tables cimport hash_u64


cdef class Contents:
    """A ring of passes. Where it is full the oldest goes, and is counted: a window longer than the ring sees less."""

    def __cinit__(self, Arena arena, object capacity, Limits limits):
        self.size = capacity.contents
        slots = 1 << max(capacity.contents - 1, 1).bit_length()
        self.mask = slots - 1
        self.passes = <Pass*>arena.table("risk.passes", sizeof(Pass), self.size)
        self.heads = <uint32_t*>arena.table("risk.pass_heads", sizeof(uint32_t), slots)
        self.counts = limits.counts_of(7)
        memset(self.heads, 0xFF, slots * sizeof(uint32_t))

    cdef bint since(self, const Content* content, uint32_t order, int64_t now_ns, int64_t* out) noexcept nogil:
        """How long ago an order with these contents passed, other than that one (NONE: a new one). 0: none did."""
        cdef Pass* found = self._find(content, hash_of(content))
        if found == NULL or (found.order == order and not found.has_other):
            return 0
        out[0] = now_ns - (found.other_ns if found.order == order else found.at_ns)
        return 1

    cdef void note(self, const Content* content, uint32_t order, int64_t now_ns) noexcept nogil:
        """An order with these contents passes."""
        cdef uint64_t hash = hash_of(content)
        cdef Pass* found = self._find(content, hash)
        cdef uint32_t index
        if found != NULL:
            if found.order != order:
                found.other_ns = found.at_ns
                found.has_other = 1
                found.order = order
            found.at_ns = now_ns
            return
        index = <uint32_t>self.counts[0]
        self.counts[0] = index + 1 if index + 1 < self.size else 0
        if self.passes[index].used:
            self._forget(index)
        found = &self.passes[index]
        memset(found, 0, sizeof(Pass))
        found.content = content[0]
        found.at_ns = now_ns
        found.order = order
        found.used = 1
        found.hash = hash
        found.next = self.heads[hash & self.mask]
        self.heads[hash & self.mask] = index

    cdef Pass* _find(self, const Content* content, uint64_t hash) noexcept nogil:
        cdef uint32_t i = self.heads[hash & self.mask]
        while i != NONE:
            if self.passes[i].hash == hash and memcmp(&self.passes[i].content, content, sizeof(Content)) == 0:
                return &self.passes[i]
            i = self.passes[i].next
        return NULL

    cdef void _forget(self, uint32_t index) noexcept nogil:
        cdef uint32_t* link = &self.heads[self.passes[index].hash & self.mask]
        self.counts[1] += 1
        while link[0] != index:
            link = &self.passes[link[0]].next
        link[0] = self.passes[index].next


cdef uint64_t hash_of(const Content* content) noexcept nogil:
    """The fields spread by odd numbers, so that they don't cancel each other out; then mixed once."""
    return hash_u64((<uint64_t>content.counter << 32 | content.account) * <uint64_t>0x9E3779B97F4A7C15
                    ^ (<uint64_t>content.symbol << 16 | <uint64_t>content.side << 8 | content.ord_type)
                    * <uint64_t>0xC2B2AE3D27D4EB4F ^ <uint64_t>content.qty * <uint64_t>0x165667B19E3779F9
                    ^ <uint64_t>content.price * <uint64_t>0xD6E8FEB86659FD93, 1)
