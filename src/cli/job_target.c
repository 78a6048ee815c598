/* SPDX-License-Identifier: Apache-2.0
 *
 * job_target.c - a place inside a job that runs: "17", "17.0", "17_3.batch"
 */
#include "cli/job_target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/job_names.h"
#include "cli/say.h"

/* ------------------------------------------------------------------- parse */

static int parse_step(const char *word, const char *text, int64_t *ret)
{
    int64_t number;

    if (strcmp(text, "batch") == 0) {
        *ret = STEP_BATCH;
        return 0;
    }
    if (number_parse(text, 0, UINT32_MAX, &number, NULL) < 0) {
        say_error("'%s': '%s' is not the number of a step, nor 'batch'", word, text);
        return -EINVAL;
    }
    *ret = number;
    return 0;
}

int job_target_parse(const char *word, struct job_target *ret)
{
    const char *dot = strchr(word, '.');
    cleanup(freep) char *job =
        dot ? xstrndup(word, (size_t)(dot - word)) : xstrdup(word);
    cleanup(job_names_fini) struct job_names names = {0};
    int rc;

    *ret = (struct job_target){.step = STEP_ANY};
    rc = job_names_parse(1, &job, &names);
    if (rc == 0 && dot)
        rc = parse_step(word, dot + 1, &ret->step);
    if (rc < 0)
        return rc;
    ret->id = names.ids[0];
    ret->element = xstrdup(names.elements[0]);
    return 0;
}

void job_target_fini(struct job_target *target)
{
    free(target->element);
}

/* ----------------------------------------------------------------- the job */

int job_target_find(struct berth *berth, const struct job_target *target,
                    Berth__JobList **ret)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    char *element = target->element;
    uint32_t id = target->id;
    struct berth_err err;
    int rc;

    query.ids = &id;
    query.n_ids = 1;
    query.with_spec = true;
    query.all = true;
    if (element[0]) {
        query.elements = &element;
        query.n_elements = 1;
    }
    rc = berth_jobs(berth, &query, &list, &err);
    if (rc < 0) {
        say_error("%s", err.text);
        return rc;
    }
    if (list->n_jobs != 1) {
        say_error("there is no job %u%s%s", id, element[0] ? "_" : "", element);
        return -ESRCH;
    }
    *ret = take(list);
    return 0;
}

bool job_target_has_nodes(const Berth__JobInfo *job)
{
    const Berth__JobRecord *record = job->record;

    return !record->end_time && record->placement && record->placement->n_shares > 0;
}

void job_target_say_state(const Berth__JobInfo *job)
{
    const Berth__JobRecord *record = job->record;
    const char *words = record->state_words[0] ? record->state_words : job->reason;
    cleanup(freep) char *name = job_name_of(record);

    if (record->end_time)
        say_error("job %s has ended: %s%s%s", name, job->state,
                  record->state_words[0] ? ", " : "", record->state_words);
    else
        say_error("job %s does not run: %s%s%s", name, job->state, words[0] ? ", " : "",
                  words);
}

int job_target_reach_lead(struct berth *berth, const Berth__JobInfo *job,
                          struct berth_steps **ret, struct berth_err *err)
{
    const Berth__NodeShare *lead = job->record->placement->shares[0];

    return berth_steps_connect_shepherd(berth, lead->address, (uint16_t)lead->port,
                                        job->record->id, -1, job->spec->uid, ret, err);
}

int job_target_call_lead(struct berth *berth, const Berth__JobInfo *job,
                         struct berth_steps **ret)
{
    struct berth_err err;
    int rc;

    if (!job_target_has_nodes(job)) {
        job_target_say_state(job);
        return -ESRCH;
    }
    rc = job_target_reach_lead(berth, job, ret, &err);
    if (rc < 0)
        say_error("job %u: node %s: %s", job->record->id,
                  job->record->placement->shares[0]->node, err.text);
    return rc;
}

/* ------------------------------------------------------------------- steps */

void steps_closep(struct berth_steps **steps)
{
    berth_steps_close(*steps);
}

/* Which steps of the job run, from its lead: an envelope with a step_list, freed with
 * berth_free. -Exxx when the failure has been said. */
static int ask_steps(struct berth_steps *lead, Berth__Envelope **ret)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepQuery query = BERTH__STEP_QUERY__INIT;
    struct berth_err err;
    int rc;

    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_QUERY;
    env.step_query = &query;
    rc = berth_steps_send(lead, &env, &err);
    if (rc == 0)
        rc = berth_steps_recv(lead, -1, ret, &err);
    if (rc < 0)
        say_error("%s", err.text);
    else if ((*ret)->body_case != BERTH__ENVELOPE__BODY_STEP_LIST) {
        say_error("%s", (*ret)->status ? (*ret)->status->text : "no list of steps");
        rc = -EPROTO;
    }
    return rc;
}

static const Berth__StepNode *node_of_step(const Berth__StepInfo *step,
                                           const char *node)
{
    for (size_t i = 0; i < step->n_nodes; i++)
        if (!node || strcmp(step->nodes[i]->node, node) == 0)
            return step->nodes[i];
    return NULL;
}

static const Berth__StepInfo *find_step(const Berth__StepList *list,
                                        const struct job_target *target,
                                        const char *node)
{
    for (size_t i = 0; i < list->n_steps; i++) {
        const Berth__StepInfo *step = list->steps[i];

        if (target->step == STEP_ANY ? node_of_step(step, node) != NULL
                                     : step->step_id == target->step)
            return step;
    }
    return NULL;
}

/* What could be named instead. */
static char *running_words(const Berth__StepList *list, uint32_t job)
{
    struct strbuf words = STRBUF_INIT;

    if (list->has_batch)
        strbuf_printf(&words, "%u.batch on %s", job, list->node);
    for (size_t i = 0; i < list->n_steps; i++) {
        const Berth__StepInfo *step = list->steps[i];

        strbuf_printf(&words, "%s%u.%u on ", words.len ? "; " : "", job, step->step_id);
        for (size_t n = 0; n < step->n_nodes; n++)
            strbuf_printf(&words, "%s%s", n ? "," : "", step->nodes[n]->node);
    }
    if (!words.len)
        strbuf_puts(&words, "nothing");
    return strbuf_take(&words);
}

static int say_not_there(const Berth__StepList *list, const struct job_target *target,
                         const char *node, uint32_t job)
{
    cleanup(freep) char *words = running_words(list, job);
    cleanup(freep) char *where = node ? xasprintf(" on node %s", node) : xstrdup("");

    if (target->step >= 0)
        say_error("step %u.%u does not run%s; there is: %.400s", job,
                  (unsigned int)target->step, where, words);
    else if (target->step == STEP_BATCH)
        say_error("job %u has no script%s; there is: %.400s", job, where, words);
    else
        say_error("job %u runs nothing%s; there is: %.400s", job, where, words);
    return -ESRCH;
}

static int open_step(struct berth *berth, const Berth__JobInfo *job,
                     const Berth__StepInfo *step, const Berth__StepNode *node,
                     struct job_place *ret)
{
    struct berth_err err;
    int rc;

    ret->step = step->step_id;
    ret->node = xstrdup(node->node);
    rc = berth_steps_connect_shepherd(berth, node->address, (uint16_t)node->port,
                                      ret->job, step->step_id, job->spec->uid,
                                      &ret->steps, &err);
    if (rc < 0)
        say_error("step %u.%u: node %s: %s", ret->job, step->step_id, node->node,
                  err.text);
    return rc;
}

/* The script's container is the lead's: its connection is the place itself. */
static int choose(struct berth *berth, const struct job_target *target,
                  const char *node, const Berth__JobInfo *job, struct job_place *ret)
{
    cleanup(steps_closep) struct berth_steps *lead = NULL;
    cleanup(reply_freep) Berth__Envelope *reply = NULL;
    const Berth__StepList *list;
    const Berth__StepInfo *step;
    int rc = job_target_call_lead(berth, job, &lead);

    if (rc == 0)
        rc = ask_steps(lead, &reply);
    if (rc < 0)
        return rc;
    list = reply->step_list;
    if (target->step < 0 && list->has_batch &&
        (!node || strcmp(node, list->node) == 0)) {
        ret->steps = take(lead);
        ret->step = STEP_BATCH;
        ret->node = xstrdup(list->node);
        return 0;
    }
    step = target->step == STEP_BATCH ? NULL : find_step(list, target, node);
    if (!step || !node_of_step(step, node))
        return say_not_there(list, target, node, ret->job);
    return open_step(berth, job, step, node_of_step(step, node), ret);
}

int job_target_open(struct berth *berth, const struct job_target *target,
                    const char *node, struct job_place *ret)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    int rc = job_target_find(berth, target, &list);

    *ret = (struct job_place){.step = STEP_ANY};
    if (rc < 0)
        return rc;
    ret->job = list->jobs[0]->record->id;
    return choose(berth, target, node, list->jobs[0], ret);
}

void job_place_fini(struct job_place *place)
{
    berth_steps_close(place->steps);
    free(place->node);
    *place = (struct job_place){.step = STEP_ANY};
}
