/* SPDX-License-Identifier: Apache-2.0
 *
 * step_past.c - how a step ended, from the site's history
 */
#include "cli/step_past.h"

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/say.h"
#include "cli/step_orders.h"

/* What a page of the job's last run says of the step; NULL: not on this page. */
static const Berth__StepSummary *find(const Berth__HistoryList *list, uint32_t step)
{
    for (size_t i = 0; i < list->n_jobs; i++)
        for (size_t s = 0; s < list->jobs[i]->n_steps; s++)
            if (list->jobs[i]->steps[s]->step_id == step)
                return list->jobs[i]->steps[s];
    return NULL;
}

static int status_of(const Berth__StepSummary *summary, uint32_t job, uint32_t step)
{
    if (summary->words[0])
        say_error("step %u.%u: %s", job, step, summary->words);
    return step_exit_status(summary->exit_code, summary->exit_signal, summary->words);
}

int step_past_status(struct berth *berth, uint32_t job, uint32_t step)
{
    Berth__HistoryQuery query = BERTH__HISTORY_QUERY__INIT;
    bool more = true;

    query.ids = &job;
    query.n_ids = 1;
    query.with_steps = true;
    while (more) {
        cleanup(reply_freep) Berth__HistoryList *list = NULL;
        const Berth__StepSummary *summary;
        struct berth_err err;

        if (berth_history(berth, &query, &list, &err) < 0) {
            say_error("%s", err.text);
            return 1;
        }
        summary = find(list, step);
        if (summary)
            return status_of(summary, job, step);
        more = list->more;
        query.after = list->after;
        query.after_step = list->after_step;
    }
    say_error("job %u has ended, and its history tells of no step %u", job, step);
    return 1;
}
