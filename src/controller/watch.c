/* SPDX-License-Identifier: Apache-2.0
 *
 * watch.c - send events on, each watch at its own pace
 */
#include "controller/watch.h"

#include "base/log.h"
#include "base/mem.h"
#include "controller/changes.h"
#include "controller/conn.h"
#include "controller/handlers.h"
#include "controller/objects/object_spaces.h"
#include "controller/users.h"
#include "state/journal.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define RECENT_MAX 8192 /* events in memory */
#define PAGE 256        /* events of one message */
#define TELL_EVERY 1000 /* revisions without an event of its own, then it is told */
#define WATCHES_MAX 10000
#define LISTS_MAX 100000 /* entries of a watch's lists */

struct watch {
    struct conn *conn;
    uint64_t at;    /* all up to here was told or did not concern it */
    uint64_t told;  /* what its client knows of that */
    bool is_paused; /* until its connection has drained */
    Berth__WatchRequest *request;
    struct watch *prev, *next;
};

/* Events since somebody watches, the oldest first. */
struct recent {
    Berth__Event *events[RECENT_MAX];
    size_t first, n; /* a ring */
};

struct watches {
    struct watch *list;
    uint32_t n;
    struct recent recent;
};

/* ------------------------------------------------------------------ recent ones */

static struct watches *watches_of(struct controller *ctl)
{
    if (!ctl->watches)
        ctl->watches = xcalloc(1, sizeof(*ctl->watches));
    return ctl->watches;
}

bool watch_wants(const struct controller *ctl)
{
    return ctl->watches && ctl->watches->n > 0;
}

static void drop_oldest(struct recent *recent)
{
    free_message(take(recent->events[recent->first]));
    recent->first = (recent->first + 1) % RECENT_MAX;
    recent->n--;
}

void watch_appended(struct controller *ctl, Berth__Event *event)
{
    struct recent *recent = &ctl->watches->recent;

    if (recent->n == RECENT_MAX)
        drop_oldest(recent);
    recent->events[(recent->first + recent->n++) % RECENT_MAX] = event;
}

static void forget_recent(struct controller *ctl)
{
    while (ctl->watches->recent.n)
        drop_oldest(&ctl->watches->recent);
}

void watch_clear(struct controller *ctl)
{
    if (!ctl->watches)
        return;
    forget_recent(ctl);
    free(take(ctl->watches));
}

/* The event of that revision, NULL when it is not in memory. Revisions follow each
 * other without a gap. */
static const Berth__Event *recent_find(const struct recent *recent, uint64_t revision)
{
    uint64_t oldest = recent->n ? recent->events[recent->first]->revision : 0;

    if (recent->n == 0 || revision < oldest || revision >= oldest + recent->n)
        return NULL;
    return recent->events[(recent->first + (revision - oldest)) % RECENT_MAX];
}

/* ------------------------------------------------------------------ filters */

static bool has_id(const Berth__WatchRequest *request, uint32_t id)
{
    for (size_t i = 0; id && i < request->n_ids; i++)
        if (request->ids[i] == id)
            return true;
    return false;
}

static bool has_text(char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(texts[i], text) == 0)
            return true;
    return n == 0;
}

static bool concerns_job(const Berth__WatchRequest *request, const Berth__JobEvent *job)
{
    const Berth__JobRecord *record = job->record;

    if (request->no_jobs || !record)
        return false;
    if (request->n_ids && !has_id(request, record->id) &&
        !has_id(request, record->array_job) && !has_id(request, record->het_leader))
        return false;
    return has_text(request->users, request->n_users, job->user) &&
           has_text(request->partitions, request->n_partitions, job->partition);
}

/* Of spaces that the one who watches is in. */
static bool concerns_object(const struct watch *watch,
                            const Berth__ObjectChange *change)
{
    const Berth__WatchRequest *request = watch->request;
    const Berth__ObjectRecord *object = change->object;
    struct controller *ctl = watch->conn->ctl;
    uid_t uid = conn_uid(watch->conn);
    const char *user = users_name(ctl, uid);
    cleanup(freep) char *space = NULL;

    if (!request->objects || !object || !user ||
        !has_text(request->kinds, request->n_kinds, object->kind) ||
        (*request->name_space && strcmp(request->name_space, object->name_space) != 0))
        return false;
    space = object_space_of(object);
    return object_space_is_seen(ctl, uid, user, space);
}

static bool concerns(const struct watch *watch, const Berth__Event *event)
{
    const Berth__WatchRequest *request = watch->request;
    const struct controller *ctl = watch->conn->ctl;
    uid_t uid = conn_uid(watch->conn);

    if (event->node)
        return request->nodes;
    if (event->steps)
        return request->steps &&
               (!request->n_ids || has_id(request, event->steps->job_id)) &&
               (!ctl->config->history.private_data || controller_is_admin(uid));
    if (event->object)
        return concerns_object(watch, event->object);
    if (!event->job || !concerns_job(request, event->job))
        return false;
    return !ctl->config->history.private_data || controller_is_admin(uid) ||
           event->job->uid == uid;
}

/* ------------------------------------------------------------------ sending */

/* Events for one message, from memory or from the journal. */
struct page {
    struct watch *watch;
    const Berth__Event *events[PAGE];
    Berth__Event *owned[PAGE]; /* of these, read from the journal */
    size_t n, n_owned;
    uint64_t limit; /* on disk up to here */
};

static int each_event(uint64_t revision, const void *bytes, size_t len, void *ctx)
{
    struct page *page = ctx;
    Berth__Event *event = unpack_message(&berth__event__descriptor, bytes, len);

    page->watch->at = revision;
    if (!event)
        return 0;
    event->revision = revision;
    if (concerns(page->watch, event)) {
        page->events[page->n++] = event;
        page->owned[page->n_owned++] = event;
    } else {
        free_message(event);
    }
    return 0;
}

static void fill_from_memory(struct page *page, const struct recent *recent)
{
    const Berth__Event *event;

    while (page->n < PAGE && page->watch->at < page->limit &&
           (event = recent_find(recent, page->watch->at + 1))) {
        page->watch->at++;
        if (concerns(page->watch, event))
            page->events[page->n++] = event;
    }
}

static void send_page(struct page *page)
{
    struct watch *watch = page->watch;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__EventList list = BERTH__EVENT_LIST__INIT;
    Berth__Event *events[PAGE];

    if (page->n == 0 && watch->at - watch->told < TELL_EVERY)
        return;
    memcpy(events, page->events, sizeof(events));
    list.events = events;
    list.n_events = page->n;
    list.revision = watch->told = watch->at;
    env.body_case = BERTH__ENVELOPE__BODY_EVENTS;
    env.events = &list;
    channel_send(watch->conn->ch, &env);
}

/* What comes next has left the journal: whoever is so far behind begins again. */
static void give_up(struct watch *watch)
{
    channel_abort(watch->conn->ch, "its watch is behind what the journal keeps");
}

static void on_drained(struct channel *ch, void *ctx);

/* One message. False: there is nothing more to send now. */
static bool send_some(struct watch *watch)
{
    struct controller *ctl = watch->conn->ctl;
    struct page page = {.watch = watch};
    uint64_t before = watch->at;

    if (ctl->is_closing || watch->is_paused || !watch->conn->ch)
        return false;
    page.limit = store_revision(ctl->store);
    if (watch->at >= page.limit)
        return false;
    if (recent_find(&ctl->watches->recent, watch->at + 1)) {
        fill_from_memory(&page, &ctl->watches->recent);
    } else if (watch->at + 1 < changes_first(ctl)) {
        give_up(watch);
        return false;
    } else if (changes_read(ctl, watch->at, PAGE, each_event, &page) < 0) {
        return false;
    }
    send_page(&page);
    for (size_t i = 0; i < page.n_owned; i++)
        free_message(page.owned[i]);
    if (channel_is_congested(watch->conn->ch)) {
        watch->is_paused = true;
        channel_on_drain(watch->conn->ch, on_drained);
    }
    return watch->at > before;
}

static void pump(struct watch *watch)
{
    while (send_some(watch))
        ;
}

static void on_drained(struct channel *ch, void *ctx)
{
    struct conn *conn = ctx;

    (void)ch;
    if (!conn->watch)
        return;
    conn->watch->is_paused = false;
    pump(conn->watch);
}

void watch_committed(struct controller *ctl)
{
    struct watch *watch, *next;

    if (!watch_wants(ctl))
        return;
    DL_FOREACH_SAFE(ctl->watches->list, watch, next)
    pump(watch);
}

/* ------------------------------------------------------------------ life */

void watch_forget_conn(struct conn *conn)
{
    struct watch *watch = take(conn->watch);
    struct controller *ctl = conn->ctl;

    if (!watch)
        return;
    DL_DELETE(ctl->watches->list, watch);
    if (--ctl->watches->n == 0)
        forget_recent(ctl);
    free_message(watch->request);
    free(watch);
}

static int check(const struct conn *conn, const Berth__WatchRequest *request,
                 struct err *err)
{
    if (conn->watch)
        return err_set(err, EBUSY, "this connection has its watch already");
    if (conn->ctl->watches && conn->ctl->watches->n >= WATCHES_MAX)
        return err_set(err, EAGAIN, "too many watches (%d)", WATCHES_MAX);
    if (request->n_ids + request->n_users + request->n_partitions > LISTS_MAX)
        return err_set(err, E2BIG, "more than %d jobs and names to watch", LISTS_MAX);
    return 0;
}

/* The first answer: where it begins. */
static void answer(struct conn *conn, uint64_t id, uint64_t revision, bool compacted)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__EventList list = BERTH__EVENT_LIST__INIT;

    list.revision = revision;
    list.compacted = compacted;
    reply.body_case = BERTH__ENVELOPE__BODY_EVENTS;
    reply.events = &list;
    conn_reply(conn, id, &reply);
}

void handle_watch(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__WatchRequest *request = env->watch;
    struct controller *ctl = conn->ctl;
    uint64_t last = store_revision(ctl->store);
    struct watch *watch;
    struct err err;

    if (check(conn, request, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    /* One that we have not told yet is of another store. */
    if (!request->from_now &&
        (request->since > last || request->since + 1 < changes_first(ctl))) {
        answer(conn, env->id, last, true);
        return;
    }
    watch = xcalloc(1, sizeof(*watch));
    watch->conn = conn;
    watch->at = watch->told = request->from_now ? last : request->since;
    watch->request = copy_message(&request->base);
    conn->watch = watch;
    DL_APPEND(watches_of(ctl)->list, watch);
    ctl->watches->n++;
    answer(conn, env->id, watch->at, false);
    pump(watch);
}
