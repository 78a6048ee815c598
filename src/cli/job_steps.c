/* SPDX-License-Identifier: Apache-2.0
 *
 * job_steps.c - steps of jobs that run, for commands
 */
#include "cli/job_steps.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/job_target.h"
#include "cli/say.h"
#include "cli/step_orders.h"
#include "cli/step_past.h"
#include "cli/step_seats.h"
#include "cli/step_show.h"

bool is_step_name(const char *word)
{
    const char *dot = strchr(word, '.');

    return dot && dot > word && dot[1] >= '0' && dot[1] <= '9' &&
           dot[1 + strspn(dot + 1, "0123456789")] == '\0';
}

/* What is done with one step: exit statuses. */
struct step_deed {
    int (*act)(struct berth_steps *lead, uint32_t job, uint32_t step, void *ctx);
    /* Of a job that has ended; NULL: it is too late then. */
    int (*look_back)(struct berth *berth, uint32_t job, uint32_t step);
};

static int act_on(struct berth *berth, const char *word, const struct step_deed *deed,
                  void *ctx)
{
    cleanup(job_target_fini) struct job_target target = {0};
    cleanup(reply_freep) Berth__JobList *list = NULL;
    cleanup(steps_closep) struct berth_steps *lead = NULL;
    const Berth__JobRecord *record;

    if (job_target_parse(word, &target) < 0)
        return 2;
    if (target.step < 0) {
        say_error("'%s' is not a step, JOB.STEP", word);
        return 2;
    }
    if (job_target_find(berth, &target, &list) < 0)
        return 1;
    record = list->jobs[0]->record;
    if (record->end_time && deed->look_back)
        return deed->look_back(berth, record->id, (uint32_t)target.step);
    if (job_target_call_lead(berth, list->jobs[0], &lead) < 0)
        return 1;
    return deed->act(lead, record->id, (uint32_t)target.step, ctx);
}

static int act_on_all(const char *config, int n, char *const *words,
                      const struct step_deed *deed, void *ctx)
{
    cleanup(link_closep) struct berth *berth = NULL;
    int status = 0;

    if (link_open(config, &berth) < 0)
        return 1;
    for (int i = 0; i < n; i++) {
        int one = act_on(berth, words[i], deed, ctx);

        status = one > status ? one : status;
    }
    return status;
}

static int wait_for_one(struct berth_steps *lead, uint32_t job, uint32_t step,
                        void *ctx)
{
    (void)ctx;
    return step_wait(lead, job, step);
}

int job_steps_wait(const char *config, int n, char *const *words)
{
    static const struct step_deed wait = {wait_for_one, step_past_status};

    return act_on_all(config, n, words, &wait, NULL);
}

static int control_one(struct berth_steps *lead, uint32_t job, uint32_t step, void *ctx)
{
    const int *signal = ctx;

    return step_control(lead, job, step, *signal) < 0;
}

int job_steps_control(const char *config, int n, char *const *words, int signal)
{
    static const struct step_deed control = {.act = control_one};

    return act_on_all(config, n, words, &control, &signal);
}

static json_t *step_document(const Berth__StepInfo *info, uint32_t job)
{
    json_t *step = document_of(&info->base, false);

    json_object_set_new(step, "job_id", json_integer(job));
    json_object_set_new(step, "state", json_string(step_state(info)));
    return step;
}

static void print_document(const Berth__StepInfo *info, uint32_t job)
{
    json_t *step = step_document(info, job);

    json_object_set_new(step, "task_list", step_seats_document(info));
    document_print_json(step, stdout);
}

static int show_one(struct berth_steps *lead, uint32_t job, uint32_t step, void *ctx)
{
    cleanup(reply_freep) Berth__Envelope *reply = NULL;
    const bool *json = ctx;

    if (step_query(lead, step, &reply) < 0)
        return 1;
    if (reply->step_list->n_steps == 0) {
        say_error("there is no step %u.%u", job, step);
        return 1;
    }
    if (*json)
        print_document(reply->step_list->steps[0], job);
    else
        step_show(reply->step_list->steps[0], job, time(NULL), stdout);
    return 0;
}

int job_steps_show(const char *config, bool json, int n, char *const *words)
{
    static const struct step_deed show = {.act = show_one};

    return act_on_all(config, n, words, &show, &json);
}

/* ------------------------------------------------------------------- lists */

static json_t *documents_of(const Berth__StepList *list, uint32_t job)
{
    json_t *steps = json_array();

    for (size_t i = 0; i < list->n_steps; i++)
        json_array_append_new(steps, step_document(list->steps[i], job));
    return steps;
}

static bool can_ask(const Berth__JobInfo *job)
{
    return strcmp(job->state, "RUNNING") == 0 && job->record->placement &&
           (job->spec->uid == getuid() || getuid() == 0);
}

/* One that has just ended is no mistake, only silence. */
static int add_job(struct berth *berth, const Berth__JobInfo *job, struct table *table,
                   json_t *all)
{
    cleanup(steps_closep) struct berth_steps *lead = NULL;
    cleanup(reply_freep) Berth__Envelope *reply = NULL;
    uint32_t id = job->record->id;
    json_t *steps;

    if (!can_ask(job))
        return 0;
    if (job_target_call_lead(berth, job, &lead) < 0 || step_query(lead, -1, &reply) < 0)
        return 1;
    step_table_add(table, reply->step_list, id, time(NULL));
    steps = documents_of(reply->step_list, id);
    json_array_extend(all, steps);
    json_decref(steps);
    return 0;
}

int job_steps_list(struct berth *berth, const Berth__JobList *list, bool json,
                   bool has_header)
{
    cleanup(table_destroyp) struct table *table = step_table_create();
    json_t *all = json_array();
    int status = 0;

    for (size_t i = 0; i < list->n_jobs; i++)
        status |= add_job(berth, list->jobs[i], table, all);
    if (json)
        document_print_json(json_pack("{s:O}", "steps", all), stdout);
    else
        table_print(table, has_header, table_terminal_width(stdout), stdout);
    json_decref(all);
    return status;
}
