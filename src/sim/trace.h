/* SPDX-License-Identifier: Apache-2.0
 *
 * trace.h - a recorded workload, made ready to be scheduled
 *
 * Reads SWF logs and the small cases of Pyss, and settles what a log leaves open:
 * missing requests, jobs without a run time, jobs that ran past their limit.
 * Each rule has a name here and a count of the jobs it touched.
 */
#ifndef BERTH_SIM_TRACE_H
#define BERTH_SIM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sim/lines.h"
#include "sim/swf.h"

enum trace_format {
    TRACE_AUTO, /* by the first lines */
    TRACE_SWF,
    /* "submit id requested-time procs run-time admin-qos user-qos user", '#' begins
     * a comment; the id is text. */
    TRACE_PYSS,
};

enum trace_procs {
    TRACE_PROCS_LARGER, /* of requested and allocated */
    TRACE_PROCS_REQUESTED,
    TRACE_PROCS_ALLOCATED, /* either of these two falls back to the other */
};

struct trace_rules {
    enum trace_format format;
    enum trace_procs procs;
    bool exact;          /* the request is the run time */
    bool keep_overrun;   /* a job runs past its request; else it is killed at it */
    bool drop_zero;      /* jobs that ran for 0 seconds are left out */
    int64_t unknown_run; /* seconds that a job of unknown (negative) run time ran;
                            -1: it is left out */
    bool by_number;      /* sort by job number, not by submit time */
    size_t max_jobs;     /* read at most so many; 0: all, up to TRACE_JOBS_MAX */
};
#define TRACE_RULES_DEFAULT \
    {                       \
        .unknown_run = -1   \
    }

#define TRACE_JOBS_MAX 100000000
#define TRACE_PROCS_MAX UINT32_C(100000000)

struct trace_job {
    int64_t number;
    const char *label; /* Pyss's id; NULL: the number */
    int64_t submit;    /* seconds */
    int64_t run;       /* seconds, as it runs here */
    int64_t request;   /* seconds, at least 1 */
    int64_t wait;      /* seconds, as it was; -1: unknown */
    uint32_t procs;
    uint32_t nodes;             /* that they lie on, on a described machine; 0: any */
    uint64_t mem_per_node;      /* MiB, on a described machine; 0: none asked */
    bool exclusive;             /* whole nodes, on a described machine */
    int32_t user, group, queue; /* -1: unknown */
};

struct trace_counts {
    size_t lines;        /* jobs in the file */
    size_t no_run;       /* left out: unknown run time */
    size_t zero_run;     /* left out: ran for 0 seconds, by drop_zero */
    size_t no_procs;     /* left out: unknown size */
    size_t no_submit;    /* left out: unknown submit time */
    size_t pieces;       /* left out: partial executions, status 2 to 4 */
    size_t too_wide;     /* left out: wider than the machine */
    size_t no_request;   /* request taken from the run time */
    size_t overrun;      /* longer than requested; see keep_overrun */
    size_t out_of_order; /* submitted before the line above */
};

struct trace {
    struct trace_job *jobs; /* by submit time, equal ones as in the file */
    size_t n, cap;
    struct swf_header header;
    struct trace_counts counts;
    char **labels; /* strv */
    size_t n_labels, cap_labels;
};

/* Words of a failure are "FILE:LINE: field 4, run time: 'x' is not a number". */
int trace_read(struct lines *lines, const struct trace_rules *rules, struct trace *ret,
               struct err *err);
/* For other sources: settle a job's request ('requested' seconds; 0 or less: unknown)
 * by the rules and append it; at the end, put all in their order. */
void trace_add(struct trace *trace, const struct trace_rules *rules,
               struct trace_job *job, int64_t requested);
void trace_sort(struct trace *trace, const struct trace_rules *rules);
void trace_fini(struct trace *trace);

/* Leave out what could never start on 'procs' processors. */
void trace_drop_wide(struct trace *trace, uint32_t procs);
/* Divide the times between arrivals by 'factor': 1.2 is 20 % more load. */
void trace_scale_load(struct trace *trace, double factor);

#endif
