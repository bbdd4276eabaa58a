# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Realtime, monotonic time, and fast ticks calibrated against it (see clock.pxd)."""

cdef int CALIBRATION_NS = 2_000_000

cdef bint _use_tsc = tsc_invariant()
cdef uint64_t _rate = 1 << 32          # ns a tick, as 32.32 fixed point
cdef int64_t _held = 0                 # not 0: what realtime is; a simulation's


cdef int64_t now_ns() noexcept nogil:
    return _held if _held else c_now_ns()


cdef int64_t mono_ns() noexcept nogil:
    return c_mono_ns()


cdef int64_t ticks() noexcept nogil:
    return <int64_t>read_tsc() if _use_tsc else c_mono_ns()


cdef int64_t ticks_to_ns(int64_t difference) noexcept nogil:
    return scale_ticks(difference, _rate)


def calibrate(int64_t duration_ns=CALIBRATION_NS):
    """Measures the tick's length over `duration_ns` (busy). Gives ns a tick. Done once at import, for 2 ms."""
    global _rate
    if not 1000 <= duration_ns <= 1_000_000_000:
        raise ValueError(f"clock: calibration over {duration_ns} ns; 1,000 to 1,000,000,000 are possible")
    if _use_tsc:
        _rate = _measure(duration_ns)
    return _rate / 4294967296.0


cdef uint64_t _measure(int64_t duration_ns) noexcept nogil:
    """Both ends read the two clocks as close together as a few tries allow."""
    cdef int64_t ns0 = 0, ns1 = 0
    cdef uint64_t t0 = _read_pair(&ns0)
    while c_mono_ns() - ns0 < duration_ns:
        pass
    cdef uint64_t t1 = _read_pair(&ns1)
    return (<uint64_t>(ns1 - ns0) << 32) // (t1 - t0) if t1 > t0 else <uint64_t>1 << 32


cdef uint64_t _read_pair(int64_t* ns) noexcept nogil:
    """The counter and the clock at one moment: the tightest of eight readings (an interrupt spoils some)."""
    cdef uint64_t before, after, best = ~<uint64_t>0, at = 0
    cdef int64_t read
    cdef int i
    for i in range(8):
        before = read_tsc()
        read = c_mono_ns()
        after = read_tsc()
        if after - before < best:
            best = after - before
            at = before + best // 2
            ns[0] = read
    return at


calibrate()


def now():
    """Realtime, ns since 1970."""
    return now_ns()


def held_at():
    """The address of the word that is realtime in this process where it isn't 0: whoever simulates time writes it."""
    return <size_t>&_held


def monotonic():
    """Monotonic time, ns."""
    return mono_ns()


def read_ticks():
    """The tick counter; only differences mean anything, through `ticks_ns`."""
    return ticks()


def ticks_ns(int64_t difference):
    """A difference of ticks in ns."""
    return ticks_to_ns(difference)


def uses_tsc():
    """True when ticks are the processor's counter, False when they are the monotonic clock."""
    return _use_tsc
