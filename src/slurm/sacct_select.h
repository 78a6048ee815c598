/* SPDX-License-Identifier: Apache-2.0
 *
 * sacct_select.h - which runs sacct lists, of those that the controller gives: by
 * size, limit, reason, group, features
 */
#ifndef BERTH_SLURM_SACCT_SELECT_H
#define BERTH_SLURM_SACCT_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/messages.pb-c.h"

/* As the options have it, NULL where they say nothing. Borrowed. */
struct sacct_select {
    const char *nodes, *cpus;                /* "2" or "2-4" */
    const char *limit_least, *limit_most;    /* alone the first is the limit itself */
    const char *reasons, *groups, *features; /* one of these */
};

/* What is asked for, read. */
struct sacct_choice {
    uint32_t nodes_least, nodes_most, cpus_least, cpus_most; /* most 0: any */
    int64_t limit_least, limit_most;                         /* seconds; 0: any */
    char **reasons, **features;                              /* strv */
    uint32_t *gids;
    size_t n_gids;
};

/* -EINVAL with words that name the option. 'ret' is to be ended in any case. */
int sacct_choice_read(const struct sacct_select *from, struct sacct_choice *ret,
                      struct err *err);
void sacct_choice_fini(struct sacct_choice *choice);

bool sacct_is_chosen(const struct sacct_choice *choice, const Berth__HistoryJob *job);

#endif
