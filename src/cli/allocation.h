/* SPDX-License-Identifier: Apache-2.0
 *
 * allocation.h - an interactive job: asked for, waited for, held by a connection
 */
#ifndef BERTH_CLI_ALLOCATION_H
#define BERTH_CLI_ALLOCATION_H

#include "options/job_args.h"
#include "client/berth.h"

/* What is said on the way, by whom it was asked for. */
struct allocation_sayings {
    /* It was not submitted, or given up (-EBUSY); returns the exit status. */
    int (*refused)(int code, const char *text);
    void (*waits)(uint32_t job, const char *reason);
    void (*granted)(uint32_t job); /* after it had to wait */
};
extern const struct allocation_sayings allocation_says; /* berth's own */

struct allocation {
    const struct allocation_sayings *says;
    struct berth *berth;
    struct berth_steps *steps; /* to the lead; the allocation ends with it */
    Berth__JobList *list;      /* the job as it started */
    uint32_t job;
    char *cluster;                /* its name */
    const Berth__NodeShare *lead; /* of 'list' */
};

/* Submit args->spec as an interactive job and wait until it runs. Signals on
 * 'signal_fd' cancel it while it waits, and so does the end of args->immediate.
 * Returns 0, or the exit status to leave with; what went wrong has been said. */
int allocation_get(struct job_args *args, char **argv, const char *name, int signal_fd,
                   const struct allocation_sayings *says, struct allocation *alloc);
/* The same, and connect to its lead. */
int allocation_open(struct job_args *args, char **argv, const char *name, int signal_fd,
                    const struct allocation_sayings *says, struct allocation *alloc);
/* Give it back and close the connections. */
void allocation_close(struct allocation *alloc);

/* Add what a program in the allocation finds in its environment: BERTH_LEAD,
 * SLURM_JOB_ID and their kind. */
void allocation_env(const struct allocation *alloc, const struct job_args *args,
                    char ***env);

#endif
