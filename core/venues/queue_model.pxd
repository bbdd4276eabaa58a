"""How far an order moves up when its level gets smaller without a trade: somebody cancelled, before it or behind it.

A recording by levels doesn't say where in the queue. The models are hftbacktest's; `front` is what stands before our
order, `back` what stands behind it, and p the share of the decrease that was behind:

    risk_averse     all of it was behind us, as far as there was anything
    power           p = back^n / (back^n + front^n)
    power2          p = (back / (back + front))^n
    power3          p = 1 - (front / (front + back))^n
    log             p = ln(1 + back) / (ln(1 + back) + ln(1 + front)), in lots
    log2            p = ln(1 + back) / ln(1 + back + front), in lots

In integers: a share is in 2^-32, a logarithm in 2^-16, each cut, not rounded; so every machine comes to the same.
"""
from libc.stdint cimport int64_t, uint8_t, uint64_t

cdef enum QueueModel:
    Q_RISK_AVERSE = 0
    Q_POWER = 1
    Q_POWER2 = 2
    Q_POWER3 = 3
    Q_LOG = 4
    Q_LOG2 = 5

cdef int64_t log2_of(uint64_t x) noexcept nogil
cdef int64_t moved_up(uint8_t model, int n, int64_t lot, int64_t front, int64_t back, int64_t decrease) noexcept nogil
