# CRC32C (Castagnoli): the processor's instruction where it has one, found at run time, else a table.
from libc.stdint cimport uint32_t, uint64_t

cdef extern from * nogil:
    """
    #ifndef NACRE_CRC32C_H
    #define NACRE_CRC32C_H
    #include <stddef.h>
    #include <stdint.h>
    #include <string.h>

    static uint32_t nacre_crc32c_entries[256];

    /* Runs when the module is loaded: 2,048 steps, before any thread can ask. */
    __attribute__((constructor)) static void nacre_crc32c_fill(void) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int bit = 0; bit < 8; bit++)
                c = (c >> 1) ^ (0x82f63b78u & (0u - (c & 1u)));
            nacre_crc32c_entries[i] = c;
        }
    }

    static uint32_t nacre_crc32c_table(uint32_t crc, const void* data, size_t size) {
        const unsigned char* p = (const unsigned char*)data;
        crc = ~crc;
        while (size--)
            crc = (crc >> 8) ^ nacre_crc32c_entries[(crc ^ *p++) & 0xff];
        return ~crc;
    }

    #if defined(__x86_64__)
    #include <nmmintrin.h>
    /* The target attribute, not a flag: the rest of the module must run on a processor without SSE4.2. */
    __attribute__((target("sse4.2")))
    static uint32_t nacre_crc32c_sse42(uint32_t crc, const void* data, size_t size) {
        const unsigned char* p = (const unsigned char*)data;
        uint64_t c = (uint32_t)~crc;
        uint64_t word;
        for (; size >= 8; size -= 8, p += 8) {
            memcpy(&word, p, 8);
            c = _mm_crc32_u64(c, word);
        }
        while (size--)
            c = _mm_crc32_u8((uint32_t)c, *p++);
        return ~(uint32_t)c;
    }
    /* The same over a u32, a u64 and whole words: what a record of the journal is made of. */
    __attribute__((target("sse4.2")))
    static uint32_t nacre_crc32c_words_sse42(uint32_t a, uint64_t b, const uint64_t* words, size_t count) {
        uint64_t c = __builtin_ia32_crc32di(__builtin_ia32_crc32si(0xffffffffu, a), b);
        for (size_t i = 0; i < count; i++)
            c = __builtin_ia32_crc32di(c, words[i]);
        return ~(uint32_t)c;
    }
    static inline int nacre_crc32c_fast(void) { return __builtin_cpu_supports("sse4.2") != 0; }
    static inline uint32_t nacre_crc32c(uint32_t crc, const void* data, size_t size) {
        return nacre_crc32c_fast() ? nacre_crc32c_sse42(crc, data, size) : nacre_crc32c_table(crc, data, size);
    }
    #else
    static inline int nacre_crc32c_fast(void) { return 0; }
    static inline uint32_t nacre_crc32c(uint32_t crc, const void* data, size_t size) {
        return nacre_crc32c_table(crc, data, size);
    }
    #endif
    static inline uint32_t nacre_crc32c_words(uint32_t a, uint64_t b, const uint64_t* words, size_t count) {
    #if defined(__x86_64__)
        if (nacre_crc32c_fast()) return nacre_crc32c_words_sse42(a, b, words, count);
    #endif
        uint32_t crc = nacre_crc32c_table(nacre_crc32c_table(0, &a, 4), &b, 8);
        return nacre_crc32c_table(crc, words, 8 * count);
    }
    #endif
    """
    # crc: 0 to begin, or what an earlier call gave, to go on.
    uint32_t crc32c_update "nacre_crc32c" (uint32_t crc, const void* data, size_t size)
    uint32_t crc32c_update_table "nacre_crc32c_table" (uint32_t crc, const void* data, size_t size)
    bint crc32c_fast "nacre_crc32c_fast" ()
    # CRC32C of a, then b, then whole words.
    uint32_t crc32c_words "nacre_crc32c_words" (uint32_t a, uint64_t b, const uint64_t* words, size_t count)
