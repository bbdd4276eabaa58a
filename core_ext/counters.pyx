# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The registry of counters over any buffer (layout: counters.pxd)."""
from libc.string cimport memcmp, memcpy, memset

from core_ext.atomics cimport compare_and_swap, cpu_relax, load_acquire, store_release

cdef uint64_t MAGIC = int.from_bytes(b"NACRCNTR", "little")
cdef uint32_t VERSION = 1
cdef uint64_t FREE = 0, WRITING = 1, READY = 2
LABEL_BYTES = 55


class CountersFull(MemoryError):
    """Every counter of the registry is taken."""


cdef class Counters:
    """Labelled 64-bit counters. `Counters(capacity)` has memory of its own; `format` and `attach` use a buffer."""

    def __init__(self, uint32_t capacity=256):
        self._window = Window(bytearray(Counters.bytes_needed(capacity)), "counters")
        _format(self, capacity)

    @staticmethod
    def bytes_needed(uint32_t capacity):
        """Bytes of buffer for this many counters."""
        if not 0 < capacity <= 65536:
            raise ValueError(f"counters: capacity {capacity}; 1 to 65,536 are possible")
        return sizeof(CountersHeader) + <size_t>capacity * (sizeof(CounterLabel) + sizeof(CounterLine))

    @staticmethod
    def format(buffer, uint32_t capacity):
        """Lays an empty registry over a writable buffer. ValueError: too small."""
        cdef Counters counters = Counters.__new__(Counters)
        cdef size_t need = Counters.bytes_needed(capacity)
        counters._window = Window(buffer, "counters")
        if counters._window.size < need:
            raise ValueError(f"counters: the buffer has {counters._window.size} bytes; {capacity} counters need "
                             f"{need}; make it larger")
        memset(counters._window.base, 0, need)
        _format(counters, capacity)
        return counters

    @staticmethod
    def attach(buffer):
        """Attaches to a registry that `format` made. ValueError names what is wrong."""
        cdef Counters counters = Counters.__new__(Counters)
        counters._window = Window(buffer, "counters")
        _check_header(counters._window)
        counters._bind()
        return counters

    cdef void _bind(self) noexcept:
        self._header = <CountersHeader*>self._window.base
        self._labels = <CounterLabel*>(self._window.base + sizeof(CountersHeader))
        self._lines = <CounterLine*>&self._labels[self._header.capacity]

    cdef int64_t* counter(self, str label) except NULL:
        cdef bytes text = _label_field(label)
        cdef const char* wanted = text
        cdef uint32_t i
        for i in range(self._header.capacity):
            if _take(&self._labels[i], wanted):
                return &self._lines[i].value
        raise CountersFull(f"counters: no room for {label!r}: all {self._header.capacity} are taken; format the "
                           "registry with more")

    def add(self, str label not None, int64_t n=1):
        """Adds n to a counter, registering it when new. For tests and slow paths."""
        add(self.counter(label), n)

    def set(self, str label not None, int64_t value):
        """Sets a counter used as a gauge."""
        set_value(self.counter(label), value)

    def get(self, str label not None):
        """The counter's value, registering it when new."""
        return <int64_t>load_relaxed(<uint64_t*>self.counter(label))

    def snapshot(self):
        """{label: value} of every counter, in the order of registering."""
        values = {}
        cdef uint32_t i
        for i in range(self._header.capacity):
            if load_acquire(&self._labels[i].state) == READY:
                label = self._labels[i].text[:56].rstrip(b"\0").decode()
                values[label] = <int64_t>load_relaxed(<uint64_t*>&self._lines[i].value)
        return values

    @property
    def capacity(self):
        """How many counters it holds at most."""
        return self._header.capacity


cdef bint _take(CounterLabel* label, const char* wanted) noexcept nogil:
    """True when this slot is, or now becomes, the wanted label's. A writer that died in between costs one slot."""
    cdef int spins = 0
    if compare_and_swap(&label.state, FREE, WRITING):
        memcpy(label.text, wanted, 56)
        store_release(&label.state, READY)
        return True
    while load_acquire(&label.state) == WRITING and spins < 100000:
        cpu_relax()
        spins += 1
    return load_acquire(&label.state) == READY and memcmp(label.text, wanted, 56) == 0


cdef bytes _label_field(str label):
    cdef bytes text = label.encode()
    if not 0 < len(text) <= LABEL_BYTES:
        raise ValueError(f"counters: label {label!r} has {len(text)} bytes; 1 to {LABEL_BYTES} are possible")
    return text.ljust(56, b"\0")


cdef void _format(Counters counters, uint32_t capacity):
    cdef CountersHeader* header = <CountersHeader*>counters._window.base
    header.version = VERSION
    header.capacity = capacity
    store_release(&header.magic, MAGIC)
    counters._bind()


cdef _check_header(Window window):
    cdef CountersHeader* header = <CountersHeader*>window.base
    if window.size < sizeof(CountersHeader) or load_acquire(&header.magic) != MAGIC or header.version != VERSION:
        raise ValueError(f"counters header: no registry of version {VERSION} in this buffer of {window.size} bytes; "
                         "format it first, or run one build")
    if window.size < Counters.bytes_needed(header.capacity):
        raise ValueError(f"counters header: {header.capacity} counters need "
                         f"{Counters.bytes_needed(header.capacity)} bytes, the buffer has {window.size}; attach to "
                         "the whole buffer")
