/* SPDX-License-Identifier: Apache-2.0
 *
 * run_list.c - what the lead says of its steps to who asks
 */
#include "shepherd/runs.h"

#include "base/mem.h"

#include <stdlib.h>

static void describe(const struct run *run, Berth__StepInfo *ret)
{
    berth__step_info__init(ret);
    ret->step_id = run->launch.step_id;
    ret->name = run->spec->name[0] ? run->spec->name : run->spec->argv[0];
    ret->nodes = run->launch.nodes;
    ret->n_nodes = run->launch.n_nodes;
    ret->has_started = run->root != NULL;
    ret->start_time = run->start_time;
}

void runs_list(struct lead *lead, struct channel *ch, const Berth__Envelope *env)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__StepList list = BERTH__STEP_LIST__INIT;
    cleanup(freep) Berth__StepInfo *infos = NULL;
    cleanup(freep) Berth__StepInfo **steps = NULL;
    size_t n = 0;

    for (const struct run *run = lead->runs; run; run = run->next)
        n++;
    infos = xcalloc(n + 1, sizeof(*infos));
    steps = xcalloc(n + 1, sizeof(*steps));
    for (const struct run *run = lead->runs; run; run = run->next) {
        if (!run->is_launched)
            continue;
        steps[list.n_steps] = &infos[list.n_steps];
        describe(run, steps[list.n_steps++]);
    }
    list.steps = steps;
    list.has_batch = lead->spec->script.len > 0 && !lead->is_ending;
    list.node = lead->sh->assignment->node_name;
    reply.id = env->id;
    reply.reply = true;
    reply.body_case = BERTH__ENVELOPE__BODY_STEP_LIST;
    reply.step_list = &list;
    channel_send(ch, &reply);
}
