"""The shadow: the same engines, following the journal, for whoever has a question. The path never waits for it."""
from core.orders.life cimport Life
from core.positions.engine cimport Fill
from core.recovery.catchup cimport Catchup
from core_ext.journal.reader cimport JournalReader
from libc.stdint cimport uint32_t, uint64_t

cdef class Shadow(Catchup):
    cdef object folder
    cdef JournalReader reader
    cdef object _order_row(self, uint32_t index)
    cdef object _fill_row(self, const Fill* fill, uint32_t child)
    cdef object _child_rows(self, uint32_t index)
