def calibrate(duration_ns: int = ...) -> float:
    """Measures the tick's length over `duration_ns` (busy). Gives ns a tick."""

def now() -> int:
    """Realtime, ns since 1970."""

def held_at() -> int:
    """The address of the word that is realtime in this process where it isn't 0: whoever simulates time
    writes it."""

def monotonic() -> int:
    """Monotonic time, ns."""

def read_ticks() -> int:
    """The tick counter; only differences mean anything, through `ticks_ns`."""

def ticks_ns(difference: int) -> int:
    """A difference of ticks in ns."""

def uses_tsc() -> bool:
    """True when ticks are the processor's counter, False when they are the monotonic clock."""
