/* SPDX-License-Identifier: Apache-2.0
 *
 * sealed.h - bytes that are kept on disk, and not in clear
 *
 *     "bs1" | nonce | XSalsa20-Poly1305 of the bytes (libsodium's secretbox)
 *
 * Whoever has the file without the key learns how long they are, and cannot change
 * them without being noticed.
 */
#ifndef BERTH_WIRE_SEALED_H
#define BERTH_WIRE_SEALED_H

#include <stddef.h>
#include <stdint.h>

#define SEALED_KEY_BYTES 32

void sealed_make_key(uint8_t key[SEALED_KEY_BYTES]);

/* The sealed bytes, heap. */
uint8_t *sealed_make(const uint8_t key[SEALED_KEY_BYTES], const void *bytes, size_t len,
                     size_t *ret_len);

/* The bytes again, heap, with a NUL behind them; NULL: another key, or others bytes
 * than were sealed. */
uint8_t *sealed_open(const uint8_t key[SEALED_KEY_BYTES], const void *sealed,
                     size_t len, size_t *ret_len);

#endif
