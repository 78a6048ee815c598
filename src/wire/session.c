/* SPDX-License-Identifier: Apache-2.0
 *
 * session.c - the keys of one connection
 */
#include "wire/session.h"

#include <errno.h>

_Static_assert(SESSION_KEY == crypto_kx_PUBLICKEYBYTES, "X25519");
_Static_assert(SESSION_KEY == crypto_kx_SECRETKEYBYTES, "X25519");
_Static_assert(SESSION_KEY == crypto_kx_SESSIONKEYBYTES, "secretstream's key");
_Static_assert(SESSION_HEADER == crypto_secretstream_xchacha20poly1305_HEADERBYTES,
               "secretstream's header");
_Static_assert(SESSION_OVERHEAD == crypto_secretstream_xchacha20poly1305_ABYTES,
               "secretstream's overhead");

void session_keys_make(struct session_keys *keys)
{
    BUG_ON(sodium_init() < 0);
    (void)crypto_kx_keypair(keys->public_key, keys->secret_key);
}

static void session_keys_wipe(struct session_keys *keys)
{
    sodium_memzero(keys, sizeof(*keys));
}

int session_start(struct session *s, struct session_keys *own,
                  const uint8_t peer_key[SESSION_KEY], bool caller, struct err *err)
{
    uint8_t tx_key[SESSION_KEY];
    int rc;

    rc = caller ? crypto_kx_client_session_keys(s->rx_key, tx_key, own->public_key,
                                                own->secret_key, peer_key)
                : crypto_kx_server_session_keys(s->rx_key, tx_key, own->public_key,
                                                own->secret_key, peer_key);
    session_keys_wipe(own);
    if (rc == 0)
        (void)crypto_secretstream_xchacha20poly1305_init_push(&s->tx, s->tx_header,
                                                              tx_key);
    sodium_memzero(tx_key, sizeof(tx_key));
    return rc == 0 ? 0
                   : err_set(err, EPROTO, "the peer's public key is not a good one");
}

void session_wipe(struct session *s)
{
    sodium_memzero(s, sizeof(*s));
}

int session_peer_header(struct session *s, const uint8_t *header, size_t len,
                        struct err *err)
{
    int rc = -1;

    if (len == SESSION_HEADER)
        rc = crypto_secretstream_xchacha20poly1305_init_pull(&s->rx, header, s->rx_key);
    sodium_memzero(s->rx_key, sizeof(s->rx_key));
    return rc == 0 ? 0
                   : err_set(err, EPROTO, "the stream does not begin with its header");
}

void session_seal(struct session *s, const void *bytes, size_t len, uint8_t *out)
{
    (void)crypto_secretstream_xchacha20poly1305_push(&s->tx, out, NULL, bytes, len,
                                                     NULL, 0, 0);
}

int session_open(struct session *s, const void *sealed, size_t len, uint8_t *out,
                 struct err *err)
{
    unsigned char tag;

    if (len < SESSION_OVERHEAD ||
        crypto_secretstream_xchacha20poly1305_pull(&s->rx, out, NULL, &tag, sealed, len,
                                                   NULL, 0) != 0)
        return err_set(err, EBADMSG, "a message was changed on its way");
    return 0;
}
