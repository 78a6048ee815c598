/* SPDX-License-Identifier: Apache-2.0
 *
 * plain.c - envelopes in clear frames, for two processes of ours with a pipe between
 */
#include "wire/plain.h"

#include <errno.h>

#include "wire/auth.h"
#include "wire/frame.h"
#include "wire/pack.h"

void plain_put(struct buf *out, const Berth__Envelope *env)
{
    size_t len = berth__envelope__get_packed_size(env);

    frame_put_header(out, len);
    (void)berth__envelope__pack(env, buf_room(out, len));
    buf_added(out, len);
}

int plain_next(struct buf *in, Berth__Envelope **ret_env, struct err *err)
{
    const uint8_t *frame;
    size_t len;
    int rc = frame_next(in, WIRE_FRAME_MAX, &frame, &len, err);

    if (rc <= 0)
        return rc;
    *ret_env = unpack_message(&berth__envelope__descriptor, frame, len);
    return *ret_env ? 1 : err_set(err, EPROTO, "%zu bytes are not a message", len);
}
