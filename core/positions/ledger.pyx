# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The ledger: see ledger.pxd."""
from core_ext.wide cimport div_half_even, mul_div_half_even, mul_scale_half_even, pow10_i128


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
    position.flow -= <i128>qty * <i128>px
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
