/* SPDX-License-Identifier: Apache-2.0
 *
 * test_rpc.c - every request is answered exactly once
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "wire/rpc.h"
#include "wire_fixture.h"

struct pair {
    struct fixture f;
    struct rpc *rpc;
};

/* What one call was told. */
struct told {
    struct rpc *rpc;
    struct channel *again; /* make another call from the answer */
    int replies, failures;
    uint64_t id;
    struct err err;
};

static struct rpc *current;

static void dispatch(struct end *end, const Berth__Envelope *env)
{
    (void)end;
    rpc_dispatch(current, env);
}

static int setup(void **state)
{
    struct pair *p = xcalloc(1, sizeof(*p));
    int fds[2];

    fixture_start(&p->f, NULL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    p->f.client.ch =
        channel_local(&p->f.loop, fds[0], &end_callbacks, &p->f.client, NULL);
    p->f.server.ch =
        channel_local(&p->f.loop, fds[1], &end_callbacks, &p->f.server, NULL);
    p->f.client.on_message = dispatch;
    p->rpc = current = rpc_create();
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pair *p = *state;

    fixture_stop(&p->f);
    rpc_destroy(p->rpc);
    rpc_destroy(NULL);
    free(p);
    return 0;
}

static void ask(struct rpc *rpc, struct channel *ch, struct told *told);

static void on_reply(const Berth__Envelope *reply, const struct err *err, void *ctx)
{
    struct told *told = ctx;

    if (reply) {
        told->replies++;
        assert_int_equal(reply->id, told->id);
        return;
    }
    told->failures++;
    told->err = *err;
    if (told->again)
        ask(told->rpc, take(told->again), told);
}

static void ask(struct rpc *rpc, struct channel *ch, struct told *told)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Ping ping = BERTH__PING__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_PING;
    env.ping = &ping;
    rpc_call(rpc, ch, &env, on_reply, told);
    told->id = env.id;
}

static void answer(struct pair *p, uint64_t id, int code, const char *words)
{
    Berth__Envelope request = BERTH__ENVELOPE__INIT;

    request.id = id;
    channel_reply_status(p->f.server.ch, &request, code, words);
}

static void replies_find_their_calls_in_any_order(void **state)
{
    struct pair *p = *state;
    struct told told[3] = {0};

    for (int i = 0; i < 3; i++)
        ask(p->rpc, p->f.client.ch, &told[i]);
    assert_int_not_equal(told[0].id, 0);
    for (int i = 2; i >= 0; i--)
        answer(p, told[i].id, 0, NULL);
    run_until_size(&p->f.loop, &p->f.client.messages, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(told[i].replies, 1);
}

static void a_refusal_arrives_as_an_error_with_its_words(void **state)
{
    struct pair *p = *state;
    struct told told = {0};

    ask(p->rpc, p->f.client.ch, &told);
    answer(p, told.id, EBUSY, "not now");
    run_until(&p->f.loop, &told.failures, 1);
    assert_int_equal(told.err.code, EBUSY);
    assert_string_equal(told.err.text, "not now");
    assert_int_equal(told.replies, 0);
}

static void a_second_reply_and_a_strange_one_are_dropped(void **state)
{
    struct pair *p = *state;
    struct told told = {0};

    ask(p->rpc, p->f.client.ch, &told);
    answer(p, told.id + 100, 0, NULL);
    answer(p, told.id, 0, NULL);
    answer(p, told.id, 0, NULL);
    run_until_size(&p->f.loop, &p->f.client.messages, 3);
    assert_int_equal(told.replies, 1);
}

static void the_end_answers_every_open_call_once(void **state)
{
    struct pair *p = *state;
    struct told told[2] = {0};
    struct err why;

    (void)err_set(&why, ECONNRESET, "gone");
    for (int i = 0; i < 2; i++)
        ask(p->rpc, p->f.client.ch, &told[i]);
    rpc_fail_all(p->rpc, &why);
    rpc_fail_all(p->rpc, &why);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(told[i].failures, 1);
        assert_string_equal(told[i].err.text, "gone");
    }
}

static void a_call_made_while_all_fail_stays_open(void **state)
{
    struct pair *p = *state;
    struct told told = {.rpc = p->rpc, .again = p->f.client.ch};
    struct err why;

    (void)err_set(&why, ECONNRESET, "gone");
    ask(p->rpc, p->f.client.ch, &told);
    rpc_fail_all(p->rpc, &why);
    assert_int_equal(told.failures, 1);
    answer(p, told.id, 0, NULL);
    run_until(&p->f.loop, &told.replies, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(replies_find_their_calls_in_any_order),
        T(a_refusal_arrives_as_an_error_with_its_words),
        T(a_second_reply_and_a_strange_one_are_dropped),
        T(the_end_answers_every_open_call_once),
        T(a_call_made_while_all_fail_stays_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
