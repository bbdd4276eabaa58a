"""A reader's event as what a core takes: whole units of the instrument, its own index."""
from libc.stdint cimport int64_t, uint16_t, uint32_t

from core.data.reader cimport Event
from core.sequencer.input cimport Input

cdef bint input_of(const Event* row, uint32_t symbol, int px_to, int qty_to, uint16_t venue, int64_t shown_qty,
                   Input* item) noexcept nogil
