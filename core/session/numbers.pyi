def units(value: object, precision: int) -> int | None:
    """An int, a text or a Decimal in units of 10**-precision; None: it is none of these, or not exact.

    None too where it takes a closer look: an exponent, more digits than 63 bits hold before zeros at the end
    are cut.
    """
