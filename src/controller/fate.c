/* SPDX-License-Identifier: Apache-2.0
 *
 * fate.c - how a job stands that another one depends on
 */
#include "controller/fate.h"

#include "controller/arrays.h"

static enum depend_state depend_state_of(const struct ctl_job *cj)
{
    enum job_state state = job_state_of(&cj->job);

    if (state == JOB_PENDING)
        return DEPEND_PENDING;
    if (!job_state_is_final(state))
        return DEPEND_RUNNING;
    return state == JOB_COMPLETED ? DEPEND_ENDED_OK : DEPEND_ENDED_BADLY;
}

struct depend_facts fate_of_one(const struct ctl_job *cj)
{
    return (struct depend_facts){.state = depend_state_of(cj),
                                 .start_time = cj->job.record->start_time};
}

struct depend_facts fate_of_job(void *ctx, uint32_t job, uint32_t task)
{
    const struct controller *ctl = ctx;
    const struct ctl_job *cj = jobs_find(ctl, job);

    if (!cj)
        return (struct depend_facts){.state = DEPEND_UNKNOWN};
    return cj->array ? arrays_fate(cj, task) : fate_of_one(cj);
}
