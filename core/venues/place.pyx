# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The venues themselves: see place.pxd."""
from libc.string cimport memcpy, strlen

from core.messages cimport MAX_VENUES, NONE, V_MATCH
from core.venues.book cimport ORDER_LIVE, Order
from core.venues.levels cimport least


cdef void put_text(char* field, int size, const char* text) noexcept nogil:
    """`{u8 length}text` into a zeroed field of `size` bytes, cut to fit."""
    cdef int length = <int>least(<int64_t>strlen(text), size - 1)
    field[0] = <char>length
    memcpy(field + 1, text, length)


cdef void put_numbered(char* field, int size, const char* name, char mark, uint64_t number) noexcept nogil:
    """`<name><mark><number>`; a name too long gives way to the number, so that no two become one."""
    cdef char digits[20]
    cdef int count = 0
    cdef int length
    while number or not count:
        digits[19 - count] = <char>(48 + number % 10)
        number //= 10
        count += 1
    length = <int>least(<uint8_t>name[0], size - 2 - count)
    memcpy(field + 1, name + 1, length)
    field[1 + length] = mark
    memcpy(field + 2 + length, digits + 20 - count, count)
    field[0] = <char>(length + 1 + count)


cdef class Places:
    """Every venue that was declared, whatever its mode."""

    def __cinit__(self, Arena arena not None, Books books not None):
        self.books = books
        self.places = <Place*>arena.table("venues.places", sizeof(Place), MAX_VENUES)

    cdef void declare(self, const VenueEvent* venue) noexcept nogil:
        cdef Place* place
        if venue.venue >= MAX_VENUES:
            return                  # the bound is checked, and told, where the file or configuration is read
        place = &self.places[venue.venue]
        memcpy(place.name, venue.text, 40)
        place.mode = venue.mode
        place.pro_rata = venue.pro_rata
        place.queue_model = venue.queue_model
        place.queue_power = venue.queue_power
        place.first = NONE
        place.last = NONE
        place.declared = 1

    cdef bint is_match(self, uint16_t venue) noexcept nogil:
        return venue < MAX_VENUES and self.places[venue].declared and self.places[venue].mode == V_MATCH

    cdef void arrive(self, uint32_t i) noexcept nogil:
        """An order of ours is live."""
        cdef Order* order = &self.books.orders[i]
        cdef Place* place = &self.places[order.venue]
        order.state = ORDER_LIVE
        order.older = place.last
        order.newer = NONE
        if place.last == NONE:
            place.first = i
        else:
            self.books.orders[place.last].newer = i
        place.last = i

    cdef void leave(self, uint32_t i) noexcept nogil:
        """It isn't any more."""
        cdef Order* order = &self.books.orders[i]
        cdef Place* place = &self.places[order.venue]
        if order.older == NONE:
            place.first = order.newer
        else:
            self.books.orders[order.older].newer = order.newer
        if order.newer == NONE:
            place.last = order.older
        else:
            self.books.orders[order.newer].older = order.older
