/* SPDX-License-Identifier: Apache-2.0
 *
 * test_launch_again.c - steps whose node's daemon dies while they are launched
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "lead_fixture.h"
#include "wire/pack.h"

/* The daemon is killed and started again; it knows the lead from its records. */
static void restart_daemon(struct fixture *f)
{
    Berth__Envelope *env;

    cut_line(&f->lead);
    listen_again(&f->node);
    f->lead.line = accept_one(&f->node);
    env = expect(f->lead.line, BERTH__ENVELOPE__BODY_SHEPHERD_HELLO);
    answer(f->lead.line, env, 0);
    free_message(env);
}

static void expect_end(struct caller *client, uint32_t code, const char *words)
{
    Berth__Envelope *env = expect(client, BERTH__ENVELOPE__BODY_STEP_ENDED);

    assert_int_equal(env->step_ended->exit_code, code);
    assert_non_null(strstr(env->step_ended->words, words));
    free_message(env);
}

static void a_launch_whose_daemon_dies_is_asked_again(void **state)
{
    struct fixture *f = *state;
    struct caller *client;
    Berth__Envelope *first, *second;

    assert_int_equal(assign_lead(f, ""), 0);
    client = connect_client(f);
    request_step(client, "true", "");
    first = expect(f->lead.line, BERTH__ENVELOPE__BODY_LAUNCH_STEP);
    assert_false(first->launch_step->again);
    restart_daemon(f);
    second = expect(f->lead.line, BERTH__ENVELOPE__BODY_LAUNCH_STEP);
    assert_true(second->launch_step->again);
    assert_int_equal(second->launch_step->step_id, first->launch_step->step_id);
    assert_int_equal(second->launch_step->index, 0);
    assert_memory_equal(second->launch_step->secret.data,
                        first->launch_step->secret.data, 16);
    start_step(f, second);
    free_message(first);
    expect_end(client, 0, "");
    assert_int_equal(wait_for_exit(&f->step), 0);
    caller_destroy(client);
    end_job(f);
}

/* It was started, only nobody heard of it: said to be there, it is waited for. */
static void a_step_that_a_dead_daemon_had_started_is_not_started_again(void **state)
{
    struct fixture *f = *state;
    struct caller *client;
    Berth__Envelope *env;
    Berth__Assignment assignment;

    assert_int_equal(assign_lead(f, ""), 0);
    client = connect_client(f);
    request_step(client, "sleep", "0.2");
    env = expect(f->lead.line, BERTH__ENVELOPE__BODY_LAUNCH_STEP);
    f->step = spawn_shepherd();
    fill_assignment(&f->node, &assignment);
    assignment.step = env->launch_step;
    restart_daemon(f);
    assert_int_equal(assign(&f->step, &assignment), 0);
    free_message(env);
    env = expect(f->lead.line, BERTH__ENVELOPE__BODY_LAUNCH_STEP);
    answer(f->lead.line, env, 0);
    free_message(env);
    expect_end(client, 0, "");
    assert_int_equal(wait_for_exit(&f->step), 0);
    caller_destroy(client);
    end_job(f);
}

/* A second shepherd of a step that has its root is turned away before its task runs. */
static void a_second_start_of_a_step_runs_nothing(void **state)
{
    struct fixture *f = *state;
    struct shepherd_double second = {0};
    struct caller *client;
    Berth__Envelope *env;
    Berth__Assignment assignment;
    cleanup(freep) char *mark = xasprintf("%s/mark", f->node.dir);
    cleanup(freep) char *script = xasprintf("echo x >>%s; sleep 1", mark);
    cleanup(freep) char *text = NULL;

    assert_int_equal(assign_lead(f, ""), 0);
    client = connect_client(f);
    request_shell(client, script);
    env = expect(f->lead.line, BERTH__ENVELOPE__BODY_LAUNCH_STEP);
    f->step = spawn_shepherd();
    fill_assignment(&f->node, &assignment);
    assignment.step = env->launch_step;
    assert_int_equal(assign(&f->step, &assignment), 0);
    while (access(mark, F_OK))
        (void)usleep(10000);
    second = spawn_shepherd();
    env->launch_step->again = true;
    assert_int_equal(assign(&second, &assignment), 0);
    assert_int_not_equal(wait_for_exit(&second), 0);
    answer(f->lead.line, env, 0);
    free_message(env);
    expect_end(client, 0, "");
    assert_int_equal(wait_for_exit(&f->step), 0);
    assert_int_equal(io_read_file(mark, 100, &text, NULL, NULL), 0);
    assert_string_equal(text, "x\n");
    caller_destroy(client);
    end_job(f);
}

static void who_waits_for_a_daemon_is_told_and_may_go(void **state)
{
    struct fixture *f = *state;
    struct caller *client;
    Berth__Envelope order = BERTH__ENVELOPE__INIT;
    Berth__StepSignal interrupt = BERTH__STEP_SIGNAL__INIT;
    Berth__Envelope *env;

    assert_int_equal(assign_lead(f, ""), 0);
    client = connect_client(f);
    request_step(client, "true", "");
    free_message(expect(f->lead.line, BERTH__ENVELOPE__BODY_LAUNCH_STEP));
    cut_line(&f->lead);
    env = expect(client, BERTH__ENVELOPE__BODY_STEP_NOTICE);
    assert_non_null(strstr(env->step_notice->words, "node n1: its daemon does not"));
    free_message(env);
    interrupt.signal = SIGINT;
    order.body_case = BERTH__ENVELOPE__BODY_STEP_SIGNAL;
    order.step_signal = &interrupt;
    assert_int_equal(caller_send(client, &order, NULL), 0);
    env = expect(client, BERTH__ENVELOPE__BODY_STEP_ENDED);
    assert_int_equal(env->step_ended->exit_signal, SIGINT);
    free_message(env);
    caller_destroy(client);
    listen_again(&f->node);
    f->lead.line = accept_one(&f->node);
    env = expect(f->lead.line, BERTH__ENVELOPE__BODY_SHEPHERD_HELLO);
    answer(f->lead.line, env, 0);
    free_message(env);
    end_job(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAD_TEST(a_launch_whose_daemon_dies_is_asked_again),
        LEAD_TEST(a_step_that_a_dead_daemon_had_started_is_not_started_again),
        LEAD_TEST(a_second_start_of_a_step_runs_nothing),
        LEAD_TEST(who_waits_for_a_daemon_is_told_and_may_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
