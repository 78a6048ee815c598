/* SPDX-License-Identifier: Apache-2.0
 *
 * watch.c - clients that look at a step which is another's
 *
 * They get what comes from now on, may add to the input of task 0, and leave without
 * harm. One that does not read holds up nobody: it misses some, and is told how much.
 */
#include "shepherd/lead.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1u << 20) /* of each client, on its way to task 0 */
#define OLDEST UINT32_MAX

/* ----------------------------------------------------------------- output */

static void send_missed(struct conn *conn)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskOutput out = BERTH__TASK_OUTPUT__INIT;
    char words[64];
    int len = snprintf(words, sizeof(words), "\n[%" PRIu64 " bytes were not shown]\n",
                       conn->missed);

    out.stream = 2;
    out.data.data = (uint8_t *)words;
    out.data.len = (size_t)len;
    env.body_case = BERTH__ENVELOPE__BODY_OUTPUT;
    env.output = &out;
    channel_send(conn->ch, &env);
    conn->missed = 0;
}

static void on_drained(struct channel *ch, void *ctx)
{
    struct conn *conn = ctx;

    (void)ch;
    conn->is_behind = false;
}

/* Whether it reads too slowly to get this as well. */
static bool is_left_out(struct conn *conn, const Berth__Envelope *env)
{
    if (env->body_case != BERTH__ENVELOPE__BODY_OUTPUT)
        return false;
    if (!conn->is_behind && channel_is_congested(conn->ch)) {
        conn->is_behind = true;
        channel_on_drain(conn->ch, on_drained);
    }
    return conn->is_behind;
}

void watch_tell(struct run *run, const Berth__Envelope *env)
{
    for (struct conn *conn = run->lead->conns; conn; conn = conn->next) {
        if (conn->watches != run)
            continue;
        if (is_left_out(conn, env)) {
            conn->missed += env->output->data.len;
            continue;
        }
        if (conn->missed)
            send_missed(conn);
        channel_send(conn->ch, env);
    }
}

/* ------------------------------------------------------------------- input */

int input_note(struct run *run, struct conn *from, size_t len)
{
    struct input_part *last = run->n_parts ? &run->parts[run->n_parts - 1] : NULL;

    if (from)
        from->input_on_way += len;
    if (from && from->input_on_way > INPUT_MAX) {
        channel_abort(from->ch, "more input than was asked for");
        return -EPROTO;
    }
    if (last && last->from == from) {
        last->len += len;
        return 0;
    }
    run->parts = xrealloc(run->parts, run->n_parts + 1, sizeof(*run->parts));
    run->parts[run->n_parts++] = (struct input_part){.from = from, .len = len};
    return 0;
}

static void tell_taken(struct conn *conn, size_t len)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskInput msg = BERTH__TASK_INPUT__INIT;

    conn->input_on_way -= len;
    msg.taken = (uint32_t)len;
    env.body_case = BERTH__ENVELOPE__BODY_INPUT;
    env.input = &msg;
    channel_send(conn->ch, &env);
}

void input_taken(struct run *run, size_t len)
{
    while (len && run->n_parts) {
        struct input_part *first = &run->parts[0];
        size_t n = len < first->len ? len : first->len;

        if (first->from)
            tell_taken(first->from, n);
        first->len -= n;
        len -= n;
        if (first->len)
            return;
        run->n_parts--;
        memmove(first, first + 1, run->n_parts * sizeof(*first));
    }
}

void input_forget(struct run *run, const struct conn *from)
{
    for (size_t i = 0; i < run->n_parts; i++)
        if (run->parts[i].from == from)
            run->parts[i].from = NULL;
}

/* --------------------------------------------------------------- who watches */

void watch_end(struct run *run)
{
    for (struct conn *conn = run->lead->conns; conn; conn = conn->next) {
        if (conn->watches != run)
            continue;
        conn->watches = NULL;
        channel_close(conn->ch);
    }
    free(run->parts);
}

void watch_leave(struct conn *conn)
{
    if (conn->watches)
        input_forget(conn->watches, conn);
    conn->watches = NULL;
}

static struct run *find(struct lead *lead, uint32_t id)
{
    for (struct run *run = lead->runs; run; run = run->next)
        if (run->is_placed && (id == OLDEST || run->launch.step_id == id))
            return run;
    return NULL;
}

void watch_request(struct conn *conn, const Berth__Envelope *env)
{
    struct run *run = find(conn->lead, env->attach->step_id);
    char words[80];

    if (conn->run || conn->watches || conn->is_owner) {
        channel_reply_status(conn->ch, env, EINVAL,
                             "this connection has its step already");
        return;
    }
    if (!run) {
        (void)snprintf(words, sizeof(words), "no such step of job %u runs",
                       conn->lead->sh->job);
        channel_reply_status(conn->ch, env, ESRCH, words);
        return;
    }
    if (env->attach->has_stdin && run->spec->no_stdin) {
        channel_reply_status(conn->ch, env, EINVAL,
                             "the step was started without input");
        return;
    }
    conn->watches = run;
    run_describe_start(run, conn->ch, env->id);
}
