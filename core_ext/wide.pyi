def mul(a: int, b: int) -> int:
    """a * b of two 64-bit ints: always fits."""

def add_checked(a: int, b: int) -> int:
    """a + b; OverflowError beyond 128 bits."""

def sub_checked(a: int, b: int) -> int:
    """a - b; OverflowError beyond 128 bits."""

def mul_checked(a: int, b: int) -> int:
    """a * b of two 128-bit ints; OverflowError beyond 128 bits."""

def pow10(e: int) -> int:
    """10 ** e for e in 0..38; 0 outside."""

def divide(n: int, d: int) -> int:
    """n / d rounded half to even, d > 0."""

def mul_div(a: int, b: int, d: int) -> int:
    """a * b / d rounded half to even, d != 0; OverflowError beyond 128 bits."""

def mul_scale(a: int, b: int, p10: int) -> int:
    """a * b / 10**p10 rounded half to even, p10 in -20..40; OverflowError beyond 128 bits."""

def to_int64(a: int) -> int:
    """The value through a 64-bit int; OverflowError."""

def compare(a: int, b: int) -> int:
    """-1, 0 or 1."""

def size_of_i128() -> int:
    """Bytes of an i128 variable as this build's C sees it."""
