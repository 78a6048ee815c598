/* SPDX-License-Identifier: Apache-2.0
 *
 * job_index.h - what lists of jobs are chosen by, densely, in the order of ids
 *
 * A list of a hundred thousand jobs must not touch each of their records. Here
 * every job is one row of 24 bytes: state, user and partition, which is all that
 * lists are filtered by. Pure.
 */
#ifndef BERTH_CONTROLLER_JOB_INDEX_H
#define BERTH_CONTROLLER_JOB_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "state/job_state.h"

struct job_index;
struct ctl_job;

struct job_index *job_index_create(void);
void job_index_destroy(struct job_index *index);

/* Ids grow from call to call. The names are copied; 'cj' is only handed out. */
void job_index_add(struct job_index *index, uint32_t id, const char *user,
                   const char *partition, enum job_state state, struct ctl_job *cj);
/* An id that is not there is a bug of the caller. */
void job_index_set_state(struct job_index *index, uint32_t id, enum job_state state);
void job_index_set_partition(struct job_index *index, uint32_t id,
                             const char *partition);
void job_index_remove(struct job_index *index, uint32_t id);

struct job_filter {
    uint32_t states;              /* a bit for each; 0: any */
    const char *user, *partition; /* "" or NULL: any */
};

/* How many match. */
size_t job_index_count(const struct job_index *index, const struct job_filter *filter);

/* The first 'max' that match and have an id above 'after', in order of ids. Returns
 * how many. */
size_t job_index_select(const struct job_index *index, const struct job_filter *filter,
                        uint32_t after, size_t max, struct ctl_job **ret_jobs);

#endif
