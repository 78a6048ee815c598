/* SPDX-License-Identifier: Apache-2.0
 *
 * step_list.h - the steps that run, as their jobs' leads tell them
 *
 * The controller knows no steps: each running job's lead shepherd is asked. It answers
 * the job's owner and root; the others' steps are left out.
 */
#ifndef BERTH_SLURM_STEP_LIST_H
#define BERTH_SLURM_STEP_LIST_H

#include <stdbool.h>

#include "client/berth.h"
#include "slurm/job_row.h"

struct step_row {
    const struct job_row *job;
    const Berth__StepInfo *step; /* NULL: the script */
    const char *nodes;           /* host list */
};

struct step_list {
    struct berth *berth;
    const Berth__JobQuery *query; /* which jobs */
    const char *only;             /* steps, "12.0,13"; "" or NULL: all */
    const char *cluster;
    void (*each)(const struct step_row *row, void *ctx);
    void *ctx;
};

int step_list_run(const struct step_list *list, struct berth_err *err);

/* "12.0", "12_3.batch". */
void step_row_put_id(const struct step_row *row, struct strbuf *out);
const char *step_row_name(const struct step_row *row);
int64_t step_row_start(const struct step_row *row);
uint32_t step_row_tasks(const struct step_row *row);

/* squeue --steps: 'only' as above, 'format' NULL for the usual one. Returns the exit
 * status. */
int step_list_print(struct berth *berth, const Berth__JobQuery *query, const char *only,
                    const char *format, bool has_header);

#endif
