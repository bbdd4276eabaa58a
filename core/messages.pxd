"""The events of the spine: one struct a paragraph, laid out so that no compiler pads it.

A slot of the spine is a page. Each engine writes its own paragraph, once, on cache lines of its own, and reads
those of the engines before it. The first word of a paragraph is the sequence it was written for: storing it, with
release, publishes the paragraph, and a follower waits on that word. An engine that has no business with a kind of
event (`core.topology.TAKES`) leaves its paragraph as an older event left it: a paragraph counts only where its first
word is the event's sequence. In one that counts, too, only what its flags, actions and kinds speak of is written.

    offset  bytes  paragraph          written by   lines
         0     64  Header             sequencer    1
        64    256  request (a union)  sequencer    4     only the bytes that its kind uses are copied and journaled
       320     64  Resolved           resolve      1
       384    128  Verdict            risk         2
       512    192  Outcome            orders       3
       704     64  Routing            router       1
       768    128  Send               execution    2
       896    128  Booking            positions    2
      1024         = PAGE_SIZE

Prices and quantities are int64 in units of 10^-precision of the instrument. Money is i128 in units of 10^-12 of a
currency, fees in 10^-16. NONE marks an index that names nothing. `core.messages` (Python) has the same structs as
numpy dtypes; tests/unit/core/test_messages.py holds the two against each other, field by field.
"""
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core_ext.wide cimport i128

cdef enum:
    PAGE_SIZE = 1024
    REQUEST_SIZE = 256
    REQUEST_AT = 64
    RESOLVED_AT = 320
    VERDICT_AT = 384
    OUTCOME_AT = 512
    ROUTING_AT = 704
    SEND_AT = 768
    BOOKING_AT = 896
    KINDS = 64                      # more than there are: the size of tables by kind

    NONE16 = 0xFFFF
    UNKNOWN16 = 0xFFFE              # a name was given, but nobody declared it
    NAME_SIZE = 40                  # {u8 length; char text[39]}
    CHILD_NAME_SIZE = 56            # a name, a point and a number
    MAX_SYMBOL_VENUES = 16          # venues that list one symbol
    MAX_VENUES = 64

cdef extern from *:
    """
    #define NACRE_NONE 0xFFFFFFFFu
    #define NACRE_UNKNOWN 0xFFFFFFFEu
    #define NACRE_ACCOUNT_GROUP 0xFFFF0000u
    """
    const uint32_t NONE "NACRE_NONE"
    const uint32_t UNKNOWN "NACRE_UNKNOWN"
    const uint32_t ACCOUNT_GROUP "NACRE_ACCOUNT_GROUP"      # a scope's account from here on is a group of accounts

# What an event is. Inputs come first; the core derives those from SLICE on.
cdef enum Kind:
    K_NONE = 0
    K_NAME = 1
    K_INSTRUMENT = 2
    K_VENUE = 3
    K_LISTING = 4
    K_ACCOUNT = 5
    K_OPEN_POSITION = 6
    K_LIMIT = 7
    K_FX = 8
    K_QUOTE = 9
    K_TRADE = 10
    K_DEPTH = 11
    K_MARK = 12
    K_REFERENCE = 13
    K_ORDER = 14
    K_REPLACE = 15
    K_CANCEL = 16
    K_CANCEL_ALL = 17
    K_REPORT = 18
    K_VENUE_STATE = 19
    K_KILL = 20
    K_REARM = 21
    K_CONNECT = 22
    K_DISCONNECT = 23
    K_DAY = 24
    K_TIME = 25
    K_CONFIG = 26
    K_ADJUST = 27
    K_BOOK = 28
    K_ALGO = 29
    K_SIMULATE = 30
    K_RIGHTS = 31
    K_SLICE = 32
    K_CHILD_CANCEL = 33
    K_CHILD_REPLACE = 34
    K_CHILD_STATUS = 35
    K_ORDER_END = 36
    K_SWEEP = 37
    K_EXPIRE = 38
    K_REROUTE = 39
    K_ALERT = 40
    K_HALT = 41
    K_ADJUSTED = 42
    K_TRIGGER = 43
    K_LIST = 44
    K_PEG = 45
    K_TRIGGERS = 46
    K_SLICE_DUE = 47
    K_SIGNAL = 51
    K_FACTS = 49
    K_OVERRIDE = 50
    K_SILENCE = 56
    K_GROUP = 48                    # an input too: an account is in a group

cdef enum HeaderFlag:
    H_DERIVED = 1
    H_TIMER = 2                     # came due by time: printed as an event of its own
    H_SUPPRESSED = 4                # a gateway held the send back
    H_JOURNAL_FULL = 8              # only the journal's reserve is left: new orders are denied

cdef enum Side:
    SIDE_BUY = 0
    SIDE_SELL = 1
    SIDE_SELL_SHORT = 2

cdef enum OrdType:
    T_MARKET = 0
    T_LIMIT = 1
    T_STOP = 2
    T_STOP_LIMIT = 3
    T_MARKET_TO_LIMIT = 4
    T_MARKET_IF_TOUCHED = 5
    T_LIMIT_IF_TOUCHED = 6
    T_TRAILING_STOP = 7
    T_PEGGED = 8

cdef enum TimeInForce:
    TIF_DAY = 0
    TIF_GTC = 1
    TIF_IOC = 2
    TIF_FOK = 3
    TIF_GTD = 4
    TIF_OPG = 5
    TIF_CLS = 6

cdef enum Trigger:                  # what a stop looks at
    TR_LAST = 0
    TR_BID_ASK = 1
    TR_MID = 2
    TR_MARK = 3

cdef enum TrailUnit:
    TU_PRICE = 0
    TU_TICKS = 1
    TU_BPS = 2                      # 10^-8

cdef enum Peg:
    PEG_NONE = 0
    PEG_PRIMARY = 1
    PEG_MID = 2
    PEG_MARKET = 3

cdef enum Policy:                   # how a worked order's quantity is spread over venues
    PO_SWEEP = 0
    PO_NET = 1
    PO_HOME = 2
    PO_POST = 3
    PO_TAKE = 4
    PO_SPRAY = 5
    PO_DARK = 6
    PO_DIRECTED = 7
    PO_ISO = 8
    PO_OPTIMAL = 9

cdef enum Contingency:
    CG_NONE = 0
    CG_OTO = 1
    CG_OCO = 2
    CG_OUO = 3

cdef enum Algo:
    AL_NONE = 0
    AL_TWAP = 1
    AL_VWAP = 2
    AL_POV = 3
    AL_SHORTFALL = 4
    AL_ICEBERG = 5
    AL_SNIPER = 6
    AL_PEG = 7
    AL_CLOSE = 8
    AL_UNKNOWN = 255

cdef enum AlgoAction:
    AA_PAUSE = 0
    AA_RESUME = 1
    AA_STOP = 2

cdef enum ExecType:
    X_NONE = 0
    X_PENDING_NEW = 1
    X_NEW = 2
    X_TRADE = 3
    X_CANCELED = 4
    X_REPLACED = 5
    X_REJECTED = 6
    X_EXPIRED = 7
    X_PENDING_CANCEL = 8
    X_PENDING_REPLACE = 9
    X_CANCEL_REJECTED = 10
    X_TRADE_CORRECT = 11
    X_TRADE_CANCEL = 12
    X_RESTATED = 13
    X_DONE_FOR_DAY = 14
    X_STOPPED = 15
    X_SUSPENDED = 16
    X_UNKNOWN_ORDER = 17
    X_TRIGGERED = 18

# In the order in which ord_status is decided: the first that holds (FIX, Appendix D's precedence).
cdef enum OrdStatus:
    S_NONE = 0
    S_PENDING_CANCEL = 1
    S_PENDING_REPLACE = 2
    S_DONE_FOR_DAY = 3
    S_FILLED = 4
    S_STOPPED = 5
    S_SUSPENDED = 6
    S_CANCELED = 7
    S_EXPIRED = 8
    S_REJECTED = 9
    S_PARTIALLY_FILLED = 10
    S_NEW = 11
    S_PENDING_NEW = 12

cdef enum VenueMode:
    V_MANUAL = 0
    V_MATCH = 1

cdef enum VenueState:
    VS_UP = 0
    VS_DOWN = 1
    VS_HALTED = 2
    VS_AUCTION = 3
    VS_CLOSED = 4

cdef enum InstrumentKind:
    I_EQUITY = 0
    I_FX = 1
    I_SPOT = 2
    I_FUTURE = 3
    I_PERPETUAL = 4

# Why an order is denied: first what is always on, then the checks, in the order in which they are tested.
cdef enum Reason:
    R_NONE = 0
    R_DUPLICATE_CL_ORD_ID = 1
    R_UNKNOWN_ACCOUNT = 2
    R_UNKNOWN_INSTRUMENT = 3
    R_UNKNOWN_VENUE = 4
    R_UNKNOWN_ORDER = 5
    R_STALE_CL_ORD_ID = 6
    R_TOO_LATE = 7
    R_PENDING_REPLACE = 8
    R_PENDING_CANCEL = 9
    R_UNSUPPORTED = 10
    R_MISSING_PRICE = 11
    R_BAD_QTY = 12
    R_PRECISION = 13
    R_TICK = 14
    R_LOT = 15
    R_MIN_QTY = 16
    R_OVERFLOW = 17
    R_KILLED = 18
    R_HALTED = 19
    R_REDUCING = 20
    R_VENUE_DOWN = 21
    R_VENUE_HALTED = 22
    R_VENUE_CLOSED = 23
    R_NO_MARKET = 24
    R_NO_FX_RATE = 25
    R_REDUCE_ONLY = 26
    R_BUSY = 27
    R_TABLE_FULL = 28
    R_JOURNAL_FULL = 29
    R_NO_LIMIT = 30                 # the account has no limit at all, and must have one
    R_SECOND_PERSON = 31
    R_RESTRICTED = 32
    R_PERMISSION = 33
    R_MAX_ORDER_QTY = 34
    R_MAX_ORDER_NOTIONAL = 35
    R_PRICE_COLLAR_BPS = 36
    R_PRICE_COLLAR_TICKS = 37
    R_MARKET_PROTECTION_BPS = 38
    R_SPREAD_BPS = 39
    R_MARKET_DATA_AGE_S = 40
    R_DUPLICATE_CONTENT = 41
    R_ORDER_RATE = 42
    R_REPEATED_EXECUTION = 43
    R_MAX_WORKING_ORDERS = 44
    R_MAX_DAILY_ORDERS = 45
    R_ORDER_TRADE_RATIO = 46
    R_MAX_POSITION = 47
    R_MAX_POSITION_NOTIONAL = 48
    R_SHORT_SALE = 49
    R_MIN_CASH = 50
    R_MARGIN = 51
    R_GROSS_EXPOSURE = 52
    R_NET_EXPOSURE = 53
    R_SECTOR_EXPOSURE = 54
    R_MAX_DAILY_QTY = 55
    R_MAX_DAILY_NOTIONAL = 56
    R_CREDIT = 57
    R_SELF_TRADE = 58
    R_DAILY_LOSS = 59
    R_DRAWDOWN = 60
    R_LOSING_STREAK = 61
    R_CANCEL_RATE = 62
    R_MAX_DAILY_CANCELS = 63
    R_LIMIT_70 = 64
    R_LIMIT_90 = 65
    R_OVERFILL = 66
    R_EXEC_ID_CONFLICT = 67
    R_VENUE_UNKNOWN = 68
    R_CHILD_BOUND = 69
    R_KILL = 70
    R_REARM = 71
    R_NO_LIQUIDITY = 72
    R_VENUE_REJECTS = 73
    R_VENUE_TEXT = 74               # the venue's own words: in the report
    R_POST_ONLY = 75
    R_OVERRIDE = 76

# In which unit a limit or a value is told.
cdef enum Unit:
    U_TEXT = 0                      # nothing to tell
    U_COUNT = 1
    U_PRICE = 2
    U_QTY = 3
    U_MONEY = 4                     # 10^-12
    U_BPS = 5                       # 10^-12
    U_QTY12 = 6                     # 10^-12: a quantity summed over instruments
    U_WORD = 7                      # one of the check's words; the value: a side, or nothing
    U_RATIO = 8                     # 10^-12, also of percent
    U_SECONDS = 9                   # 10^-12

cdef enum Scope:
    SC_ALL = 0
    SC_ACCOUNT = 1
    SC_STRATEGY = 2
    SC_SYMBOL = 3
    SC_VENUE = 4
    SC_SESSION = 5
    SC_SECTOR = 6
    SC_GROUP = 7                    # of accounts

cdef enum RiskState:
    RS_ACTIVE = 0
    RS_REDUCING = 1
    RS_HALTED = 2
    RS_KILLED = 3

cdef enum Space:                    # what a K_NAME names
    N_CURRENCY = 0
    N_STRATEGY = 1
    N_SESSION = 2
    N_SECTOR = 3
    N_PERSON = 4
    N_LIST = 5
    N_GROUP = 6                     # of accounts
    N_SIGNAL = 7

cdef enum SignalWhat:               # what a K_SIGNAL says
    SG_VALUE = 0                    # a value by name, for whoever listens
    SG_BEGIN = 1                    # from here on its session's strategy is told
    SG_TICK = 2                     # time has moved on: a timer or a bar may be due
    SG_PARAM = 3                    # its name is NAME=VALUE, a parameter of `to`'s strategy
    SG_STOP = 4                     # `to`'s strategy is to stop


cdef struct Header:                 # 64 bytes
    uint64_t seq                    # on the spine, from 1
    int64_t time_ns                 # max(last stamp, the source's time)
    uint64_t source_seq             # the source's own count, gapless; of a derived event: its number within the cause
    uint64_t cause                  # the event that derived this one; of an input: its own seq
    uint64_t root                   # the input (or timer) that it all goes back to
    uint16_t kind
    uint16_t length                 # bytes of the request that are used
    uint32_t session
    uint8_t source                  # which ring it came from
    uint8_t engine                  # which engine derived it
    uint8_t flags
    uint8_t pad
    uint32_t pad2
    uint64_t kill                   # the kill page's effective epoch when this was sequenced


# ---- requests ------------------------------------------------------------------------------------------------

cdef enum Wrong:                    # what a client got wrong that no integer can carry; found while parsing its text
    W_QTY_OVERFLOW = 1
    W_PX_OVERFLOW = 2
    W_ID_TOO_LONG = 4
    W_UNSUPPORTED = 8

cdef enum OrderFlag:
    O_HAS_PRICE = 1
    O_HAS_QTY = 2
    O_POST_ONLY = 4
    O_REDUCE_ONLY = 8
    O_HAS_EXPIRE = 16
    O_HAS_STOP = 32
    O_HAS_TRAIL = 64
    O_HAS_FLOOR = 128

cdef struct ConfigEvent:            # 128: the first event: the sizes of the tables, in the order of core.capacity
    uint32_t sizes[32]

cdef struct NameEvent:              # 48
    char text[40]
    uint32_t index
    uint8_t space
    uint8_t pad[3]

cdef struct InstrumentEvent:        # 112
    char text[40]
    uint32_t symbol
    uint8_t kind
    uint8_t inverse
    uint8_t price_precision
    uint8_t qty_precision
    uint8_t multiplier_precision
    uint8_t pad
    uint16_t currency
    uint16_t settle_currency
    uint16_t base_currency
    uint16_t sector
    uint16_t pad2
    uint32_t margin                 # 10^-4 bps
    int64_t tick                    # price units
    int64_t lot                     # quantity units
    int64_t min_qty
    int64_t multiplier              # 10^-multiplier_precision
    int64_t pad3[2]

cdef struct VenueEvent:             # 192; from pro_rata on: how a simulated venue works
    char text[40]
    uint16_t venue
    uint8_t mode
    uint8_t fee_precision
    uint8_t pro_rata
    uint8_t queue_model             # core.venues.queue_model
    uint8_t queue_power
    uint8_t tiers                   # how many of the four are used
    int64_t taker_fee               # 10^-8 bps
    int64_t maker_fee
    int64_t latency_ns
    int64_t jitter_ns
    uint64_t seed
    int64_t tier_value[4]           # from so much on, in whole units of the settle currency
    int64_t tier_taker[4]           # 10^-8 bps
    int64_t tier_maker[4]
    uint8_t halts                   # on a break between it and the core: see core/risk/breaks
    uint8_t asks_ended              # it is asked about ended children, too, whose cancel or replace it didn't answer
    uint8_t pad[6]

cdef struct ListingEvent:           # 8
    uint32_t symbol
    uint16_t venue
    uint16_t pad

cdef struct AccountEvent:           # 64
    char text[40]
    uint32_t account
    uint16_t currency
    uint16_t pad
    i128 cash                       # 10^-12

cdef struct OpenPositionEvent:      # 32
    uint32_t account
    uint32_t symbol
    int64_t qty
    i128 cost                       # the ledger's unit, signed like qty

cdef struct ScopeKeys:              # 24: NONE where any will do
    uint32_t account
    uint32_t strategy
    uint32_t symbol
    uint32_t venue
    uint32_t session
    uint32_t sector

cdef struct LimitEvent:             # 80
    ScopeKeys scope
    uint16_t check                  # a Reason
    uint8_t each                    # a Scope, or SC_ALL for one counter
    uint8_t off
    uint16_t currency               # NONE16: the account's
    uint8_t soft
    uint8_t action                  # of a loss limit: the RiskState that it sets; 0: halted
    i128 value                      # 10^-12 for money, bps, seconds and quantities; a count or a word as it is
    int64_t window_ns
    uint32_t index                  # the order of declaration
    uint32_t by                     # who set it, of N_PERSON; NONE: a declaration
    uint32_t approver               # NONE: nobody
    uint8_t denies                  # of a rate of cancels: new orders are denied while it is exceeded
    uint8_t pad[3]
    uint64_t pad2

cdef struct OverrideEvent:          # 64: a soft limit is `value` for a while
    ScopeKeys scope
    uint16_t check
    uint8_t off                     # no limit at all
    uint8_t pad
    uint32_t by
    i128 value
    int64_t until_ns
    uint32_t approver
    uint32_t pad2

cdef struct GroupEvent:             # 8
    uint32_t account
    uint32_t group                  # from 0

cdef struct FxEvent:                # 16
    uint16_t base
    uint16_t quote
    uint32_t digits
    int64_t rate                    # quote for one base, in 10^-digits

cdef struct QuoteEvent:             # 40
    uint32_t symbol
    uint16_t venue
    uint16_t pad
    int64_t bid_px
    int64_t bid_qty
    int64_t ask_px
    int64_t ask_qty

cdef struct TradeEvent:             # 24
    uint32_t symbol
    uint16_t venue
    uint8_t aggressor               # a Side, or 255
    uint8_t pad
    int64_t px
    int64_t qty

cdef struct DepthEvent:             # 24
    uint32_t symbol
    uint16_t venue
    uint8_t side
    uint8_t pad
    int64_t px
    int64_t qty                     # the level's new size; 0 removes it

cdef struct PriceEvent:             # 16: mark, reference
    uint32_t symbol
    uint32_t pad
    int64_t px

cdef struct OrderEvent:             # 144
    char cl_ord_id[40]
    uint32_t account
    uint32_t symbol
    uint32_t strategy
    uint16_t venue                  # NONE16: routed
    uint8_t side
    uint8_t ord_type
    uint8_t time_in_force
    uint8_t flags
    uint8_t wrong
    uint8_t px_digits               # digits given beyond the instrument's precision, else 0
    uint8_t qty_digits
    uint8_t pad[3]
    int64_t qty
    int64_t price
    int64_t expire_ns
    int64_t stop_px
    int64_t max_floor
    int64_t peg_offset
    int64_t trail                   # in its unit
    uint8_t policy
    uint8_t algo
    uint8_t peg
    uint8_t trail_unit
    uint8_t trigger
    uint8_t contingency
    uint16_t pad2
    uint32_t list_id                # NONE: in no list
    uint32_t slices                 # of an algo
    int64_t horizon_ns

cdef enum:
    CURVE_SLICES = 44               # weights that one order carries

cdef struct AlgoOrderEvent:         # 256: an order with what its algorithm needs; of 144 bytes it is an order alone
    OrderEvent order
    uint64_t seed                   # of what is drawn; 0: of the order's cl_ord_id
    int64_t min_qty                 # pov: the least that is sent at once; sniper: that must be shown
    uint16_t participation_bps      # of the volume that trades; 0: no bound
    uint16_t variance_bps           # of a slice's time, or of what is shown
    uint16_t auction_bps            # what of the order is kept for the closing auction
    uint16_t weights                # how many of the curve there are; 0: slices weigh the same
    uint16_t curve[44]

cdef struct ReplaceEvent:           # 112
    char cl_ord_id[40]
    char orig_cl_ord_id[40]
    int64_t qty
    int64_t price
    int64_t stop_px
    uint8_t flags
    uint8_t wrong
    uint8_t px_digits
    uint8_t qty_digits
    uint32_t pad

cdef struct CancelEvent:            # 88
    char cl_ord_id[40]
    char orig_cl_ord_id[40]
    uint8_t wrong
    uint8_t pad[7]

cdef struct AlgoEvent:              # 48
    char cl_ord_id[40]
    uint8_t action                  # an AlgoAction
    uint8_t pad[7]

cdef struct FilterEvent:            # 40: rearm, cancel_all, disconnect
    ScopeKeys scope
    uint32_t by
    uint8_t kind                    # a Scope
    uint8_t cancel_on_disconnect
    uint8_t by_rights               # cancel_all: of the accounts alone that the session may trade
    uint8_t pad
    uint64_t epoch

cdef struct KillEvent:              # 56; of 40 bytes it is a filter alone, which closes nothing
    FilterEvent filter
    int64_t flatten_bps             # 10^-8: how far beyond the opposite touch it closes what is open
    uint32_t line                   # what its orders are called by
    uint8_t flatten
    uint8_t pad[3]

cdef struct RearmEvent:             # 48; of 40 bytes it is a filter alone: one person armed it
    FilterEvent filter
    uint32_t approver               # of N_PERSON; NONE: nobody
    uint32_t pad

cdef enum:
    RIGHTS_STEP = 512               # accounts that one K_RIGHTS tells of

cdef struct RightsEvent:            # 72: the session may trade some accounts only; a connect forgets it
    uint32_t session
    uint32_t first                  # the account of the first bit
    uint8_t bits[64]

cdef enum ReportFlag:
    P_HAS_FEE = 1
    P_HAS_QTY = 2                   # order_qty
    P_HAS_PRICE = 4
    P_BY_PERSON = 8                 # not its venue says so, but a person: a fill or bust by hand, an order of unknown fate closed

cdef struct ReportEvent:            # 256
    uint16_t venue
    uint8_t exec_type
    uint8_t maker
    uint8_t flags
    uint8_t pad
    uint16_t by                     # P_BY_PERSON: who, of N_PERSON
    uint64_t venue_seq              # the venue's own count of its messages to us: a gap is a dropped report
    char child_id[56]
    char exec_id[40]
    int64_t last_qty
    int64_t last_px
    int64_t order_qty
    int64_t price
    i128 fee                        # 10^-16, where P_HAS_FEE
    char exec_ref_id[40]
    char text[56]                   # the venue's words, cut; the whole of them stay with the gateway

cdef struct VenueStateEvent:        # 8
    uint32_t symbol                 # NONE: the whole venue
    uint16_t venue
    uint8_t state
    uint8_t pad

cdef enum Simulate:                 # what only simulated venues are told
    SIM_LATENCY = 0                 # a: ns there, b: ns back, from now on
    SIM_REJECT = 1                  # the next `count` new orders are refused
    SIM_REJECT_CANCEL = 2           # cancels and replaces
    SIM_LOSE_SEND = 3               # messages don't arrive
    SIM_LOSE_REPORT = 4             # detail: an ExecType, or 0 for any; likewise of the next two
    SIM_LATE_REPORT = 5             # a: ns later
    SIM_REPEAT_REPORT = 6
    SIM_ORDER_ADD = 8               # an order of the market: detail its side, count its id, a its price, b its quantity
    SIM_ORDER_CANCEL = 9            # b: of its quantity
    SIM_ORDER_EXECUTE = 10
    SIM_ORDERS_CLEAR = 11           # all of the symbol

cdef struct SimulateEvent:          # 32
    uint32_t symbol
    uint16_t venue
    uint8_t what                    # a Simulate
    uint8_t detail
    uint64_t count
    int64_t a
    int64_t b

cdef enum Fact:                     # what is known of a venue, by its place in FactsEvent.values
    FA_TAKER_FEE = 0                # 10^-8 bps
    FA_MAKER_FEE = 1
    FA_LATENCY = 2                  # ns, one way
    FA_FILL = 3                     # 10^-6: what a taker gets of what is shown
    FA_REJECT = 4                   # 10^-6: of what is sent
    FA_MARKOUT = 5                  # 10^-8 bps: how far the mid moves against who was filled resting
    FA_STALE = 6                    # ns: an older quote isn't seen
    FA_SILENCE = 7                  # ns without a word after a send: the venue is silent; of a whole venue
    FA_SENDS = 8                    # new children that may go there in a window; of a whole venue
    FA_WINDOW = 9                   # ns

cdef enum:
    FACTS = 16
    OUTFLOWS = 16

cdef struct FactsEvent:             # 152
    uint32_t symbol                 # NONE: of the whole venue
    uint16_t venue
    uint8_t queue                   # values are how much leaves the best queue of `side`, each as likely as the next
    uint8_t side                    # of the order that would rest there
    uint32_t given                  # bits: which of the facts the values tell
    uint32_t count                  # of a queue's values
    int64_t unfilled                # of a queue: what a unit that stays unfilled costs beyond the mid, 10^-8 bps
    int64_t values[16]

cdef struct DayEvent:               # 8
    int32_t date
    uint32_t pad

cdef enum Adjust:                   # what happens to all positions of an instrument at once
    AD_FUNDING = 0
    AD_DIVIDEND = 1
    AD_SPLIT = 2
    AD_SETTLEMENT = 3

cdef struct AdjustEvent:            # 24
    uint32_t symbol
    uint8_t what                    # an Adjust
    uint8_t digits                  # of a rate or amount
    uint16_t pad
    int64_t a                       # rate or amount in 10^-digits; num; px
    int64_t b                       # den

cdef struct BookEvent:              # 96: a fill that a named person books: out of suspense, or to end a break
    char exec_id[40]
    uint32_t account
    uint32_t symbol
    i128 fee                        # 10^-16
    int64_t qty                     # signed
    int64_t px
    uint32_t by
    uint16_t venue
    uint16_t pad
    uint64_t pad2

# ---- what the core derives ------------------------------------------------------------------------------------

cdef struct SliceEvent:             # 32: a child to send
    uint32_t order
    uint32_t n                      # the child's number
    int64_t qty
    int64_t price
    uint16_t venue
    uint8_t ord_type
    uint8_t time_in_force
    uint8_t flags
    uint8_t pad[3]

cdef struct ChildEvent:             # 24: cancel, replace, ask about one child
    uint32_t order
    uint32_t child
    int64_t qty                     # K_CHILD_REPLACE
    uint16_t venue                  # K_CHILD_STATUS
    uint8_t release                 # K_CHILD_CANCEL: a cancel that was held while the venue was down
    uint8_t pad[5]

cdef struct OrderEndEvent:          # 8
    uint32_t order
    uint8_t exec_type
    uint8_t reason
    uint16_t pad

cdef enum Sweep:                    # what one step does to its target
    SW_CANCEL = 0                   # an order in scope: the core cancels it
    SW_STATUS = 1                   # a live child at the venue: ask about it, release a held request
    SW_CHILD_CANCEL = 2             # a live child at the venue of a worked order: cancel it
    SW_EXPIRE = 3                   # a worked order whose venues are all closed
    SW_FLATTEN = 4                  # a kill that closes positions: looks for orders of its scope that haven't ended
    SW_CLOSE = 5                    # they have: one order for the next position
    SW_ASK = 6                      # a child at the venue that it hasn't answered: ask about it
    SW_OWN = 7                      # own orders that a new one would meet: the core cancels them

cdef struct SweepEvent:             # 40: one step over many orders or children
    ScopeKeys scope
    uint32_t cursor                 # the first index not yet looked at
    uint8_t kind                    # a Sweep
    uint8_t by_rights               # only orders of accounts that the session may trade
    uint8_t pad[2]
    uint32_t index                  # SW_FLATTEN, SW_CLOSE: which kill; SW_OWN: the new order
    uint32_t n                      # SW_CLOSE: how many orders there are so far; of orders: those it may meet end here

cdef struct TriggerEvent:           # 16: an order that the core held goes on
    uint32_t order
    uint32_t closing                # K_SLICE_DUE: a venue collects for its closing auction
    int64_t price                   # K_PEG: where its child is to go

cdef struct TriggersEvent:          # 56: the rest of the held orders of a symbol, against the market of then
    uint32_t symbol
    uint32_t cursor                 # the next order to look at
    uint64_t begun                  # the event that moved the market
    int64_t last_px
    int64_t bid_px
    int64_t ask_px
    int64_t mark2                   # twice the mark
    uint8_t seen                    # which of these there are, and how to go on: the router's Seen
    uint8_t pad
    uint16_t venue                  # whose state changed; NONE16: none did
    uint32_t pad2

cdef enum Listing:                  # what happens to a leg of a list
    LA_FILLED = 0                   # its entry was filled, or less than before
    LA_ENDED = 1                    # its entry ended unfilled
    LA_TAKE = 2                     # another leg was filled: so much less
    LA_CANCEL = 3                   # another leg was filled, or triggered
    LA_OWED = 4                     # what waited until nothing was pending

cdef struct ListEvent:              # 32: one leg of a list, then the next
    uint32_t order
    uint32_t skip                   # the order that it comes from
    int64_t change
    int64_t cum_qty                 # of the entry
    uint8_t action                  # a Listing
    uint8_t alone                   # no other leg follows
    uint8_t pad[6]

cdef struct AlertEvent:             # 80
    ScopeKeys scope
    uint16_t check                  # a Reason
    uint8_t reason
    uint8_t level                   # 0 warn, 1 halt
    uint8_t unit
    uint8_t pad[3]
    i128 limit
    i128 value
    uint32_t symbol                 # whose precision the unit means
    uint32_t pad2
    uint64_t pad3

cdef struct HaltEvent:              # 40
    ScopeKeys scope
    uint8_t kind                    # a Scope
    uint8_t state                   # a RiskState
    uint8_t reason
    uint8_t pad
    uint32_t by                     # of N_PERSON: who closed trading; NONE: the core itself
    uint64_t pad2

cdef struct AdjustedEvent:          # 112: one position, after all of its instrument were adjusted
    uint32_t position
    uint32_t account
    uint32_t symbol
    uint8_t quiet                   # only risk is told: the position's line is another event's
    uint8_t pad[3]
    int64_t delta                   # quantity that no fill brought
    int64_t book_qty                # what playing fills again, without a busted one, made of the book: see Position
    i128 cost
    i128 realized
    i128 fees
    i128 paid
    uint32_t order                  # of the fill that was busted or corrected; NONE: there is none
    uint32_t pad2[3]

cdef struct SignalEvent:            # 40: what strategies hear of one another; no engine acts on it
    uint32_t name                   # of N_SIGNAL; NONE: it has none
    uint32_t to                     # a session; NONE: all
    uint32_t symbol                 # or NONE
    int32_t exponent
    int64_t mantissa                # the value is mantissa x 10^exponent
    int64_t at_ns                   # what the value is about; 0: now
    uint8_t what                    # a SignalWhat
    uint8_t pad[7]

cdef union Request:
    ConfigEvent config
    NameEvent name
    InstrumentEvent instrument
    VenueEvent venue
    ListingEvent listing
    AccountEvent account
    OpenPositionEvent open_position
    LimitEvent limit
    OverrideEvent over
    GroupEvent group
    FxEvent fx
    QuoteEvent quote
    TradeEvent trade
    DepthEvent depth
    PriceEvent price
    OrderEvent order
    AlgoOrderEvent algo_order
    ReplaceEvent replace
    CancelEvent cancel
    FilterEvent filter
    KillEvent kill
    RearmEvent rearm
    ReportEvent report
    VenueStateEvent venue_state
    SimulateEvent simulate
    FactsEvent facts
    DayEvent day
    RightsEvent rights
    SliceEvent slice
    ChildEvent child
    OrderEndEvent order_end
    SweepEvent sweep
    AlertEvent alert
    HaltEvent halt
    AdjustEvent adjust
    BookEvent book
    AdjustedEvent adjusted
    AlgoEvent algo
    TriggerEvent trigger
    TriggersEvent triggers
    ListEvent list
    SignalEvent signal
    char bytes[256]


# ---- paragraphs -----------------------------------------------------------------------------------------------

cdef enum ResolvedFlag:
    D_DUPLICATE_ID = 1              # the cl_ord_id was used before
    D_DUPLICATE_EXEC = 2            # the fill came before
    D_CONFLICT = 4                  # ... with other contents
    D_TABLE_FULL = 8
    D_NO_REFERENCE = 16             # exec_ref_id names no fill

cdef struct Resolved:               # 64 bytes
    uint64_t seq
    uint32_t id                     # of this request's cl_ord_id
    uint32_t orig_id                # of its orig_cl_ord_id
    uint32_t order
    uint32_t child
    uint32_t n                      # the child's number
    uint32_t position               # of (account, symbol)
    uint32_t fill                   # of (venue, exec_id)
    uint32_t ref_fill               # of (venue, exec_ref_id)
    int64_t ref_qty                 # what that fill was before this report
    int64_t ref_px
    uint16_t flags
    uint16_t pad
    uint32_t pad2

cdef enum VerdictFlag:
    VF_APPLIES = 1                  # the event is to be applied: passed, or a report about a child of ours
    VF_DENIED = 2
    VF_UNKNOWN = 4                  # a report about nothing that we sent
    VF_STATE = 8                    # a risk state changed: a line to print
    VF_HAS_MARK = 16
    VF_PROTECTED = 32               # an order's mark2 is a price that it may not go beyond
    VF_HOLDS = 64                   # an order waits in the core until own orders that it would meet are gone
    VF_SOFT = 128                   # a soft limit denied it

cdef struct Verdict:                # 128 bytes; the second line of a denial or a change of state only
    uint64_t seq
    uint8_t flags
    uint8_t reason
    uint8_t unit                    # of limit and value
    uint8_t state                   # the new RiskState, where VF_STATE
    uint8_t venue_state             # of the venue that the event's child lives at
    uint8_t scope_kind              # of the risk state's line, a Scope
    uint16_t pad
    int64_t mark2                   # of a report: twice the symbol's mark, so that a mid stays exact; see VF_PROTECTED
    int64_t bid_px                  # and the consolidated best; its qty 0: none
    int64_t bid_qty
    int64_t ask_px
    int64_t ask_qty
    uint32_t target                 # of a sweep: the order or child that this step is about, NONE: none
    uint32_t cursor                 # where the next step begins, NONE: it was the last
    i128 limit
    i128 value
    ScopeKeys scope
    uint32_t limit_index
    uint32_t pad2

cdef enum Action:
    A_NONE = 0
    A_NEW = 1
    A_REPLACE = 2
    A_CANCEL = 3
    A_STATUS = 4

cdef enum Follow:                   # what orders asks for next, as derived events
    F_NONE = 0
    F_CHILD_CANCEL = 1
    F_CHILD_REPLACE = 2

cdef enum OutcomeFlag:
    OF_WORKED = 1
    OF_ROUTABLE = 2                 # the router may send more of it now
    OF_CHILD_ENDED = 4              # a child ended that nobody asked to end
    OF_CHILD_REJECTED = 8
    OF_OVERFILL = 16
    OF_HELD = 32                    # the cancel waits for the venue to come up
    OF_CHILD_BOUND = 64
    OF_POST_ONLY = 128
    OF_ENDED = 256
    OF_REFUSED = 512                # a slice that may not go now; of a report: a peg's child that may not move to send_price
    OF_HAS_PRICE = 1024
    OF_FILL_APPLIED = 2048
    OF_REPLACED = 4096              # something new may be sent: a replace was decided, a held order goes on
    OF_CHILD_OVER = 8192            # the child has ended, whatever its status shows
    OF_WAITS = 16384                # held until it triggers, or an auction begins
    OF_HOLDS = 32768                # held: until it triggers, for its entry or for an auction

cdef struct Outcome:                # 192 bytes
    uint64_t seq
    uint32_t order                  # NONE: the event changed no order, and nothing else here counts but the flags
    uint32_t child
    uint32_t n
    uint32_t symbol
    uint32_t account
    uint32_t strategy
    uint32_t session
    uint16_t flags
    uint16_t venue                  # the child's
    uint8_t side
    uint8_t ord_type
    uint8_t time_in_force
    uint8_t action                  # for execution
    uint8_t follow
    uint8_t child_exec_type         # X_NONE: no line
    uint8_t child_status
    uint8_t exec_type               # the order's line; X_NONE: no line
    uint8_t status
    uint8_t reason
    uint8_t order_flags             # OrderFlag
    uint8_t protects                # a market order that goes no further than its price
    uint32_t id                     # which cl_ord_id the line carries
    uint32_t orig_id                # NONE: not an answer to a client's request
    uint32_t follow_child
    int64_t follow_qty
    int64_t order_qty
    int64_t cum_qty
    int64_t leaves_qty
    int64_t price
    int64_t bound_qty               # what children together may reach
    int64_t unsent_qty              # order_qty less what is filled and what is working
    int64_t send_qty
    i128 notional                   # sum of qty x px: avg_px = notional / cum_qty
    int64_t child_order_qty         # of the child, where there is one
    int64_t child_cum_qty
    int64_t child_leaves_qty
    int64_t child_price
    int64_t send_price
    uint32_t live_children
    uint32_t pad2

cdef struct Routing:                # 64 bytes
    uint64_t seq
    uint32_t order
    uint16_t legs                   # slices derived by this event
    uint16_t waiting                # orders that wait for a quote of this symbol
    int64_t routed_qty
    int64_t rest_qty
    uint64_t pad[4]

cdef enum SendFlag:
    SF_SENT = 1
    SF_HELD = 2
    SF_CHILD_BOUND = 4

cdef struct Send:                   # 128 bytes: what a venue is told, where there are flags; also the slot of a venue's order ring
    uint64_t seq
    uint32_t order
    uint32_t child
    uint32_t n
    uint32_t symbol
    uint16_t venue
    uint8_t action
    uint8_t side
    uint8_t ord_type
    uint8_t time_in_force
    uint8_t flags                   # SendFlag
    uint8_t order_flags             # OrderFlag
    int64_t qty
    int64_t price
    int64_t time_ns
    int64_t expire_ns
    int64_t bound_qty               # for the gateway's own guard
    char first_id[40]               # child_id = first_id "." n
    uint32_t account                # whose it is: a kill of its account, strategy or session holds it back
    uint32_t strategy
    uint32_t session
    uint32_t pad

cdef enum BookingFlag:
    BF_BOOKED = 1
    BF_HAS_MARK = 2

cdef struct Booking:                # 128 bytes: the position after the event, where BF_BOOKED
    uint64_t seq
    uint32_t position
    uint32_t account
    uint32_t symbol
    uint32_t flags
    int64_t qty
    int64_t mark2
    int64_t fill_qty                # signed
    i128 cost                       # ledger unit, signed like qty
    i128 realized                   # ledger unit, without the multiplier
    i128 fees                       # 10^-16
    i128 fee                        # of this fill
    i128 paid                       # realised by funding, dividends, parts of lots: 10^-20

cdef enum ResponseKind:
    RK_DENY = 1
    RK_ORDER = 2

cdef struct Response:               # 192 bytes: what a session is told
    uint64_t seq
    int64_t time_ns
    uint32_t session
    uint32_t order
    uint8_t kind                    # a ResponseKind
    uint8_t exec_type
    uint8_t status
    uint8_t reason
    uint8_t side
    uint8_t pad[3]
    char cl_ord_id[40]
    int64_t order_qty
    int64_t cum_qty
    int64_t leaves_qty
    int64_t last_qty
    int64_t last_px
    int64_t price
    uint64_t number                 # of its session's responses, since it connected
    i128 notional
    char orig_cl_ord_id[40]
    uint64_t event                  # on the spine: what it tells of

cdef inline bint is_request(uint16_t kind) noexcept nogil:
    """Whether it names an order by a cl_ord_id: resolve has found it."""
    return kind == K_ORDER or kind == K_REPORT or kind == K_REPLACE or kind == K_CANCEL


cdef inline bint is_order(uint16_t kind) noexcept nogil:
    """Whether it is about an order: those that the engine orders takes (core.topology.TAKES)."""
    return (is_request(kind) or K_SLICE <= kind <= K_CHILD_REPLACE or K_ORDER_END <= kind <= K_EXPIRE
            or K_TRIGGER <= kind <= K_PEG or kind == K_ALGO)


cdef struct Page:
    Header header
    Request request
    Resolved resolved
    Verdict verdict
    Outcome outcome
    Routing routing
    Send send
    Booking booking
