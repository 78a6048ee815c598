/* SPDX-License-Identifier: Apache-2.0
 *
 * schedule.h - which job ran when, as a file
 */
#ifndef BERTH_SIM_SCHEDULE_H
#define BERTH_SIM_SCHEDULE_H

#include <stddef.h>
#include <stdio.h>

#include "sim/metrics.h"
#include "sim/trace.h"

/* The comments before the first job. */
void schedule_write_header(const char *policy, uint64_t procs, FILE *out);

/* One line for each of 'n' jobs, in their order, in the Standard Workload Format:
 * field 3 is the wait, 5 and 8 the processors, 9 the request; status is 1, or 5 for a
 * job that was refused. A job's label stands for its number where it has one. With
 * 'places' (may be NULL) the nodes are a 19th field. */
void schedule_write(const struct trace_job *jobs, const struct outcome *outcomes,
                    char *const *places, size_t n, FILE *out);

#endif
