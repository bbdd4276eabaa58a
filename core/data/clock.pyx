# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Times as text, into ns since the epoch UTC, exactly."""


cdef int64_t days_from_civil(int64_t year, int64_t month, int64_t day) noexcept nogil:
    """Days since 1970-01-01 of a day of the Gregorian calendar."""
    cdef int64_t y = year - (month <= 2)
    cdef int64_t era = (y if y >= 0 else y - 399) // 400
    cdef int64_t yoe = y - era * 400
    cdef int64_t doy = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468


cdef bint two(const char* p, int64_t low, int64_t high, int64_t* out) noexcept nogil:
    """Two digits within bounds."""
    if not (48 <= p[0] <= 57 and 48 <= p[1] <= 57):
        return 0
    out[0] = 10 * (p[0] - 48) + p[1] - 48
    return low <= out[0] <= high


cdef bint parse_iso(const char* p, Py_ssize_t n, int64_t* ns) noexcept nogil:
    """YYYY[-]MM[-]DD(T or space)HH:MM:SS[.fraction][Z | +HH:MM | -HH:MM]; without an offset it is UTC."""
    cdef int64_t century, year, month, day, hour, minute, second, off_hour, off_minute
    cdef int64_t fraction = 0
    cdef int64_t scale = 1_000_000_000
    cdef int64_t offset = 0
    cdef Py_ssize_t i = 4
    cdef int dash
    if n < 17 or not two(p, 19, 22, &century) or not two(p + 2, 0, 99, &year):
        return 0
    dash = p[4] == b"-"
    i += dash
    if not two(p + i, 1, 12, &month):
        return 0
    i += 2
    if dash:
        if p[i] != b"-":
            return 0
        i += 1
    if n - i < 11 or not two(p + i, 1, 31, &day) or (p[i + 2] != b"T" and p[i + 2] != b" "):
        return 0
    year += 100 * century
    if day > days_in(year, month):
        return 0
    i += 3
    if not two(p + i, 0, 23, &hour) or p[i + 2] != b":" or not two(p + i + 3, 0, 59, &minute) or p[i + 5] != b":":
        return 0
    if not two(p + i + 6, 0, 59, &second):
        return 0
    i += 8
    if i < n and p[i] == b".":
        i += 1
        if i == n or not 48 <= p[i] <= 57:
            return 0
        while i < n and 48 <= p[i] <= 57:
            scale //= 10
            if scale == 0:
                return 0
            fraction += scale * (p[i] - 48)
            i += 1
    if i < n and p[i] == b"Z":
        i += 1
    elif i < n and (p[i] == b"+" or p[i] == b"-"):
        if n - i != 6 or not two(p + i + 1, 0, 23, &off_hour) or p[i + 3] != b":" or not two(p + i + 4, 0, 59, &off_minute):
            return 0
        offset = (60 * off_hour + off_minute) * (60 if p[i] == b"+" else -60)
        i = n
    if i != n:
        return 0
    ns[0] = ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset
    ns[0] = ns[0] * 1_000_000_000 + fraction
    return 1


cdef int64_t days_in(int64_t year, int64_t month) noexcept nogil:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31
