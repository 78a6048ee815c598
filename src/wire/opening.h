/* SPDX-License-Identifier: Apache-2.0
 *
 * opening.h - who are you: the two frames that open a connection
 *
 *     caller                                    answerer
 *     opening_hello  ------ Hello ----------->  opening_read_hello (pure)
 *                                               opening_answer
 *     opening_finish <----- HelloReply -------
 *
 * Afterwards both have keys.own and peer_key for session_start, and know the
 * peer's uid from MUNGE. No I/O but MUNGE's: frames come and go as bytes.
 */
#ifndef BERTH_WIRE_OPENING_H
#define BERTH_WIRE_OPENING_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/auth.h"
#include "wire/messages.pb-c.h"
#include "wire/session.h"

#define OPENING_TARGET_MAX 256

struct opening {
    struct session_keys own;
    uint8_t peer_key[SESSION_KEY];
    uint8_t *hello; /* packed Hello, once made or read */
    size_t hello_len;
    uint8_t *reply; /* packed HelloReply, on the answerer's side */
    size_t reply_len;
};

void opening_fini(struct opening *o); /* wipes */

/* Make o->hello for 'target'. Blocks in MUNGE; errors as credential_make. */
int opening_hello(struct opening *o, const struct wire_auth *auth, const char *target,
                  struct err *err);

/* Take a Hello apart and check all that needs no MUNGE: magic, versions, target.
 * Words: "truncated", "oversized", "bad magic", "no common version". Freed with
 * free_message. */
int opening_read_hello(const void *hello, size_t len, Berth__Hello **ret_hello,
                       struct err *err);

/* Judge the Hello and make o->reply, also when it is a refusal (-EPERM and
 * words). Blocks in MUNGE. Fills in uid and gid of 'peer'. */
int opening_answer(struct opening *o, const struct wire_auth *auth, const void *hello,
                   size_t len, struct peer *peer, struct err *err);

/* Make o->reply a refusal with these words. */
void opening_refuse(struct opening *o, const char *words);

/* Judge the reply to o->hello. Blocks in MUNGE. 'allow_uid' as in
 * channel_connect. */
int opening_finish(struct opening *o, const struct wire_auth *auth, const void *reply,
                   size_t len, uid_t allow_uid, struct peer *peer, struct err *err);

#endif
