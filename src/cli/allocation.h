/* SPDX-License-Identifier: Apache-2.0
 *
 * allocation.h - an interactive job: asked for, waited for, held by a connection
 */
#ifndef BERTH_CLI_ALLOCATION_H
#define BERTH_CLI_ALLOCATION_H

#include "options/job_args.h"
#include "client/berth.h"

struct allocation {
    struct berth *berth;
    struct berth_steps *steps; /* to the lead; the allocation ends with it */
    Berth__JobList *list;      /* the job as it started */
    uint32_t job;
    const Berth__NodeShare *lead; /* of 'list' */
};

/* Submit args->spec as an interactive job, wait until it runs and connect to its
 * lead. Signals on 'signal_fd' cancel it while it waits. Returns 0, or the exit
 * status to leave with; what went wrong has been said. */
int allocation_open(struct job_args *args, char **argv, const char *name, int signal_fd,
                    struct allocation *alloc);
/* Give it back and close the connections. */
void allocation_close(struct allocation *alloc);

/* Add what a program in the allocation finds in its environment: BERTH_LEAD,
 * SLURM_JOB_ID and their kind. */
void allocation_env(const struct allocation *alloc, const struct job_args *args,
                    char ***env);

#endif
