/* SPDX-License-Identifier: Apache-2.0
 *
 * job_json.h - jobs in Slurm's JSON
 */
#ifndef BERTH_SLURM_JOB_JSON_H
#define BERTH_SLURM_JOB_JSON_H

#include <jansson.h>

#include "client/berth.h"
#include "slurm/job_row.h"
#include "slurm/json.h"

/* One job; its nodes' hardware is in 'nodes' (NULL: not known, one socket each). */
json_t *job_json(const struct job_row *row, const Berth__NodeList *nodes);

/* Print those that 'query' means, as squeue and scontrol do. Returns the exit status;
 * a failure has been said. */
int job_json_list(struct berth *berth, const Berth__JobQuery *query,
                  enum json_form form);

#endif
