"""Breaks: venues that said what can't be, halted until a person arms them again.

A break is a report that the core and its venue can't both be right about: of an order that nobody sent there, of a fill
by an id that stands for another one, of more than was ordered. Whoever goes on trading there builds on a wrong picture,
so nothing new is sent; cancels go out, and reports come in. Only venues that are declared so (a live core's) are halted:
a scenario's file says what its core is told, and nothing else.
"""
cimport cython
from libc.stdint cimport uint8_t, uint32_t

from core.engine cimport Emitter
from core.market.view cimport MarketView
from core.messages cimport HaltEvent, Page
from core_ext.tables cimport Arena

@cython.final
cdef class Breaks:
    cdef MarketView view
    cdef Emitter emitter
    cdef uint8_t* reasons           # [venue] the Reason for which it is halted; 0: it isn't
    cdef bint halts(self, uint32_t venue) noexcept nogil
    cdef void found(self, Page* page, uint8_t reason) noexcept nogil
    cdef void halted(self, const HaltEvent* halt) noexcept nogil
    cdef void armed(self, uint32_t venue) noexcept nogil
    cdef bint stands(self, uint32_t venue) noexcept nogil
