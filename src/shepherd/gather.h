/* SPDX-License-Identifier: Apache-2.0
 *
 * gather.h - collect what nodes of several steps contribute
 *
 * Pure. The lead keeps one 'struct gathers' for its job. Each node of each step that
 * takes part contributes once; when all have, each gets all. Nodes enter the same
 * gather anew only when they have left it, or given it up: so a contribution belongs
 * to the oldest gather of its id that lacks it.
 */
#ifndef BERTH_SHEPHERD_GATHER_H
#define BERTH_SHEPHERD_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATHER_ID_BYTES 16

struct gathers;

/* A node of a step. */
struct gather_part {
    uint32_t step, index;
    uint64_t cookie; /* of its contribution */
    bool is_in;
};

struct gather_actions {
    void *ctx;
    /* A gather is over: all of 'parts' that are in are to be answered. status 0, or
     * ECONNRESET when somebody who is to take part has ended. */
    void (*done)(void *ctx, const struct gather_part *parts, size_t n_parts, int status,
                 uint64_t serial, const void *data, size_t len);
};

struct gathers *gathers_create(const struct gather_actions *actions);
void gathers_destroy(struct gathers *gathers);

/* 'own' contributes 'data'. 'parts' (n_parts of them) are all that take part, 'own'
 * among them: used when it is the first of them; 'is_in' is ignored. -EINVAL when it
 * is not. */
int gathers_enter(struct gathers *gathers, const uint8_t id[GATHER_ID_BYTES],
                  const struct gather_part *own, const struct gather_part *parts,
                  size_t n_parts, const void *data, size_t len);

/* A step is over: what waits for it waits in vain. */
void gathers_step_ended(struct gathers *gathers, uint32_t step);

#endif
