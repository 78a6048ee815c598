/* SPDX-License-Identifier: Apache-2.0
 *
 * grant.h - the controller's signed word that a job may use these nodes
 */
#ifndef BERTH_WIRE_GRANT_H
#define BERTH_WIRE_GRANT_H

#include <stdint.h>

#include "base/err.h"
#include "wire/messages.pb-c.h"

#define GRANT_PUBLIC_KEY_BYTES 32
#define GRANT_SECRET_KEY_BYTES 64

/* A new Ed25519 pair (RFC 8032). */
void grant_keypair(uint8_t public_key[GRANT_PUBLIC_KEY_BYTES],
                   uint8_t secret_key[GRANT_SECRET_KEY_BYTES]);

/* Sign 'grant'. Free the result with free_message. */
Berth__SignedGrant *grant_sign(const Berth__Grant *grant,
                               const uint8_t secret_key[GRANT_SECRET_KEY_BYTES]);

/* Check signature and expiry at 'now', and that 'node' is among the shares.
 * Returns 0 and the grant, or -EPERM (signature), -ETIME (expired), -EXDEV
 * (another node's) with words. */
int grant_verify(const Berth__SignedGrant *sgn,
                 const uint8_t public_key[GRANT_PUBLIC_KEY_BYTES], const char *node,
                 int64_t now, Berth__Grant **ret_grant, uint32_t *ret_index,
                 struct err *err);

/* Check that 'spec' is the one the grant was made for: 0 or -EPERM. */
int grant_check_spec(const Berth__Grant *grant, const Berth__JobSpec *spec,
                     struct err *err);

#endif
