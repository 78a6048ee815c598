/* SPDX-License-Identifier: Apache-2.0
 *
 * top_table.h - what jobs use now: rows from nodes' answers, and rates between two
 *
 * Pure: no clock, no connection.
 */
#ifndef BERTH_CLI_TOP_TABLE_H
#define BERTH_CLI_TOP_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "wire/messages.pb-c.h"

#define TOP_WHOLE (-2) /* as a step: all of the job */

enum top_order { TOP_BY_CPU, TOP_BY_MEMORY, TOP_BY_JOB };

/* A job, or one of its steps, on one node or on all of them. */
struct top_row {
    uint32_t job;
    int64_t step;  /* -1: the script; TOP_WHOLE */
    char node[64]; /* "": all */
    uint64_t cpu_usec;
    int64_t usec; /* the node's clock, at that time */
    double cores; /* busy, since the sample before; < 0: not known yet */
    uint64_t memory, limit, peak;
    uint32_t processes;
};

struct top_sample {
    struct top_row *rows;
    size_t n;
};

void top_sample_fini(struct top_sample *sample);

/* Take in what a node says of those jobs that 'jobs' (n of them) names. */
void top_add(struct top_sample *sample, const Berth__UsageList *usage,
             const uint32_t *jobs, size_t n);
/* Rates, against the same rows of 'before'. */
void top_rate(struct top_sample *sample, const struct top_sample *before);

/* One row for each job, over its nodes (the caller ends it). */
void top_fold(const struct top_sample *sample, struct top_sample *ret);
void top_sort(struct top_sample *sample, enum top_order order);

/* A table of these rows; 'jobs' knows more about them. */
void top_print(const struct top_sample *sample, const Berth__JobList *jobs,
               size_t width, FILE *out);
/* {"jobs": [{..., "steps": [...]}]}: the folded rows with those they are made of. A
 * new reference. */
json_t *top_document(const struct top_sample *folded, const struct top_sample *sample,
                     const Berth__JobList *jobs);

#endif
