/* SPDX-License-Identifier: Apache-2.0
 *
 * digest.h - SHA-256 in OCI's spelling, "sha256:<64 hex digits>"
 */
#ifndef BERTH_IMAGE_DIGEST_H
#define BERTH_IMAGE_DIGEST_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>

#include "image/store.h"

#define DIGEST_HEX_LEN 64

struct digest_state {
    crypto_hash_sha256_state sha256;
};

/* Of bytes that come in parts; of bytes that are all there. */
void digest_start(struct digest_state *state);
void digest_add(struct digest_state *state, const void *bytes, size_t len);
void digest_end(struct digest_state *state, char ret_digest[IMAGE_DIGEST_MAX]);
void digest_of(const void *bytes, size_t len, char ret_digest[IMAGE_DIGEST_MAX]);

/* Exactly "sha256:" and 64 lower-case hex digits, so safe as a file name. */
bool digest_is_valid(const char *text);
/* The hex digits of a valid digest. */
const char *digest_hex(const char *digest);

#endif
