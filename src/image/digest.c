/* SPDX-License-Identifier: Apache-2.0
 *
 * digest.c - name content by its SHA-256
 */
#include "image/digest.h"

#include <string.h>

#include "image/sha256.h"

#define PREFIX "sha256:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

void digest_start(struct digest_state *state)
{
    (void)crypto_hash_sha256_init(&state->sha256);
}

/* Whole blocks go to the processor's own instructions, straight into libsodium's
 * state, whose members its header shows; libsodium does what is left at both ends. */
void digest_add(struct digest_state *state, const void *bytes, size_t len)
{
    crypto_hash_sha256_state *sha256 = &state->sha256;
    const unsigned char *p = bytes;
    size_t begun = (size_t)(sha256->count >> 3) % SHA256_BLOCK, n;

    if (len >= (size_t)4 * SHA256_BLOCK && sha256_is_fast()) {
        n = begun ? SHA256_BLOCK - begun : 0;
        (void)crypto_hash_sha256_update(sha256, p, n);
        p += n;
        len -= n;
        n = len / SHA256_BLOCK;
        sha256_blocks(sha256->state, p, n);
        sha256->count += (uint64_t)n * SHA256_BLOCK * 8;
        p += n * SHA256_BLOCK;
        len -= n * SHA256_BLOCK;
    }
    (void)crypto_hash_sha256_update(sha256, p, len);
}

void digest_end(struct digest_state *state, char ret_digest[IMAGE_DIGEST_MAX])
{
    unsigned char sum[crypto_hash_sha256_BYTES];

    (void)crypto_hash_sha256_final(&state->sha256, sum);
    memcpy(ret_digest, PREFIX, PREFIX_LEN);
    (void)sodium_bin2hex(ret_digest + PREFIX_LEN, DIGEST_HEX_LEN + 1, sum, sizeof(sum));
}

void digest_of(const void *bytes, size_t len, char ret_digest[IMAGE_DIGEST_MAX])
{
    struct digest_state state;

    digest_start(&state);
    digest_add(&state, bytes, len);
    digest_end(&state, ret_digest);
}

bool digest_is_valid(const char *text)
{
    return strlen(text) == PREFIX_LEN + DIGEST_HEX_LEN &&
           memcmp(text, PREFIX, PREFIX_LEN) == 0 &&
           strspn(text + PREFIX_LEN, "0123456789abcdef") == DIGEST_HEX_LEN;
}

const char *digest_hex(const char *digest)
{
    return digest + PREFIX_LEN;
}
