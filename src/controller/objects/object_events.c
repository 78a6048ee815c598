/* SPDX-License-Identifier: Apache-2.0
 *
 * object_events.c - keep events of objects, count and forget them
 */
#include "controller/objects/object_events.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"
#include "controller/objects/object_spaces.h"
#include "wire/pack.h"

#define EVENTS_MAX 100000 /* of all */
#define EVENTS_OF_USER 10000
#define EVENTS_AGE_USEC (INT64_C(3600) * 1000000)
#define WORDS_MAX 1024
#define REASON_MAX 64

/* Whose objects they are about. */
struct event_owner {
    uint32_t uid;
    struct ctl_object_event *list;
    size_t n;
    UT_hash_handle hh;
};

struct object_events {
    struct ctl_object_event *list, *by_same;
    struct event_owner *owners;
    size_t n;
    uint64_t next_id;
};

static struct object_events *events_of(struct controller *ctl)
{
    if (!ctl->object_events) {
        ctl->object_events = xcalloc(1, sizeof(*ctl->object_events));
        ctl->object_events->next_id = 1;
    }
    return ctl->object_events;
}

struct ctl_object_event *object_events_first(const struct controller *ctl)
{
    return ctl->object_events ? ctl->object_events->list : NULL;
}

static char *same_of(const Berth__ObjectEvent *event)
{
    return xasprintf("%s|%s|%s|%s", event->uid, event->container, event->reason,
                     event->words);
}

static struct event_owner *owner_of(struct object_events *events, uint32_t uid)
{
    struct event_owner *owner;

    HASH_FIND(hh, events->owners, &uid, sizeof(uid), owner);
    if (!owner) {
        owner = xcalloc(1, sizeof(*owner));
        owner->uid = uid;
        HASH_ADD(hh, events->owners, uid, sizeof(owner->uid), owner);
    }
    return owner;
}

static void enlist(struct object_events *events, struct ctl_object_event *one)
{
    DL_APPEND(events->list, one);
    DL_APPEND2(one->owner->list, one, own_prev, own_next);
}

static void delist(struct object_events *events, struct ctl_object_event *one)
{
    DL_DELETE(events->list, one);
    DL_DELETE2(one->owner->list, one, own_prev, own_next);
}

static void put(struct object_events *events, Berth__ObjectEvent *event)
{
    struct ctl_object_event *one = xcalloc(1, sizeof(*one));

    one->event = event;
    one->space = object_space_named(event->name_space, event->owner_uid);
    one->same = same_of(event);
    one->owner = owner_of(events, event->owner_uid);
    enlist(events, one);
    HASH_ADD_KEYPTR(hh, events->by_same, one->same, strlen(one->same), one);
    events->n++;
    one->owner->n++;
}

static void drop(struct object_events *events, struct ctl_object_event *one)
{
    delist(events, one);
    HASH_DELETE(hh, events->by_same, one);
    events->n--;
    if (--one->owner->n == 0) {
        HASH_DELETE(hh, events->owners, one->owner);
        free(one->owner);
    }
    free_message(one->event);
    free(one->space);
    free(one->same);
    free(one);
}

static void make_key(char key[32], const Berth__ObjectEvent *event)
{
    (void)snprintf(key, 32, "event/%020" PRIu64, event->id);
}

static void forget(struct controller *ctl, struct ctl_object_event *one)
{
    char key[32];

    make_key(key, one->event);
    store_delete(ctl->store, key);
    drop(ctl->object_events, one);
}

static void save(struct controller *ctl, const Berth__ObjectEvent *event)
{
    char key[32];
    size_t len;
    uint8_t *bytes = pack_message(&event->base, &len);

    make_key(key, event);
    store_put_heap(ctl->store, key, bytes, len);
}

/* A new number with each telling: who has asked for later ones sees it again. */
static void count_up(struct controller *ctl, struct ctl_object_event *one,
                     const Berth__ObjectEvent *again)
{
    struct object_events *events = ctl->object_events;
    int64_t at = again->last_usec ? again->last_usec : clock_epoch_usec();
    char key[32];

    make_key(key, one->event);
    store_delete(ctl->store, key);
    one->event->id = events->next_id++;
    one->event->count += again->count ? again->count : 1;
    if (at > one->event->last_usec)
        one->event->last_usec = at;
    delist(events, one);
    enlist(events, one);
    save(ctl, one->event);
}

/* Words of outside are bounded and have no control characters. */
static char *clean(const char *text, size_t most)
{
    char *copy = xstrndup(text, most);

    for (char *c = copy; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    return copy;
}

/* 'usec', but not later than 'most', which it is when it is not said. */
static int64_t moment_of(int64_t usec, int64_t most)
{
    return usec && usec < most ? usec : most;
}

static Berth__ObjectEvent *complete(const struct ctl_object *object,
                                    const Berth__ObjectEvent *from)
{
    const Berth__ObjectRecord *record = object->record;
    Berth__ObjectEvent *event = xmalloc(sizeof(*event));

    berth__object_event__init(event);
    event->kind = xstrdup(record->kind);
    event->name_space = xstrdup(record->name_space);
    event->name = xstrdup(record->name);
    event->uid = xstrdup(record->uid);
    event->owner_uid = record->owner_uid;
    event->is_warning = from->is_warning;
    event->reason = clean(from->reason, REASON_MAX);
    event->words = clean(from->words, WORDS_MAX);
    event->source = clean(from->source, REASON_MAX);
    event->container = clean(from->container, REASON_MAX);
    event->count = from->count ? from->count : 1;
    /* Clocks of nodes may be ahead; ageing goes by these. */
    event->last_usec = moment_of(from->last_usec, clock_epoch_usec());
    event->first_usec = moment_of(from->first_usec, event->last_usec);
    return event;
}

/* Who has most, when there are too many of all. */
static struct event_owner *richest(const struct object_events *events)
{
    struct event_owner *most = events->owners, *owner, *next;

    HASH_ITER(hh, events->owners, owner, next)
    {
        if (owner->n > most->n)
            most = owner;
    }
    return most;
}

static void make_room(struct controller *ctl, struct event_owner *owner)
{
    struct object_events *events = ctl->object_events;

    if (owner->n > EVENTS_OF_USER)
        forget(ctl, owner->list);
    else if (events->n > EVENTS_MAX)
        forget(ctl, richest(events)->list);
}

void object_events_tell(struct controller *ctl, const struct ctl_object *object,
                        const Berth__ObjectEvent *from)
{
    struct object_events *events = events_of(ctl);
    Berth__ObjectEvent *event = complete(object, from);
    cleanup(freep) char *same = same_of(event);
    struct ctl_object_event *known;

    HASH_FIND_STR(events->by_same, same, known);
    if (known) {
        count_up(ctl, known, event);
        free_message(event);
        return;
    }
    event->id = events->next_id++;
    put(events, event);
    save(ctl, event);
    make_room(ctl, owner_of(events, event->owner_uid));
}

void objects_event(struct controller *ctl, const struct ctl_object *object,
                   bool is_warning, const char *reason, const char *fmt, ...)
{
    Berth__ObjectEvent event = BERTH__OBJECT_EVENT__INIT;
    char source[] = "controller", words[WORDS_MAX];
    cleanup(freep) char *why = xstrdup(reason);
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    event.is_warning = is_warning;
    event.reason = why;
    event.words = words;
    event.source = source;
    object_events_tell(ctl, object, &event);
}

/* ------------------------------------------------------------------ life */

struct loading {
    struct controller *ctl;
    struct err *err;
};

static int load_one(const char *key, const void *value, size_t len, void *ctx)
{
    const struct loading *loading = ctx;
    struct object_events *events = events_of(loading->ctl);
    Berth__ObjectEvent *event =
        unpack_message(&berth__object_event__descriptor, value, len);

    if (!event)
        return err_set(loading->err, EBADMSG, "%s cannot be read", key);
    if (event->id >= events->next_id)
        events->next_id = event->id + 1;
    put(events, event);
    return 0;
}

int object_events_load(struct controller *ctl, struct err *err)
{
    struct loading loading = {ctl, err};

    return store_scan(ctl->store, "event/", load_one, &loading, err);
}

void object_events_age(struct controller *ctl, int64_t now)
{
    struct object_events *events = events_of(ctl);

    while (events->list &&
           events->list->event->last_usec < now * 1000000 - EVENTS_AGE_USEC)
        forget(ctl, events->list);
}

void object_events_clear(struct controller *ctl)
{
    struct object_events *events = take(ctl->object_events);

    while (events && events->list)
        drop(events, events->list);
    free(events);
}
