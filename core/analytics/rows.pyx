# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows that grow: see rows.pxd."""
from libc.stdlib cimport free, realloc
from libc.string cimport memset

import numpy as np

FIRST = 1024


cdef class Rows:
    """Rows of one dtype. most: how many there may be; one more is a MemoryError that says what to do."""

    def __cinit__(self, dtype, uint64_t most):
        self.dtype = np.dtype(dtype)
        self.size = self.dtype.itemsize
        self.most = most

    def __dealloc__(self):
        free(self.memory)

    cdef char* add(self) except NULL:
        """A new row of zeros; earlier rows may move."""
        cdef char* grown
        cdef uint64_t more
        if self.count >= self.most:
            raise MemoryError(f"more than {self.most:,} rows: an observer keeps no more; report shorter journals")
        if self.count == self.capacity:
            more = FIRST if self.capacity == 0 else 2 * self.capacity
            grown = <char*>realloc(self.memory, more * self.size)
            if grown == NULL:
                raise MemoryError(f"{more * self.size:,} bytes for {more:,} rows")
            self.memory, self.capacity = grown, more
        memset(self.at(self.count), 0, self.size)
        self.count += 1
        return self.at(self.count - 1)

    def array(self):
        """A copy of the rows as a numpy array."""
        if self.count == 0:
            return np.zeros(0, self.dtype)
        return np.frombuffer((<char*>self.memory)[:self.count * self.size], self.dtype)
