/* SPDX-License-Identifier: Apache-2.0
 *
 * ids.h - jobs as Slurm's users write them: "12,13_4,14_[5-9%2]"
 */
#ifndef BERTH_SLURM_IDS_H
#define BERTH_SLURM_IDS_H

#include "base/err.h"
#include "cli/job_names.h"

/* Read a list; steps ("12.0") name their jobs, and components ("12+1") the first. The
 * caller ends 'ret' with job_names_fini in any case. -EINVAL: "Invalid job id: x". */
int ids_parse(const char *text, struct job_names *ret, struct err *err);

#endif
