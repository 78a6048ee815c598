/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_outbox.h - what the dispatcher has to tell, gathered into reports
 *
 * Pure but for bag_outbox_write.
 */
#ifndef BERTH_CLI_BAG_OUTBOX_H
#define BERTH_CLI_BAG_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/buf.h"
#include "wire/messages.pb-c.h"

#define BAG_OUTBOX_FULL (1u << 20) /* bytes from which on nothing more is read */

struct bag_outbox {
    Berth__BagReport report; /* not packed yet */
    size_t bytes;            /* of output in it */
    int64_t since;           /* usec: its oldest part; 0: it is empty */
    struct buf queue;        /* packed, not written yet */
};

void bag_outbox_init(struct bag_outbox *box);
void bag_outbox_add_output(struct bag_outbox *box, uint64_t index, uint32_t attempt,
                           uint32_t stream, const void *bytes, size_t len, int64_t now);
/* 'words' may be NULL. */
void bag_outbox_add_result(struct bag_outbox *box, const Berth__BagResult *result,
                           const char *words, int64_t now);
void bag_outbox_add_returned(struct bag_outbox *box, uint64_t index, int64_t now);

/* Whether it is worth a message: much is in it, it is old, or so many results are as
 * many as commands that wait here, which is when more should come. */
bool bag_outbox_is_due(const struct bag_outbox *box, size_t waiting, int64_t now);
/* When it will be, usec from 'now'; -1: there is nothing. */
int64_t bag_outbox_due_in(const struct bag_outbox *box, int64_t now);
/* Pack it, empty or not. */
void bag_outbox_pack(struct bag_outbox *box);
size_t bag_outbox_pending(const struct bag_outbox *box);
/* Write what 'fd' takes of what was packed: 0 or -Exxx. */
int bag_outbox_write(struct bag_outbox *box, int fd);

#endif
