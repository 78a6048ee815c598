/* SPDX-License-Identifier: Apache-2.0
 *
 * sha256.c - the compression function of SHA-256 (FIPS 180-4, section 6.2) with the
 * SHA extensions of x86 processors, five times as fast as portable code
 */
#include "image/sha256.h"

#include "base/err.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
    0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
    0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
    0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
};

static bool ask_processor(void)
{
    unsigned int a, b, c, d;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

bool sha256_is_fast(void)
{
    static int known; /* 0: not asked yet; several threads find the same */
    int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);

    if (!answer) {
        answer = ask_processor() ? 1 : -1;
        __atomic_store_n(&known, answer, __ATOMIC_RELAXED);
    }
    return answer > 0;
}

/* Words are big endian in the message. */
__attribute__((target("ssse3"))) static inline __m128i load(const unsigned char *p)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);

    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), order);
}

/* The instructions keep the eight words as ABEF and CDGH, and do two rounds each.
 * 'w' holds the last sixteen words of the message schedule, four a vector. */
__attribute__((target("sha,sse4.1,ssse3"))) static void one_block(
    __m128i *abef, __m128i *cdgh, const unsigned char *block)
{
    __m128i w[4] = {load(block), load(block + 16), load(block + 32), load(block + 48)};
    __m128i s0 = *abef, s1 = *cdgh;

#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        __m128i sum;

        if (i >= 4)
            w[i & 3] = _mm_sha256msg2_epu32(
                _mm_add_epi32(_mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]),
                              _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4)),
                w[(i + 3) & 3]);
        sum = _mm_add_epi32(
            w[i & 3], _mm_load_si128((const __m128i *)(const void *)&constants[4 * i]));
        s1 = _mm_sha256rnds2_epu32(s1, s0, sum);
        s0 = _mm_sha256rnds2_epu32(s0, s1, _mm_shuffle_epi32(sum, 0x0e));
    }
    *abef = _mm_add_epi32(*abef, s0);
    *cdgh = _mm_add_epi32(*cdgh, s1);
}

__attribute__((target("sha,sse4.1,ssse3"))) void sha256_blocks(
    uint32_t state[8], const unsigned char *blocks, size_t n)
{
    __m128i *words = (__m128i *)(void *)state;
    __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xb1);
    __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1b);
    __m128i abef = _mm_alignr_epi8(badc, hgfe, 8);
    __m128i cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);
    __m128i feba, dchg;

    for (; n > 0; n--, blocks += SHA256_BLOCK)
        one_block(&abef, &cdgh, blocks);
    feba = _mm_shuffle_epi32(abef, 0x1b);
    dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
}

#else

bool sha256_is_fast(void)
{
    return false;
}

void sha256_blocks(uint32_t state[8], const unsigned char *blocks, size_t n)
{
    (void)state;
    (void)blocks;
    (void)n;
    BUG_ON(true);
}

#endif
