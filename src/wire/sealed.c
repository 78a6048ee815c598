/* SPDX-License-Identifier: Apache-2.0
 *
 * sealed.c - bytes that are kept on disk, and not in clear
 */
#include "wire/sealed.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define MARK "bs1"
#define MARK_BYTES (sizeof(MARK) - 1)
#define HEAD (MARK_BYTES + crypto_secretbox_NONCEBYTES)
#define MORE (HEAD + crypto_secretbox_MACBYTES)

_Static_assert(SEALED_KEY_BYTES == crypto_secretbox_KEYBYTES, "XSalsa20");

void sealed_make_key(uint8_t key[SEALED_KEY_BYTES])
{
    BUG_ON(sodium_init() < 0);
    crypto_secretbox_keygen(key);
}

uint8_t *sealed_make(const uint8_t key[SEALED_KEY_BYTES], const void *bytes, size_t len,
                     size_t *ret_len)
{
    uint8_t *sealed = xmalloc(MORE + len);

    BUG_ON(sodium_init() < 0);
    memcpy(sealed, MARK, MARK_BYTES);
    randombytes_buf(sealed + MARK_BYTES, crypto_secretbox_NONCEBYTES);
    (void)crypto_secretbox_easy(sealed + HEAD, bytes, len, sealed + MARK_BYTES, key);
    *ret_len = MORE + len;
    return sealed;
}

uint8_t *sealed_open(const uint8_t key[SEALED_KEY_BYTES], const void *sealed,
                     size_t len, size_t *ret_len)
{
    const uint8_t *from = sealed;
    uint8_t *bytes;

    BUG_ON(sodium_init() < 0);
    if (len < MORE || memcmp(from, MARK, MARK_BYTES) != 0)
        return NULL;
    bytes = xcalloc(1, len - MORE + 1);
    if (crypto_secretbox_open_easy(bytes, from + HEAD, len - HEAD, from + MARK_BYTES,
                                   key)) {
        free(bytes);
        return NULL;
    }
    *ret_len = len - MORE;
    return bytes;
}
