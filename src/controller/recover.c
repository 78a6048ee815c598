/* SPDX-License-Identifier: Apache-2.0
 *
 * recover.c - read the store and rebuild jobs, nodes and scheduler
 */
#include "controller/recover.h"

#include "base/log.h"
#include "base/mem.h"
#include "controller/accounts.h"
#include "controller/arrays.h"
#include "controller/dispatch.h"
#include "controller/jobs.h"
#include "controller/node_marks.h"
#include "controller/node_taints.h"
#include "controller/nodes.h"
#include "controller/objects/objects.h"
#include "controller/pods/pods.h"
#include "controller/pods/pod_network.h"
#include "controller/reconcile.h"
#include "controller/request.h"
#include "controller/reservations.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct scan {
    struct controller *ctl;
    Berth__JobSpec **specs; /* in order of id, as the records are */
    uint32_t *ids;
    size_t n, cap, at;
    bool has_grant_key;
    struct err err;
};

/* ------------------------------------------------------------------ meta */

static int each_meta(const char *key, const void *value, size_t len, void *ctx)
{
    struct scan *scan = ctx;
    struct controller *ctl = scan->ctl;

    if (strcmp(key, "meta/next_job") == 0) {
        cleanup(freep) char *text = xstrndup(value, len);

        ctl->next_job = (uint32_t)strtoul(text, NULL, 10);
    }
    if (strcmp(key, "meta/grant_key") == 0) {
        if (len != GRANT_SECRET_KEY_BYTES)
            return err_set(&scan->err, EBADMSG, "meta/grant_key has %zu bytes", len);
        memcpy(ctl->grant_secret, value, len);
        /* The second half of an Ed25519 secret key is the public one. */
        memcpy(ctl->grant_public,
               ctl->grant_secret + GRANT_SECRET_KEY_BYTES - GRANT_PUBLIC_KEY_BYTES,
               GRANT_PUBLIC_KEY_BYTES);
        scan->has_grant_key = true;
    }
    return 0;
}

static void make_grant_key(struct controller *ctl)
{
    grant_keypair(ctl->grant_public, ctl->grant_secret);
    store_put(ctl->store, "meta/grant_key", ctl->grant_secret, GRANT_SECRET_KEY_BYTES);
}

/* ------------------------------------------------------------------ nodes */

static int each_topo(const char *key, const void *value, size_t len, void *ctx)
{
    struct scan *scan = ctx;

    if (nodes_restore_topo(scan->ctl, value, len, &scan->err))
        return err_wrap(&scan->err, "%s", key);
    return 0;
}

static int each_node(const char *key, const void *value, size_t len, void *ctx)
{
    struct scan *scan = ctx;
    Berth__Register *node = unpack_message(&berth__register__descriptor, value, len);

    if (!node)
        return err_set(&scan->err, EBADMSG, "%s cannot be read", key);
    nodes_restore(scan->ctl, node);
    return 0;
}

static int each_mark(const char *key, const void *value, size_t len, void *ctx)
{
    struct scan *scan = ctx;
    Berth__NodeMark *mark = unpack_message(&berth__node_mark__descriptor, value, len);

    if (!mark)
        return err_set(&scan->err, EBADMSG, "%s cannot be read", key);
    node_marks_restore(scan->ctl, mark);
    return 0;
}

static int each_taint(const char *key, const void *value, size_t len, void *ctx)
{
    struct scan *scan = ctx;
    Berth__NodeTaints *taints =
        unpack_message(&berth__node_taints__descriptor, value, len);

    if (!taints)
        return err_set(&scan->err, EBADMSG, "%s cannot be read", key);
    node_taints_restore(scan->ctl, taints);
    return 0;
}

/* ------------------------------------------------------------------ jobs */

static uint32_t id_of(const char *key)
{
    return (uint32_t)strtoul(strchr(key, '/') + 1, NULL, 10);
}

static int each_spec(const char *key, const void *value, size_t len, void *ctx)
{
    struct scan *scan = ctx;
    Berth__JobSpec *spec = unpack_message(&berth__job_spec__descriptor, value, len);

    if (!spec)
        return err_set(&scan->err, EBADMSG, "%s cannot be read", key);
    if (scan->n == scan->cap) {
        scan->cap = scan->cap ? scan->cap * 2 : 1024;
        scan->specs = xrealloc(scan->specs, scan->cap, sizeof(*scan->specs));
        scan->ids = xrealloc(scan->ids, scan->cap, sizeof(*scan->ids));
    }
    scan->ids[scan->n] = id_of(key);
    scan->specs[scan->n++] = spec;
    return 0;
}

/* Both lists are in order of id, so one walk finds each record its spec. */
static Berth__JobSpec *take_spec(struct scan *scan, uint32_t id)
{
    while (scan->at < scan->n && scan->ids[scan->at] < id)
        scan->at++;
    if (scan->at == scan->n || scan->ids[scan->at] != id)
        return NULL;
    return take(scan->specs[scan->at]);
}

/* An element has that of its array, which has a lower number and is known by now. */
static Berth__JobSpec *spec_of(struct scan *scan, const Berth__JobRecord *record)
{
    bool has_ended = record->state < JOB_STATE_COUNT &&
                     job_state_is_final((enum job_state)record->state);

    if (record->array_job)
        return arrays_spec(scan->ctl, record, !has_ended);
    return take_spec(scan, record->id);
}

static int each_job(const char *key, const void *value, size_t len, void *ctx)
{
    struct scan *scan = ctx;
    struct controller *ctl = scan->ctl;
    Berth__JobRecord *record =
        unpack_message(&berth__job_record__descriptor, value, len);
    Berth__JobSpec *spec = record ? spec_of(scan, record) : NULL;
    struct job job;
    int rc = 0;

    if (!record || !spec || record->id != id_of(key))
        rc = err_set(&scan->err, EBADMSG, "%s cannot be read", key);
    if (rc == 0)
        rc = job_init_stored(&job, record, spec, &scan->err);
    if (rc) {
        free_message(record);
        free_message(spec);
        return rc;
    }
    (void)jobs_insert(ctl, job);
    if (ctl->next_job <= record->id)
        ctl->next_job = record->id + 1;
    return 0;
}

static bool was_preempted(const struct ctl_job *cj)
{
    uint32_t then = cj->job.record->then;

    return then == THEN_PREEMPTED || then == THEN_REQUEUE_PREEMPTED;
}

static int adopt(struct controller *ctl, struct ctl_job *cj, struct err *err)
{
    struct place_result *where;
    struct request request;
    int rc = request_init(ctl, &cj->job, &request, err);

    if (rc)
        return rc;
    request.sched.time_limit = job_time_limit(&cj->job);
    rc = request_result(ctl, cj->job.record->placement, &where, err);
    if (rc == 0) {
        rc = sched_adopt(ctl->sched, jobs_sched_id(cj), &request.sched, where,
                         cj->job.record->start_time, err);
        if (rc == 0 && job_is_stopped(&cj->job))
            sched_adopt_stopped(ctl->sched, jobs_sched_id(cj), controller_now());
        if (rc == 0 && job_state_of(&cj->job) == JOB_COMPLETING)
            sched_adopt_leaving(ctl->sched, jobs_sched_id(cj), dispatch_grace(ctl, cj),
                                was_preempted(cj), controller_now());
        if (rc == 0 && cj->job.record->is_parked)
            sched_park(ctl->sched, jobs_sched_id(cj), true, controller_now());
        place_result_destroy(where);
    }
    request_fini(&request);
    return rc;
}

/* Back into the scheduler. What the configuration no longer has room for ends
 * here, with words. */
static void resume(struct controller *ctl, struct ctl_job *cj)
{
    enum job_state state = job_state_of(&cj->job);
    bool is_pending = state == JOB_PENDING;
    struct err err;
    struct job_change change = {.exit_code = 1, .words = err.text};
    int rc = 0;

    cj->is_alone = is_pending && cj->whole;
    if (is_pending)
        rc = jobs_enqueue(ctl, cj, &err);
    else if (job_state_is_active(state))
        rc = adopt(ctl, cj, &err);
    /* What was sent before we died, nobody knows: the nodes will say. */
    cj->is_launched = true;
    if (job_state_is_active(state) && cj->job.record->time_given)
        reconcile_new_limit(cj, controller_now());
    if (rc == 0)
        return;
    (void)err_wrap(&err, "after a restart of the controller");
    (void)jobs_apply(ctl, cj, is_pending ? EV_REFUSE : EV_LOST, controller_now(),
                     &change, NULL);
}

static int by_end_time(struct ctl_job *a, struct ctl_job *b)
{
    int64_t x = a->job.record->end_time, y = b->job.record->end_time;

    return (x > y) - (x < y);
}

static int read_all(struct scan *scan)
{
    const struct {
        const char *prefix;
        int (*each)(const char *key, const void *value, size_t len, void *ctx);
    } parts[] = {{"meta/", each_meta}, {"topo/", each_topo},   {"node/", each_node},
                 {"mark/", each_mark}, {"taint/", each_taint}, {"spec/", each_spec},
                 {"job/", each_job}};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(parts); i++)
        rc = store_scan(scan->ctl->store, parts[i].prefix, parts[i].each, scan,
                        &scan->err);
    for (size_t i = 0; i < scan->n; i++)
        free_message(scan->specs[i]);
    free(scan->specs);
    free(scan->ids);
    return rc;
}

int recover(struct controller *ctl, struct err *err)
{
    struct scan scan = {.ctl = ctl};
    struct ctl_job *cj, *next;
    int rc;

    ctl->next_job = 1;
    rc = accounts_load(ctl, err);
    if (rc)
        return err_wrap(err, "recovery");
    rc = read_all(&scan);
    if (rc)
        return err_set(err, scan.err.code, "recovery: %s", scan.err.text);
    rc = objects_load(ctl, err);
    if (rc)
        return err_wrap(err, "recovery");
    ctl->is_recovering = true;
    pods_attach(ctl);
    if (!scan.has_grant_key)
        make_grant_key(ctl);
    rc = pod_network_load(ctl, err);
    if (!rc)
        rc = reservations_load(ctl, err);
    if (rc)
        return err_wrap(err, "recovery");
    DL_SORT(ctl->ended, by_end_time);
    /* Others may run on the cores of those that are stopped. */
    HASH_ITER(hh, ctl->jobs, cj, next)
    if (job_is_stopped(&cj->job))
        resume(ctl, cj);
    HASH_ITER(hh, ctl->jobs, cj, next)
    if (!job_is_stopped(&cj->job))
        resume(ctl, cj);
    ctl->is_recovering = false;
    objects_recovered(ctl);
    if (ctl->n_jobs)
        log_info("recovered %" PRIu32 " jobs: %" PRIu32 " pending, %" PRIu32 " running",
                 ctl->n_jobs, ctl->n_in_state[JOB_PENDING],
                 ctl->n_in_state[JOB_STARTING] + ctl->n_in_state[JOB_RUNNING] +
                     ctl->n_in_state[JOB_COMPLETING]);
    return 0;
}
