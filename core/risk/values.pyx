# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What quantities are worth: see values.pxd. Functions that can fail answer 0 where there is no price or rate, or no room."""
from libc.string cimport memset

from core.market.view cimport MarketView
from core.messages cimport (
    I_EQUITY, I_SPOT, K_FX, K_INSTRUMENT, NONE, Page,
)
from core.risk.limits cimport Limits
from core.positions.ledger cimport Contract, Position
from core_ext.tables cimport Arena
from core_ext.wide cimport div_half_even, i128_mul_overflow, mul_scale_half_even, pow10_i128


cdef class Values:
    """Marks, rates and the arithmetic of money, from risk's own view of the market."""

    def __cinit__(self, Arena arena, object capacity, MarketView view, Limits limits):
        self.view = view
        self.max_currencies = capacity.currencies
        self.max_symbols = capacity.symbols
        self.instruments = <Instrument*>arena.table("risk.instruments", sizeof(Instrument), capacity.symbols)
        self.contracts = <Contract*>arena.table("risk.contracts", sizeof(Contract), capacity.symbols)
        self.rates = <Rate*>arena.table("risk.rates", sizeof(Rate), capacity.currencies * capacity.currencies)
        self.facts = limits.counts_of(1)
        self.facts[0] = 1
        self.facts[3] = 1
        self.facts[4] = DRIFT_STEP

    # ---- declarations -----------------------------------------------------------------------------------------

    cdef void declare(self, Page* page) noexcept nogil:
        cdef Rate* rate
        if page.header.kind == K_INSTRUMENT:
            self._instrument(page)
        elif page.header.kind == K_FX:
            rate = &self.rates[page.request.fx.base * self.max_currencies + page.request.fx.quote]
            rate.rate = page.request.fx.rate
            rate.digits = page.request.fx.digits
            self._drift_to(DRIFT_MAX + 1)     # sums of converted money are made anew

    cdef void _instrument(self, Page* page) noexcept nogil:
        cdef uint32_t symbol = page.request.instrument.symbol
        cdef Instrument* instrument = &self.instruments[symbol]
        cdef Contract* contract = &self.contracts[symbol]
        instrument.declared = 1
        instrument.kind = page.request.instrument.kind
        instrument.inverse = page.request.instrument.inverse
        instrument.price_precision = page.request.instrument.price_precision
        instrument.qty_precision = page.request.instrument.qty_precision
        instrument.multiplier_precision = page.request.instrument.multiplier_precision
        instrument.currency = page.request.instrument.currency
        instrument.settle_currency = page.request.instrument.settle_currency
        instrument.sector = page.request.instrument.sector
        instrument.margin = page.request.instrument.margin
        instrument.tick = page.request.instrument.tick
        instrument.lot = page.request.instrument.lot
        instrument.min_qty = page.request.instrument.min_qty
        instrument.multiplier = page.request.instrument.multiplier
        instrument.notional_scale = notional_scale(instrument)
        instrument.scale = <uint64_t>pow10_i128(12 - instrument.qty_precision)
        memset(contract, 0, sizeof(Contract))
        contract.multiplier = instrument.multiplier
        contract.kind = instrument.kind
        contract.inverse = instrument.inverse
        contract.price_precision = instrument.price_precision
        contract.qty_precision = instrument.qty_precision
        contract.multiplier_precision = instrument.multiplier_precision
        contract.lot = instrument.lot
        contract.first_position = NONE

    # ---- marks ------------------------------------------------------------------------------------------------

    cdef bint mark2(self, uint32_t symbol, int64_t* out) noexcept nogil:
        """Twice the mark: the market's, else our last fill."""
        if self.view.mark2(symbol, out):
            return 1
        out[0] = 2 * self.instruments[symbol].last_fill
        return self.instruments[symbol].has_fill

    cdef void filled(self, uint32_t symbol, int64_t px) noexcept nogil:
        self.instruments[symbol].last_fill = px
        self.instruments[symbol].has_fill = 1
        self.moved(symbol)

    cdef void moved(self, uint32_t symbol) noexcept nogil:
        """The symbol's mark may have moved: how far from its reference any has counts. A symbol that has its first mark
        now was in no sum."""
        cdef int64_t mark = 0
        cdef int64_t reference = self.instruments[symbol].reference2
        cdef uint64_t far
        cdef uint64_t least
        if not self.facts[2] or self.facts[1] > DRIFT_MAX:
            return
        if not self.mark2(symbol, &mark) or mark <= 0:
            if reference:
                self._drift_to(DRIFT_MAX + 1)
            return
        if reference == 0:
            self.instruments[symbol].reference2 = mark
            return
        far = <uint64_t>(mark - reference if mark > reference else reference - mark)
        least = <uint64_t>(mark if mark < reference else reference)
        if far >> 40 or least >> 40:
            self._drift_to(DRIFT_MAX + 1)
        elif (far << DRIFT_BITS) > self.facts[1] * least:
            self._drift_to((far << DRIFT_BITS) / least + 1)

    cdef void _drift_to(self, uint64_t drift) noexcept nogil:
        """Rooms that allowed for less are to be measured anew, and allow for twice as much."""
        self.facts[1] = drift
        if drift > self.facts[4]:
            self.facts[3] += 1
            self.facts[4] = 2 * drift

    cdef void keep_sums(self) noexcept nogil:
        """Sums at references are asked for from now on."""
        if not self.facts[2]:
            self.refer()

    cdef void refer(self) noexcept nogil:
        """Sets every reference to the mark of now; sums that were kept at the old ones are made anew."""
        cdef uint32_t symbol
        cdef int64_t mark = 0
        for symbol in range(self.max_symbols):
            if not self.instruments[symbol].declared:
                continue
            self.instruments[symbol].reference2 = mark if self.mark2(symbol, &mark) and mark > 0 else 0
        self.facts[0] += 1
        self.facts[1] = 0
        self.facts[2] = 1
        self.facts[3] += 1
        self.facts[4] = DRIFT_STEP

    # ---- money ------------------------------------------------------------------------------------------------

    cdef bint money(self, uint32_t symbol, int64_t qty, int64_t px, i128* out) noexcept nogil:
        """|qty x price x multiplier| (inverse: qty x multiplier / price), 10^-12 of the settle currency. qty >= 0."""
        cdef const Instrument* instrument = &self.instruments[symbol]
        if instrument.notional_scale and fits_30(qty) and fits_30(px):
            out[0] = <i128>(qty * px) * <i128>instrument.notional_scale
            return 1
        if px >> 61 != 0 and px >> 61 != -1:
            return 0
        return self._long_money2(symbol, <i128>qty, 2 * (px if px >= 0 or instrument.inverse else -px), out)

    cdef bint traded(self, uint32_t symbol, i128 notional, i128* out) noexcept nogil:
        """The sum of quantity x price of fills as money; of an inverse instrument it can't be said."""
        cdef const Instrument* instrument = &self.instruments[symbol]
        out[0] = 0
        return not instrument.inverse and not mul_scale_half_even(
            notional, instrument.multiplier, instrument.price_precision + instrument.qty_precision
            + instrument.multiplier_precision - 12, out)

    cdef bint money2(self, uint32_t symbol, i128 qty, int64_t px2, i128* out) noexcept nogil:
        """qty at half of px2, signed like qty x price."""
        cdef const Instrument* instrument = &self.instruments[symbol]
        cdef i128 twice
        if instrument.notional_scale and -(<i128>1 << 40) < qty < <i128>1 << 40 and -(1 << 30) < px2 < 1 << 30 and (
                instrument.notional_scale >> 50 == 0):
            twice = qty * <i128>px2 * <i128>instrument.notional_scale
            if not <int64_t>twice & 1:
                out[0] = twice / <i128>2
                return 1
        return self._long_money2(symbol, qty, px2, out)

    cdef bint _long_money2(self, uint32_t symbol, i128 qty, int64_t px2, i128* out) noexcept nogil:
        cdef const Instrument* instrument = &self.instruments[symbol]
        cdef int digits = 12 - instrument.qty_precision - instrument.multiplier_precision
        cdef i128 value = 0
        if i128_mul_overflow(qty, <i128>instrument.multiplier, &value):
            return 0
        if instrument.inverse:
            digits += instrument.price_precision
            if px2 <= 0 or i128_mul_overflow(value, <i128>2, &value):
                return 0
            return scaled_ratio(value, <i128>px2, digits, out)
        digits -= instrument.price_precision
        if i128_mul_overflow(value, <i128>px2, &value):
            return 0
        return scaled_ratio(value, <i128>2, digits, out)

    cdef bint booked(self, uint32_t symbol, i128 units, i128* out) noexcept nogil:
        """The ledger's units (10^-(price + qty precision + 6) without the multiplier; inverse 10^-16) as money."""
        cdef const Instrument* instrument = &self.instruments[symbol]
        if instrument.inverse:
            out[0] = div_half_even(units, <i128>10000)
            return 1
        return not mul_scale_half_even(units, instrument.multiplier, instrument.price_precision
                                       + instrument.qty_precision + instrument.multiplier_precision - 6, out)

    cdef bint profit(self, uint32_t symbol, const Position* book, i128* out) noexcept nogil:
        """Realised and unrealised less fees, at the mark. 0: something is open and there is no mark."""
        cdef i128 units = book.realized
        cdef i128 value = 0
        cdef int64_t mark = 0
        cdef bint gains = (book.qty > 0) != (self.instruments[symbol].inverse != 0)
        if book.qty:
            units += -book.cost if gains else book.cost
            if not self.mark2(symbol, &mark) or not self.money2(symbol, <i128>book.qty, mark, &value):
                return 0
            if self.instruments[symbol].inverse:
                value = -value
        if not self.booked(symbol, units, out):
            return 0
        out[0] += value + div_half_even(book.paid, <i128>100000000) - div_half_even(book.fees, <i128>10000)
        return 1

    cdef bint cash(self, uint32_t symbol, const Position* book, i128* out) noexcept nogil:
        """What fills, payments and fees moved of the account's cash, in the settle currency."""
        cdef i128 units = book.realized
        if pays_value(self.instruments[symbol].kind) and not self.instruments[symbol].inverse:
            units += -book.cost if book.qty > 0 else book.cost
            units += book.base_cost if book.base_qty > 0 else -book.base_cost
        if not self.booked(symbol, units, out):
            return 0
        out[0] += div_half_even(book.paid, <i128>100000000) - div_half_even(book.fees, <i128>10000)
        return 1

    cdef bint share(self, uint32_t symbol, const Position* book, uint16_t currency, i128* worth,
                    i128* moving) noexcept nogil:
        """A book's profit at the reference price, in `currency`, and the size of what marks move of it. 0: it can't be
        said."""
        cdef uint16_t settled = self.instruments[symbol].settle_currency
        cdef int64_t reference = self.instruments[symbol].reference2
        cdef bint inverse = self.instruments[symbol].inverse
        cdef Position flat = book[0]
        cdef i128 value = 0
        if book.qty:
            if reference == 0 or not self.money2(symbol, <i128>book.qty, reference, &value):
                return 0
            flat.realized += book.cost if (book.qty > 0) == (inverse != 0) else -book.cost
            flat.qty = 0
        if not self.profit(symbol, &flat, worth):
            return 0
        worth[0] += -value if inverse else value
        moving[0] = value if value > <i128>0 else -value
        return self.convert(worth[0], settled, currency, worth) and self.convert(moving[0], settled, currency, moving)

    cdef bint _converted(self, i128 money, uint16_t base, uint16_t quote, i128* out) noexcept nogil:
        cdef Rate* found
        cdef i128 scaled = 0
        out[0] = money
        found = &self.rates[base * self.max_currencies + quote]
        if found.rate:
            return not mul_scale_half_even(money, found.rate, <int>found.digits, out)
        found = &self.rates[quote * self.max_currencies + base]
        if found.rate:
            if i128_mul_overflow(money, pow10_i128(<int>found.digits), &scaled):
                return 0
            out[0] = div_half_even(scaled, <i128>found.rate)
            return 1
        return 0


cdef bint pays_value(uint8_t kind) noexcept nogil:
    """Whether fills of it move cash by their value, not by what they realise."""
    return kind == I_EQUITY or kind == I_SPOT


cdef bint scaled_ratio(i128 top, i128 bottom, int digits, i128* out) noexcept nogil:
    """top x 10^digits / bottom, half to even; bottom > 0. 0: it doesn't fit."""
    if digits > 38 or digits < -36:
        return 0
    if digits >= 0:
        if i128_mul_overflow(top, pow10_i128(digits), &top):
            return 0
    elif i128_mul_overflow(bottom, pow10_i128(-digits), &bottom):
        return 0
    out[0] = div_half_even(top, bottom)
    return 1


cdef bint fits_30(int64_t value) noexcept nogil:
    """0 to 2^30: a product of two fits 60 bits."""
    return <uint64_t>value <= <uint64_t>1 << 30


cdef int64_t notional_scale(const Instrument* instrument) noexcept nogil:
    """The multiplier x 10^(12 - digits) of a product, where it is whole and fits; else 0."""
    cdef int digits = 12 - instrument.price_precision - instrument.qty_precision - instrument.multiplier_precision
    cdef i128 scale
    if instrument.inverse or digits < 0:
        return 0
    scale = <i128>instrument.multiplier * pow10_i128(digits)
    return <int64_t>scale if 0 < scale <= <i128>1 << 62 else 0
