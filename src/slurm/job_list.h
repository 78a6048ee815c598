/* SPDX-License-Identifier: Apache-2.0
 *
 * job_list.h - jobs from the controller, row by row
 */
#ifndef BERTH_SLURM_JOB_LIST_H
#define BERTH_SLURM_JOB_LIST_H

#include "client/berth.h"
#include "slurm/job_row.h"

struct job_list {
    struct berth *berth;
    const Berth__JobQuery *query; /* without what says how much of a job comes */
    unsigned int needs;           /* bits of job_row.h */
    bool with_starts;             /* plan when those that wait will start: dear */
    bool by_element;              /* arrays that wait as one row for each element */
    const char *cluster;
    bool is_plain;
    /* Each row is lent to it, jobs in order of their ids. */
    void (*each)(const struct job_row *row, void *ctx);
    void *ctx;
};

int job_list_run(const struct job_list *list, struct berth_err *err);

#endif
