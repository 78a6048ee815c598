/* SPDX-License-Identifier: Apache-2.0
 *
 * test_wiring.c - what a plugin's threads say arrives on the loop, whole and in
 * each thread's order
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "fake_mpi.h"
#include "shepherd/wiring.h"
#include <berth/mpi.h>

#define SAID 8 /* services that each round of a thread calls */

struct heard {
    pthread_t loop_thread;
    uint32_t fences[FAKE_THREADS], requests[FAKE_THREADS], replies[FAKE_THREADS];
    uint32_t aborts[FAKE_THREADS], clients[FAKE_THREADS];
    uint32_t n_calls, n_cancels, told[FAKE_THREADS], written[FAKE_THREADS];
    uint32_t n;
};

static struct heard *hear(void *ctx, uint32_t thread)
{
    struct heard *heard = ctx;

    assert_true(pthread_equal(pthread_self(), heard->loop_thread));
    assert_true(thread < FAKE_THREADS);
    heard->n++;
    return heard;
}

static void on_fence(void *ctx, const uint8_t set[16], const uint32_t *nodes,
                     size_t n_nodes, const void *data, size_t len)
{
    struct heard *heard = hear(ctx, set[0]);
    uint32_t i;

    assert_int_equal(len, sizeof(i));
    memcpy(&i, data, sizeof(i));
    assert_int_equal(i, heard->fences[set[0]]++);
    assert_int_equal(n_nodes, i % 2 ? 2 : 0);
    if (n_nodes)
        assert_int_equal(nodes[0], set[0]);
}

static void on_request(void *ctx, const char *nspace, uint32_t rank, uint64_t cookie)
{
    assert_int_equal(nspace != NULL, cookie % 2);
    assert_int_equal(cookie, hear(ctx, rank)->requests[rank]++);
}

static void on_reply(void *ctx, uint64_t cookie, int status, const void *data,
                     size_t len)
{
    assert_int_equal(cookie, hear(ctx, (uint32_t)status)->replies[status]++);
    assert_int_equal(len, 4);
    assert_memory_equal(data, "data", 4);
}

static void on_abort(void *ctx, uint32_t rank, int status, const char *words)
{
    assert_int_equal(status, hear(ctx, rank)->aborts[rank]++);
    assert_string_equal(words, status % 2 ? "words" : "");
}

static void on_client(void *ctx, uint32_t rank, bool is_finalized)
{
    assert_int_equal(is_finalized, hear(ctx, rank)->clients[rank]++ % 2);
}

static void on_call(void *ctx, const Berth__MpiCall *call)
{
    struct heard *heard = hear(ctx, call->rank);

    if (call->cancel) {
        heard->n_cancels++;
        assert_int_equal(call->cookie % 2, 0);
        return;
    }
    heard->n_calls++;
    assert_int_equal(call->cookie % 2, 1);
    assert_string_equal(call->key, "key");
    assert_int_equal(call->procs[0]->rank, BERTH_MPI_ALL);
    assert_string_equal(call->procs[0]->nspace, "other");
    assert_int_equal(call->apps[0]->n_argv, 2);
    assert_string_equal(call->apps[0]->argv[1], "-x");
    assert_int_equal(call->apps[0]->tasks, 2);
    assert_memory_equal(call->data.data, &call->cookie, sizeof(uint32_t));
}

static void on_tell(void *ctx, const char *nspace, uint32_t node, const void *data,
                    size_t len)
{
    struct heard *heard = hear(ctx, node);
    uint32_t i;

    assert_int_equal(len, sizeof(i));
    memcpy(&i, data, sizeof(i));
    assert_int_equal(i, heard->told[node]++);
    assert_int_equal(nspace != NULL, i % 2);
}

static void on_write(void *ctx, uint32_t rank, int stream, const void *data, size_t len)
{
    struct heard *heard = hear(ctx, rank);

    assert_memory_equal(data, &heard->written[rank], len);
    assert_int_equal(stream, 1 + heard->written[rank]++ % 2);
}

/* ------------------------------------------------------------------ fixture */

struct fixture {
    uv_loop_t loop;
    char dir[64];
    struct heard heard;
    struct wiring_events events;
    Berth__StepNode node;
    Berth__StepNode *nodes[1];
    Berth__StepSpec spec;
    Berth__LaunchStep step;
    Berth__Assignment assignment;
    uint32_t ranks[4];
    struct wiring *wiring;
    struct err err;
};

static char n1[] = "n1", fake[] = "fake";

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    assert_int_equal(uv_loop_init(&f->loop), 0);
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/berth-wiring-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->heard.loop_thread = pthread_self();
    f->events = (struct wiring_events){.ctx = &f->heard,
                                       .fence = on_fence,
                                       .modex_request = on_request,
                                       .modex_reply = on_reply,
                                       .abort = on_abort,
                                       .client = on_client,
                                       .call = on_call,
                                       .tell = on_tell,
                                       .write = on_write};
    berth__step_node__init(&f->node);
    berth__step_spec__init(&f->spec);
    berth__launch_step__init(&f->step);
    f->spec.mpi = fake;
    f->node.node = n1;
    f->node.ranks = f->ranks;
    f->node.n_ranks = 2;
    f->ranks[1] = 1;
    f->nodes[0] = &f->node;
    f->step.nodes = f->nodes;
    f->step.n_nodes = 1;
    f->step.spec = &f->spec;
    berth__assignment__init(&f->assignment);
    f->assignment.step = &f->step;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    wiring_stop(f->wiring);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    assert_int_equal(io_remove_tree(f->dir, NULL), 0);
    free(f);
    return 0;
}

static int start(struct fixture *f)
{
    return wiring_start(&f->loop, &f->assignment, 17, f->dir, 0, 0, &f->events,
                        &f->wiring, &f->err);
}

/* -------------------------------------------------------------------- tests */

static void all_that_threads_say_is_heard_on_the_loop(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(start(f), 0);
    while (f->heard.n < SAID * FAKE_THREADS * FAKE_CALLS)
        (void)uv_run(&f->loop, UV_RUN_ONCE);
    for (int i = 0; i < FAKE_THREADS; i++) {
        assert_int_equal(f->heard.fences[i], FAKE_CALLS);
        assert_int_equal(f->heard.aborts[i], FAKE_CALLS);
        assert_int_equal(f->heard.clients[i], FAKE_CALLS);
        assert_int_equal(f->heard.told[i], FAKE_CALLS);
        assert_int_equal(f->heard.written[i], FAKE_CALLS);
    }
    assert_int_equal(f->heard.n_calls, FAKE_THREADS * FAKE_CALLS / 2);
    assert_int_equal(f->heard.n_cancels, FAKE_THREADS * FAKE_CALLS / 2);
}

static void a_flush_needs_no_turn_of_the_loop(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(start(f), 0);
    while (f->heard.n < SAID * FAKE_THREADS * FAKE_CALLS)
        wiring_flush(f->wiring);
}

static void after_a_stop_nothing_more_is_heard(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(start(f), 0);
    wiring_stop(take(f->wiring));
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->heard.n, 0);
}

static void a_refused_start_gives_the_plugins_words(void **state)
{
    struct fixture *f = *state;

    f->node.n_ranks = FAKE_REFUSED;
    f->ranks[2] = 2;
    assert_int_equal(start(f), -5);
    assert_string_equal(f->err.text, "not today");
    assert_null(f->wiring);
}

static void ranks_with_a_hole_are_refused(void **state)
{
    struct fixture *f = *state;

    f->ranks[1] = 9;
    assert_true(start(f) < 0);
    assert_non_null(strstr(f->err.text, "ranks"));
}

static void an_unknown_plugin_is_named(void **state)
{
    struct fixture *f = *state;
    static char other[] = "telepathy";

    f->spec.mpi = other;
    assert_true(start(f) < 0);
    assert_non_null(strstr(f->err.text, "telepathy"));
}

static void the_users_settings_win_but_not_over_the_connection(void **state)
{
    struct fixture *f = *state;
    cleanup(strv_freep) char **env = NULL;

    assert_int_equal(start(f), 0);
    strv_setenv(&env, "PMIX_RANK", "9");
    strv_setenv(&env, "TUNING", "mine");
    assert_int_equal(wiring_task_env(f->wiring, 1, &env, &f->err), 0);
    assert_string_equal(strv_getenv(env, "PMIX_RANK"), "1");
    assert_string_equal(strv_getenv(env, "TUNING"), "mine");
    assert_int_equal(strv_len(env), 2);
}

#define WIRING_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRING_TEST(all_that_threads_say_is_heard_on_the_loop),
        WIRING_TEST(a_flush_needs_no_turn_of_the_loop),
        WIRING_TEST(after_a_stop_nothing_more_is_heard),
        WIRING_TEST(a_refused_start_gives_the_plugins_words),
        WIRING_TEST(ranks_with_a_hole_are_refused),
        WIRING_TEST(an_unknown_plugin_is_named),
        WIRING_TEST(the_users_settings_win_but_not_over_the_connection),
    };

    (void)setenv("BERTH_PLUGIN_DIR", PLUGIN_DIR, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
