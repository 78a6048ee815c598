/* SPDX-License-Identifier: Apache-2.0
 *
 * test_shepherd.c - real shepherds, with the test as daemon, controller and client
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "lead_fixture.h"
#include "wire/pack.h"

static void wait_for_output(struct fixture *f, const char *text)
{
    for (int i = 0; i < 6000; i++) {
        cleanup(freep) char *bytes = NULL;

        if (io_read_file(f->output, 4096, &bytes, NULL, NULL) == 0 &&
            strstr(bytes, text))
            return;
        (void)usleep(10000);
    }
    fail_msg("the script did not write '%s'", text);
}

/* ------------------------------------------------------------------- spares */

static void a_spare_whose_daemon_goes_goes_too(void **state)
{
    struct fixture *f = *state;

    cut_line(&f->lead);
    assert_int_equal(wait_for_exit(&f->lead), 0);
}

static void an_assignment_without_work_is_refused(void **state)
{
    struct fixture *f = *state;
    Berth__Assignment assignment;

    fill_assignment(&f->node, &assignment);
    assert_int_equal(assign(&f->lead, &assignment), EINVAL);
    assert_int_equal(wait_for_exit(&f->lead), 0);
}

/* --------------------------------------------------------------------- jobs */

static void a_script_gives_the_job_its_exit_code(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope *env;

    assert_int_equal(assign_lead(f, "#!/bin/sh\necho job $SLURM_JOB_ID\nexit 7\n"), 0);
    env = finish(f);
    assert_int_equal(env->job_ended->exit_code, 7);
    assert_int_equal(env->job_ended->exit_signal, 0);
    assert_false(env->job_ended->launch_failed);
    free_message(env);
    wait_for_output(f, "job 17\n");
}

static void a_script_that_cannot_be_started_says_why(void **state)
{
    struct fixture *f = *state;
    static char nowhere[] = "/no/such/dir/out";
    Berth__Envelope *env;

    f->spec.output = nowhere;
    assert_int_equal(assign_lead(f, "#!/bin/sh\n"), 0);
    env = finish(f);
    assert_true(env->job_ended->launch_failed);
    assert_non_null(strstr(env->job_ended->words, nowhere));
    free_message(env);
}

static void an_output_pipe_without_a_reader_does_not_hang(void **state)
{
    struct fixture *f = *state;
    cleanup(freep) char *make = xasprintf("mkfifo %s", f->output);
    Berth__Envelope *env;

    assert_int_equal(system(make), 0);
    assert_int_equal(assign_lead(f, "#!/bin/sh\n"), 0);
    env = finish(f);
    assert_true(env->job_ended->launch_failed);
    free_message(env);
}

static void what_a_script_leaves_running_ends_with_it(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(assign_lead(f, "#!/bin/sh\nsetsid sleep 1000 &\nexit 0\n"), 0);
    free_message(finish(f));
}

static void a_cancelled_job_gets_the_grace_to_end_by_itself(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope *env;

    assert_int_equal(assign_lead(f, "#!/bin/sh\ntrap 'exit 3' TERM\necho ready\n"
                                    "while :; do sleep 0.05; done\n"),
                     0);
    wait_for_output(f, "ready");
    send_signal(f, 0);
    env = finish(f);
    assert_int_equal(env->job_ended->exit_code, 3);
    assert_string_equal(env->job_ended->words, "cancelled");
    free_message(env);
}

static const char deaf[] = "#!/bin/sh\ntrap '' TERM\necho ready\n"
                           "while :; do sleep 0.05; done\n";

static void orders_to_end_that_are_repeated_do_not_put_off_the_end(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope *env = NULL;

    assert_int_equal(assign_lead(f, deaf), 0);
    wait_for_output(f, "ready");
    for (int i = 0; i < 40 && !env; i++) {
        send_signal(f, 0);
        (void)caller_recv(f->lead.line, 100, &env, NULL);
    }
    assert_non_null(env);
    assert_int_equal(env->body_case, BERTH__ENVELOPE__BODY_JOB_ENDED);
    assert_int_equal(env->job_ended->exit_signal, SIGKILL);
    answer(f->lead.line, env, 0);
    free_message(env);
    assert_int_equal(wait_for_exit(&f->lead), 0);
}

static void the_time_limit_ends_a_job_that_will_not(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope *env;

    f->spec.time_limit = 1;
    assert_int_equal(assign_lead(f, deaf), 0);
    env = finish(f);
    assert_true(env->job_ended->timed_out);
    assert_int_equal(env->job_ended->exit_signal, SIGKILL);
    free_message(env);
}

/* -------------------------------------------------------------- coming back */

static void assert_hello(const Berth__Envelope *env, pid_t pid)
{
    assert_int_equal(env->shepherd_hello->job_id, 17);
    assert_int_equal(env->shepherd_hello->epoch, 1);
    assert_int_equal(env->shepherd_hello->step_id, -1);
    assert_int_equal(env->shepherd_hello->pid, pid);
}

static void an_end_is_told_again_to_the_next_daemon(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope *env;

    assert_int_equal(assign_lead(f, "#!/bin/sh\nexit 5\n"), 0);
    free_message(expect(f->lead.line, BERTH__ENVELOPE__BODY_JOB_ENDED));
    cut_line(&f->lead);
    listen_again(&f->node);
    f->lead.line = accept_one(&f->node);
    env = expect(f->lead.line, BERTH__ENVELOPE__BODY_SHEPHERD_HELLO);
    assert_hello(env, f->lead.pid);
    answer(f->lead.line, env, 0);
    free_message(env);
    env = finish(f);
    assert_int_equal(env->job_ended->exit_code, 5);
    free_message(env);
}

static void a_job_goes_on_while_its_daemon_is_away(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope *env;

    assert_int_equal(assign_lead(f, "#!/bin/sh\necho ready\nsleep 0.3\nexit 4\n"), 0);
    wait_for_output(f, "ready");
    cut_line(&f->lead);
    (void)usleep(500000);
    listen_again(&f->node);
    f->lead.line = accept_one(&f->node);
    env = expect(f->lead.line, BERTH__ENVELOPE__BODY_SHEPHERD_HELLO);
    answer(f->lead.line, env, 0);
    free_message(env);
    env = finish(f);
    assert_int_equal(env->job_ended->exit_code, 4);
    free_message(env);
}

static void a_shepherd_that_no_daemon_knows_ends(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope *env;
    int status;

    assert_int_equal(assign_lead(f, "#!/bin/sh\nsleep 1000\n"), 0);
    cut_line(&f->lead);
    listen_again(&f->node);
    f->lead.line = accept_one(&f->node);
    env = expect(f->lead.line, BERTH__ENVELOPE__BODY_SHEPHERD_HELLO);
    answer(f->lead.line, env, ESRCH);
    free_message(env);
    status = wait_for_exit(&f->lead);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

/* -------------------------------------------------------------------- steps */

/* All that this client has sent has been heard. */
static void wait_until_heard(struct caller *client)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Ping ping = BERTH__PING__INIT;
    Berth__Envelope *reply;

    env.id = 2;
    env.body_case = BERTH__ENVELOPE__BODY_PING;
    env.ping = &ping;
    assert_int_equal(caller_send(client, &env, NULL), 0);
    for (reply = NULL; !reply || reply->id != 2;) {
        free_message(reply);
        reply = expect(client, BERTH__ENVELOPE__BODY__NOT_SET);
    }
    free_message(reply);
}

static void send_input(struct caller *client, const void *bytes, size_t len)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskInput input = BERTH__TASK_INPUT__INIT;

    input.data.data = (uint8_t *)(uintptr_t)bytes;
    input.data.len = len;
    env.body_case = BERTH__ENVELOPE__BODY_INPUT;
    env.input = &input;
    assert_int_equal(caller_send(client, &env, NULL), 0);
}

static void input_reaches_the_task_and_its_output_the_client(void **state)
{
    struct fixture *f = *state;
    struct caller *client;
    Berth__Envelope *env;

    assert_int_equal(assign_lead(f, ""), 0);
    client = connect_client(f);
    request_step(client, "cat", "-");
    free_message(expect(client, BERTH__ENVELOPE__BODY_STEP_STARTED));
    launch(f);
    send_input(client, "hello", 5);
    env = expect(client, BERTH__ENVELOPE__BODY_INPUT);
    assert_int_equal(env->input->taken, 5);
    free_message(env);
    env = expect(client, BERTH__ENVELOPE__BODY_OUTPUT);
    assert_int_equal(env->output->data.len, 5);
    assert_memory_equal(env->output->data.data, "hello", 5);
    free_message(env);
    send_input(client, NULL, 0);
    env = expect(client, BERTH__ENVELOPE__BODY_STEP_ENDED);
    assert_int_equal(env->step_ended->exit_code, 0);
    assert_string_equal(env->step_ended->words, "");
    free_message(env);
    assert_int_equal(wait_for_exit(&f->step), 0);
    caller_destroy(client);
    end_job(f);
}

static void input_that_nobody_reads_is_not_taken_and_holds_up_no_signal(void **state)
{
    static char block[200 * 1024];
    struct fixture *f = *state;
    struct caller *client;
    Berth__Envelope *env;
    Berth__Envelope order = BERTH__ENVELOPE__INIT;
    Berth__StepSignal signal = BERTH__STEP_SIGNAL__INIT;

    assert_int_equal(assign_lead(f, ""), 0);
    client = connect_client(f);
    request_step(client, "sleep", "1000");
    free_message(expect(client, BERTH__ENVELOPE__BODY_STEP_STARTED));
    launch(f);
    send_input(client, block, sizeof(block));
    signal.signal = SIGTERM;
    order.body_case = BERTH__ENVELOPE__BODY_STEP_SIGNAL;
    order.step_signal = &signal;
    /* Repeated: a task that has not started yet hears nothing. */
    do {
        assert_int_equal(caller_send(client, &order, NULL), 0);
    } while (caller_recv(client, 100, &env, NULL));
    while (env->body_case != BERTH__ENVELOPE__BODY_STEP_ENDED) {
        assert_true(env->body_case == BERTH__ENVELOPE__BODY_TASK_ENDED ||
                    env->body_case == BERTH__ENVELOPE__BODY_OUTPUT ||
                    env->body_case == BERTH__ENVELOPE__BODY_INPUT);
        free_message(env);
        assert_int_equal(caller_recv(client, 10000, &env, NULL), 0);
    }
    assert_int_equal(env->step_ended->exit_signal, SIGTERM);
    free_message(env);
    assert_int_equal(wait_for_exit(&f->step), 0);
    caller_destroy(client);
    end_job(f);
}

static void a_client_that_floods_is_cut_off(void **state)
{
    static char block[512 * 1024];
    struct fixture *f = *state;
    struct caller *client;

    assert_int_equal(assign_lead(f, ""), 0);
    client = connect_client(f);
    request_step(client, "sleep", "1000");
    free_message(expect(client, BERTH__ENVELOPE__BODY_STEP_STARTED));
    launch(f);
    for (int i = 0; i < 2; i++)
        send_input(client, block, sizeof(block));
    send_input(client, block, 1);
    while (caller_send(client, &(Berth__Envelope)BERTH__ENVELOPE__INIT, NULL) == 0)
        (void)usleep(1000);
    (void)wait_for_exit(&f->step);
    caller_destroy(client);
    end_job(f);
}

/* A request of another kind than its connection is good for is no ExecRequest. */
static void a_port_of_a_job_that_is_no_pod_is_refused(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__PortRequest request = BERTH__PORT_REQUEST__INIT;
    struct caller *client;
    Berth__Envelope *reply;

    assert_int_equal(assign_lead(f, ""), 0);
    client = connect_client(f);
    request.port = 80;
    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_PORT_REQUEST;
    env.port_request = &request;
    assert_int_equal(caller_send(client, &env, NULL), 0);
    reply = expect(client, BERTH__ENVELOPE__BODY__NOT_SET);
    assert_int_equal(reply->status->code, EINVAL);
    free_message(reply);
    caller_destroy(client);
    end_job(f);
}

static void the_nodes_of_a_failed_launch_are_named(void **state)
{
    struct fixture *f = *state;
    struct caller *client;
    Berth__Envelope *env;

    assert_int_equal(assign_lead(f, ""), 0);
    client = connect_client(f);
    request_step(client, "true", "");
    env = expect(f->lead.line, BERTH__ENVELOPE__BODY_LAUNCH_STEP);
    answer(f->lead.line, env, ENOMEM);
    free_message(env);
    env = expect(client, BERTH__ENVELOPE__BODY_STEP_ENDED);
    assert_int_equal(env->step_ended->exit_code, 1);
    free_message(env);
    caller_destroy(client);
    end_job(f);
}

static void a_step_waits_for_the_daemon_to_come_back(void **state)
{
    struct fixture *f = *state;
    struct caller *client;
    Berth__Envelope *env;

    assert_int_equal(assign_lead(f, ""), 0);
    cut_line(&f->lead);
    client = connect_client(f);
    request_step(client, "true", "");
    listen_again(&f->node);
    f->lead.line = accept_one(&f->node);
    env = expect(f->lead.line, BERTH__ENVELOPE__BODY_SHEPHERD_HELLO);
    answer(f->lead.line, env, 0);
    free_message(env);
    launch(f);
    env = expect(client, BERTH__ENVELOPE__BODY_STEP_ENDED);
    assert_int_equal(env->step_ended->exit_code, 0);
    free_message(env);
    assert_int_equal(wait_for_exit(&f->step), 0);
    caller_destroy(client);
    end_job(f);
}

static void a_kill_ends_steps_that_run_and_steps_that_wait(void **state)
{
    struct fixture *f = *state;
    struct caller *clients[4];
    Berth__Envelope *env;

    assert_int_equal(assign_lead(f, ""), 0);
    for (int i = 0; i < 4; i++) {
        clients[i] = connect_client(f);
        request_step(clients[i], "sleep", "1000");
        wait_until_heard(clients[i]);
        if (i == 0)
            launch(f);
    }
    send_signal(f, SIGKILL);
    /* The second one was under way, and comes to nothing. */
    env = expect(f->lead.line, BERTH__ENVELOPE__BODY_LAUNCH_STEP);
    answer(f->lead.line, env, ECANCELED);
    free_message(env);
    for (int i = 0; i < 4; i++)
        free_message(expect(clients[i], BERTH__ENVELOPE__BODY_STEP_ENDED));
    assert_int_equal(wait_for_exit(&f->step), 0);
    for (int i = 0; i < 4; i++)
        caller_destroy(clients[i]);
    end_job(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAD_TEST(a_spare_whose_daemon_goes_goes_too),
        LEAD_TEST(an_assignment_without_work_is_refused),
        LEAD_TEST(a_script_gives_the_job_its_exit_code),
        LEAD_TEST(a_script_that_cannot_be_started_says_why),
        LEAD_TEST(an_output_pipe_without_a_reader_does_not_hang),
        LEAD_TEST(what_a_script_leaves_running_ends_with_it),
        LEAD_TEST(a_cancelled_job_gets_the_grace_to_end_by_itself),
        LEAD_TEST(orders_to_end_that_are_repeated_do_not_put_off_the_end),
        LEAD_TEST(the_time_limit_ends_a_job_that_will_not),
        LEAD_TEST(an_end_is_told_again_to_the_next_daemon),
        LEAD_TEST(a_job_goes_on_while_its_daemon_is_away),
        LEAD_TEST(a_shepherd_that_no_daemon_knows_ends),
        LEAD_TEST(input_reaches_the_task_and_its_output_the_client),
        LEAD_TEST(input_that_nobody_reads_is_not_taken_and_holds_up_no_signal),
        LEAD_TEST(a_client_that_floods_is_cut_off),
        LEAD_TEST(a_port_of_a_job_that_is_no_pod_is_refused),
        LEAD_TEST(the_nodes_of_a_failed_launch_are_named),
        LEAD_TEST(a_step_waits_for_the_daemon_to_come_back),
        LEAD_TEST(a_kill_ends_steps_that_run_and_steps_that_wait),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
