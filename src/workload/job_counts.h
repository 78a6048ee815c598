/* SPDX-License-Identifier: Apache-2.0
 *
 * job_counts.h - ends of pods become progress, each once
 */
#ifndef BERTH_WORKLOAD_JOB_COUNTS_H
#define BERTH_WORKLOAD_JOB_COUNTS_H

#include "workload/job_plan.h"

/* Takes the ends that are not counted yet into 'progress', in the order in which they
 * happened, and their places among 'pods' into 'plan->counted'. Marks them in 'pods',
 * too. A failure that a FailJob rule fits makes a Job that goes on fail. */
void job_count_ends(const struct mf_job_spec *spec, struct job_progress *progress,
                    struct job_pod *pods, size_t n, int64_t now, struct job_plan *plan);

#endif
