/* SPDX-License-Identifier: Apache-2.0
 *
 * job_watch.c - changes of jobs as they come
 */
#include "cli/job_watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/command.h"
#include "cli/document.h"
#include "cli/job_names.h"
#include "spec/array_spec.h"

#define USEC 1000000

static void watch_closep(struct berth_watch **watch)
{
    berth_watch_close(*watch);
}

/* ------------------------------------------------------------------ printing */

static bool has_state(const Berth__JobQuery *query, const char *state)
{
    for (size_t i = 0; i < query->n_states; i++)
        if (strcasecmp(query->states[i], state) == 0)
            return true;
    return query->n_states == 0;
}

static void print_line(const Berth__Event *event)
{
    const Berth__JobEvent *job = event->job;
    cleanup(freep) char *name = job_name_of(job->record);
    time_t when = (time_t)(event->usec / USEC);
    const char *words = job->record->state_words;
    char clock[16] = "";
    struct tm tm;

    if (localtime_r(&when, &tm))
        (void)strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
    printf("%s  %-10s %-12s %-10s %s", clock, name, job->name, job->user, job->state);
    if (strcmp(job->from, job->state) != 0 && job->from[0])
        printf(" (was %s)", job->from);
    else
        printf(" (%s)", job->what);
    if (job->n_nodes)
        printf(" on %s", job->nodes);
    if (job->record->exit_code || job->record->exit_signal)
        printf(", exit %d:%d", job->record->exit_code, job->record->exit_signal);
    printf("%s%s\n", words[0] ? ": " : "", words);
}

static void print_json(const Berth__Event *event)
{
    json_t *doc = document_of(&event->base, true);

    json_dumpf(doc, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(doc);
}

static void fill_request(const struct job_watch *what, Berth__WatchRequest *request,
                         char **users, char **partitions)
{
    const Berth__JobQuery *query = what->query;

    request->since = what->since;
    request->from_now = !what->has_since;
    request->ids = query->ids;
    request->n_ids = query->n_ids;
    *users = query->user;
    request->users = users;
    request->n_users = query->user[0] != '\0';
    *partitions = query->partition;
    request->partitions = partitions;
    request->n_partitions = query->partition[0] != '\0';
}

/* 0 goes on. */
static int print_next(struct berth_watch *watch, const struct job_watch *what)
{
    const Berth__Event *event;
    struct berth_err err;
    int rc = berth_watch_next(watch, -1, &event, &err);

    if (rc < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (!event->job || !has_state(what->query, event->job->state))
        return 0;
    if (what->json)
        print_json(event);
    else
        print_line(event);
    /* Whoever reads this wants each as it comes. */
    return fflush(stdout) ? STATUS_FAILED : 0;
}

int job_watch_run(struct berth *berth, const struct job_watch *what)
{
    cleanup(watch_closep) struct berth_watch *watch = NULL;
    Berth__WatchRequest request = BERTH__WATCH_REQUEST__INIT;
    char *user, *partition;
    struct berth_err err;
    int status = 0;

    fill_request(what, &request, &user, &partition);
    if (berth_watch_open(berth, &request, &watch, &err) < 0) {
        say_error("--since: %s", err.text);
        return STATUS_FAILED;
    }
    while (status == 0)
        status = print_next(watch, what);
    return status;
}

/* ------------------------------------------------------------------ elements */

/* Elements that are waited for, and the numbers of those that have begun. */
struct elements {
    uint32_t id;
    struct array_spec left;
    uint32_t *ids;
    size_t n, n_cancelled;
};

static void note_begun(struct elements *e, const Berth__JobRecord *record)
{
    if (!array_spec_remove(&e->left, record->array_task))
        return;
    e->ids = xrealloc(e->ids, e->n + 1, sizeof(*e->ids));
    e->ids[e->n++] = record->id;
}

static void note_cancelled(struct elements *e, const char *text)
{
    cleanup(array_spec_fini) struct array_spec gone = {0};

    if (!text[0] || array_spec_parse(text, &gone, NULL))
        return;
    for (uint32_t i = array_spec_next(&gone, 0); i != ARRAY_NONE;
         i = array_spec_next(&gone, i + 1)) {
        if (!array_spec_remove(&e->left, i))
            continue;
        e->n_cancelled++;
        say_info("job %u_%u: CANCELLED before it began", e->id, i);
    }
}

static void note(struct elements *e, const Berth__JobRecord *record)
{
    if (record->array_job == e->id)
        note_begun(e, record);
    else if (record->id == e->id)
        note_cancelled(e, record->array_cancelled);
}

/* How they stand now; of those that are known. */
static int note_all(struct berth *berth, struct elements *e, const char *text,
                    struct berth_err *err)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    cleanup(reply_freep) Berth__JobList *whole = NULL;
    cleanup(freep) char *which = xstrdup(text);
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    int rc;

    query.ids = &e->id;
    query.n_ids = 1;
    query.all = true;
    query.with_spec = true; /* of what stands for the array */
    rc = berth_jobs(berth, &query, &whole, err);
    if (rc < 0)
        return rc;
    query.with_spec = false;
    query.elements = &which;
    query.n_elements = 1;
    rc = berth_jobs(berth, &query, &list, err);
    for (size_t i = 0; rc == 0 && i < list->n_jobs; i++)
        note(e, list->jobs[i]->record);
    for (size_t i = 0; rc == 0 && i < whole->n_jobs; i++)
        note(e, whole->jobs[i]->record);
    return rc;
}

/* One of them is no part of the array: nothing will ever be heard of it. */
static int check_known(struct berth *berth, const struct elements *e,
                       struct berth_err *err)
{
    cleanup(reply_freep) Berth__JobList *whole = NULL;
    cleanup(array_spec_fini) struct array_spec all = {0};
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    uint32_t id = e->id;
    int rc;

    query.ids = &id;
    query.n_ids = 1;
    query.all = query.with_spec = true;
    rc = berth_jobs(berth, &query, &whole, err);
    if (rc < 0)
        return rc;
    if (whole->n_jobs)
        (void)array_spec_parse(whole->jobs[0]->record->array_left, &all, NULL);
    for (uint32_t i = array_spec_next(&e->left, 0); i != ARRAY_NONE;
         i = array_spec_next(&e->left, i + 1)) {
        if (array_spec_contains(&all, i))
            continue;
        err->code = ESRCH;
        (void)snprintf(err->text, sizeof(err->text), "there is no job %u_%u", id, i);
        return -ESRCH;
    }
    return 0;
}

static int await_all(struct berth *berth, struct elements *e, const char *text,
                     struct berth_err *err)
{
    cleanup(watch_closep) struct berth_watch *watch = NULL;
    Berth__WatchRequest request = BERTH__WATCH_REQUEST__INIT;
    const Berth__Event *event;
    int rc;

    request.from_now = true;
    request.ids = &e->id;
    request.n_ids = 1;
    rc = berth_watch_open(berth, &request, &watch, err);
    berth_set_patience(berth, -1);
    /* Behind the beginning of the watch, so that nothing falls between. */
    if (rc == 0)
        rc = note_all(berth, e, text, err);
    if (rc == 0)
        rc = check_known(berth, e, err);
    while (rc == 0 && array_spec_count(&e->left)) {
        rc = berth_watch_next(watch, -1, &event, err);
        if (rc == 0 && event->job && event->job->record)
            note(e, event->job->record);
        if (rc == -ESTALE)
            rc = note_all(berth, e, text, err);
    }
    return rc;
}

int job_watch_elements(struct berth *berth, uint32_t id, const char *text,
                       uint32_t **ret, size_t *ret_n, size_t *ret_cancelled)
{
    struct elements e = {.id = id};
    struct berth_err err = {0};
    struct err words = {0};
    int rc = array_spec_parse(text, &e.left, &words);

    if (rc < 0)
        say_error("%u_[%s]: %s", id, text, words.text);
    else if ((rc = await_all(berth, &e, text, &err)) < 0)
        say_error("%s", err.text);
    array_spec_fini(&e.left);
    *ret = e.ids;
    *ret_n = e.n;
    *ret_cancelled = e.n_cancelled;
    return rc;
}
