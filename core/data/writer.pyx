# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Events as text: the rows of a CSV, the lines of a scenario."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from core.data.decimals cimport rescale
from core.data.reader cimport EVENT_LAST, EVENT_QUOTE, EVENT_TRADE, NO_SIDE, NO_TIME, Event

COLUMNS = ("recv_ts_ns", "exchange_ts_ns", "kind", "venue", "symbol", "side", "px", "qty", "bid_px", "bid_qty", "ask_px",
           "ask_qty", "last")

cdef enum:
    MOST = 512                      # bytes of a row without its names


cdef char* whole(char* p, int64_t value) noexcept nogil:
    """Writes an integer; where it ends."""
    cdef char digits[20]
    cdef int n = 0
    cdef uint64_t left = <uint64_t>value
    if value < 0:
        p[0] = b"-"
        p += 1
        left = -left
    while True:
        digits[n] = <char>(48 + left % 10)
        left //= 10
        n += 1
        if left == 0:
            break
    while n:
        n -= 1
        p[0] = digits[n]
        p += 1
    return p


cdef char* number(char* p, int64_t units, int digits) noexcept nogil:
    """Writes a decimal with its digits; where it ends."""
    cdef char text[24]
    cdef char* end = whole(text, units if units >= 0 else -units)
    cdef int n = <int>(end - text)
    cdef int i
    if units < 0:
        p[0] = b"-"
        p += 1
    if n <= digits:
        p[0] = b"0"
        p += 1
    for i in range(n - digits):
        p[0] = text[i]
        p += 1
    if digits:
        p[0] = b"."
        p += 1
        for i in range(digits - n):
            p[0] = b"0"
            p += 1
        for i in range(max(n - digits, 0), n):
            p[0] = text[i]
            p += 1
    return p


cdef char* put(char* p, bytes text) noexcept:
    memcpy(p, PyBytes_AS_STRING(text), <size_t>PyBytes_GET_SIZE(text))
    return p + PyBytes_GET_SIZE(text)


cdef char* words(char* p, const char* text) noexcept nogil:
    cdef int i = 0
    while text[i]:
        p[i] = text[i]
        i += 1
    return p + i


def csv_rows(events, bytes venue, list symbols):
    """Rows of COLUMNS for an array of dtype EVENT; symbols by the reader's index."""
    cdef const unsigned char[::1] raw = events.view("u1")
    cdef Py_ssize_t count = raw.shape[0] // sizeof(Event)
    cdef size_t longest = max(map(len, symbols), default=0)
    cdef char* text = <char*>malloc(<size_t>count * (MOST + longest + len(venue)) + 1)
    cdef char* p = text
    cdef Py_ssize_t i
    cdef const Event* event
    if text == NULL:
        raise MemoryError
    try:
        for i in range(count):
            event = &(<const Event*>&raw[0])[i]
            p = whole(p, event.recv_ts_ns)
            p = words(p, b",")
            if event.exchange_ts_ns != NO_TIME:
                p = whole(p, event.exchange_ts_ns)
            p = words(p, b",quote," if event.kind == EVENT_QUOTE else b",trade," if event.kind == EVENT_TRADE
                      else b",depth,")
            p = put(p, venue)
            p = words(p, b",")
            p = put(p, symbols[event.symbol])
            p = words(p, b"," if event.side == NO_SIDE else b",sell" if event.side else b",buy")
            p = _csv_prices(p, event)
            p = words(p, b",1\n" if event.flags & EVENT_LAST else b",0\n")
        return text[:p - text]
    finally:
        free(text)


cdef char* _csv_prices(char* p, const Event* event) noexcept nogil:
    """px, qty, then bid and ask: those that the kind has."""
    p = words(p, b",")
    if event.kind == EVENT_QUOTE:
        p = words(p, b",,")
    p = number(p, event.px, event.px_digits)
    p = words(p, b",")
    p = number(p, event.qty, event.qty_digits)
    if event.kind != EVENT_QUOTE:
        return words(p, b",,,,")
    p = words(p, b",")
    p = number(p, event.ask_px, event.px_digits)
    p = words(p, b",")
    return number(p, event.ask_qty, event.qty_digits)


cdef char* pair(char* p, const char* key, int64_t units, int digits, int wanted) except NULL:
    """`"key":"number"` with what stands before it, at the digits wanted."""
    cdef int64_t scaled
    if not rescale(units, digits, wanted, &scaled):
        raise ValueError(f"{units} of 10^-{digits} has no place among numbers of {wanted} digits: a core holds no more")
    return words(number(words(p, key), scaled, wanted), b'"')


def scenario_rows(events, bytes venue, list symbols, list digits):
    """A scenario's lines for an array of dtype EVENT; symbols and (price, quantity) digits by the reader's index."""
    cdef const unsigned char[::1] raw = events.view("u1")
    cdef Py_ssize_t count = raw.shape[0] // sizeof(Event)
    cdef size_t longest = max(map(len, symbols), default=0)
    cdef char* text = <char*>malloc(<size_t>count * (MOST + longest + len(venue)) + 1)
    cdef char* p = text
    cdef Py_ssize_t i
    cdef const Event* event
    cdef int px_to, qty_to
    if text == NULL:
        raise MemoryError
    try:
        for i in range(count):
            event = &(<const Event*>&raw[0])[i]
            px_to, qty_to = digits[event.symbol]
            p = words(p, b'{"type":"quote","at":' if event.kind == EVENT_QUOTE else
                      b'{"type":"trade","at":' if event.kind == EVENT_TRADE else b'{"type":"depth","at":')
            p = whole(p, event.recv_ts_ns)
            p = words(p, b',"venue":"')
            p = put(p, venue)
            p = words(p, b'","symbol":"')
            p = put(p, symbols[event.symbol])
            p = words(p, b'"')
            if event.kind == EVENT_QUOTE:
                p = pair(p, b',"bid_px":"', event.px, event.px_digits, px_to)
                p = pair(p, b',"bid_qty":"', event.qty, event.qty_digits, qty_to)
                p = pair(p, b',"ask_px":"', event.ask_px, event.px_digits, px_to)
                p = pair(p, b',"ask_qty":"', event.ask_qty, event.qty_digits, qty_to)
            else:
                if event.side != NO_SIDE:
                    p = words(p, b',"aggressor":' if event.kind == EVENT_TRADE else b',"side":')
                    p = words(p, b'"sell"' if event.side else b'"buy"')
                p = pair(p, b',"px":"', event.px, event.px_digits, px_to)
                p = pair(p, b',"qty":"', event.qty, event.qty_digits, qty_to)
            p = words(p, b"}\n")
        return text[:p - text]
    finally:
        free(text)
