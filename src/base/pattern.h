/* SPDX-License-Identifier: Apache-2.0
 *
 * pattern.h - output file names: "slurm-%j.out", "%x-%4t.log"
 *
 * The letters are sbatch(1)'s: %% %A %a %b %J %j %N %n %r %S %s %t %u %x, with
 * a width of 1 to 10 that pads numbers with zeros (%4t). An unknown letter
 * stays as written. A backslash in the text switches patterns off, as in
 * sbatch(1).
 */
#ifndef BERTH_BASE_PATTERN_H
#define BERTH_BASE_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

struct pattern_values {
    uint32_t job;
    bool has_array;
    uint32_t array_job, array_task;
    int64_t step;      /* < 0: the batch script, printed "batch" */
    uint32_t task;     /* %t, rank in the step */
    uint32_t node;     /* %n, relative node number */
    uint32_t restarts; /* %r */
    const char *node_name, *user, *job_name; /* borrowed; NULL reads as "" */
};

/* Whether one of these letters is in 'text', as a pattern. */
bool pattern_has(const char *text, const char *letters);

/* The file name; the caller frees it. */
char *pattern_expand(const char *text, const struct pattern_values *values);

#endif
