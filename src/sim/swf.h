/* SPDX-License-Identifier: Apache-2.0
 *
 * swf.h - the Standard Workload Format, one line at a time
 *
 * Version 2.2 (Feitelson et al., Parallel Workloads Archive): comments that begin
 * with ';' hold the header as "; Key: value"; a job is a line of 18 numbers, of
 * which -1 means unknown. Pure: text in, numbers out.
 */
#ifndef BERTH_SIM_SWF_H
#define BERTH_SIM_SWF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum swf_field {
    SWF_NUMBER,
    SWF_SUBMIT,         /* seconds since the log began */
    SWF_WAIT,           /* seconds */
    SWF_RUN,            /* seconds */
    SWF_ALLOCATED,      /* processors */
    SWF_CPU_TIME,       /* seconds, mean of the processors */
    SWF_MEMORY,         /* KiB a processor */
    SWF_REQUESTED,      /* processors */
    SWF_REQUESTED_TIME, /* seconds */
    SWF_REQUESTED_MEMORY,
    SWF_STATUS, /* 0 failed, 1 completed, 2-4 a piece of a job, 5 cancelled */
    SWF_USER,
    SWF_GROUP,
    SWF_PROGRAM,
    SWF_QUEUE,
    SWF_PARTITION,
    SWF_PRECEDING,  /* number of a job that ends first */
    SWF_THINK_TIME, /* seconds after that */
    SWF_N_FIELDS
};

/* No number in a file may be larger: times stay far from overflow. */
#define SWF_NUMBER_MAX (INT64_C(1) << 40)

struct swf_record {
    int64_t field[SWF_N_FIELDS]; /* fractions are cut off */
};

/* What the header says; 0 when it does not. */
struct swf_header {
    int64_t max_procs, max_nodes, max_jobs;
    int64_t unix_start; /* seconds since 1970 of time 0 */
};

/* Read a comment (from its ';' on) into 'header'. Keys we do not know, and values
 * that are no number, are passed over: they are for people. */
void swf_header_read(struct swf_header *header, const char *comment);

/* Read a job's line of at least the first five fields; missing ones are -1, and
 * more than 18 are passed over. -EINVAL or -ERANGE (of a time) with words that name
 * the field; 'err' is not NULL. */
int swf_record_read(const char *line, struct swf_record *ret, struct err *err);

/* Read one number of 'text' from '*at' on and move '*at' past it and the blanks
 * around it. -ENODATA: the line ends here; -EINVAL: it is no number (words quote
 * it); -ERANGE: beyond SWF_NUMBER_MAX, which *ret then is, and '*at' has moved. */
int swf_number_read(const char **at, int64_t *ret, struct err *err);

#endif
