/* SPDX-License-Identifier: Apache-2.0
 *
 * holding.c - a step's shepherd that stays for the container it has made
 *
 * A container with a name is its maker's child, so the maker stays when its step has
 * ended, as long as the job lasts. It has a line to the lead for that: the lead knows
 * of the container before the step may start, says when the job ends, and hears from
 * the line's end that nothing is left here. A lost line is the end as well.
 */
#include "shepherd/step.h"

#include "base/log.h"

#include <unistd.h>

static void on_lead_open(struct channel *ch, void *ctx)
{
    struct step *step = ctx;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Join join = BERTH__JOIN__INIT;

    join.job_id = step->sh->job;
    join.epoch = step->sh->epoch;
    join.step_id = step->launch->step_id;
    join.index = step->launch->index;
    join.holds = true;
    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_JOIN;
    env.join = &join;
    channel_send(ch, &env);
}

void holding_end(struct step *step)
{
    step->must_let_go = true;
    if (step->is_holding)
        step_leave(step);
}

static void on_lead_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                            void *ctx)
{
    struct step *step = ctx;

    (void)ch;
    (void)adopted;
    if (env->reply) {
        step->is_held = true;
        step_maybe_start(step);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_STEP_SIGNAL &&
               env->step_signal->abort) {
        holding_end(step);
    }
}

static void on_lead_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct step *step = ctx;

    (void)ch;
    (void)why;
    step->lead = NULL;
    step_maybe_start(step);
    holding_end(step);
}

static const struct channel_callbacks callbacks = {
    .on_open = on_lead_open,
    .on_message = on_lead_message,
    .on_close = on_lead_close,
};

int holding_start(struct step *step, struct err *err)
{
    int rc = box_share(step->box, step->sh->loop, err);

    if (rc || !step->box->hold)
        return rc;
    step->lead = branch_call_lead(step, &callbacks, err);
    return step->lead ? 0 : -err->code;
}

bool holding_is_settled(const struct step *step)
{
    return !step->lead || step->is_held;
}

bool holding_goes_on(struct step *step)
{
    step->is_holding = step->lead && !step->must_let_go;
    return step->is_holding;
}
