/* SPDX-License-Identifier: Apache-2.0
 *
 * run_queue.c - which of the steps that wait may start
 *
 * The oldest first. The oldest that does not fit has a claim on what it needs (see
 * layout_claim.c), and those behind it may start where they take nothing of that. A
 * step that waits for other steps to end is not in line before these have. While the
 * node's daemon is away all of them wait.
 */
#include "shepherd/runs.h"

#include "base/mem.h"
#include "spec/step_depend.h"

#include <errno.h>
#include <string.h>

#define PASSERS_MAX 256 /* looked at behind a step that waits, each time */

struct line {
    struct lead *lead;
    bool passes; /* a step before has to wait */
    unsigned int n_passers;
};

/* ------------------------------------------------------------ dependencies */

static enum step_state state_of(void *ctx, uint32_t id)
{
    struct lead *lead = ctx;
    const struct past_step *past = past_find(&lead->past, id);
    const struct run *run = run_find(lead, id);

    if (past)
        return past->exit_code || past->exit_signal || past->words ? STEP_ENDED_BADLY
                                                                   : STEP_ENDED_OK;
    if (!run)
        return STEP_UNKNOWN;
    return run->is_launched ? STEP_RUNNING : STEP_WAITING;
}

/* False when it has to wait for others, or has just been told that it never will. */
static bool dependency_holds(struct run *run)
{
    struct err words = {0};

    if (!run->depend.n)
        return true;
    switch (step_depend_judge(&run->depend, state_of, run->lead, &words)) {
    case STEP_DEPEND_HOLDS:
        return true;
    case STEP_DEPEND_WAITS:
        str_replace(&run->why, words.text);
        return false;
    case STEP_DEPEND_NEVER:
        break;
    }
    run_fail(run, words.text);
    run_end(run);
    return false;
}

/* -------------------------------------------------------------------- order */

void run_unclaim(struct run *run)
{
    if (run->lead->claims == run)
        layout_unclaim(run->lead->layout);
    if (run->lead->claims == run)
        run->lead->claims = NULL;
}

/* It does not fit now. */
static void keep_waiting(struct line *line, struct run *run, const struct err *err)
{
    str_replace(&run->why, err->text);
    if (run->spec->immediate == 1) {
        struct err words = *err;

        (void)err_wrap(&words, "--immediate");
        run_refuse(run, &words);
        return;
    }
    if (!line->passes && line->lead->claims != run) {
        layout_claim(line->lead->layout, run->spec);
        line->lead->claims = run;
    }
    line->passes = true;
}

/* False: none behind it need be looked at. */
static bool try_start(struct line *line, struct run *run)
{
    struct err err;
    int rc;

    if (line->passes && line->n_passers++ == PASSERS_MAX)
        return false;
    rc = layout_take(line->lead->layout, run->spec, line->passes, &run->launch, &err);
    if (rc == -EAGAIN) {
        keep_waiting(line, run, &err);
        return true;
    }
    run_unclaim(run);
    if (rc)
        run_refuse(run, &err);
    else
        run_prepare(run);
    return true;
}

/* Runs come and go meanwhile, at both ends of the list: each is looked at once. */
static struct run *next_in_line(struct lead *lead)
{
    for (struct run *run = lead->runs; run; run = run->next) {
        if (run->looked_at == lead->looks || run->is_placed || run->awaits_client)
            continue;
        run->looked_at = lead->looks;
        return run;
    }
    return NULL;
}

void runs_start_waiting(struct lead *lead)
{
    struct line line = {.lead = lead};
    struct run *run;

    if (lead->is_in_line) {
        lead->is_in_line_again = true;
        return;
    }
    lead->is_in_line = true;
    lead->looks++;
    while (!lead->is_ending && lead->sh->node && (run = next_in_line(lead)))
        if (dependency_holds(run) && !try_start(&line, run))
            break;
    lead->is_in_line = false;
    if (!lead->sh->node)
        runs_node_is_away(lead);
    if (lead->is_in_line_again) {
        lead->is_in_line_again = false;
        runs_start_waiting(lead);
    }
}
