/* SPDX-License-Identifier: Apache-2.0
 *
 * call_priv.h - inside of a caller, for call.c and call_connect.c
 */
#ifndef BERTH_WIRE_CALL_PRIV_H
#define BERTH_WIRE_CALL_PRIV_H

#include "wire/buf.h"
#include "wire/call.h"
#include "wire/codec.h"

struct caller {
    int fd;
    struct peer peer;
    struct codec codec;
    struct buf in, out;
    uint64_t last_id;
};

/* Connected to nobody yet. */
struct caller *caller_create(void);

/* Wait until 'events' or 'deadline' (of clock_ms; < 0: for ever): 0 or -EAGAIN. */
int caller_wait_for(int fd, short events, int64_t deadline);
/* Send all that is queued. */
int caller_send_all(struct caller *c, int64_t deadline, struct err *err);
/* The next frame, borrowed until the next read. -EAGAIN past 'deadline'. */
int caller_next_frame(struct caller *c, uint32_t max, int64_t deadline,
                      const uint8_t **ret_frame, size_t *ret_len, struct err *err);

#endif
