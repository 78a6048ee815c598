/* SPDX-License-Identifier: Apache-2.0
 *
 * sha256.h - SHA-256 by the processor's own instructions, where it has them
 */
#ifndef BERTH_IMAGE_SHA256_H
#define BERTH_IMAGE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK 64

/* Has this processor got them? Asked once. */
bool sha256_is_fast(void);

/* Take 'n' blocks into the state (eight words, as FIPS 180-4 has them). Only where
 * sha256_is_fast. */
void sha256_blocks(uint32_t state[8], const unsigned char *blocks, size_t n);

#endif
