/* SPDX-License-Identifier: Apache-2.0
 *
 * job_watch.h - changes of jobs as they come
 */
#ifndef BERTH_CLI_JOB_WATCH_H
#define BERTH_CLI_JOB_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "client/berth.h"

struct job_watch {
    const Berth__JobQuery *query; /* ids, user, partition and states count */
    bool json;                    /* an object a line */
    bool has_since;
    uint64_t since; /* a revision; without one: from now on */
};

/* Print until it is interrupted, or stdout is closed; the exit status. */
int job_watch_run(struct berth *berth, const struct job_watch *what);

/* Until every element of array 'id' that 'text' names has begun, or never will: their
 * numbers (the caller frees *ret). Says which were cancelled, and counts them. */
int job_watch_elements(struct berth *berth, uint32_t id, const char *text,
                       uint32_t **ret, size_t *ret_n, size_t *ret_cancelled);

#endif
