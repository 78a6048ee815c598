/* SPDX-License-Identifier: Apache-2.0
 *
 * sacct_json.h - the history in Slurm's JSON
 */
#ifndef BERTH_SLURM_SACCT_JSON_H
#define BERTH_SLURM_SACCT_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "wire/messages.pb-c.h"

/* One run of a job with its steps, as of 'now'. A new reference. */
json_t *sacct_json(const Berth__HistoryJob *job, const char *cluster, int64_t now);

/* Add the steps of 'job', which continues one whose document is 'doc'. */
void sacct_json_add_steps(json_t *doc, const Berth__HistoryJob *job, int64_t now);

#endif
