# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""FIX's bytes: see codec.pxd.

    8=FIX.4.4|9=61|35=0|34=2|49=ISLD|52=...|56=TW44|112=HELLO|10=131|        | is SOH, 0x01
    ^begin    ^from behind its SOH to before `10=`: so many bytes    ^sum of all before it, modulo 256

A message ends at the first CheckSum that does not begin before the BodyLength is over, so that a data field may hold
anything. Where BodyLength is too small the message still ends where it ends, and is garbled; where it is too large it
takes what follows with it, and all of that is garbled: what the sender meant can't be known.
"""
from datetime import UTC, datetime

from libc.stdint cimport int64_t
from libc.string cimport memchr, memcmp

MOST_BYTES = 1 << 16
"""Bytes of one message. A longer BodyLength is taken for junk, so that nothing waits for it."""

cdef enum:
    SOH = 1
    LONGEST_BEGIN = 16              # "8=FIXT.1.1" and its SOH, with some room
    LONGEST_LENGTH = 12
    EPOCH_ORDINAL = 719163          # 1970-01-01 in the proleptic calendar
    NS = 1000000000

cdef int64_t DAY_NS = 86400 * <int64_t>NS


class Garbled(ValueError):
    """Not a message: FIX's word for what is to be ignored. Its text says what is wrong."""


cdef class Framer:
    """Cuts a stream into messages. most: bytes of one message.

    `feed` what came, then `next` until None. What belongs to no message is counted in `junk` and dropped.
    """

    def __init__(self, most=MOST_BYTES):
        self._buffer = bytearray()
        self.most = most

    def feed(self, data):
        """Takes bytes as they came."""
        if self._at:
            del self._buffer[:self._at]
            self._at = 0
        self._buffer += data

    def next(self):
        """The next whole message as bytes, garbled or not; None: there is none yet."""
        cdef Py_ssize_t start
        cdef Py_ssize_t end
        while True:
            start = self._buffer.find(b"8=FIX", self._at)
            if start < 0:
                self._skip(max(self._at, len(self._buffer) - 4))
                return None
            self._skip(start)
            end = self._end()
            if end > 0:
                return self._cut(end)
            if end == 0:
                return None
            self._skip(self._at + 2)

    @property
    def held(self):
        """Bytes that wait for the rest of their message."""
        return len(self._buffer) - self._at

    cdef bytes _cut(self, Py_ssize_t end):
        cdef bytes frame = bytes(memoryview(self._buffer)[self._at:end])
        self._at = end
        return frame

    cdef void _skip(self, Py_ssize_t to):
        self.junk += to - self._at
        self._at = to

    cdef Py_ssize_t _end(self):
        """Where the message ends that begins at `_at`; 0: not yet here; -1: it is none."""
        cdef Py_ssize_t size = len(self._buffer)
        cdef Py_ssize_t begin_end = self._buffer.find(b"\x01", self._at, self._at + LONGEST_BEGIN)
        cdef Py_ssize_t length_end
        cdef Py_ssize_t at
        if begin_end < 0:
            return 0 if size < self._at + LONGEST_BEGIN else -1
        if size < begin_end + 3:
            return 0
        length_end = self._buffer.find(b"\x01", begin_end + 1, begin_end + 1 + LONGEST_LENGTH)
        if self._buffer[begin_end + 1:begin_end + 3] != b"9=":
            return -1
        if length_end < 0:
            return 0 if size < begin_end + 1 + LONGEST_LENGTH else -1
        digits = self._buffer[begin_end + 3:length_end]
        if not digits.isdigit() or int(digits) > self.most:
            return -1
        at = self._buffer.find(b"\x0110=", length_end + <Py_ssize_t>int(digits))
        if at < 0:
            return 0 if size - length_end < self.most + 16 else -1
        at = self._buffer.find(b"\x01", at + 4)
        return at + 1 if at >= 0 else (0 if size - length_end < self.most + 32 else -1)


cdef class Message:
    """A message's fields. begin: its BeginString; fields: (tag, value) from MsgType on, without CheckSum."""

    def __init__(self, bytes begin, list fields):
        self.begin = begin
        self.fields = fields
        self.msg_type = <bytes>(<tuple>fields[0])[1]

    cpdef bytes get(self, int tag):
        """The first value of a tag; None: it has none."""
        cdef tuple field
        for field in self.fields:
            if <int>field[0] == tag:
                return <bytes>field[1]
        return None

    def number(self, int tag):
        """The first value of a tag, which must be a whole number; 0 where it has none."""
        return int(self.get(tag) or b"0")

    def text(self, int tag):
        """The first value of a tag as text; "" where it has none."""
        found = self.get(tag)
        return "" if found is None else found.decode("utf-8", "replace")

    def __repr__(self):
        shown = "|".join(f"{tag}={'***' if tag == 554 else value.decode('latin-1')}" for tag, value in self.fields)
        return f"Message({self.begin.decode('latin-1')}|{shown})"


cdef Py_ssize_t _number(const unsigned char* at, const unsigned char* end, bint* negative) noexcept nogil:
    """Of a tag; -1: it is none. A sign is read so that a reject can name it."""
    cdef Py_ssize_t value = 0
    negative[0] = at < end and at[0] == c'-'
    if negative[0]:
        at += 1
    if at == end or end - at > 9:
        return -1
    while at < end:
        if at[0] < c'0' or at[0] > c'9':
            return -1
        value = value * 10 + at[0] - c'0'
        at += 1
    return value


cpdef Message parse(bytes frame, dict data_fields):
    """A whole message's fields. data_fields: the data field's tag by its length field's. Garbled says what is wrong."""
    cdef const unsigned char* start = frame
    cdef const unsigned char* end = start + len(frame)
    cdef const unsigned char* at = start
    cdef const unsigned char* equals
    cdef const unsigned char* stop
    cdef const unsigned char* body = NULL
    cdef const unsigned char* trailer = end - 7
    cdef Py_ssize_t tag
    cdef Py_ssize_t data_size = -1
    cdef Py_ssize_t data_tag = -1
    cdef Py_ssize_t number = 0
    cdef bint negative = 0
    cdef unsigned int total = 0
    cdef list fields = []
    cdef bytes begin = b""
    cdef bytes length = b""
    cdef bytes value
    if len(frame) < 16 or (trailer - 1)[0] != SOH or memcmp(trailer, b"10=", 3) or (end - 1)[0] != SOH:
        raise Garbled("CheckSum (10) isn't the last field, of three digits")
    while at < trailer:
        total += at[0]
        at += 1
    value = frame[len(frame) - 4:len(frame) - 1]
    if not value.isdigit() or int(value) != total % 256:
        raise Garbled(f"CheckSum (10) is {value.decode('latin-1')}, the bytes sum to {total % 256:03d}")
    at = start
    while at < trailer:
        equals = <const unsigned char*>memchr(at, c'=', trailer - at)
        tag = -1 if equals == NULL else _number(at, equals, &negative)
        if tag < 0:
            raise Garbled(f"field {number + 1} has no tag: {bytes(at[:min(trailer - at, 20)])!r}")
        at = equals + 1
        if data_size >= 0 and tag == data_tag:
            if data_size >= trailer - at or at[data_size] != SOH:
                raise Garbled(f"data field {tag} isn't as long as its length field says: {data_size}")
            stop = at + data_size
        else:
            stop = <const unsigned char*>memchr(at, SOH, trailer - at)
            if stop == NULL:
                raise Garbled(f"field {tag} doesn't end")
        value = at[:stop - at]
        at = stop + 1
        if number == 0:
            begin = value if tag == 8 else None
        elif number == 1:
            length = value if tag == 9 else None
            body = at
        elif number == 2 and tag != 35:
            raise Garbled(f"MsgType (35) isn't the third field, {tag} is")
        else:
            fields.append((-tag if negative else tag, value))
        if (number == 0 and begin is None) or (number == 1 and length is None):
            raise Garbled(f"the first three fields aren't 8, 9, 35: {tag} stands at place {number + 1}")
        number += 1
        data_size = -1
        if tag in data_fields and value.isdigit() and len(value) < 10:
            data_tag = data_fields[tag]
            data_size = int(value)
    if not fields:
        raise Garbled("no MsgType (35)")
    if not length.isdigit() or len(length) > 9 or int(length) != trailer - body:
        raise Garbled(f"BodyLength (9) is {length.decode('latin-1')}, the body has {trailer - body} bytes")
    return Message(begin, fields)


cpdef bytes encode(bytes begin, list fields):
    """A whole message. fields: (tag, value) from MsgType on, without BodyLength and CheckSum."""
    cdef tuple field
    cdef bytes body = b"".join([b"%d=%b\x01" % field for field in fields])
    cdef bytes head = b"8=%b\x019=%d\x01" % (begin, len(body))
    cdef bytes whole = head + body
    cdef const unsigned char* at = whole
    cdef unsigned int total = 0
    cdef Py_ssize_t i
    for i in range(len(whole)):
        total += at[i]
    return whole + b"10=%03d\x01" % (total % 256)


cdef int64_t _day = -1
cdef bytes _day_text = b""


cpdef bytes utc_timestamp(int64_t time_ns):
    """ns since 1970 as YYYYMMDD-HH:MM:SS.sss."""
    global _day, _day_text
    cdef int64_t day = time_ns // DAY_NS
    cdef int64_t rest = time_ns - day * DAY_NS
    cdef int64_t second = rest // NS
    if day != _day:
        _day_text = datetime.fromtimestamp(day * 86400, UTC).strftime("%Y%m%d").encode()
        _day = day
    return b"%b-%02d:%02d:%02d.%03d" % (
        _day_text, second // 3600, second // 60 % 60, second % 60, (rest - second * NS) // 1000000)


cpdef int64_t parse_utc_timestamp(bytes text) except? -1:
    """YYYYMMDD-HH:MM:SS, with up to nine digits of a second behind a point, as ns since 1970. ValueError: another form."""
    cdef bytes fraction
    cdef int hour
    cdef int minute
    cdef int second
    if len(text) < 17 or text[8] != c'-' or text[11] != c':' or text[14] != c':':
        raise ValueError(f"no UTC timestamp: {text!r}")
    parts = (text[:4], text[4:6], text[6:8], text[9:11], text[12:14], text[15:17])
    fraction = text[18:]
    if not b"".join(parts).isdigit() or (len(text) > 17 and (
            text[17] != c'.' or not fraction.isdigit() or len(fraction) > 9)):
        raise ValueError(f"no UTC timestamp: {text!r}")
    hour, minute, second = <int>int(parts[3]), <int>int(parts[4]), <int>int(parts[5])
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError(f"no UTC timestamp: {text!r}")
    return (_days_of(text[:8]) * 86400 + <int64_t>hour * 3600 + <int64_t>minute * 60 + second) * <int64_t>NS + (
        int(fraction.ljust(9, b"0")) if fraction else 0)


cdef bytes _date = b""
cdef int64_t _date_days = 0


cdef int64_t _days_of(bytes date) except? -1:
    """Of YYYYMMDD since 1970; the last one is remembered. ValueError: no date."""
    global _date, _date_days
    if date != _date:
        _date_days = datetime(int(date[:4]), int(date[4:6]), int(date[6:])).toordinal() - EPOCH_ORDINAL
        _date = date
    return _date_days
