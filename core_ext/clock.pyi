def calibrate(duration_ns: int = ...) -> float:
    """Measures the tick's length over `duration_ns` (busy). Gives ns a tick."""

def now() -> int:
    """Realtime, ns since 1970."""

def monotonic() -> int:
    """Monotonic time, ns."""

def read_ticks() -> int:
    """The tick counter; only differences mean anything, through `ticks_ns`."""

def ticks_ns(difference: int) -> int:
    """A difference of ticks in ns."""

def uses_tsc() -> bool:
    """True when ticks are the processor's counter, False when they are the monotonic clock."""
