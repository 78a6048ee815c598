/* SPDX-License-Identifier: Apache-2.0
 *
 * sacct_fields.h - what sacct lists: a job, or one of its steps
 */
#ifndef BERTH_SLURM_SACCT_FIELDS_H
#define BERTH_SLURM_SACCT_FIELDS_H

#include <stdbool.h>

#include "slurm/fields.h"
#include "wire/messages.pb-c.h"

struct sacct_row {
    const Berth__HistoryJob *job;
    const Berth__StepSummary *step; /* NULL: the job itself */
    int64_t now;
    const char *cluster;
    char unit; /* of sizes, one of "KMGTP"; 0: as it comes */
};

extern const struct field_table sacct_fields;

#endif
