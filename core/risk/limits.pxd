"""Limits: what is configured.

    Limit     one line of configuration: a check, a value, a scope; chained by account, in the order of testing
    Group     the limits of one scope, `each` and currency: what they count is counted once for all of them
    Counter   what is one limit's alone, one for each value of its `each` key: warnings given, time stamps
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport (
    NONE, NONE16, R_CANCEL_RATE, R_DUPLICATE_CONTENT, R_ORDER_RATE, R_RESTRICTED, SC_ALL, LimitEvent, OverrideEvent,
    ScopeKeys,
)
from core.orders.order cimport Order
from core_ext.atomics cimport prefetch_read
from core_ext.tables cimport Arena, Map64
from core_ext.wide cimport i128

cdef enum:
    CHECKS = 32                     # kinds of limits; a check's bit is its Reason less R_RESTRICTED
    COUNTS = 10                     # groups of counts that risk's parts have: eight each
    CHAINS = 10                     # that an account may be in: its own, the one for all, its groups'
    MEMBERSHIPS = 8
    ACCOUNT_GROUPS = 64             # there may be

cdef enum Need:                     # what a group counts
    N_POSITION = 1                  # quantities, working and held, by symbol
    N_VALUE = 2                     # what works and what was filled today, in money
    N_BOOK = 4                      # profit and loss
    N_COUNTS = 8                    # orders, messages, fills

cdef struct Keys:                   # 20: what scopes ask of an order; the same fields follow each other in Order
    uint32_t account
    uint32_t symbol
    uint32_t strategy
    uint32_t session
    uint16_t venue
    uint8_t side
    uint8_t ord_type

cdef struct Limit:                  # 128
    ScopeKeys scope
    uint16_t check
    uint8_t each
    uint8_t active
    uint16_t currency
    uint8_t soft
    uint8_t action                  # of a loss limit: the RiskState that it sets
    i128 value
    i128 lifted                     # by an override: this is the limit before `until_ns`
    int64_t until_ns
    int64_t window_ns
    uint32_t index                  # order of declaration
    uint32_t next                   # in its chain
    uint32_t group
    uint32_t counter                # of a limit without `each`: its counter, NONE until it is first asked for
    uint8_t denies                  # of a rate of cancels: new orders are denied while it is exceeded
    uint8_t pad[7]
    uint32_t pad2[4]

cdef struct Group:                  # 704
    ScopeKeys scope
    uint8_t each
    uint8_t whole                   # it is on all orders of its chain: no key but the account is given
    uint16_t currency               # NONE16: the account's
    uint32_t needs                  # Need bits
    uint32_t checks                 # bit a check that has a limit here
    uint32_t next                   # in its chain
    uint32_t tally                  # of a group without `each`: its tally, NONE until it is first asked for
    uint8_t own                     # {account} or {each account}, and nothing else
    uint8_t by_position             # it counts positions whole: no strategy, session or venue is in it
    uint8_t pad[2]
    uint32_t content                # counters of a group without `each`, NONE until they are asked for: of its
    uint32_t orders                 # duplicate_content, order_rate,
    uint32_t cancels                # cancel_rate
    uint32_t pad2
    i128 bounds[32]                 # [check] the tightest that the limit may be, for a glance
    uint32_t limits[32]             # [check] its index, where there is one

cdef struct Chain:                  # 16: the limits of one account, or of all
    uint32_t first                  # by check, then by declaration
    uint32_t groups
    uint32_t pad[2]

cdef struct Counter:                # 64
    uint32_t limit
    uint32_t key
    uint32_t first_time             # rate: a ring of time stamps in `times`
    uint32_t times
    uint32_t head
    uint32_t held
    uint8_t warned                  # 1: at 70 %, 2: at 90 %
    uint8_t pad[3]
    uint32_t size                   # of the ring that its limit needs
    int64_t window_ns               # its limit's
    int64_t stops                   # so many stamps in the window let no order pass; NEVER: any number does
    uint64_t pad2[2]

@cython.final
cdef class Limits:
    cdef Limit* limits
    cdef Group* groups
    cdef Counter* counters
    cdef int64_t* times
    cdef Chain* chains              # [account], one for limits on no one account, and one an account group
    cdef uint8_t* memberships       # [account x MEMBERSHIPS] account groups, from 1; 0: none
    cdef uint32_t* sectors          # [symbol]
    cdef Map64 counter_of
    cdef uint64_t* counts           # [0] limits, [1] counters, [2] groups, [3] time stamps, [4] refused: a table full,
                                    # [5] limits on what an account must have (no limit, no trading), [6] on losses,
                                    # [7] on own orders that would meet
    cdef uint32_t max_limits
    cdef uint32_t max_counters
    cdef uint32_t max_times
    cdef uint32_t max_accounts

    cdef uint32_t set(self, const LimitEvent* event) noexcept nogil
    cdef uint32_t find(self, uint16_t check, uint8_t each, const ScopeKeys* scope) noexcept nogil
    cdef bint lift(self, const OverrideEvent* event, uint32_t start, uint32_t* found) noexcept nogil
    cdef void _seen_tighter(self, const Limit* limit) noexcept nogil
    cdef bint join(self, uint32_t account, uint32_t group) noexcept nogil
    cdef bint has_any(self, uint32_t account) noexcept nogil
    cdef int _groups_of(self, uint32_t account, uint32_t* out) noexcept nogil
    cdef bint matches(self, const ScopeKeys* scope, const Keys* keys) noexcept nogil
    cdef bint of(self, uint32_t account, uint32_t scope_account) noexcept nogil
    cdef bint _member(self, uint32_t account, uint32_t group) noexcept nogil
    cdef uint32_t _counter(self, uint32_t limit, uint32_t key) noexcept nogil
    cdef i128 rate(self, uint32_t counter, int64_t now_ns, int64_t window_ns) noexcept nogil
    cdef int64_t passes_from(self, uint32_t counter) noexcept nogil
    cdef void _settle(self, Counter* counter) noexcept nogil
    cdef bint _has_room(self, Counter* counter) noexcept nogil
    cdef void count_time(self, uint32_t counter, int64_t now_ns) noexcept nogil
    cdef void _count_kind(self, uint16_t check, int more) noexcept nogil
    cdef void _forget(self, uint32_t index) noexcept nogil
    cdef uint32_t _group(self, const LimitEvent* event) noexcept nogil
    cdef void _chain(self, uint32_t index) noexcept nogil
    cdef uint32_t chain_of(self, const ScopeKeys* scope) noexcept nogil

    # Eight counts of one of risk's parts, 0 is ours: so many small tables would be one too many.
    cdef inline uint64_t* counts_of(self, int part) noexcept nogil:
        return self.counts + 8 * part

    # The chains that the account is in: room for CHAINS. How many.
    cdef inline int chains_of(self, uint32_t account, uint32_t* out) noexcept nogil:
        out[0] = account
        out[1] = self.max_accounts
        return 2 if not self.memberships[account * MEMBERSHIPS] else self._groups_of(account, out)

    cdef inline void prefetch(self, uint32_t account) noexcept nogil:
        prefetch_read(&self.chains[account])
        prefetch_read(self.memberships + account * MEMBERSHIPS)

    # What the limit is now: an override's value before its time is over.
    cdef inline i128 bound(self, const Limit* limit, int64_t now_ns) noexcept nogil:
        return limit.lifted if limit.until_ns > now_ns else limit.value

    # Whether a group of one of an order's chains is on the order.
    cdef inline bint applies(self, const Group* group, const Keys* keys) noexcept nogil:
        return group.whole or self.matches(&group.scope, keys)

    cdef inline uint32_t key(self, uint8_t each, const Keys* keys) noexcept nogil:
        return 0 if each == SC_ALL else each_key(each, keys)

    # A group's counters that every order asks for; NONE: the table is full.
    cdef inline uint32_t content_counter(self, const Group* group, uint32_t key) noexcept nogil:
        if group.content != NONE:
            return group.content
        return self.counter(group.limits[R_DUPLICATE_CONTENT - R_RESTRICTED], key)

    cdef inline uint32_t orders_counter(self, const Group* group, uint32_t key) noexcept nogil:
        if group.orders != NONE:
            return group.orders
        return self.counter(group.limits[R_ORDER_RATE - R_RESTRICTED], key)

    cdef inline uint32_t cancels_counter(self, const Group* group, uint32_t key) noexcept nogil:
        if group.cancels != NONE:
            return group.cancels
        return self.counter(group.limits[R_CANCEL_RATE - R_RESTRICTED], key)

    # The counter of one key, made when first asked for; NONE: the table is full.
    cdef inline uint32_t counter(self, uint32_t index, uint32_t key) noexcept nogil:
        cdef uint32_t found = self.limits[index].counter
        return found if found != NONE else self._counter(index, key)

cdef uint32_t each_key(uint8_t each, const Keys* keys) noexcept nogil
cdef bint is_account_group(uint32_t account) noexcept nogil
cdef bint is_own_account(uint32_t account) noexcept nogil
cdef bint warns(uint16_t check) noexcept nogil
cdef void remember_counter(Group* group, uint16_t check, uint32_t counter) noexcept nogil
cdef uint32_t needs_of(uint16_t check) noexcept nogil

cdef inline uint32_t bit_of(uint16_t check) noexcept nogil:
    return <uint32_t>1 << (check - R_RESTRICTED)

cdef inline const Keys* keys_of(const Order* order) noexcept nogil:
    return <const Keys*>&order.account
