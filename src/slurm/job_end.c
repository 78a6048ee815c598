/* SPDX-License-Identifier: Apache-2.0
 *
 * job_end.c - how jobs ended, as the exit status of who waited for them
 */
#include "slurm/job_end.h"

#include <string.h>

static int status_of(const Berth__JobInfo *job)
{
    int code = job->record ? job->record->exit_code & 0xff : 0;

    if (code)
        return code;
    return strcmp(job->state, "COMPLETED") == 0 ? 0 : 1;
}

int slurm_worst_status(const Berth__JobList *list)
{
    int worst = 0;

    for (size_t i = 0; i < list->n_jobs; i++) {
        int status = status_of(list->jobs[i]);

        if (status > worst)
            worst = status;
    }
    return worst;
}
