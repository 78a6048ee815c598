/* SPDX-License-Identifier: Apache-2.0
 *
 * cancel_step.c - end one step of a job, or send it a signal
 */
#include "slurm/cancel_step.h"

#include <errno.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/job_target.h"
#include "cli/say.h"

static int order(struct berth_steps *lead, const struct job_target *target,
                 int32_t signo, Berth__Envelope **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepControl control = BERTH__STEP_CONTROL__INIT;
    int rc;

    control.step_id = (uint32_t)target->step;
    control.signal = signo;
    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_CONTROL;
    env.step_control = &control;
    rc = berth_steps_send(lead, &env, err);
    return rc < 0 ? rc : berth_steps_recv(lead, -1, ret, err);
}

static int send_order(struct berth *berth, const struct job_target *target,
                      int32_t signo, const char *word, bool quiet)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    cleanup(reply_freep) Berth__Envelope *reply = NULL;
    struct berth_steps *lead;
    struct berth_err err;
    int rc = job_target_find(berth, target, &list);

    if (rc == 0)
        rc = job_target_call_lead(berth, list->jobs[0], &lead);
    if (rc < 0)
        return rc;
    rc = order(lead, target, signo, &reply, &err);
    berth_steps_close(lead);
    if (rc == 0 && (!reply->status || reply->status->code == 0))
        return 0;
    if (rc == 0 && quiet && reply->status->code == ESRCH)
        return 0;
    say_error("Kill job error on job step id %s: %s", word,
              rc < 0          ? err.text
              : reply->status ? reply->status->text
                              : "no answer");
    return rc < 0 ? rc : -EREMOTEIO;
}

int slurm_cancel_step(struct berth *berth, const char *word, const char *signal,
                      bool quiet)
{
    cleanup(job_target_fini) struct job_target target = {0};
    int32_t signo = 0; /* end it */
    struct err err;
    int rc = job_target_parse(word, &target);

    if (rc < 0)
        return rc;
    if (signal && signal_parse(signal, &signo, &err) < 0) {
        say_error("Unknown job signal: %s", signal);
        return -EINVAL;
    }
    if (target.step < 0) {
        say_error("Invalid job step id specified: %s", word);
        return -EINVAL;
    }
    return send_order(berth, &target, signo, word, quiet);
}
