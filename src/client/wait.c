/* SPDX-License-Identifier: Apache-2.0
 *
 * wait.c - wait for jobs, over time-outs and restarts of the controller
 *
 * A wait that timed out stays asked: the next call with the same question only
 * listens. When the connection is lost, it is asked again on a new one, until
 * the caller's time is over.
 */
#include "client/handle.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "client/deadline.h"
#include "wire/pack.h"

/* FNV-1a over what is asked. */
static uint64_t print_of(const uint32_t *ids, size_t n, bool started)
{
    uint64_t hash = 14695981039346656037u ^ started;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ids[i]) * 1099511628211u;
    return (hash ^ n) * 1099511628211u;
}

/* Ask, unless the same question is open. */
static int ask(struct berth *berth, const uint32_t *ids, size_t n, bool started,
               struct err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__WaitRequest request = BERTH__WAIT_REQUEST__INIT;
    cleanup(freep) uint32_t *copy = xmemdup(ids, n * sizeof(*ids));
    uint64_t print = print_of(ids, n, started);
    int rc = handle_connect(berth, err);

    if (rc < 0 || (berth->wait_id && berth->wait_print == print))
        return rc;
    request.ids = copy;
    request.n_ids = n;
    request.started = started;
    env.id = ++berth->last_id;
    env.body_case = BERTH__ENVELOPE__BODY_WAIT;
    env.wait = &request;
    berth->wait_id = env.id;
    berth->wait_print = print;
    return caller_send(berth->caller, &env, err);
}

/* Listen for the answer to the open question. */
static int listen_for(struct berth *berth, int64_t deadline, Berth__JobList **ret,
                      struct err *err)
{
    for (;;) {
        cleanup(free_messagep) Berth__Envelope *env = NULL;
        int rc = caller_recv(berth->caller, deadline_left(deadline), &env, err);

        if (rc < 0)
            return rc;
        if (!env->reply || env->id != berth->wait_id)
            continue; /* of a question that was given up */
        berth->wait_id = 0;
        if (env->status && env->status->code != 0)
            return err_set(err, abs(env->status->code), "%s", env->status->text);
        if (env->body_case != BERTH__ENVELOPE__BODY_JOB_LIST)
            return err_set(err, EPROTO, "the controller answers something else");
        *ret = take(env->job_list);
        env->body_case = BERTH__ENVELOPE__BODY__NOT_SET;
        return 0;
    }
}

int berth_wait(struct berth *berth, const uint32_t *ids, size_t n_ids, bool started,
               int timeout_ms, Berth__JobList **ret, struct berth_err *err)
{
    int64_t deadline = deadline_in(timeout_ms);
    int pause_ms = RETRY_FIRST_MS;
    struct err words = {0};

    for (;;) {
        int rc = ask(berth, ids, n_ids, started, &words);

        if (rc == 0)
            rc = listen_for(berth, deadline, ret, &words);
        if (rc == 0)
            return 0;
        if (rc != -EAGAIN)
            handle_drop(berth);
        /* A controller that was there before is only away for a while. */
        if (!handle_is_lost(rc) || !berth->was_connected)
            return berth_err_take(err, &words);
        if (!deadline_pause(deadline, &pause_ms)) {
            err_set(&words, EAGAIN, "no answer in time");
            return berth_err_take(err, &words);
        }
    }
}
