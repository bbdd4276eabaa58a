# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Arena: one block of plain or shared memory that typed tables are carved from (layout: arena.pxd)."""
import hashlib
import struct

from cpython.buffer cimport PyBUF_READ, PyBUF_WRITE
from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.string cimport memcmp, memcpy, memset

from core_ext.memory cimport Memory, lay

cdef extern from * nogil:
    """
    #include <sys/mman.h>
    #ifndef MADV_POPULATE_WRITE
    #define MADV_POPULATE_WRITE 23            /* Linux 5.14; EINVAL before */
    #endif
    static int nacre_populate_arena(char* base, size_t size) { return madvise(base, size, MADV_POPULATE_WRITE); }
    """
    int populate "nacre_populate_arena" (char* base, size_t size)
    int madvise(void* start, size_t size, int advice)
    int MADV_HUGEPAGE

cdef uint64_t MAGIC = int.from_bytes(b"NACRAREN", "little")
cdef uint32_t VERSION = 1
cdef uint64_t DERIVED = 1
cdef size_t HUGE_FROM = 8 << 20              # bytes of a table that is read at random and misses the processor's TLB

# A saved arena: this header, then for each table its entry and its bytes in use, then a blake2b of all before it.
_SAVED = struct.Struct("<8sII")
_SAVED_TABLE = struct.Struct("<64sQQQQ")     # name, item_size, count, items in use, flags
_SAVED_MAGIC = b"NACRSAVE"
_DIGEST_BYTES = 32


class ArenaFull(MemoryError):
    """A table does not fit into its arena. The message names the table, the bytes needed and the bytes free."""


cdef class Arena:
    """Tables without pointers in one block. `Arena(capacity)` owns plain memory; `over` and `attach` use a buffer."""

    def __init__(self, size_t capacity):
        """capacity: bytes of plain memory, directory included (see `bytes_needed`)."""
        if capacity < sizeof(ArenaHeader):
            raise ValueError(f"arena: capacity {capacity} bytes is less than the directory's {sizeof(ArenaHeader)}; "
                             "size it with Arena.bytes_needed")
        self._window = Window(Memory(capacity), "arena", 64)
        _format(self)

    @staticmethod
    def bytes_needed(tables):
        """Bytes for tables given as (item_size, count) pairs."""
        return sizeof(ArenaHeader) + sum(_line_up(size * count) for size, count in tables)

    @staticmethod
    def over(buffer):
        """Lays an empty arena over a writable buffer that starts on a cache line, zeroing all of it."""
        cdef Arena arena = Arena.__new__(Arena)
        arena._window = Window(buffer, "arena", 64)
        if arena._window.size < sizeof(ArenaHeader):
            raise ValueError(f"arena: the buffer has {arena._window.size} bytes, the directory alone takes "
                             f"{sizeof(ArenaHeader)}; size it with Arena.bytes_needed")
        memset(arena._window.base, 0, arena._window.size)
        _format(arena)
        return arena

    @staticmethod
    def attach(buffer):
        """Attaches to an arena that another object or process made. ValueError when the header is not one."""
        cdef Arena arena = Arena.__new__(Arena)
        arena._window = Window(buffer, "arena", 64)
        _check_header(arena._window)
        _bind(arena)
        return arena

    cdef char* table(self, str name, size_t item_size, size_t count) except NULL:
        cdef ArenaTable* table = self._find(name)
        if table == NULL:
            table = _carve(self, name, item_size, count)
        elif table.item_size != item_size or table.count != count:
            raise ValueError(f"arena: table {name!r} has {table.count} items of {table.item_size} bytes, asked for "
                             f"{count} of {item_size}; run the same configuration and build, or make a new arena")
        return self.base + table.offset

    cdef int derived(self, str name) except -1:
        self._named(name).flags |= DERIVED
        return 0

    cdef int used_by(self, str name, const uint64_t* used) except -1:
        cdef ArenaTable* table = self._named(name)
        cdef size_t offset = <const char*>used - self.base
        if offset < sizeof(ArenaHeader) or offset + 8 > self._header.used or offset % 8:
            raise ValueError(f"arena: the count of table {name!r} lies outside the arena (offset {offset}); "
                             "keep it in a table of the same arena")
        table.used_at = offset
        return 0

    cdef ArenaTable* _find(self, str name) except? NULL:
        cdef bytes key = _name_field(name)
        cdef const char* wanted = key
        cdef uint32_t i
        for i in range(self._header.tables):
            if memcmp(self._header.table[i].name, wanted, 64) == 0:
                return &self._header.table[i]
        return NULL

    cdef ArenaTable* _named(self, str name) except NULL:
        cdef ArenaTable* table = self._find(name)
        if table == NULL:
            raise KeyError(f"arena: no table {name!r}; there are {self.table_names}")
        return table

    cdef uint64_t _items(self, ArenaTable* table) noexcept nogil:
        """Items in use, never more than there are: a bad count must not make anyone read past the table."""
        cdef uint64_t used = table.count
        if table.used_at:
            used = (<uint64_t*>(self.base + table.used_at))[0]
        return used if used < table.count else table.count

    cdef object _content(self, ArenaTable* table):
        cdef Py_ssize_t size = self._items(table) * table.item_size
        return PyMemoryView_FromMemory(self.base + table.offset, size, PyBUF_READ)

    def touch(self):
        """Takes every page of its tables from the machine now, so that no first touch happens on the path; bytes."""
        if populate(self._window.base, self._header.used) != 0:
            _touch_pages(self.base, self._header.used)
        return self._header.used

    @property
    def capacity(self):
        """Bytes in all."""
        return self._header.capacity

    @property
    def free(self):
        """Bytes not carved yet."""
        return self._header.capacity - self._header.used

    @property
    def table_names(self):
        """Names in the order of carving."""
        return [_name_text(&self._header.table[i]) for i in range(self._header.tables)]

    def add_table(self, str name, size_t item_size, size_t count, *, bint derived=False):
        """Carves a table (or finds it again) and gives its bytes as a writable memoryview."""
        cdef char* start = self.table(name, item_size, count)
        if derived:
            self.derived(name)
        return PyMemoryView_FromMemory(start, item_size * count, PyBUF_WRITE)

    def count_by(self, str name, str count_table, size_t offset=0):
        """The items in use of `name` are counted by the u64 at `offset` bytes into table `count_table`."""
        self.used_by(name, <const uint64_t*>(self.base + self._named(count_table).offset + offset))

    def used_items(self, str name):
        """Items in use of this table."""
        return self._items(self._named(name))

    def digest(self):
        """blake2b (hex, 256 bits) over name, item size and items in use of every table that is not derived.

        What lies beyond the items in use, and how the arena is laid out, does not count.
        """
        hasher = hashlib.blake2b(digest_size=_DIGEST_BYTES)
        cdef ArenaTable* table
        cdef uint32_t i
        for i in range(self._header.tables):
            table = &self._header.table[i]
            if table.flags & DERIVED == 0:
                hasher.update(struct.pack("<64sQQ", table.name[:64], table.item_size, self._items(table)))
                hasher.update(self._content(table))
        return hasher.hexdigest()

    def save(self):
        """Everything in use as bytes, derived tables too, with a digest at the end; `load` takes it back."""
        saved = b"".join(self.parts())
        return saved + hashlib.blake2b(saved, digest_size=_DIGEST_BYTES).digest()

    def parts(self):
        """What `save` joins before its digest, without a copy of any table: buffers that are good until something is
        written there. Joined, they are what `load_parts` takes."""
        cdef ArenaTable* table
        cdef uint32_t i
        parts = [_SAVED.pack(_SAVED_MAGIC, VERSION, self._header.tables)]
        for i in range(self._header.tables):
            table = &self._header.table[i]
            parts.append(_SAVED_TABLE.pack(table.name[:64], table.item_size, table.count, self._items(table),
                                           table.flags))
            parts.append(self._content(table))
        return parts

    def load(self, saved):
        """Replaces the content by what `save` gave. The tables must be the same; addresses stay.

        ValueError names what differs; nothing is changed then.
        """
        view = memoryview(saved).cast("B")
        body = view[:-_DIGEST_BYTES]
        if hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() != bytes(view[-_DIGEST_BYTES:]):
            raise ValueError(f"arena load: the digest of {len(view)} bytes does not match; the file is damaged: "
                             "use an older snapshot")
        self.load_parts(body)

    def load_parts(self, parts):
        """`load` for who has checked the bytes already: what `parts` gave, joined, without a digest."""
        cdef bint own = isinstance(<object>self._window._view.obj, Memory)
        cdef ArenaTable* table
        cdef const unsigned char[::1] content
        for name, part in _parse(self, memoryview(parts).cast("B")).items():
            table = self._named(name)
            content = part
            _lay(self.base + table.offset, table.item_size * table.count,
                 <const char*>&content[0] if content.shape[0] else NULL, content.shape[0], own)


cdef void _lay(char* at, size_t size, const char* content, size_t length, bint own) noexcept nogil:
    """The content, and zeros behind it."""
    if own:
        lay(at, size, content, length)
        return
    memset(at + length, 0, size - length)
    if length:
        memcpy(at, content, length)


cdef inline size_t _line_up(size_t n) noexcept nogil:
    return (n + 63) & ~<size_t>63


cdef bytes _name_field(str name):
    cdef bytes field = name.encode()
    if not 0 < len(field) < 64:
        raise ValueError(f"arena: table name {name!r} has {len(field)} bytes; 1 to 63 are possible")
    return field.ljust(64, b"\0")


cdef str _name_text(ArenaTable* table):
    return table.name[:64].rstrip(b"\0").decode()


cdef void _bind(Arena arena):
    arena.base = arena._window.base
    arena._header = <ArenaHeader*>arena.base


cdef void _touch_pages(char* base, size_t size) noexcept nogil:
    """An old kernel: writing what is there takes the page."""
    cdef volatile char* at = base
    cdef size_t i
    for i in range(0, size, 4096):
        at[i] = at[i]


cdef void _format(Arena arena):
    _bind(arena)
    arena._header.version = VERSION
    arena._header.capacity = arena._window.size
    arena._header.used = sizeof(ArenaHeader)
    arena._header.magic = MAGIC


cdef void _ask_for_huge_pages(char* start, size_t size) noexcept:
    """Pages of 2 MiB where the kernel has them (transparent_hugepage `madvise`); it may say no, and nothing is lost."""
    cdef size_t first = (<size_t>start + 4095) & ~<size_t>4095
    cdef size_t end = (<size_t>start + size) & ~<size_t>4095
    madvise(<void*>first, end - first, MADV_HUGEPAGE)


cdef ArenaTable* _carve(Arena arena, str name, size_t item_size, size_t count) except NULL:
    cdef ArenaHeader* header = arena._header
    if item_size == 0 or count == 0 or count > (<size_t>1 << 62) // item_size:
        raise ValueError(f"arena: table {name!r} of {count} items of {item_size} bytes; both must be positive, "
                         "and their product below 2**62")
    if header.tables == ARENA_TABLES:
        raise ArenaFull(f"arena: table {name!r} would be number {ARENA_TABLES + 1} of {ARENA_TABLES}; merge tables")
    cdef size_t need = _line_up(item_size * count)
    if need > header.capacity - header.used:
        raise ArenaFull(f"arena: table {name!r} needs {need} bytes, {header.capacity - header.used} of "
                        f"{header.capacity} are free; give the arena {need - (header.capacity - header.used)} more "
                        "bytes or the table fewer items")
    cdef bytes field = _name_field(name)
    cdef ArenaTable* table = &header.table[header.tables]
    if need >= HUGE_FROM:
        _ask_for_huge_pages(arena.base + header.used, need)
    memcpy(table.name, <const char*>field, 64)
    table.offset = header.used
    table.item_size = item_size
    table.count = count
    header.used += need
    header.tables += 1
    return table


cdef _check_header(Window window):
    cdef ArenaHeader* header = <ArenaHeader*>window.base
    if window.size < sizeof(ArenaHeader) or header.magic != MAGIC:
        raise ValueError(f"arena header: no arena in this buffer of {window.size} bytes (magic "
                         f"{header.magic if window.size >= 8 else 0:#x}, not {MAGIC:#x}); make one with Arena.over")
    if header.version != VERSION:
        raise ValueError(f"arena header: version {header.version}, this build reads {VERSION}; run the same build")
    if header.capacity > window.size or header.used > header.capacity or header.tables > ARENA_TABLES:
        raise ValueError(f"arena header: {header.tables} tables in {header.used} of {header.capacity} bytes do not "
                         f"fit a buffer of {window.size}; attach to the whole buffer")
    cdef ArenaTable* table
    cdef uint32_t i
    for i in range(header.tables):
        table = &header.table[i]
        if table.item_size == 0 or table.offset > header.used or table.used_at > header.used - 8 \
                or table.count > (header.used - table.offset) // table.item_size:
            raise ValueError(f"arena header: table {_name_text(table)!r} lies outside the {header.used} bytes in "
                             "use; the arena was overwritten: make a new one")


cdef dict _parse(Arena arena, body):
    """Checks a saved arena against this one's directory: {table name: its bytes}."""
    if len(body) < _SAVED.size or bytes(body[:8]) != _SAVED_MAGIC:
        raise ValueError(f"arena load: {len(body)} bytes do not begin with {_SAVED_MAGIC!r}; not a saved arena")
    _, version, tables = _SAVED.unpack_from(body)
    if version != VERSION or tables != arena._header.tables:
        raise ValueError(f"arena load: version {version} with {tables} tables, here version {VERSION} with "
                         f"{arena._header.tables}; use the build and configuration that saved it")
    contents = {}
    at = _SAVED.size
    for _ in range(tables):
        name, part, at = _parse_table(arena, body, at)
        contents[name] = part
    return contents


cdef tuple _parse_table(Arena arena, body, size_t at):
    raw, item_size, count, items, flags = _SAVED_TABLE.unpack_from(body, at)
    name = raw.rstrip(b"\0").decode()
    cdef ArenaTable* table = arena._find(name)
    if table == NULL or (table.item_size, table.count, table.flags) != (item_size, count, flags) \
            or items > count:
        here = "no such table" if table == NULL else f"{table.count} of {table.item_size} bytes, flags {table.flags}"
        raise ValueError(f"arena load: table {name!r} has {items} of {count} items of {item_size} bytes, flags {flags}; "
                         f"here: {here}; use the build and configuration that saved it")
    at += _SAVED_TABLE.size
    if at + items * item_size > <size_t>len(body):
        raise ValueError(f"arena load: {len(body)} bytes end in table {name!r}; the file is cut off")
    return name, body[at:at + items * item_size], at + items * item_size
