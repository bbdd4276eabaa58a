"""orders: order management. Says what happened to which order, and asks the children of worked orders one by one."""
from core.engine cimport Engine
from core.messages cimport Page
from core.orders.life cimport Life

cdef class Orders(Engine):
    cdef readonly Life life
    cdef void on_event(self, Page* page) noexcept nogil
    cdef void _follow(self, Page* page) noexcept nogil
    cdef void _expire_later(self, Page* page) noexcept nogil
