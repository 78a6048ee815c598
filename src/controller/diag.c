/* SPDX-License-Identifier: Apache-2.0
 *
 * diag.c - what the controller has done, counted
 */
#include "controller/diag.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "controller/handlers.h"
#include "controller/jobs.h"
#include "controller/users.h"
#include "wire/pack.h"

/* Users beyond these are counted together, as the last of them. */
#define USERS_MAX 200
#define REQUESTS_MAX 400 /* numbers of messages in the envelope */

struct count {
    uint64_t n, usec;
};

struct diag {
    int64_t since;
    uint64_t submitted, events[JOB_EVENT_COUNT];
    uint64_t passes, pass_usec, pass_max, pass_last, pass_now;
    int64_t pass_at;
    struct count requests[REQUESTS_MAX];
    struct count users[USERS_MAX];
    uint32_t uids[USERS_MAX];
    size_t n_users;
};

struct diag *diag_create(void)
{
    struct diag *diag = xcalloc(1, sizeof(*diag));

    diag->since = controller_now();
    return diag;
}

void diag_destroy(struct diag *diag)
{
    free(diag);
}

/* ------------------------------------------------------------------ counting */

static struct count *user_of(struct diag *diag, uint32_t uid)
{
    for (size_t i = 0; i < diag->n_users; i++)
        if (diag->uids[i] == uid)
            return &diag->users[i];
    if (diag->n_users == USERS_MAX)
        return &diag->users[USERS_MAX - 1];
    diag->uids[diag->n_users] = uid;
    return &diag->users[diag->n_users++];
}

static void add(struct count *count, uint64_t usec)
{
    count->n++;
    count->usec += usec;
}

void diag_request(struct diag *diag, Berth__Envelope__BodyCase body, uint32_t uid,
                  uint64_t usec)
{
    if ((size_t)body < REQUESTS_MAX)
        add(&diag->requests[body], usec);
    add(user_of(diag, uid), usec);
}

void diag_submitted(struct diag *diag, uint64_t n)
{
    diag->submitted += n;
}

void diag_event(struct diag *diag, enum job_event event)
{
    diag->events[event]++;
}

void diag_slice(struct diag *diag, uint64_t usec, bool is_last)
{
    diag->pass_now += usec;
    if (!is_last)
        return;
    diag->passes++;
    diag->pass_usec += diag->pass_now;
    diag->pass_last = diag->pass_now;
    if (diag->pass_now > diag->pass_max)
        diag->pass_max = diag->pass_now;
    diag->pass_at = controller_now();
    diag->pass_now = 0;
}

/* ------------------------------------------------------------------ telling */

static Berth__RequestCount *request_count(char *name, const struct count *count)
{
    Berth__RequestCount *message = xmalloc(sizeof(*message));

    berth__request_count__init(message);
    message->name = name;
    message->count = count->n;
    message->usec = count->usec;
    return message;
}

static int by_count(const void *a, const void *b)
{
    const Berth__RequestCount *x = *(Berth__RequestCount *const *)a;
    const Berth__RequestCount *y = *(Berth__RequestCount *const *)b;

    return x->count > y->count ? -1 : x->count < y->count;
}

static void fill_requests(const struct diag *diag, Berth__Diag *ret)
{
    ret->requests = xcalloc(REQUESTS_MAX, sizeof(*ret->requests));
    for (unsigned i = 0; i < REQUESTS_MAX; i++) {
        const ProtobufCFieldDescriptor *field;

        if (diag->requests[i].n == 0)
            continue;
        field =
            protobuf_c_message_descriptor_get_field(&berth__envelope__descriptor, i);
        ret->requests[ret->n_requests++] =
            request_count(xstrdup(field ? field->name : "unknown"), &diag->requests[i]);
    }
    qsort(ret->requests, ret->n_requests, sizeof(*ret->requests), by_count);
}

static void fill_users(struct controller *ctl, Berth__Diag *ret)
{
    const struct diag *diag = ctl->diag;

    ret->users = xcalloc(USERS_MAX, sizeof(*ret->users));
    for (size_t i = 0; i < diag->n_users; i++) {
        const char *name = users_name(ctl, diag->uids[i]);

        ret->users[ret->n_users++] =
            request_count(name ? xstrdup(name) : xasprintf("%" PRIu32, diag->uids[i]),
                          &diag->users[i]);
    }
    qsort(ret->users, ret->n_users, sizeof(*ret->users), by_count);
}

static void fill_jobs(const struct controller *ctl, Berth__Diag *ret)
{
    const struct diag *diag = ctl->diag;

    ret->submitted = diag->submitted;
    ret->started = diag->events[EV_STARTED];
    ret->completed = diag->events[EV_END_OK];
    ret->cancelled = diag->events[EV_CANCEL];
    ret->failed = diag->events[EV_END_FAILED] + diag->events[EV_END_TIMEOUT] +
                  diag->events[EV_END_MEMORY] + diag->events[EV_LOST];
    ret->pending = ctl->n_in_state[JOB_PENDING];
    ret->running = ctl->n_in_state[JOB_STARTING] + ctl->n_in_state[JOB_RUNNING] +
                   ctl->n_in_state[JOB_COMPLETING];
}

static void fill_passes(const struct controller *ctl, Berth__Diag *ret)
{
    const struct diag *diag = ctl->diag;
    struct sched_counts counts;

    sched_counts(ctl->sched, &counts);
    ret->passes = diag->passes;
    ret->pass_usec = diag->pass_usec;
    ret->pass_max_usec = diag->pass_max;
    ret->pass_last_usec = diag->pass_last;
    ret->pass_last_at = diag->pass_at;
    ret->queue = (uint32_t)counts.waiting;
}

static void reset(struct controller *ctl)
{
    diag_destroy(ctl->diag);
    ctl->diag = diag_create();
}

void handle_diag(struct conn *conn, const Berth__Envelope *env)
{
    struct controller *ctl = conn->ctl;
    cleanup(free_messagep) Berth__Diag *diag = NULL;
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    struct err err;

    if (env->diag_query->reset && !controller_is_admin(conn_uid(conn))) {
        (void)err_set(&err, EPERM,
                      "Access/permission denied: counters are root's to "
                      "reset");
        conn_reply_err(conn, env->id, &err);
        return;
    }
    diag = xmalloc(sizeof(*diag));
    berth__diag__init(diag);
    diag->now = controller_now();
    diag->since = ctl->diag->since;
    diag->started_at = ctl->started_at;
    diag->connections = ctl->n_conns;
    fill_jobs(ctl, diag);
    fill_passes(ctl, diag);
    fill_requests(ctl->diag, diag);
    fill_users(ctl, diag);
    reply.body_case = BERTH__ENVELOPE__BODY_DIAG;
    reply.diag = diag;
    conn_reply(conn, env->id, &reply);
    if (env->diag_query->reset)
        reset(ctl);
}
