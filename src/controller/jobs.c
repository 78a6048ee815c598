/* SPDX-License-Identifier: Apache-2.0
 *
 * jobs.c - keep the table of jobs, and what follows from a change of one
 */
#include "controller/jobs.h"

#include "base/bitset.h"
#include "base/hostlist.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "controller/accounts.h"
#include "controller/arrays.h"
#include "controller/changes.h"
#include "controller/diag.h"
#include "controller/dispatch.h"
#include "controller/hets.h"
#include "controller/images.h"
#include "controller/job_index.h"
#include "controller/nodes.h"
#include "controller/pods/pod_data.h"
#include "controller/pods/pods.h"
#include "controller/request.h"
#include "controller/wait.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define KEY_BYTES 32 /* "spec/0000000017" */

/* ------------------------------------------------------------------ finding */

struct ctl_job *jobs_find(const struct controller *ctl, uint32_t id)
{
    struct ctl_job *cj;

    HASH_FIND(hh, ctl->jobs, &id, sizeof(id), cj);
    return cj;
}

static char *owned_key(uid_t uid, const char *key)
{
    return xasprintf("%u/%s", uid, key);
}

struct ctl_job *jobs_find_by_key(const struct controller *ctl, uid_t uid,
                                 const char *key)
{
    cleanup(freep) char *owned = owned_key(uid, key);
    struct ctl_job *cj;

    HASH_FIND(hh_key, ctl->jobs_by_key, owned, strlen(owned), cj);
    return cj;
}

/* An ended job needs no script and environment in memory, and there are many. */
static void shed(struct ctl_job *cj)
{
    Berth__JobSpec *spec = cj->job.spec;

    for (size_t i = 0; i < spec->n_env; i++)
        free(spec->env[i]);
    free(spec->env);
    spec->env = NULL;
    spec->n_env = 0;
    free(spec->script.data);
    spec->script = (ProtobufCBinaryData){0};
    if (spec->pod) {
        free(spec->pod->manifest.data);
        spec->pod->manifest = (ProtobufCBinaryData){0};
    }
    cj->is_shed = true;
}

/* Work out what follows from the placement: host list, cores. */
static void note_placement(struct ctl_job *cj)
{
    const Berth__Placement *placement = cj->job.record->placement;
    cleanup(strv_freep) char **names = NULL;

    free(cj->nodes);
    cj->nodes = NULL;
    cj->cpus = 0;
    if (!placement)
        return;
    names = xcalloc(placement->n_shares + 1, sizeof(*names));
    for (size_t i = 0; i < placement->n_shares; i++) {
        names[i] = xstrdup(placement->shares[i]->node);
        cj->cpus += (uint32_t)bitset_text_count(placement->shares[i]->cores);
    }
    cj->nodes = hostlist_compress(names);
}

struct ctl_job *jobs_insert(struct controller *ctl, struct job job)
{
    struct ctl_job *cj = xcalloc(1, sizeof(*cj));

    cj->job = job;
    cj->id = job.record->id;
    HASH_ADD(hh, ctl->jobs, id, sizeof(cj->id), cj);
    if (job.record->submit_key[0]) {
        cj->key = owned_key(job.spec->uid, job.record->submit_key);
        HASH_ADD_KEYPTR(hh_key, ctl->jobs_by_key, cj->key, strlen(cj->key), cj);
    }
    job_index_add(ctl->index, cj->id, job.spec->user, job.spec->partition,
                  job_state_of(&job), cj);
    ctl->n_jobs++;
    ctl->n_in_state[job.record->state]++;
    if (job_state_is_active(job_state_of(&job))) {
        DL_APPEND(ctl->active, cj);
        nodes_add_job(ctl, cj);
    }
    if (job_state_is_final(job_state_of(&job))) {
        DL_APPEND(ctl->ended, cj);
        shed(cj);
    }
    note_placement(cj);
    arrays_attach(ctl, cj);
    return cj;
}

/* ------------------------------------------------------------------ the store */

static void save(struct controller *ctl, const char *kind, uint32_t id,
                 const ProtobufCMessage *message)
{
    char key[KEY_BYTES];
    size_t len;
    uint8_t *bytes = pack_message(message, &len);

    (void)snprintf(key, sizeof(key), "%s/%010" PRIu32, kind, id);
    store_put_heap(ctl->store, key, bytes, len);
}

void jobs_save(struct controller *ctl, const struct ctl_job *cj)
{
    save(ctl, "job", cj->id, &cj->job.record->base);
}

void jobs_save_change(struct controller *ctl, const struct ctl_job *cj,
                      const char *what)
{
    const struct change_note note = {.what = what,
                                     .from = job_state_name(job_state_of(&cj->job))};

    jobs_save(ctl, cj);
    changes_job(ctl, cj, &note);
}

void jobs_save_spec(struct controller *ctl, const struct ctl_job *cj)
{
    save(ctl, "spec", cj->id, &cj->job.spec->base);
}

Berth__JobSpec *jobs_load_spec(const struct controller *ctl, uint32_t id)
{
    const struct ctl_job *cj = jobs_find(ctl, id);
    cleanup(freep) void *bytes = NULL;
    char key[KEY_BYTES];
    size_t len;

    (void)snprintf(key, sizeof(key), "spec/%010" PRIu32, id);
    if (cj && cj->whole)
        (void)snprintf(key, sizeof(key), "spec/%010" PRIu32, cj->whole->id);
    if (store_get(ctl->store, key, &bytes, &len, NULL))
        return NULL;
    return unpack_message(&berth__job_spec__descriptor, bytes, len);
}

static void erase(struct controller *ctl, const char *kind, uint32_t id)
{
    char key[KEY_BYTES];

    (void)snprintf(key, sizeof(key), "%s/%010" PRIu32, kind, id);
    store_delete(ctl->store, key);
}

/* ------------------------------------------------------------------ purging */

static void job_free(struct controller *ctl, struct ctl_job *cj)
{
    pods_job_forgotten(cj);
    arrays_detach(cj);
    HASH_DELETE(hh, ctl->jobs, cj);
    if (cj->key)
        HASH_DELETE(hh_key, ctl->jobs_by_key, cj);
    job_index_remove(ctl->index, cj->id);
    nodes_remove_job(cj);
    ctl->n_jobs--;
    ctl->n_in_state[cj->job.record->state]--;
    job_fini(&cj->job);
    free(cj->key);
    free(cj->nodes);
    free(cj);
}

static void purge_one(struct controller *ctl, struct ctl_job *cj)
{
    struct ctl_job *element, *after;
    char next[16];

    /* Without the array's spec they could not be read again. */
    if (cj->array)
        HASH_ITER(hh_index, cj->array->elements, element, after)
    purge_one(ctl, element);
    DL_DELETE(ctl->ended, cj);
    erase(ctl, "job", cj->id);
    erase(ctl, "spec", cj->id);
    /* Ids are not used twice: the records that prove them are going. */
    (void)snprintf(next, sizeof(next), "%" PRIu32, ctl->next_job);
    store_put(ctl->store, "meta/next_job", next, strlen(next));
    job_free(ctl, cj);
}

void jobs_purge(struct controller *ctl, int64_t now)
{
    int64_t keep = ctl->config->controller.keep_ended;

    if (keep < 0)
        return;
    while (ctl->ended && ctl->ended->job.record->end_time + keep < now)
        purge_one(ctl, ctl->ended);
}

int jobs_check_room(const struct controller *ctl, struct err *err)
{
    if (ctl->n_jobs < ctl->config->controller.max_jobs || ctl->ended)
        return 0;
    return err_set(err, EAGAIN,
                   "the queue is full: %" PRIu32
                   " jobs wait or run (controller.max_jobs); try again later",
                   ctl->n_jobs);
}

int jobs_make_room(struct controller *ctl, struct err *err)
{
    int rc = jobs_check_room(ctl, err);

    if (rc == 0 && ctl->n_jobs >= ctl->config->controller.max_jobs)
        purge_one(ctl, ctl->ended);
    return rc;
}

void jobs_clear(struct controller *ctl)
{
    struct ctl_job *cj, *next;

    HASH_ITER(hh, ctl->jobs, cj, next)
    job_free(ctl, cj);
    ctl->active = NULL;
    ctl->ended = NULL;
}

/* ------------------------------------------------------------------ changing */

static int ask(struct controller *ctl, struct ctl_job *cj,
               int (*verb)(struct sched *, const struct sched_request *, struct err *),
               struct err *err)
{
    struct request request;
    int rc = request_init(ctl, &cj->job, &request, err);

    if (rc)
        return rc;
    request.sched.image = images_number(ctl, cj->job.spec);
    request.sched.held |= pods_wait(cj) != NULL;
    if (cj->pod)
        pod_data_exclude(ctl, cj->pod, &request.excluded);
    request.sched.place.excluded = request.excluded;
    rc = verb(ctl->sched, &request.sched, err);
    request_fini(&request);
    return rc;
}

int jobs_enqueue(struct controller *ctl, struct ctl_job *cj, struct err *err)
{
    return ask(ctl, cj, sched_add, err);
}

int jobs_ask_anew(struct controller *ctl, struct ctl_job *cj, struct err *err)
{
    return ask(ctl, cj, sched_update, err);
}

void jobs_enqueue_again(struct controller *ctl, struct ctl_job *cj)
{
    struct err err = {0};

    sched_remove(ctl->sched, cj->id);
    if (jobs_enqueue(ctl, cj, &err))
        (void)jobs_apply(ctl, cj, EV_REFUSE, controller_now(),
                         &(struct job_change){.words = err.text}, NULL);
    dispatch_want_pass(ctl);
}

void jobs_reclass(struct controller *ctl, struct ctl_job *cj)
{
    struct request request;
    struct err err;
    int rc = request_init(ctl, &cj->job, &request, &err);

    jobs_save_spec(ctl, cj);
    if (rc == 0) {
        rc = sched_set_class(ctl->sched, jobs_sched_id(cj), request.sched.class, &err);
        request_fini(&request);
    }
    if (rc)
        log_warn("job %" PRIu32 ": its labels stay what they were to others: %s",
                 cj->id, err.text);
    dispatch_want_pass(ctl);
}

struct sched_id jobs_sched_id(const struct ctl_job *cj)
{
    if (!cj->whole || cj->is_alone)
        return SCHED_JOB(cj->id);
    return (struct sched_id){.job = cj->whole->id, .task = cj->index};
}

/* Whether it waits there or runs. */
static void leave_scheduler(struct controller *ctl, const struct ctl_job *cj,
                            int64_t now)
{
    sched_ended(ctl->sched, jobs_sched_id(cj), now);
    /* Who waits for it asks for the array's job. */
    if (cj->whole && cj->is_alone)
        sched_ended(ctl->sched,
                    (struct sched_id){.job = cj->whole->id, .task = cj->index}, now);
    sched_remove(ctl->sched, cj->id);
}

static void requeue(struct controller *ctl, struct ctl_job *cj, int64_t now)
{
    struct err err = {0};

    leave_scheduler(ctl, cj, now);
    cj->is_launched = false;
    /* Its index is gone from what the scheduler knows of the array. */
    cj->is_alone = cj->whole != NULL;
    if (jobs_enqueue(ctl, cj, &err))
        log_error("job %" PRIu32 ": cannot be queued again: %s", cj->id, err.text);
}

static void move_between_lists(struct controller *ctl, struct ctl_job *cj,
                               enum job_state from, enum job_state to)
{
    ctl->n_in_state[from]--;
    ctl->n_in_state[to]++;
    job_index_set_state(ctl->index, cj->id, to);
    if (job_state_is_active(from) && !job_state_is_active(to)) {
        DL_DELETE(ctl->active, cj);
        nodes_tell_gone(ctl, cj);
        nodes_remove_job(cj);
    }
    if (!job_state_is_active(from) && job_state_is_active(to)) {
        DL_APPEND(ctl->active, cj);
        nodes_add_job(ctl, cj);
    }
    if (job_state_is_final(to)) {
        DL_APPEND(ctl->ended, cj);
        shed(cj);
    }
}

static void log_change(const struct ctl_job *cj, enum job_state from)
{
    const Berth__JobRecord *record = cj->job.record;

    log_info("job %" PRIu32 ": %s -> %s%s%s%s%s", cj->id, job_state_name(from),
             job_state_name(job_state_of(&cj->job)), cj->nodes ? " on " : "",
             cj->nodes ? cj->nodes : "", record->state_words[0] ? ": " : "",
             record->state_words);
}

/* The record, and what has happened to it. */
static void save_change(struct controller *ctl, const struct ctl_job *cj,
                        enum job_event event, enum job_state from,
                        const struct job_change *change)
{
    const struct change_note note = {
        .what = job_event_words(event),
        .from = job_state_name(from),
        .ended = event == EV_REQUEUE && change ? change->used : NULL};

    jobs_save(ctl, cj);
    changes_job(ctl, cj, &note);
}

int jobs_apply(struct controller *ctl, struct ctl_job *cj, enum job_event event,
               int64_t now, const struct job_change *change, struct err *err)
{
    enum job_state from = job_state_of(&cj->job), to;
    enum job_event happens = job_event_of(&cj->job, event);
    enum job_then then = (enum job_then)cj->job.record->then;
    int rc = job_apply(&cj->job, event, now, change, err);

    if (rc)
        return rc;
    to = job_state_of(&cj->job);
    diag_event(ctl->diag, event);
    move_between_lists(ctl, cj, from, to);
    cj->missing_since = 0;
    if (event == EV_START) {
        cj->is_launched = false;
        cj->is_overdue = cj->has_new_limit = cj->is_warned = false;
    }
    if (event == EV_START || to == JOB_PENDING)
        note_placement(cj);
    log_change(cj, from);
    if (to == JOB_PENDING)
        requeue(ctl, cj, now);
    if (job_state_is_final(to)) {
        arrays_count_end(cj);
        leave_scheduler(ctl, cj, now);
    }
    if (to == JOB_PENDING || job_state_is_final(to))
        dispatch_want_pass(ctl);
    save_change(ctl, cj, happens, from, change);
    accounts_save_usage(ctl);
    wait_job_changed(ctl, cj);
    if (cj->pod)
        pods_job_changed(ctl, cj, change ? change->used : NULL);
    if (job_state_is_final(to) && cj->whole)
        arrays_settle(ctl, cj->whole, now);
    if (job_state_is_final(to) && cj->job.record->het_leader)
        hets_settle(ctl, cj, now);
    if (to == JOB_PENDING && cj->job.record->het_leader)
        hets_requeued(ctl, cj, then, now);
    return 0;
}
