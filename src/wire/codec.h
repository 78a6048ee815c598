/* SPDX-License-Identifier: Apache-2.0
 *
 * codec.h - envelopes to frames and back, for one connection that is open
 *
 * Sealed on the network, in clear on local sockets. Each side's first sealed
 * frame is its stream's header; it leaves with whatever is sent first.
 */
#ifndef BERTH_WIRE_CODEC_H
#define BERTH_WIRE_CODEC_H

#include <stdbool.h>

#include "base/err.h"
#include "wire/buf.h"
#include "wire/messages.pb-c.h"
#include "wire/packer.h"
#include "wire/session.h"

struct codec {
    bool sealed;
    bool header_sent, header_got;
    struct session session;
    struct buf opened;    /* what came sealed */
    struct packer packer; /* what goes */
};

/* Frames in clear, for local sockets; sealed ones for the network. */
void codec_init_clear(struct codec *c);
/* Wipes 'own'. */
int codec_init_sealed(struct codec *c, struct session_keys *own,
                      const uint8_t peer_key[SESSION_KEY], bool caller,
                      struct err *err);
void codec_fini(struct codec *c);

/* Append this side's header if it has not gone yet. */
void codec_put_header(struct codec *c, struct buf *out);

/* Append an envelope. -EMSGSIZE when it is larger than a frame may be. */
int codec_put(struct codec *c, const Berth__Envelope *env, struct buf *out,
              struct err *err);

/* What a frame holds: an envelope, freed with free_message, or NULL when it was
 * the peer's header. -EBADMSG and -EPROTO: cut the peer off. */
int codec_get(struct codec *c, const uint8_t *frame, size_t len,
              Berth__Envelope **ret_env, struct err *err);

#endif
