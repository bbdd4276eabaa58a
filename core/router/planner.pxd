"""The router's books, facts and policies outside of a core: what each policy would do."""
from core.market.view cimport MarketView
from core.messages cimport Page
from core.router.facts cimport Facts
from core.router.sweep cimport Ask
from core_ext.tables cimport Arena

cdef class Planner:
    cdef Arena arena
    cdef MarketView view
    cdef Facts facts
    cdef Ask ask                    # of the symbol: its lot, its tick
    cdef object _memory
    cdef Page* page
