/* SPDX-License-Identifier: Apache-2.0
 *
 * workloads.c - when Jobs and CronJobs are planned
 */
#include "controller/workloads/workloads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

#define RETRY 5 /* seconds, doubled */
#define RETRY_MAX 300

static struct workload *find(struct controller *ctl, const char *uid)
{
    struct workload *w;

    HASH_FIND_STR(ctl->workloads, uid, w);
    return w;
}

static void plan(struct controller *ctl, struct workload *w)
{
    struct ctl_object *object = objects_by_uid(ctl, w->uid);

    w->is_touched = false;
    if (!object || object->record->deleted_at)
        return;
    if (object->kind == &workload_job_kind)
        workload_plan_job(ctl, w, object);
    else
        workload_plan_cron(ctl, w, object);
}

/* Plans make and delete others, so the table is asked by uid. */
static void plan_touched(uv_timer_t *timer)
{
    struct controller *ctl = timer->data;
    cleanup(strv_freep) char **uids = NULL;
    struct workload *w, *next;
    size_t n = 0;

    if (ctl->is_closing || ctl->is_failed)
        return;
    uids = xcalloc(HASH_COUNT(ctl->workloads) + 1, sizeof(*uids));
    HASH_ITER(hh, ctl->workloads, w, next)
    if (w->is_touched)
        uids[n++] = xstrdup(w->uid);
    strv_foreach (uid, uids) {
        w = find(ctl, *uid);
        if (w)
            plan(ctl, w);
    }
}

void workloads_init(struct controller *ctl)
{
    uv_timer_init(ctl->loop, &ctl->plans);
    ctl->plans.data = ctl;
}

static void touch(struct controller *ctl, struct workload *w)
{
    w->is_touched = true;
    if (!ctl->is_closing)
        uv_timer_start(&ctl->plans, plan_touched, 0, 0);
}

void workload_touch(struct controller *ctl, const struct ctl_object *object)
{
    struct workload *w = find(ctl, object->record->uid);

    if (!w) {
        w = xcalloc(1, sizeof(*w));
        w->uid = xstrdup(object->record->uid);
        HASH_ADD_KEYPTR(hh, ctl->workloads, w->uid, strlen(w->uid), w);
    }
    touch(ctl, w);
}

static void drop(struct controller *ctl, struct workload *w)
{
    HASH_DEL(ctl->workloads, w);
    free(w->uid);
    free(w);
}

void workload_forget(struct controller *ctl, const struct ctl_object *object)
{
    struct workload *w = find(ctl, object->record->uid);
    struct ctl_object *maker = objects_maker(ctl, object);

    if (w)
        drop(ctl, w);
    if (maker && maker->kind == &workload_cron_kind)
        workload_touch(ctl, maker);
}

void workloads_tick(struct controller *ctl, int64_t now)
{
    struct workload *w, *next;

    HASH_ITER(hh, ctl->workloads, w, next)
    if (w->again && w->again <= now)
        touch(ctl, w);
}

void workloads_clear(struct controller *ctl)
{
    struct workload *w, *next;

    HASH_ITER(hh, ctl->workloads, w, next)
    drop(ctl, w);
}

static void put_off(struct workload *w)
{
    int64_t wait = RETRY;

    for (uint32_t i = 0; i < w->refusals && wait < RETRY_MAX; i++)
        wait *= 2;
    w->refusals++;
    w->retry_at = controller_now() + (wait < RETRY_MAX ? wait : RETRY_MAX);
}

bool workload_may_make(const struct workload *w)
{
    return w->retry_at <= controller_now();
}

void workload_wait(struct controller *ctl, struct workload *w, int64_t at)
{
    int64_t now = controller_now();

    if (w->retry_at > now && (!at || at <= now || at > w->retry_at))
        at = w->retry_at;
    w->again = at;
    if (at && at <= now)
        touch(ctl, w);
}

int workload_make(struct controller *ctl, struct workload *w, struct ctl_object *maker,
                  char *text, size_t len, struct ctl_object **ret)
{
    const struct object_wish wish = {.text = text, .len = len, .made_by = maker};
    struct err err;
    int rc = objects_make(ctl, &wish, ret, NULL, &err);

    free(text);
    if (rc == 0) {
        w->refusals = 0;
        w->retry_at = 0;
        return 0;
    }
    if (rc != -EEXIST) {
        objects_event(ctl, maker, true, "FailedCreate", "%s", err.text);
        put_off(w);
    }
    return rc;
}
