# Signed 128-bit integers for products of prices and quantities. Exact or an overflow, never a wrap.
#
# The arithmetic is C, not Cython: Cython knows i128 only as some integer and would type temporaries as long long.
# In Cython code hold i128 in variables, pass it to these functions, and do no arithmetic on it with operators.
# a*b/d with a 128-bit a needs 192 bits in between: the product is kept as three 64-bit limbs and divided limb by
# limb. All rounding is to nearest, half to even.
from libc.stdint cimport int64_t, uint64_t

cdef extern from * nogil:
    """
    #ifndef NACRE_WIDE_H
    #define NACRE_WIDE_H
    #include <stdint.h>
    typedef __int128 nacre_i128;
    typedef unsigned __int128 nacre_u128;
    #define NACRE_I128_MAX ((nacre_i128)(((nacre_u128)1 << 127) - 1))
    #define NACRE_I128_MIN (-NACRE_I128_MAX - 1)
    _Static_assert(sizeof(nacre_i128) == 16, "128 bits");

    /* A magnitude of 192 or 256 bits, least significant limb first. */
    typedef struct { uint64_t limb[4]; } nacre_u256;

    static inline nacre_i128 nacre_i128_make(int64_t hi, uint64_t lo) {
        return (nacre_i128)(((nacre_u128)(uint64_t)hi << 64) | lo);
    }
    static inline int64_t nacre_i128_hi(nacre_i128 a) { return (int64_t)(uint64_t)((nacre_u128)a >> 64); }
    static inline uint64_t nacre_i128_lo(nacre_i128 a) { return (uint64_t)(nacre_u128)a; }
    static inline nacre_i128 nacre_i128_from(int64_t a) { return (nacre_i128)a; }
    static inline int nacre_i128_to_i64(nacre_i128 a, int64_t* out) {    /* 1: does not fit */
        *out = (int64_t)(uint64_t)(nacre_u128)a;
        return (nacre_i128)*out != a;
    }
    static inline int nacre_i128_cmp(nacre_i128 a, nacre_i128 b) { return (a > b) - (a < b); }
    static inline int nacre_i128_sign(nacre_i128 a) { return (a > 0) - (a < 0); }

    static inline nacre_i128 nacre_i128_mul(int64_t a, int64_t b) { return (nacre_i128)a * b; }
    static inline int nacre_i128_mul_overflow(nacre_i128 a, nacre_i128 b, nacre_i128* out) {
        return __builtin_mul_overflow(a, b, out);
    }
    static inline int nacre_i128_add_overflow(nacre_i128 a, nacre_i128 b, nacre_i128* out) {
        return __builtin_add_overflow(a, b, out);
    }
    static inline int nacre_i128_sub_overflow(nacre_i128 a, nacre_i128 b, nacre_i128* out) {
        return __builtin_sub_overflow(a, b, out);
    }

    static const uint64_t nacre_pow10_64[20] = {
        1ULL, 10ULL, 100ULL, 1000ULL, 10000ULL, 100000ULL, 1000000ULL, 10000000ULL, 100000000ULL, 1000000000ULL,
        10000000000ULL, 100000000000ULL, 1000000000000ULL, 10000000000000ULL, 100000000000000ULL,
        1000000000000000ULL, 10000000000000000ULL, 100000000000000000ULL, 1000000000000000000ULL,
        10000000000000000000ULL };

    /* 10^e for e in 0..38; 0 outside, which no power of ten is. */
    static inline nacre_i128 nacre_pow10_i128(int e) {
        if (e < 0 || e > 38) return 0;
        return e <= 19 ? (nacre_i128)nacre_pow10_64[e] : (nacre_i128)nacre_pow10_64[19] * nacre_pow10_64[e - 19];
    }

    static inline nacre_u128 nacre_magnitude(nacre_i128 a) { return a < 0 ? -(nacre_u128)a : (nacre_u128)a; }

    /* Gives a magnitude its sign. 1: it does not fit. */
    static inline int nacre_signed(nacre_u128 m, int negative, nacre_i128* out) {
        if (m > (nacre_u128)NACRE_I128_MAX + (negative ? 1 : 0)) return 1;
        *out = negative ? (nacre_i128)(-m) : (nacre_i128)m;
        return 0;
    }

    static inline nacre_i128 nacre_div_half_even(nacre_i128 n, nacre_i128 d) {
        if ((int64_t)n == n && (int64_t)d == d) {                    /* nearly always: the processor's own division */
            int64_t q64 = (int64_t)n / (int64_t)d, r64 = (int64_t)n % (int64_t)d;
            uint64_t low64 = r64 < 0 ? -(uint64_t)r64 : (uint64_t)r64, rest64 = (uint64_t)d - low64;
            return (nacre_i128)q64 + ((low64 > rest64 || (low64 == rest64 && (q64 & 1))) ? (n < 0 ? -1 : 1) : 0);
        }
        nacre_i128 q = n / d, r = n - q * d;
        nacre_u128 low = nacre_magnitude(r), rest = (nacre_u128)d - low;
        if (low > rest || (low == rest && (q & 1)))
            q += n < 0 ? -1 : 1;
        return q;
    }

    /* m * b: the carry beyond 256 bits, 0 when it fits. */
    static inline uint64_t nacre_u256_mul(nacre_u256* m, uint64_t b) {
        nacre_u128 carry = 0;
        for (int i = 0; i < 4; i++) {
            carry += (nacre_u128)m->limb[i] * b;
            m->limb[i] = (uint64_t)carry;
            carry >>= 64;
        }
        return (uint64_t)carry;
    }
    /* m / d in place; the remainder. Each step divides (remainder, limb) < d * 2^64, so its quotient is one limb. */
    static inline uint64_t nacre_u256_div(nacre_u256* m, uint64_t d) {
        uint64_t r = 0;
        for (int i = 3; i >= 0; i--) {
            nacre_u128 n = ((nacre_u128)r << 64) | m->limb[i];
            if (n == 0) { m->limb[i] = 0; continue; }
            m->limb[i] = (uint64_t)(n / d);
            r = (uint64_t)(n % d);
        }
        return r;
    }
    static inline int nacre_u256_finish(nacre_u256* m, int up, int negative, nacre_i128* out) {
        nacre_u128 low = ((nacre_u128)m->limb[1] << 64) | m->limb[0];
        if (m->limb[2] | m->limb[3]) return 1;
        if (up && ++low == 0) return 1;
        return nacre_signed(low, negative, out);
    }
    static inline nacre_u256 nacre_u256_product(nacre_i128 a, int64_t b) {
        nacre_u128 m = nacre_magnitude(a);
        nacre_u256 p = {{(uint64_t)m, (uint64_t)(m >> 64), 0, 0}};
        nacre_u256_mul(&p, b < 0 ? -(uint64_t)b : (uint64_t)b);      /* 128 x 64 bits: never carries out */
        return p;
    }
    /* Round up? By the remainder r of a division by d, what was cut off before it (sticky), and the last bit. */
    static inline int nacre_round_up(uint64_t r, uint64_t d, int sticky, uint64_t odd) {
        uint64_t rest = d - r;                                       /* r < d */
        return r > rest || (r == rest && (sticky || (odd & 1)));
    }

    static inline int nacre_mul_div_half_even(nacre_i128 a, int64_t b, int64_t d, nacre_i128* out) {
        uint64_t divisor = d < 0 ? -(uint64_t)d : (uint64_t)d;
        int negative = (a < 0) ^ (b < 0) ^ (d < 0);
        nacre_i128 product;
        if (d > 0 && !__builtin_mul_overflow(a, (nacre_i128)b, &product)) {     /* nearly always: one division */
            *out = nacre_div_half_even(product, (nacre_i128)d);
            return 0;
        }
        nacre_u256 m = nacre_u256_product(a, b);
        uint64_t r = nacre_u256_div(&m, divisor);
        return nacre_u256_finish(&m, nacre_round_up(r, divisor, 0, m.limb[0]), negative, out);
    }

    static inline int nacre_u256_scale_up(nacre_u256* m, int e) {    /* 1: beyond 256 bits */
        for (; e > 0; e -= 19)
            if (nacre_u256_mul(m, nacre_pow10_64[e < 19 ? e : 19])) return 1;
        return 0;
    }
    static inline int nacre_mul_scale_half_even(nacre_i128 a, int64_t b, int p10, nacre_i128* out) {
        int negative = (a < 0) ^ (b < 0), sticky = 0;
        nacre_i128 product;
        if (p10 < -20 || p10 > 40) return 1;
        if (p10 >= 0 && p10 <= 38 && !__builtin_mul_overflow(a, (nacre_i128)b, &product)) {
            *out = nacre_div_half_even(product, nacre_pow10_i128(p10));
            return 0;
        }
        nacre_u256 m = nacre_u256_product(a, b);
        if (p10 <= 0)
            return nacre_u256_scale_up(&m, -p10) ? 1 : nacre_u256_finish(&m, 0, negative, out);
        for (; p10 > 19; p10 -= 19)
            sticky |= nacre_u256_div(&m, nacre_pow10_64[19]) != 0;
        uint64_t d = nacre_pow10_64[p10], r = nacre_u256_div(&m, d);
        return nacre_u256_finish(&m, nacre_round_up(r, d, sticky, m.limb[0]), negative, out);
    }
    #endif
    """
    ctypedef long long i128 "nacre_i128"
    ctypedef unsigned long long u128 "nacre_u128"

    i128 i128_make "nacre_i128_make" (int64_t hi, uint64_t lo)
    int64_t i128_hi "nacre_i128_hi" (i128 a)
    uint64_t i128_lo "nacre_i128_lo" (i128 a)
    i128 i128_from "nacre_i128_from" (int64_t a)
    bint i128_to_i64 "nacre_i128_to_i64" (i128 a, int64_t* out)              # 1: does not fit
    int i128_cmp "nacre_i128_cmp" (i128 a, i128 b)                           # -1, 0, 1
    int i128_sign "nacre_i128_sign" (i128 a)                                 # -1, 0, 1
    i128 i128_mul "nacre_i128_mul" (int64_t a, int64_t b)                    # exact
    bint i128_mul_overflow "nacre_i128_mul_overflow" (i128 a, i128 b, i128* out)
    bint i128_add_overflow "nacre_i128_add_overflow" (i128 a, i128 b, i128* out)
    bint i128_sub_overflow "nacre_i128_sub_overflow" (i128 a, i128 b, i128* out)
    i128 pow10_i128 "nacre_pow10_i128" (int e)                               # 0..38, else 0
    i128 div_half_even "nacre_div_half_even" (i128 n, i128 d)                # d > 0
    # a*b/d, d != 0, and a*b/10^p10, p10 in -20..40. 1: the result does not fit (out is not meaningful).
    bint mul_div_half_even "nacre_mul_div_half_even" (i128 a, int64_t b, int64_t d, i128* out)
    bint mul_scale_half_even "nacre_mul_scale_half_even" (i128 a, int64_t b, int p10, i128* out)
