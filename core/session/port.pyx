# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A client's end of its session's rings: see port.pxd.

What is plain is written straight into the slot of the ring: known names, numbers as int, Decimal or text. All else
is left to the caller, who has the words for what is wrong with it; so there is one place for errors, and it isn't
here.
"""
cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from cpython.dict cimport PyDict_GetItemWithError
from cpython.unicode cimport PyUnicode_DecodeASCII, PyUnicode_DecodeUTF8
from libc.string cimport memcpy, memset

from core.enums import OrdType, Side, TimeInForce
from core.messages cimport (
    K_CANCEL, K_ORDER, K_REPLACE, O_HAS_PRICE, O_HAS_QTY, O_POST_ONLY, RK_DENY, RK_ORDER, S_CANCELED, S_DONE_FOR_DAY,
    S_EXPIRED, S_FILLED, S_REJECTED, T_LIMIT, CancelEvent, OrderEvent, ReplaceEvent, Request,
)
from core.session.numbers cimport to_units
from core_ext.atomics cimport load_acquire, store_relaxed
from core_ext.spine cimport published

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    const char* PyUnicode_DATA(object text)
    ctypedef struct PyTypeObject:
        object (*tp_new)(type kind, object given, PyObject* named)

cdef enum:
    HEAD = 48                       # bytes of an Input before its request

cdef dict SIDES = {side.name.lower(): side.value for side in Side}
cdef dict ORD_TYPES = {kind.name.lower(): kind.value for kind in (OrdType.MARKET, OrdType.LIMIT)}
cdef dict TIMES_IN_FORCE = {tif.name.lower(): tif.value for tif in TimeInForce}


# ---- names -----------------------------------------------------------------------------------------------------------


cdef bint put_name(char* field, object name) noexcept:
    """A name's field, {u8 length, char text[39]}, zeroed before; 0: it has to be looked at more closely."""
    cdef Py_ssize_t length, i
    cdef const char* text
    if type(name) is not str or not PyUnicode_IS_ASCII(name):
        return 0
    length = PyUnicode_GET_LENGTH(name)
    if not 0 < length <= NAME_MAX:
        return 0
    text = PyUnicode_DATA(name)
    for i in range(length):
        if not c" " <= text[i] <= c"~":
            return 0
    field[0] = <char>length
    memcpy(field + 1, text, length)
    return 1


cdef str name_of(const char* field):
    cdef Py_ssize_t length = <unsigned char>field[0]
    return PyUnicode_DecodeUTF8(field + 1, min(length, NAME_MAX), "replace")


cdef inline long index_of(dict indices, object name) except? -1:
    """The index by that name; -1 where there is none."""
    cdef PyObject* found = PyDict_GetItemWithError(indices, name)
    return -1 if found == NULL else <long><object>found


# ---- responses -------------------------------------------------------------------------------------------------------


cdef bint has_ended(uint32_t status) noexcept:
    return (status == S_FILLED or status == S_CANCELED or status == S_EXPIRED or status == S_REJECTED
            or status == S_DONE_FOR_DAY)


def answer_of(kind, bytes slot not None, symbol=None):
    """A response of that class from a slot's bytes. ValueError: they are too few or too many."""
    cdef Answer answer = kind.__new__(kind)
    if len(slot) != sizeof(Response):
        raise ValueError(f"a response of {len(slot)} bytes, not {sizeof(Response)}: client and core are of two versions")
    memcpy(&answer.raw, <const char*>slot, sizeof(Response))
    answer._symbol = symbol
    return answer


cdef class Answer:
    """A response as it came, in codes and units, with its order's symbol where it is known."""

    def __reduce__(self):
        slot = PyBytes_FromStringAndSize(<const char*>&self.raw, sizeof(Response))
        return answer_of, (type(self), slot, self._symbol)

    @property
    def is_plain(self):
        return self._symbol is not None and self.raw.kind == RK_ORDER and not has_ended(self.raw.status)

    @property
    def is_denial(self):
        return self.raw.kind == RK_DENY

    @property
    def seq(self):
        return self.raw.seq

    @property
    def event(self):
        return self.raw.event

    @property
    def order(self):
        return self.raw.order

    @property
    def time_ns(self):
        return self.raw.time_ns

    @property
    def cl_ord_id(self):
        if self._id is None:
            self._id = name_of(self.raw.cl_ord_id)
        return self._id

    @property
    def orig_cl_ord_id(self):
        return name_of(self.raw.orig_cl_ord_id) if self.raw.orig_cl_ord_id[0] else None

    @property
    def exec_code(self):
        return self.raw.exec_type

    @property
    def status_code(self):
        return self.raw.status

    @property
    def reason_code(self):
        return self.raw.reason

    @property
    def side_code(self):
        return self.raw.side

    @property
    def order_units(self):
        return self.raw.order_qty

    @property
    def cum_units(self):
        return self.raw.cum_qty

    @property
    def leaves_units(self):
        return self.raw.leaves_qty

    @property
    def last_units(self):
        return self.raw.last_qty

    @property
    def last_px_units(self):
        return self.raw.last_px

    @property
    def price_units(self):
        return self.raw.price

    @property
    def notional(self):
        return (<object><int64_t>(self.raw.notional >> 64) << 64) | <object><uint64_t>self.raw.notional


cdef bint begins_after(Spine ring, uint64_t seq) noexcept:
    """Whether the ring never had that one: who is told for the first time may have missed some already."""
    return seq < load_acquire(&ring._header.gating + 1) and not published(ring.slot(seq), seq)


# ---- the port --------------------------------------------------------------------------------------------------------


cdef class Listed:
    pass


cdef Listed _listed(symbol):
    cdef Listed out = Listed.__new__(Listed)
    out.symbol = symbol
    out.index = symbol.index
    out.price_precision = symbol.price_precision
    out.qty_precision = symbol.qty_precision
    return out


cdef bint _put_numbers(OrderEvent* order, Listed listed, qty, price) except -1:
    """Quantity and price in the instrument's units; 0: they can't be said so, or don't go with the type."""
    if (price is None) == (order.ord_type == T_LIMIT) or not to_units(qty, listed.qty_precision, &order.qty):
        return 0
    order.symbol = listed.index
    order.flags = O_HAS_QTY
    if price is None:
        return 1
    order.flags |= O_HAS_PRICE
    return to_units(price, listed.price_precision, &order.price)


cdef class Port:
    """A client's end of its rings. One thread uses it."""

    def __init__(self, Ring requests not None, Spine responses not None, str prefix not None, symbols, accounts,
                 venues, type answer=Answer):
        cdef bytes text = prefix.encode("ascii")
        if not 0 < len(text) <= PREFIX_MAX:
            raise ValueError(f"port: prefix {prefix!r} has {len(text)} characters; 1 to {PREFIX_MAX} are possible")
        if requests._slot_size != sizeof(Input) or responses._slot_size != sizeof(Response):
            raise ValueError(f"port: slots of {requests.slot_size} and {responses.slot_size} bytes, not {sizeof(Input)} "
                             f"and {sizeof(Response)}: client and core are of two versions")
        self.requests = requests
        self.responses = responses
        if not issubclass(answer, Answer):
            raise ValueError(f"port: {answer.__name__} is no Answer")
        self.answer = answer
        self.next_seq = 1
        self.known = {}
        self.listed = {symbol.name: _listed(symbol) for symbol in symbols}
        self.accounts = dict(accounts)
        self.venues = dict(venues)
        self.prefix_length = <int>len(text)
        memcpy(self.prefix, <const char*>text, len(text))

    @property
    def capacity(self):
        return self.requests._capacity

    # ---- requests ----------------------------------------------------------------------------------------------

    def new_id(self):
        """A cl_ord_id that no other session gives."""
        cdef char text[40]
        return PyUnicode_DecodeASCII(text, self._write_id(text), NULL)

    cdef int _write_id(self, char* text):
        """The next cl_ord_id that is made up; its length."""
        cdef char digits[24]
        cdef int n = 0
        cdef int length = self.prefix_length
        cdef uint64_t left
        self.ids += 1
        left = self.ids
        memcpy(text, self.prefix, length)
        while left:
            digits[n] = <char>(c"0" + left % 10)
            left //= 10
            n += 1
        while n and length < NAME_MAX:
            n -= 1
            text[length] = digits[n]
            length += 1
        return length

    cdef bint _put_id(self, char* field, object given):
        """Writes the id that was given, or a new one; 0: it must be looked at more closely."""
        if given:
            return put_name(field, given)
        field[0] = <char>self._write_id(field + 1)
        return 1

    cdef Input* _begin(self, uint32_t kind, size_t length):
        """The next slot with its head; NULL: the ring is full.

        What lies beyond the request was never written by anything longer, so it is zero still.
        """
        cdef Input* item = <Input*>self.requests.claim()
        if item != NULL:
            memset(item, 0, HEAD + sizeof(OrderEvent))
            item.source_seq = self.sent + 1
            item.kind = <unsigned short>kind
            item.length = <unsigned short>length
        return item

    cdef str _end(self, char* field, object given):
        """Hands the slot over. Then, while the core is at it: the request's cl_ord_id, which stands in `field`."""
        self.requests.publish()
        self.sent += 1
        return given if given else PyUnicode_DecodeASCII(field + 1, field[0], NULL)

    def push(self, bytes slot not None):
        """Sends a request's bytes, which hold the source_seq `sent` + 1. False: the ring is full."""
        if not self.requests.try_push(slot):
            return False
        self.sent += 1
        return True

    cpdef str order(self, symbol, side, qty, ord_type, price, account, venue, time_in_force, uint32_t strategy, post_only,
                    cl_ord_id, expire_ns):
        """Sends an order as the caller said it; its cl_ord_id. None: see port.pyi; nothing was sent."""
        cdef PyObject* found = PyDict_GetItemWithError(self.listed, symbol)
        cdef Input* item = self._begin(K_ORDER, sizeof(OrderEvent))
        cdef OrderEvent* order
        cdef str sent
        if found == NULL or item == NULL or expire_ns is not None:
            return None
        order = &(<Request*>item.request).order
        if not (self._say(order, side, ord_type, account, venue, time_in_force)
                and _put_numbers(order, <Listed>found, qty, price) and self._put_id(order.cl_ord_id, cl_ord_id)):
            return None
        order.strategy = strategy
        if post_only:
            order.flags |= O_POST_ONLY
        sent = self._end(order.cl_ord_id, cl_ord_id)
        self.known.setdefault(sent, (<Listed>found).symbol)
        return sent

    def trade_for(self, uint32_t strategy, otherwise) -> None:
        """See port.pyi."""
        self.strategy = strategy
        self.otherwise = otherwise

    def submit(self, symbol, side, qty, ord_type="market", price=None, account=None, venue=None, time_in_force="day",
               post_only=False, cl_ord_id=None, expire_ns=None):
        """`order` for the strategy of `trade_for`, and the other way where it is not to be said so."""
        sent = self.order(symbol, side, qty, ord_type, price, account, venue, time_in_force, self.strategy, post_only,
                          cl_ord_id, expire_ns)
        if sent is None:
            sent = self.otherwise(symbol, side, qty, ord_type, price, account, venue, time_in_force, self.strategy,
                                  post_only, cl_ord_id, expire_ns)
        return sent

    cdef bint _say(self, OrderEvent* order, side, ord_type, account, venue, time_in_force) except -1:
        """Names as codes and indices; 0: one of them isn't known."""
        cdef long account_index = index_of(self.accounts, account)
        cdef long venue_index = index_of(self.venues, venue)
        cdef long side_code = index_of(SIDES, side)
        cdef long type_code = index_of(ORD_TYPES, ord_type)
        cdef long tif_code = index_of(TIMES_IN_FORCE, time_in_force)
        if account_index < 0 or venue_index < 0 or side_code < 0 or type_code < 0 or tif_code < 0:
            return 0
        order.account = <uint32_t>account_index
        order.venue = <unsigned short>venue_index
        order.side = <unsigned char>side_code
        order.ord_type = <unsigned char>type_code
        order.time_in_force = <unsigned char>tif_code
        return 1

    def cancel(self, orig_cl_ord_id, cl_ord_id):
        """Sends a cancel; its cl_ord_id, or None, see `order`."""
        cdef Input* item = self._begin(K_CANCEL, sizeof(CancelEvent))
        cdef CancelEvent* cancel
        cdef str sent
        if item == NULL:
            return None
        cancel = &(<Request*>item.request).cancel
        if not put_name(cancel.orig_cl_ord_id, orig_cl_ord_id) or not self._put_id(cancel.cl_ord_id, cl_ord_id):
            return None
        sent = self._end(cancel.cl_ord_id, cl_ord_id)
        self._follows(orig_cl_ord_id, sent)
        return sent

    def replace(self, orig_cl_ord_id, qty, price, cl_ord_id):
        """Sends a replace; its cl_ord_id, or None, see `order`."""
        cdef Input* item
        cdef ReplaceEvent* replace
        cdef Listed listed
        cdef int64_t units = 0
        cdef int64_t px = 0
        cdef str sent
        symbol = self.known.get(orig_cl_ord_id)
        if symbol is None or (qty is None and price is None):
            return None
        listed = self.listed[symbol.name]
        if qty is not None and not to_units(qty, listed.qty_precision, &units):
            return None
        if price is not None and not to_units(price, listed.price_precision, &px):
            return None
        item = self._begin(K_REPLACE, sizeof(ReplaceEvent))
        if item == NULL:
            return None
        replace = &(<Request*>item.request).replace
        if not put_name(replace.orig_cl_ord_id, orig_cl_ord_id) or not self._put_id(replace.cl_ord_id, cl_ord_id):
            return None
        replace.qty = units
        replace.price = px
        replace.flags = (0 if qty is None else O_HAS_QTY) | (0 if price is None else O_HAS_PRICE)
        sent = self._end(replace.cl_ord_id, cl_ord_id)
        self.known.setdefault(sent, symbol)
        return sent

    cdef _follows(self, orig, sent):
        """A request about an order whose symbol is known is of that symbol."""
        symbol = self.known.get(orig)
        if symbol is not None:
            self.known.setdefault(sent, symbol)

    # ---- responses ---------------------------------------------------------------------------------------------

    def take(self):
        """The next response; None where there is none, or, see `lapsed`, none any more."""
        cdef uint64_t seq = self.next_seq
        cdef uint64_t found = load_acquire(<const uint64_t*>self.responses.slot(seq))
        cdef Answer answer
        self.lapsed = found > seq or (found != seq and begins_after(self.responses, seq))
        if found != seq:
            return None
        answer = self.blank()
        if not self.responses.copy(seq, <char*>&answer.raw):
            self.lapsed = True
            return None
        self.next_seq = seq + 1
        self._recognise(answer)
        return answer

    cdef Answer blank(self):
        """An answer to be filled."""
        return <Answer>(<PyTypeObject*>self.answer).tp_new(self.answer, (), NULL)

    cdef _recognise(self, Answer answer):
        """Gives an answer its order's symbol, where that is known."""
        cdef PyObject* symbol
        answer._id = name_of(answer.raw.cl_ord_id)
        symbol = PyDict_GetItemWithError(self.known, answer._id)
        if symbol != NULL:
            answer._symbol = <object>symbol

    def oldest(self):
        """None where nothing was lost; else from where to read on: where the ring begins, or half of it behind the
        writer."""
        cdef int64_t ahead = <int64_t>(self.responses.claimed() - self.next_seq)
        if ahead < <int64_t>self.responses._capacity:
            return self.responses.first_seq if begins_after(self.responses, self.next_seq) else None
        if self.lost_at != self.next_seq:       # each loss once, however often it is asked for
            self.lost_at = self.next_seq
            store_relaxed(&self.requests._header.fulls + 1, self.requests.lapped + 1)
        return max(self.next_seq + ahead - self.responses._capacity // 2 + 1, self.responses.first_seq)

    def decode(self, bytes slot not None):
        """A response's bytes that came another way."""
        cdef Answer answer = answer_of(self.answer, slot)
        self._recognise(answer)
        return answer
