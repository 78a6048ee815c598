/* SPDX-License-Identifier: Apache-2.0
 *
 * session.h - the keys of one connection
 *
 * X25519 key exchange (libsodium's crypto_kx) makes one key for each direction;
 * each direction is a secretstream (XChaCha20-Poly1305), which begins with a
 * 24-byte header and notices reordered, repeated, dropped and changed messages.
 */
#ifndef BERTH_WIRE_SESSION_H
#define BERTH_WIRE_SESSION_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SESSION_KEY 32
#define SESSION_HEADER 24
#define SESSION_OVERHEAD 17 /* a sealed message is this much longer */

/* Made for one connection, wiped when its session keys are there. */
struct session_keys {
    uint8_t public_key[SESSION_KEY];
    uint8_t secret_key[SESSION_KEY];
};

struct session {
    uint8_t tx_header[SESSION_HEADER]; /* for the peer, before the first message */
    uint8_t rx_key[SESSION_KEY];       /* until the peer's header is there */
    crypto_secretstream_xchacha20poly1305_state tx, rx;
};

void session_keys_make(struct session_keys *keys);

/* Derive both directions and wipe 'own'. -EPROTO when the peer's key is bad. */
int session_start(struct session *s, struct session_keys *own,
                  const uint8_t peer_key[SESSION_KEY], bool caller, struct err *err);
void session_wipe(struct session *s);

/* The peer's header, once, before session_open. */
int session_peer_header(struct session *s, const uint8_t *header, size_t len,
                        struct err *err);

/* Encrypt 'len' bytes to 'out', which takes SESSION_OVERHEAD more. */
void session_seal(struct session *s, const void *bytes, size_t len, uint8_t *out);

/* Decrypt 'len' bytes to 'out', which takes SESSION_OVERHEAD less. -EBADMSG when
 * they are not the peer's next message. */
int session_open(struct session *s, const void *sealed, size_t len, uint8_t *out,
                 struct err *err);

#endif
