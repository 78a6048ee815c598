/* SPDX-License-Identifier: Apache-2.0
 *
 * report.h - the results of a simulation, for people and as JSON
 */
#ifndef BERTH_SIM_REPORT_H
#define BERTH_SIM_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "sim/metrics.h"
#include "sim/trace.h"

struct report {
    const char *trace, *policy, *machine; /* words, borrowed */
    uint64_t procs;
    size_t windows; /* 0: the whole trace */
    const struct trace_counts *counts;
    size_t refused;
    struct metrics metrics;
    bool has_recorded;
    struct metrics recorded;           /* as the log has it */
    uint64_t passes, decisions, tests; /* of the engine */
    double seconds;    /* real time that the engine and its clock took */
    uint64_t peak_rss; /* bytes */
};

void report_print(const struct report *report, FILE *out);

/* One JSON object: jobs, makespan, utilisation, mean_wait, p99_wait, max_wait,
 * mean_bsld, jobs_per_second, peak_rss and more at its top, and "classes", "recorded"
 * (where known), "trace", "engine" below it. Times in seconds. Returns 0 or -EIO with
 * words. */
int report_write_json(const struct report *report, FILE *out, struct err *err);

#endif
