/* SPDX-License-Identifier: Apache-2.0
 *
 * object_watch.c - objects as they change: for lists that go on, and for waits
 *
 * A change comes without the object's manifest: the object is asked for again, and the
 * last that was seen is kept for when it is gone.
 */
#include "cli/object_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"

#define LOOK_AGAIN_MS 5000 /* if nothing is told meanwhile */

static void watch_closep(struct berth_watch **watch)
{
    berth_watch_close(*watch);
}

static int open_watch(struct berth *berth, const struct object_group *group,
                      const struct object_scope *scope, uint64_t since,
                      struct berth_watch **ret, struct berth_err *err)
{
    Berth__WatchRequest request = BERTH__WATCH_REQUEST__INIT;
    cleanup(freep) char *kind = xstrdup(group->kind->name);
    cleanup(freep) char *space = xstrdup(object_space(scope, group->kind));

    request.since = since;
    request.from_now = since == 0;
    request.no_jobs = true;
    request.objects = true;
    request.kinds = &kind;
    request.n_kinds = 1;
    request.name_space = space;
    return berth_watch_open(berth, &request, ret, err);
}

/* ------------------------------------------------------------------- until */

/* Until then, in ms of 0 to 'max'. */
static int time_left(int64_t until, int max)
{
    int64_t left = until - clock_ms();

    return left < 0 ? 0 : left < max ? (int)left : max;
}

/* Until something changed, or a look is due anyway; all that is there is taken. */
static int wait_for_change(struct berth_watch *watch, int64_t until,
                           struct berth_err *err)
{
    int ms = until < 0 ? LOOK_AGAIN_MS : time_left(until, LOOK_AGAIN_MS);
    const Berth__Event *event;
    int rc = berth_watch_next(watch, ms, &event, err);

    while (rc == 0)
        rc = berth_watch_next(watch, 0, &event, err);
    return rc == -EAGAIN || rc == -ESTALE ? 0 : rc;
}

int object_watch_until(struct berth *berth, const struct object_group *group,
                       const struct object_scope *scope, int64_t seconds,
                       int (*is_enough)(const Berth__ObjectList *list, void *ctx),
                       void *ctx, struct berth_err *err)
{
    cleanup(watch_closep) struct berth_watch *watch = NULL;
    int64_t until = seconds < 0 ? -1 : clock_ms() + 1000 * seconds;
    int rc = open_watch(berth, group, scope, 0, &watch, err);

    while (rc == 0) {
        cleanup(reply_freep) Berth__ObjectList *list = NULL;

        berth_set_patience(berth, until < 0 ? -1 : time_left(until, INT_MAX));
        rc = object_group_ask(berth, group, scope, &list, err);
        if (rc == 0)
            rc = is_enough(list, ctx);
        if (rc == 0 && until >= 0 && clock_ms() >= until)
            return -ETIMEDOUT;
        if (rc == 0)
            rc = wait_for_change(watch, until, err);
    }
    return rc;
}

/* --------------------------------------------------------------------- live */

struct live {
    struct berth *berth;
    const struct object_group *group;
    const struct object_scope *scope;
    void (*tell)(const struct object_news *news, void *ctx);
    void *ctx;
    Berth__ObjectList *seen; /* each as it was told last */
};

static bool is_same(const Berth__ObjectRecord *a, const Berth__ObjectRecord *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->name_space, b->name_space) == 0 &&
           a->owner_uid == b->owner_uid;
}

static Berth__ObjectRecord **find_like(const Berth__ObjectList *list,
                                       const Berth__ObjectRecord *like)
{
    for (size_t i = 0; i < list->n_objects; i++)
        if (is_same(list->objects[i], like))
            return &list->objects[i];
    return NULL;
}

/* Takes the record over. */
static void remember(struct live *live, Berth__ObjectRecord *record)
{
    Berth__ObjectRecord **place = find_like(live->seen, record);

    if (place) {
        berth_free(*place);
        *place = record;
        return;
    }
    live->seen->objects = xrealloc(live->seen->objects, live->seen->n_objects + 1,
                                   sizeof(*live->seen->objects));
    live->seen->objects[live->seen->n_objects++] = record;
}

static void tell(const struct live *live, const Berth__ObjectRecord *record, bool gone,
                 int64_t now)
{
    live->tell(&(struct object_news){.record = record, .is_gone = gone, .now = now},
               live->ctx);
}

/* Takes the record over. */
static void take_news(struct live *live, Berth__ObjectRecord *record, int64_t now)
{
    Berth__ObjectRecord **seen = find_like(live->seen, record);

    if (!seen || (*seen)->revision != record->revision)
        tell(live, record, false, now);
    remember(live, record);
}

static void forget(struct live *live, const Berth__ObjectRecord *record)
{
    Berth__ObjectRecord **place = find_like(live->seen, record);

    if (!place)
        return;
    if (!(*place)->deleted_at)
        (*place)->deleted_at = time(NULL);
    tell(live, *place, true, time(NULL));
    berth_free(*place);
    *place = live->seen->objects[--live->seen->n_objects];
}

static bool is_meant(const struct object_group *group, const char *name)
{
    return !group->names || strv_has(group->names, name);
}

/* Ask for what changed; labels may say that it is none of ours (any more). */
static int on_change(struct live *live, const Berth__ObjectChange *change,
                     struct berth_err *err)
{
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    char *names[] = {change->object->name, NULL};
    struct object_group one = {.kind = live->group->kind, .names = names};
    int rc;

    if (strcmp(change->object->kind, live->group->kind->name) != 0 ||
        !is_meant(live->group, change->object->name))
        return 0;
    rc = object_group_ask(live->berth, &one, live->scope, &list, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < list->n_objects; i++) {
        Berth__ObjectRecord *record = list->objects[i];

        if (!is_same(record, change->object))
            continue;
        list->objects[i] = list->objects[--list->n_objects];
        take_news(live, record, list->now);
        return 0;
    }
    forget(live, change->object);
    return 0;
}

/* Compare all with what was told: changes were missed. */
static int look_again(struct live *live, struct berth_err *err)
{
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    Berth__ObjectList *before = live->seen;
    int rc = object_group_ask(live->berth, live->group, live->scope, &list, err);

    if (rc < 0)
        return rc;
    for (size_t i = before->n_objects; i-- > 0;)
        if (!find_like(list, before->objects[i]))
            forget(live, before->objects[i]);
    for (size_t i = 0; i < list->n_objects; i++)
        take_news(live, list->objects[i], list->now);
    list->n_objects = 0;
    return 0;
}

static int follow(struct live *live, struct berth_watch *watch, struct berth_err *err)
{
    int rc = 0;

    while (rc == 0) {
        const Berth__Event *event;

        rc = berth_watch_next(watch, -1, &event, err);
        if (rc == 0 && event->object && event->object->object)
            rc = on_change(live, event->object, err);
        if (rc == -ESTALE)
            rc = look_again(live, err);
    }
    return rc;
}

int object_watch(struct berth *berth, const struct object_group *group,
                 const struct object_scope *scope,
                 void (*tell_fn)(const struct object_news *news, void *ctx), void *ctx,
                 struct berth_err *err)
{
    cleanup(watch_closep) struct berth_watch *watch = NULL;
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    struct live live = {
        .berth = berth, .group = group, .scope = scope, .tell = tell_fn, .ctx = ctx};
    int rc = object_group_ask(berth, group, scope, &list, err);

    if (rc < 0)
        return rc;
    live.seen = list;
    berth_set_patience(berth, -1);
    for (size_t i = 0; i < list->n_objects; i++)
        tell(&live, list->objects[i], false, list->now);
    rc = open_watch(berth, group, scope, list->revision, &watch, err);
    if (rc == -ESTALE)
        rc = 0;
    return rc == 0 ? follow(&live, watch, err) : rc;
}
