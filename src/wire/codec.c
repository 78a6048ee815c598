/* SPDX-License-Identifier: Apache-2.0
 *
 * codec.c - envelopes to frames and back, for one connection that is open
 */
#include "wire/codec.h"

#include <errno.h>
#include <string.h>

#include "wire/auth.h"
#include "wire/frame.h"
#include "wire/pack.h"

void codec_init_clear(struct codec *c)
{
    memset(c, 0, sizeof(*c));
}

int codec_init_sealed(struct codec *c, struct session_keys *own,
                      const uint8_t peer_key[SESSION_KEY], bool caller, struct err *err)
{
    memset(c, 0, sizeof(*c));
    c->sealed = true;
    return session_start(&c->session, own, peer_key, caller, err);
}

void codec_fini(struct codec *c)
{
    session_wipe(&c->session);
    buf_fini(&c->opened);
    packer_fini(&c->packer);
}

void codec_put_header(struct codec *c, struct buf *out)
{
    if (!c->sealed || c->header_sent)
        return;
    frame_put(out, c->session.tx_header, SESSION_HEADER);
    c->header_sent = true;
}

static void put_sealed(struct codec *c, const uint8_t *plain, size_t len,
                       struct buf *out)
{
    codec_put_header(c, out);
    frame_put_header(out, len + SESSION_OVERHEAD);
    session_seal(&c->session, plain, len, buf_room(out, len + SESSION_OVERHEAD));
    buf_added(out, len + SESSION_OVERHEAD);
}

int codec_put(struct codec *c, const Berth__Envelope *env, struct buf *out,
              struct err *err)
{
    size_t len;
    const uint8_t *plain = packer_run(&c->packer, &env->base, &len);

    if (len > WIRE_FRAME_MAX - SESSION_OVERHEAD)
        return err_set(err, EMSGSIZE, "a message of %zu bytes does not fit in a frame",
                       len);
    if (c->sealed)
        put_sealed(c, plain, len, out);
    else
        frame_put(out, plain, len);
    packer_trim(&c->packer);
    return 0;
}

static int open_frame(struct codec *c, const uint8_t **frame, size_t *len,
                      struct err *err)
{
    size_t plain_len = *len > SESSION_OVERHEAD ? *len - SESSION_OVERHEAD : 0;
    uint8_t *plain = buf_room(&c->opened, plain_len);
    int rc;

    rc = session_open(&c->session, *frame, *len, plain, err);
    *frame = plain;
    *len = plain_len;
    return rc;
}

int codec_get(struct codec *c, const uint8_t *frame, size_t len,
              Berth__Envelope **ret_env, struct err *err)
{
    Berth__Envelope *env;
    int rc = 0;

    *ret_env = NULL;
    if (c->sealed && !c->header_got) {
        c->header_got = true;
        return session_peer_header(&c->session, frame, len, err);
    }
    if (c->sealed)
        rc = open_frame(c, &frame, &len, err);
    if (rc < 0)
        return rc;
    env = unpack_message(&berth__envelope__descriptor, frame, len);
    buf_trim(&c->opened);
    if (!env)
        return err_set(err, EPROTO, "%zu bytes are not a message", len);
    *ret_env = env;
    return 0;
}
