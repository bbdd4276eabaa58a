"""What of the naive venue is arithmetic: pro-rata shares, and how far an order moves up in its queue."""

from __future__ import annotations


def shares(qty: int, sizes: list[int], lot: int) -> list[int]:
    """qty over sizes that are more together: each its part in whole lots, what is left by their order."""
    total = sum(sizes)
    found = [qty * size // total // lot * lot for size in sizes]
    rest = qty - sum(found)
    for i, size in enumerate(sizes):
        more = min(rest, size - found[i])
        found[i] += more
        rest -= more
    return found


def log2_16(x: int) -> int:
    """floor of log2(x) in 2^-16, digit by digit, the square cut to 31 digits after each."""
    whole = x.bit_length() - 1
    x = x << (31 - whole) if whole <= 31 else x >> (whole - 31)
    bits = 0
    for _ in range(16):
        x = x * x >> 31
        bits *= 2
        if x >> 32:
            x >>= 1
            bits += 1
    return (whole << 16) + bits


def _part(a: int, b: int) -> int:
    return (a << 32) // (a + b) if a + b else 0


def _power(share: int, n: int) -> int:
    out = share
    for _ in range(n - 1):
        out = out * share >> 32
    return out


def front_after(model: str, n: int, lot: int, front: int, back: int, decrease: int) -> int:
    """What stands before an order once its level got smaller by `decrease` without a trade."""
    if model == "risk_averse":
        return front
    behind = _part(back, front)
    if model == "power":
        share = _part(_power(behind, n), _power((1 << 32) - behind, n))
    elif model == "power2":
        share = _power(behind, n)
    elif model == "power3":
        share = (1 << 32) - _power((1 << 32) - behind, n)
    else:
        front_log, back_log = (log2_16(1 + size // lot) for size in (front, back))
        both = log2_16(1 + front // lot + back // lot)
        share = _part(back_log, front_log) if model == "log" else (back_log << 32) // both if both else 0
    gone_behind = decrease * share >> 32
    gone_before = decrease - gone_behind + max(0, gone_behind - back)
    return max(0, front - gone_before)
