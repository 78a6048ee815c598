/* SPDX-License-Identifier: Apache-2.0
 *
 * past.h - what is kept of steps that have ended
 *
 * Pure. For those who ask later how a step ended, and for steps that depend on it. The
 * oldest are forgotten when there are PAST_MAX.
 */
#ifndef BERTH_SHEPHERD_PAST_H
#define BERTH_SHEPHERD_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/messages.pb-c.h"

#define PAST_MAX 16384

struct past_step {
    uint32_t id;
    int exit_code, exit_signal;
    bool out_of_memory;
    char *name;
    char *nodelist; /* "": it never had nodes */
    char *words;    /* NULL: it ended by itself */
    uint32_t tasks, n_nodes;
    int64_t request_time, start_time, end_time; /* seconds since the epoch; 0: never */
    uint64_t user_usec, system_usec, read_bytes, write_bytes;
    uint64_t max_rss, memory_peak; /* KiB */
};

/* All zero: nobody has ended. Ids may come in any order. */
struct past {
    struct past_step *steps; /* ring of 'cap', the oldest at 'first' */
    size_t n, cap, first;
};

/* Takes over the strings of 'step'. */
void past_add(struct past *past, const struct past_step *step);
/* NULL: has not ended, or is forgotten. */
const struct past_step *past_find(const struct past *past, uint32_t id);
/* The i-th of those that are kept, oldest first. */
const struct past_step *past_at(const struct past *past, size_t i);
void past_fini(struct past *past);

#endif
