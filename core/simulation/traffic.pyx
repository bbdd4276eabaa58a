# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Traffic: see traffic.pxd.

The desk numbers what it says, and says it again to a core that came back without it. A session doesn't: what it asked
for and wasn't told of is unknown to it. Each response is held against its number, and against the journal's cursor.
"""
from libc.string cimport memcpy, memset

from core.messages cimport (
    K_CANCEL, K_CANCEL_ALL, K_ORDER, K_QUOTE, K_REPLACE, K_REPORT, NONE, NONE16, O_HAS_PRICE, O_HAS_QTY, RK_DENY,
    RK_ORDER, SIDE_BUY, SIDE_SELL, TIF_FOK, T_LIMIT, T_MARKET, CancelEvent, OrderEvent, QuoteEvent, ReplaceEvent,
    ReportEvent, Request,
)
from core.simulation.dice cimport below, chance
from core.simulation.marks cimport (
    M_DESK_FULL, M_FEED_FULL, M_SESSION_BEGAN_LATE, M_SESSION_LAPPED, M_SESSION_RING_FULL,
)
from core.venues.place cimport put_numbered
from core_ext.spine cimport published

from core.simulation.errors import Violation
from core.topology import LIVE_CURSORS

cdef enum:
    RECENT = 48                     # of the ids before: what cancels and replaces name
    STRANGE = 3                     # a source that no core has


cdef uint32_t id_of(const char* field) noexcept nogil:
    """The number in `o-<number>`; 0: it has none."""
    cdef uint32_t found = 0
    cdef int i
    for i in range(3, 1 + <uint8_t>field[0]):
        found = found * 10 + <uint8_t>field[i] - 48
    return found if found < IDS else 0


cdef class Traffic:
    """dice, marks: addresses that the whole seed shares. durable: nothing may be told that isn't on the disk."""

    def __init__(self, size_t dice, size_t marks, int symbols, int venues, int accounts, bint durable):
        self.dice, self.marks = <Dice*>dice, <uint64_t*>marks
        self._memory = Memory(OUTBOX * sizeof(Input) + IDS)
        self.outbox = <Input*>self._memory.base
        self.told = <uint8_t*>(self.outbox + OUTBOX)
        self.symbols, self.venues, self.accounts = symbols, venues, accounts
        self.durable = durable
        self.journal = LIVE_CURSORS.index("journal")
        self.requests, self.responses = [None] * CLIENTS, [None] * CLIENTS
        memset(self.clients, 0, sizeof(self.clients))

    def meet(self, Board board not None, dict counts) -> None:
        """A core, which has so many inputs of each source."""
        self.board = board
        self.pushed = counts.get(0, 0)
        self.fed = counts.get(1, 0)
        self.strange = counts.get(STRANGE, 0)

    def tell(self, int kind, bytes data, uint32_t session=0) -> int:
        """The desk says something; its number."""
        if not self.say(kind, session, <const char*>data, len(data)):
            raise Violation(f"the desk has {OUTBOX} inputs that no core took")
        return self.said

    def is_taken(self) -> bool:
        """Whether the desk's ring is empty, and all is on it."""
        return self.pushed == self.said and self.board.desk.count() == 0

    def open_client(self, int i, uint32_t session, requests, responses, bint slow) -> None:
        """A session's ends of its rings, fresh ones."""
        self.requests[i] = Ring.attach(requests)
        self.responses[i] = Spine.attach(responses)
        self.clients[i] = Client(0, 0, session, 1, slow, [0, 0])

    def close_client(self, int i) -> None:
        """It hangs up."""
        self.clients[i].open = 0

    def untake(self, int i) -> bool:
        """Its last request was taken, and the slot not given back."""
        if not self.clients[i].open or (<Ring>self.requests[i])._header.head == 0:
            return False
        (<Ring>self.requests[i])._header.head -= 1
        return True

    def hear_all(self) -> None:
        """Whatever is there by now."""
        for i in range(CLIENTS):
            if self.clients[i].open:
                self.hear(i)

    def told_of(self) -> list[tuple[int, int]]:
        """(id, what was told) of each id that a session was told of."""
        return [(i, self.told[i]) for i in range(1, self.ids + 1) if self.told[i]]

    # ---- the desk and the feed ---------------------------------------------------------------------------------------

    cdef bint say(self, uint16_t kind, uint32_t session, const void* data, size_t size) noexcept nogil:
        cdef Input* item = &self.outbox[(self.said + 1) % OUTBOX]
        if self.said - self.pushed >= OUTBOX // 2:
            return 0
        memset(item, 0, sizeof(Input))
        self.said += 1
        item.source_seq = self.said
        item.kind = kind
        item.length = <uint16_t>size
        item.session = session
        memcpy(item.request, data, size)
        return 1

    cdef void flush(self) noexcept nogil:
        cdef char* slot
        while self.pushed < self.said:
            slot = self.board.desk.claim()
            if slot == NULL:
                self.marks[<int>M_DESK_FULL] += 1
                return
            memcpy(slot, &self.outbox[(self.pushed + 1) % OUTBOX], sizeof(Input))
            self.pushed += 1
            self.board.desk.publish()

    cdef int quote(self) except -1:
        """The market around 10.00, of any symbol at any venue."""
        cdef Input* item = <Input*>self.board.feed.claim()
        cdef QuoteEvent* quote
        if item == NULL:
            self.marks[<int>M_FEED_FULL] += 1
            return 0
        memset(item, 0, sizeof(Input))
        quote = &(<Request*>item.request).quote
        self.fed += 1
        item.source, item.source_seq, item.kind, item.length = 1, self.fed, K_QUOTE, sizeof(QuoteEvent)
        self._fill_quote(quote)
        self.board.feed.publish()
        return 1

    cdef void _fill_quote(self, QuoteEvent* quote) noexcept nogil:
        quote.symbol, quote.venue = below(self.dice, self.symbols), <uint16_t>below(self.dice, self.venues)
        quote.bid_px = 990 + below(self.dice, 10)
        quote.ask_px = quote.bid_px + 1 + below(self.dice, 5)
        quote.bid_qty, quote.ask_qty = 1 + below(self.dice, 80), 1 + below(self.dice, 80)

    cdef bint say_quote(self) noexcept nogil:
        """The market, by the desk."""
        cdef QuoteEvent quote
        memset(&quote, 0, sizeof(quote))
        self._fill_quote(&quote)
        return self.say(K_QUOTE, 0, &quote, sizeof(quote))

    cdef bint report_nobody(self) noexcept nogil:
        """A report of an order that isn't ours, where gateways put theirs; 0: there is no room. The last two places
        are the gateways' alone, as those of a venue's reports are: who takes them away stops the core for ever."""
        cdef Input* item = <Input*>self.board.reports.claim()
        if not self.board.reports.has_room(3):
            return 0
        memset(item, 0, sizeof(Input))
        self.strange += 1
        item.source, item.source_seq, item.kind, item.length = STRANGE, self.strange, K_REPORT, sizeof(ReportEvent)
        self.board.reports.publish()
        return 1

    # ---- sessions ----------------------------------------------------------------------------------------------------

    cdef int request(self, int i) except -1:
        """Something that a session wants."""
        cdef Client* client = &self.clients[i]
        cdef Ring ring = <Ring>self.requests[i] if client.open else None
        cdef Input* item
        cdef uint64_t what = below(self.dice, 100)
        if ring is None or self.ids + 1 >= IDS:
            return 0
        item = <Input*>ring.claim()
        if item == NULL:
            self.marks[<int>M_SESSION_RING_FULL] += 1
            return 0
        memset(item, 0, sizeof(Input))
        client.sent += 1
        item.source_seq = client.sent
        if what < 62 or self.ids == 0:
            self._order(item)
        elif what < 98:
            self._change(item)
        else:
            item.kind = K_CANCEL_ALL
            memset(&(<Request*>item.request).filter.scope, 0xFF, sizeof((<Request*>item.request).filter.scope))
            (<Request*>item.request).filter.scope.account = below(self.dice, self.accounts)
        ring.publish()
        return 1

    cdef void _order(self, Input* item):
        cdef OrderEvent* order = &(<Request*>item.request).order
        item.kind = K_ORDER
        self.ids += 1
        put_numbered(order.cl_ord_id, 40, b"\x01o", c'-', self.ids)
        order.account, order.symbol = below(self.dice, self.accounts), below(self.dice, self.symbols)
        order.strategy, order.list_id = NONE, 0
        order.venue = NONE16 if chance(self.dice, 400) else <uint16_t>below(self.dice, self.venues)
        order.side = SIDE_BUY if chance(self.dice, 512) else SIDE_SELL
        order.ord_type = T_MARKET if chance(self.dice, 100) else T_LIMIT
        order.time_in_force = <uint8_t>below(self.dice, TIF_FOK + 1)
        order.flags = O_HAS_QTY | (O_HAS_PRICE if order.ord_type == T_LIMIT else 0)
        order.qty = 1 + below(self.dice, 60)
        order.price = 988 + below(self.dice, 24) if order.ord_type == T_LIMIT else 0

    cdef void _change(self, Input* item):
        """A cancel or a replace of an id of before, whatever became of it."""
        cdef CancelEvent* cancel = &(<Request*>item.request).cancel
        cdef ReplaceEvent* replace = &(<Request*>item.request).replace
        cdef uint32_t of = self.ids - below(self.dice, RECENT if self.ids > RECENT else self.ids)
        self.ids += 1
        if chance(self.dice, 620):
            item.kind = K_CANCEL
            put_numbered(cancel.cl_ord_id, 40, b"\x01o", c'-', self.ids)
            put_numbered(cancel.orig_cl_ord_id, 40, b"\x01o", c'-', of)
            return
        item.kind = K_REPLACE
        put_numbered(replace.cl_ord_id, 40, b"\x01o", c'-', self.ids)
        put_numbered(replace.orig_cl_ord_id, 40, b"\x01o", c'-', of)
        replace.flags = O_HAS_QTY | O_HAS_PRICE
        replace.qty, replace.price = 1 + below(self.dice, 60), 988 + below(self.dice, 24)

    cdef int hear(self, int i) except -1:
        """Reads what the session was told since."""
        cdef Client* client = &self.clients[i]
        cdef Spine ring = <Spine>self.responses[i]
        cdef uint64_t newest = ring.claimed()
        cdef char* slot
        if newest - client.heard > ring._capacity:
            self.marks[<int>M_SESSION_LAPPED] += 1
            client.heard = newest - ring._capacity
        while client.heard < newest:
            slot = ring.slot(client.heard + 1)
            if not published(slot, client.heard + 1):
                if client.heard + 1 >= ring.first_seq:
                    raise Violation(f"response {client.heard + 1} to session {client.session} is claimed and not whole")
                self.marks[<int>M_SESSION_BEGAN_LATE] += 1
                client.heard = ring.first_seq - 1
                continue
            client.heard += 1
            self._heard(client, <const Response*>slot, client.heard)
        return 0

    cdef int _heard(self, Client* client, const Response* response, uint64_t number) except -1:
        cdef uint32_t id = id_of(response.cl_ord_id)
        cdef uint64_t recorded = self.board.spine.cursor(self.journal)
        if response.number != number or response.session != client.session:
            raise Violation(f"session {client.session} has response {response.number} of session {response.session} "
                            f"where {number} is to be")
        if response.event > recorded or (self.durable and response.event > self.board.words.journal.durable):
            raise Violation(f"session {client.session} was told of event {response.event}, the journal has {recorded}, "
                            f"on the disk {self.board.words.journal.durable}")
        self.told[id] |= TOLD_DENIED if response.kind == RK_DENY else TOLD_ACCEPTED
        self.accepted += response.kind == RK_ORDER
        self.denied += response.kind == RK_DENY
        return 0
