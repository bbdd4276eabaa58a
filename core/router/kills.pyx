# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Kills: see kills.pxd. Risk refuses such slices all the same; what isn't derived uses no child's number up."""
from core.messages cimport H_DERIVED, K_KILL, NONE, SC_ACCOUNT, SC_ALL, SC_SESSION, SC_STRATEGY, SC_SYMBOL, ScopeKeys


cdef class Kills:
    """Scopes with a kill that wasn't rearmed; a venue's is a bit of the router's own."""

    def __cinit__(self, Arena arena, object capacity):
        self.max_keys = max(capacity.accounts, capacity.strategies, capacity.symbols, capacity.sessions)
        self.killed = <uint8_t*>arena.table("router.killed_scopes", 1, (SC_SESSION + 1) * self.max_keys)
        self.counts = <uint64_t*>arena.table("router.killed_counts", sizeof(uint64_t), 8)
        self.keys = <RoutedKeys*>arena.table("router.keys", sizeof(RoutedKeys), capacity.orders)
        arena.used_by("router.keys", &self.counts[1])

    cdef void begin(self, Page* page, uint32_t order) noexcept nogil:
        """A new worked order."""
        cdef RoutedKeys* keys = &self.keys[order]
        keys.account = page.outcome.account
        keys.strategy = page.outcome.strategy
        keys.session = page.outcome.session
        keys.closes = (page.header.flags & H_DERIVED) != 0
        if order >= self.counts[1]:
            self.counts[1] = order + 1

    cdef void on_event(self, Page* page) noexcept nogil:
        """A kill or a rearm."""
        cdef uint8_t kind = page.request.filter.kind
        cdef uint8_t now = page.header.kind == K_KILL
        cdef uint32_t key = key_of(kind, &page.request.filter.scope)
        cdef uint8_t* was
        if key >= self.max_keys:
            return
        was = &self.killed[kind * self.max_keys + key]
        self.counts[0] = self.counts[0] + now - was[0]
        was[0] = now

    cdef bint _stands(self, uint32_t order, uint32_t symbol) noexcept nogil:
        cdef const RoutedKeys* keys = &self.keys[order]
        cdef uint32_t each = self.max_keys
        if keys.closes:
            return 0
        return (self.killed[0] or self.killed[SC_ACCOUNT * each + keys.account]
                or self.killed[SC_SYMBOL * each + symbol] or self.killed[SC_SESSION * each + keys.session]
                or (keys.strategy != NONE and self.killed[SC_STRATEGY * each + keys.strategy]))


cdef uint32_t key_of(uint8_t kind, const ScopeKeys* scope) noexcept nogil:
    """The key of a scope; NONE: no order is in it."""
    if kind == SC_ALL:
        return 0
    if kind == SC_ACCOUNT:
        return scope.account
    if kind == SC_STRATEGY:
        return scope.strategy
    if kind == SC_SYMBOL:
        return scope.symbol
    return scope.session if kind == SC_SESSION else NONE
