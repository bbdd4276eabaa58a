# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What the C compiler makes of the structs of `core.messages`: a build with other sizes or offsets fails here."""
from core.messages cimport (
    BOOKING_AT, OUTCOME_AT, PAGE_SIZE, REQUEST_AT, REQUEST_SIZE, RESOLVED_AT, ROUTING_AT, SEND_AT, VERDICT_AT,
    AccountEvent, AdjustedEvent, AdjustEvent, AlertEvent, AlgoEvent, AlgoOrderEvent, BookEvent, Booking, CancelEvent,
    ChildEvent, ConfigEvent, DayEvent, DepthEvent, FactsEvent, FilterEvent, FxEvent, GroupEvent, HaltEvent, Header,
    InstrumentEvent, KillEvent, LimitEvent, ListEvent, ListingEvent, NameEvent, OpenPositionEvent, OrderEndEvent,
    OrderEvent, Outcome, OverrideEvent, Page, PriceEvent, QuoteEvent, RearmEvent, ReplaceEvent, ReportEvent, Request,
    Resolved, Response, RightsEvent, Routing, ScopeKeys, Send, SignalEvent, SimulateEvent, SliceEvent, SweepEvent,
    TradeEvent, TriggerEvent, TriggersEvent, VenueEvent, VenueStateEvent, Verdict,
)

cdef extern from *:
    """
    /* Cython gives its structs their C names, which no verbatim C can spell; a macro that Cython calls can. */
    #define NACRE_HOLDS(condition) _Static_assert(condition, #condition)
    """
    void NACRE_HOLDS(bint condition) noexcept nogil


cdef void _asserted() noexcept nogil:
    """Does nothing: that it compiles is the check."""
    NACRE_HOLDS(sizeof(Header) == 64)
    NACRE_HOLDS(sizeof(ConfigEvent) == 128)
    NACRE_HOLDS(sizeof(NameEvent) == 48)
    NACRE_HOLDS(sizeof(InstrumentEvent) == 112)
    NACRE_HOLDS(sizeof(VenueEvent) == 192)
    NACRE_HOLDS(sizeof(ListingEvent) == 8)
    NACRE_HOLDS(sizeof(AccountEvent) == 64)
    NACRE_HOLDS(sizeof(OpenPositionEvent) == 32)
    NACRE_HOLDS(sizeof(ScopeKeys) == 24)
    NACRE_HOLDS(sizeof(LimitEvent) == 80)
    NACRE_HOLDS(sizeof(OverrideEvent) == 64)
    NACRE_HOLDS(sizeof(GroupEvent) == 8)
    NACRE_HOLDS(sizeof(FxEvent) == 16)
    NACRE_HOLDS(sizeof(QuoteEvent) == 40)
    NACRE_HOLDS(sizeof(TradeEvent) == 24)
    NACRE_HOLDS(sizeof(DepthEvent) == 24)
    NACRE_HOLDS(sizeof(PriceEvent) == 16)
    NACRE_HOLDS(sizeof(OrderEvent) == 144)
    NACRE_HOLDS(sizeof(AlgoOrderEvent) == REQUEST_SIZE)
    NACRE_HOLDS(sizeof(ReplaceEvent) == 112)
    NACRE_HOLDS(sizeof(CancelEvent) == 88)
    NACRE_HOLDS(sizeof(FilterEvent) == 40)
    NACRE_HOLDS(sizeof(KillEvent) == 56)
    NACRE_HOLDS(sizeof(RearmEvent) == 48)
    NACRE_HOLDS(sizeof(AlgoEvent) == 48)
    NACRE_HOLDS(sizeof(TriggerEvent) == 16)
    NACRE_HOLDS(sizeof(TriggersEvent) == 56)
    NACRE_HOLDS(sizeof(ListEvent) == 32)
    NACRE_HOLDS(sizeof(ReportEvent) == 256)
    NACRE_HOLDS(sizeof(VenueStateEvent) == 8)
    NACRE_HOLDS(sizeof(SimulateEvent) == 32)
    NACRE_HOLDS(sizeof(FactsEvent) == 152)
    NACRE_HOLDS(sizeof(DayEvent) == 8)
    NACRE_HOLDS(sizeof(RightsEvent) == 72)
    NACRE_HOLDS(sizeof(SignalEvent) == 40)
    NACRE_HOLDS(sizeof(SliceEvent) == 32)
    NACRE_HOLDS(sizeof(ChildEvent) == 24)
    NACRE_HOLDS(sizeof(OrderEndEvent) == 8)
    NACRE_HOLDS(sizeof(SweepEvent) == 40)
    NACRE_HOLDS(sizeof(AlertEvent) == 80)
    NACRE_HOLDS(sizeof(HaltEvent) == 40)
    NACRE_HOLDS(sizeof(AdjustEvent) == 24)
    NACRE_HOLDS(sizeof(BookEvent) == 96)
    NACRE_HOLDS(sizeof(AdjustedEvent) == 112)
    NACRE_HOLDS(sizeof(Resolved) == 64)
    NACRE_HOLDS(sizeof(Verdict) == 128)
    NACRE_HOLDS(sizeof(Outcome) == 192)
    NACRE_HOLDS(sizeof(Routing) == 64)
    NACRE_HOLDS(sizeof(Send) == 128)
    NACRE_HOLDS(sizeof(Booking) == 128)
    NACRE_HOLDS(sizeof(Response) == 192)
    NACRE_HOLDS(sizeof(Request) == REQUEST_SIZE)
    NACRE_HOLDS(sizeof(Page) == PAGE_SIZE)
    NACRE_HOLDS(<size_t>&(<Page*>NULL).header == 0)
    NACRE_HOLDS(<size_t>&(<Page*>NULL).request == REQUEST_AT)
    NACRE_HOLDS(<size_t>&(<Page*>NULL).resolved == RESOLVED_AT)
    NACRE_HOLDS(<size_t>&(<Page*>NULL).verdict == VERDICT_AT)
    NACRE_HOLDS(<size_t>&(<Page*>NULL).outcome == OUTCOME_AT)
    NACRE_HOLDS(<size_t>&(<Page*>NULL).routing == ROUTING_AT)
    NACRE_HOLDS(<size_t>&(<Page*>NULL).send == SEND_AT)
    NACRE_HOLDS(<size_t>&(<Page*>NULL).booking == BOOKING_AT)


def sizes() -> dict[str, int]:
    """sizeof each struct, by its name."""
    _asserted()                     # a function that nobody calls is a warning
    return {
        "Header": sizeof(Header),
        "ConfigEvent": sizeof(ConfigEvent),
        "NameEvent": sizeof(NameEvent),
        "InstrumentEvent": sizeof(InstrumentEvent),
        "VenueEvent": sizeof(VenueEvent),
        "ListingEvent": sizeof(ListingEvent),
        "AccountEvent": sizeof(AccountEvent),
        "OpenPositionEvent": sizeof(OpenPositionEvent),
        "ScopeKeys": sizeof(ScopeKeys),
        "LimitEvent": sizeof(LimitEvent),
        "OverrideEvent": sizeof(OverrideEvent),
        "GroupEvent": sizeof(GroupEvent),
        "FxEvent": sizeof(FxEvent),
        "QuoteEvent": sizeof(QuoteEvent),
        "TradeEvent": sizeof(TradeEvent),
        "DepthEvent": sizeof(DepthEvent),
        "PriceEvent": sizeof(PriceEvent),
        "OrderEvent": sizeof(OrderEvent),
        "AlgoOrderEvent": sizeof(AlgoOrderEvent),
        "ReplaceEvent": sizeof(ReplaceEvent),
        "CancelEvent": sizeof(CancelEvent),
        "FilterEvent": sizeof(FilterEvent),
        "ReportEvent": sizeof(ReportEvent),
        "VenueStateEvent": sizeof(VenueStateEvent),
        "SimulateEvent": sizeof(SimulateEvent),
        "FactsEvent": sizeof(FactsEvent),
        "DayEvent": sizeof(DayEvent),
        "RightsEvent": sizeof(RightsEvent),
        "SignalEvent": sizeof(SignalEvent),
        "SliceEvent": sizeof(SliceEvent),
        "ChildEvent": sizeof(ChildEvent),
        "OrderEndEvent": sizeof(OrderEndEvent),
        "SweepEvent": sizeof(SweepEvent),
        "AlertEvent": sizeof(AlertEvent),
        "HaltEvent": sizeof(HaltEvent),
        "AdjustEvent": sizeof(AdjustEvent),
        "BookEvent": sizeof(BookEvent),
        "AdjustedEvent": sizeof(AdjustedEvent),
        "KillEvent": sizeof(KillEvent),
        "RearmEvent": sizeof(RearmEvent),
        "AlgoEvent": sizeof(AlgoEvent),
        "TriggerEvent": sizeof(TriggerEvent),
        "TriggersEvent": sizeof(TriggersEvent),
        "ListEvent": sizeof(ListEvent),
        "Request": sizeof(Request),
        "Resolved": sizeof(Resolved),
        "Verdict": sizeof(Verdict),
        "Outcome": sizeof(Outcome),
        "Routing": sizeof(Routing),
        "Send": sizeof(Send),
        "Booking": sizeof(Booking),
        "Response": sizeof(Response),
        "Page": sizeof(Page),
    }


def offsets() -> dict[str, int]:
    """Where each paragraph begins in a page."""
    cdef Page page
    return {
        "header": <char*>&page.header - <char*>&page,
        "request": <char*>&page.request - <char*>&page,
        "resolved": <char*>&page.resolved - <char*>&page,
        "verdict": <char*>&page.verdict - <char*>&page,
        "outcome": <char*>&page.outcome - <char*>&page,
        "routing": <char*>&page.routing - <char*>&page,
        "send": <char*>&page.send - <char*>&page,
        "booking": <char*>&page.booking - <char*>&page,
    }
