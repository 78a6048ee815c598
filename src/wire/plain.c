/* SPDX-License-Identifier: Apache-2.0
 *
 * plain.c - envelopes in clear frames, for two processes of ours with a pipe between
 */
#include "wire/plain.h"

#include <errno.h>

#include "base/mem.h"
#include "wire/auth.h"
#include "wire/frame.h"
#include "wire/pack.h"
#include "wire/packer.h"

void plain_put(struct buf *out, const Berth__Envelope *env)
{
    cleanup(packer_fini) struct packer packer = {0};
    size_t len;
    const uint8_t *bytes = packer_run(&packer, &env->base, &len);

    frame_put(out, bytes, len);
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
