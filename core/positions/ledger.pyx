# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The ledger: see ledger.pxd."""
from core.messages cimport AD_DIVIDEND, AD_FUNDING, AD_SPLIT
from core_ext.wide cimport (
    div_half_even, i128_add_overflow, i128_mul_overflow, i128_to_i64, mul_div_half_even, mul_scale_half_even,
    pow10_i128,
)


cdef i128 value_of(const Contract* contract, int64_t qty, int64_t px) noexcept nogil:
    """qty x px in the ledger's unit; inverse: qty x multiplier / px. qty >= 0."""
    cdef int digits
    cdef i128 out = 0
    if not contract.inverse:
        return <i128>qty * <i128>px * <i128>1000000
    digits = 16 + contract.price_precision - contract.qty_precision - contract.multiplier_precision
    if digits < 0:
        return div_half_even(<i128>qty * <i128>contract.multiplier, <i128>px * pow10_i128(-digits))
    return div_half_even(<i128>qty * <i128>contract.multiplier * pow10_i128(digits), <i128>px)


cdef void book(Position* position, const Contract* contract, int64_t qty, int64_t px) noexcept nogil:
    """A signed fill. A part that reduces releases cost in proportion, half to even; what crosses zero opens anew."""
    cdef int64_t open_qty = position.qty
    cdef int64_t size = qty if qty > 0 else -qty
    cdef int64_t held = open_qty if open_qty > 0 else -open_qty
    cdef int64_t closes = 0
    cdef i128 released = 0
    cdef i128 proceeds
    if open_qty != 0 and (open_qty > 0) != (qty > 0):
        closes = size if size < held else held
        if closes == held:
            released = position.cost
        else:
            mul_div_half_even(position.cost, closes, held, &released)
        proceeds = value_of(contract, closes, px)
        if (open_qty > 0) != (contract.inverse != 0):
            position.realized += proceeds - released
        else:
            position.realized += released - proceeds
        position.cost -= released
    if size > closes:
        position.cost += value_of(contract, size - closes, px)
    position.qty += qty


cdef i128 fee_of(const Contract* contract, int64_t qty, int64_t px, int64_t rate, int precision) noexcept nogil:
    """|value| x rate, half to even at `precision` digits, in 10^-16. rate: 10^-8 bps; negative: a rebate."""
    cdef i128 fee = 0
    cdef i128 rated
    cdef int digits
    px = px if px >= 0 or contract.inverse else -px
    if contract.inverse:
        # qty x multiplier x rate / px: one division, so one rounding
        digits = precision + contract.price_precision - contract.qty_precision - contract.multiplier_precision - 12
        rated = <i128>qty * <i128>contract.multiplier * <i128>rate
        if digits >= 0:
            fee = div_half_even(rated * pow10_i128(digits), <i128>px)
        else:
            fee = div_half_even(rated, <i128>px * pow10_i128(-digits))
    else:
        digits = contract.price_precision + contract.qty_precision + contract.multiplier_precision + 12 - precision
        mul_scale_half_even(<i128>qty * <i128>px * <i128>contract.multiplier, rate, digits, &fee)
    return fee * pow10_i128(16 - precision)


# ---- what happens to all positions of an instrument at once ---------------------------------------------------
#
# What is paid is kept in 10^-20, so that a rate times a value at a mid is exact in all but absurd precisions.
# Each function leaves the position as it was, and answers 1, where a product doesn't fit.

cdef bint adjust(Position* position, const Contract* contract, const Adjustment* done) noexcept nogil:
    """Applies it to an open position. 1: an amount doesn't fit, and nothing was done."""
    if position.qty == 0:
        return 0
    if done.what == AD_FUNDING:
        return _funding(position, contract, done)
    if done.what == AD_DIVIDEND:
        return _dividend(position, contract, done)
    if done.what == AD_SPLIT:
        return _split(position, contract, done)
    book(position, contract, -position.qty, done.a)
    position.moved = 1
    return 0


cdef bint _pay(Position* position, i128 amount) noexcept nogil:
    """Adds to what is realised, and so to the cash."""
    cdef i128 paid = 0
    if i128_add_overflow(position.paid, amount, &paid):
        return 1
    position.paid = paid
    position.has_paid = 1
    if amount != 0:
        position.moved = 1
    return 0


cdef bint _scaled(i128 amount, int64_t by, int digits, i128* out) noexcept nogil:
    """amount x by, of `digits` digits, in 10^-PAID_DIGITS."""
    return mul_scale_half_even(amount, by, digits - PAID_DIGITS, out)


cdef bint _funding(Position* position, const Contract* contract, const Adjustment* done) noexcept nogil:
    """Long pays rate x value at the mark, short receives it. Without a mark nothing has a value."""
    cdef i128 amount = 0
    if not done.has_mark or _value_at(contract, <i128>position.qty, 1, done.mark2, done.a, done.digits, &amount):
        return done.has_mark
    return _pay(position, -amount)


cdef bint _dividend(Position* position, const Contract* contract, const Adjustment* done) noexcept nogil:
    """Long receives amount x quantity x multiplier, short pays it."""
    cdef i128 amount = 0
    cdef i128 units = 0
    if (i128_mul_overflow(<i128>position.qty, <i128>contract.multiplier, &units)
            or _scaled(units, done.a, contract.qty_precision + contract.multiplier_precision + done.digits, &amount)):
        return 1
    return _pay(position, amount)


cdef bint _value_at(const Contract* contract, i128 qty, int64_t den, int64_t mark2, int64_t rate, int rate_digits,
                    i128* out) noexcept nogil:
    """rate x the value of qty / den at half of mark2, 10^-PAID_DIGITS. 1: it doesn't fit."""
    cdef i128 top = 0
    cdef i128 bottom = 0
    cdef int digits = contract.qty_precision + contract.multiplier_precision + rate_digits
    if i128_mul_overflow(qty, <i128>contract.multiplier, &top) or i128_mul_overflow(top, <i128>rate, &top):
        return 1
    if contract.inverse:
        out[0] = 0
        if mark2 <= 0:
            return 0
        digits = PAID_DIGITS + contract.price_precision - digits
        if i128_mul_overflow(top, <i128>2, &top) or i128_mul_overflow(<i128>mark2, <i128>den, &bottom):
            return 1
        return _ratio(top, bottom, digits, out)
    if i128_mul_overflow(top, <i128>mark2, &top):
        return 1
    return _ratio(top, <i128>2 * <i128>den, PAID_DIGITS - digits - contract.price_precision, out)


cdef bint _ratio(i128 top, i128 bottom, int digits, i128* out) noexcept nogil:
    """top x 10^digits / bottom, half to even."""
    if digits < -38 or digits > 38:
        return 1
    if digits < 0:
        if i128_mul_overflow(bottom, pow10_i128(-digits), &bottom):
            return 1
    elif i128_mul_overflow(top, pow10_i128(digits), &top):
        return 1
    out[0] = div_half_even(top, bottom)
    return 0


cdef bint _split(Position* position, const Contract* contract, const Adjustment* done) noexcept nogil:
    """Quantity x a / b, the cost stays; a part of a lot closes at the mark, or at its cost where there is none."""
    cdef int64_t held = position.qty if position.qty > 0 else -position.qty
    cdef i128 whole = <i128>held * <i128>done.a                 # over b
    cdef i128 lot = <i128>contract.lot * <i128>done.b           # over b too
    cdef i128 kept = whole / lot * <i128>contract.lot
    cdef i128 part = whole - kept * <i128>done.b
    cdef int64_t kept_qty = 0
    if i128_to_i64(kept, &kept_qty) or (part != 0 and _close_part(position, contract, done, part, whole)):
        return 1
    position.qty = kept_qty if position.qty > 0 else -kept_qty
    return 0


cdef bint _close_part(Position* position, const Contract* contract, const Adjustment* done, i128 part,
                      i128 whole) noexcept nogil:
    """Closes part / whole of the position; part is a quantity over done.b."""
    cdef i128 released = position.cost
    cdef i128 cost = 0
    cdef i128 value = 0
    cdef int64_t part64 = 0
    cdef int64_t whole64 = 0
    cdef bint gains = (position.qty > 0) != (contract.inverse != 0)
    if part != whole and (i128_to_i64(part, &part64) or i128_to_i64(whole, &whole64)
                          or mul_div_half_even(position.cost, part64, whole64, &released)):
        return 1
    if _paid_cost(contract, released, &cost):
        return 1
    value = cost
    if done.has_mark and _value_at(contract, part, done.b, done.mark2, 1, 0, &value):
        return 1
    if _pay(position, value - cost if gains else cost - value):
        return 1
    position.cost -= released
    position.moved = 1
    return 0


cdef bint _paid_cost(const Contract* contract, i128 cost, i128* out) noexcept nogil:
    """A cost in 10^-PAID_DIGITS of the settle currency."""
    if contract.inverse:
        return _scaled(cost, 1, 16, out)
    return _scaled(cost, contract.multiplier, contract.price_precision + contract.qty_precision + 6
                   + contract.multiplier_precision, out)
