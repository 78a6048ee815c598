/* SPDX-License-Identifier: Apache-2.0
 *
 * watch.c - every change, once and in order, over time-outs and restarts
 *
 * A watch has a connection of its own. When that is lost it is made anew, and the watch
 * goes on after the last change that was handed over.
 */
#include "client/handle.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "client/deadline.h"
#include "wire/pack.h"

struct berth_watch {
    const struct berth *berth;
    struct caller *caller; /* NULL: to be made */
    Berth__WatchRequest *request;
    Berth__EventList *list; /* being handed over */
    size_t next;
    uint64_t at;    /* all up to here was handed over, or is of no concern */
    bool has_begun; /* 'at' counts */
    int pause_ms;
};

/* ------------------------------------------------------------------ beginning */

/* Take the first answer. -ESTALE: what comes next is not kept any more. */
static int take_answer(struct berth_watch *watch, const Berth__Envelope *reply,
                       struct err *err)
{
    if (reply->body_case != BERTH__ENVELOPE__BODY_EVENTS)
        return err_set(err, EPROTO, "the controller answers something else");
    watch->has_begun = true;
    watch->at = reply->events->revision;
    if (!reply->events->compacted)
        return 0;
    return err_set(err, ESTALE,
                   "changes since then are not kept any more: take a full list, and go "
                   "on after revision %llu",
                   (unsigned long long)watch->at);
}

static int begin(struct berth_watch *watch, struct err *err)
{
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    int rc = handle_connect_controller(watch->berth, &watch->caller, err);

    if (rc < 0)
        return rc;
    if (watch->has_begun) {
        watch->request->since = watch->at;
        watch->request->from_now = false;
    }
    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_WATCH;
    env.watch = watch->request;
    rc = caller_call(watch->caller, &env, &reply, err);
    if (rc == 0)
        rc = take_answer(watch, reply, err);
    if (rc < 0)
        caller_destroy(take(watch->caller));
    return rc;
}

int berth_watch_open(struct berth *berth, const Berth__WatchRequest *request,
                     struct berth_watch **ret, struct berth_err *err)
{
    struct berth_watch *watch = xcalloc(1, sizeof(*watch));
    int64_t deadline = deadline_in(berth->patience_ms);
    struct err words = {0};
    int rc;

    watch->berth = berth;
    watch->request = copy_message(&request->base);
    watch->pause_ms = RETRY_FIRST_MS;
    rc = begin(watch, &words);
    while (handle_is_lost(rc) && berth->was_connected &&
           deadline_pause(deadline, &watch->pause_ms))
        rc = begin(watch, &words);
    if (rc == 0 || rc == -ESTALE)
        *ret = watch;
    else
        berth_watch_close(watch);
    return rc < 0 ? berth_err_take(err, &words) : 0;
}

void berth_watch_close(struct berth_watch *watch)
{
    if (!watch)
        return;
    caller_destroy(watch->caller);
    free_message(watch->request);
    free_message(watch->list);
    free(watch);
}

/* ------------------------------------------------------------------ changes */

/* The next one of the list at hand; NULL when it is through. */
static const Berth__Event *next_event(struct berth_watch *watch)
{
    const Berth__Event *event;

    if (!watch->list)
        return NULL;
    if (watch->next < watch->list->n_events) {
        event = watch->list->events[watch->next++];
        watch->at = event->revision;
        return event;
    }
    watch->at = watch->list->revision;
    free_message(take(watch->list));
    return NULL;
}

static int receive(struct berth_watch *watch, int timeout_ms, struct err *err)
{
    cleanup(free_messagep) Berth__Envelope *env = NULL;
    int rc = caller_recv(watch->caller, timeout_ms, &env, err);

    if (rc < 0)
        return rc;
    if (env->body_case != BERTH__ENVELOPE__BODY_EVENTS)
        return 0;
    watch->list = take(env->events);
    env->body_case = BERTH__ENVELOPE__BODY__NOT_SET;
    watch->next = 0;
    return 0;
}

/* Connect when need be, and get the next list. */
static int advance(struct berth_watch *watch, int64_t deadline, struct err *err)
{
    int rc = watch->caller ? 0 : begin(watch, err);

    if (rc == 0)
        rc = receive(watch, deadline_left(deadline), err);
    if (rc == 0)
        watch->pause_ms = RETRY_FIRST_MS;
    if (rc == 0 || rc == -EAGAIN || rc == -ESTALE)
        return rc;
    caller_destroy(take(watch->caller));
    /* The controller was there: it is only away for a while. */
    if (!handle_is_lost(rc))
        return rc;
    return deadline_pause(deadline, &watch->pause_ms)
               ? 0
               : err_set(err, EAGAIN, "no change in time");
}

int berth_watch_next(struct berth_watch *watch, int timeout_ms,
                     const Berth__Event **ret, struct berth_err *err)
{
    int64_t deadline = deadline_in(timeout_ms);
    struct err words = {0};

    while (!(*ret = next_event(watch))) {
        int rc = advance(watch, deadline, &words);

        if (rc < 0)
            return berth_err_take(err, &words);
    }
    return 0;
}

uint64_t berth_watch_revision(const struct berth_watch *watch)
{
    return watch->at;
}

int berth_watch_fd(const struct berth_watch *watch)
{
    return watch->caller ? caller_fd(watch->caller) : -1;
}
