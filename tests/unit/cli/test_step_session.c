/* SPDX-License-Identifier: Apache-2.0
 *
 * test_step_session.c - a step as its client sees it, over a prepared connection
 */
#include "cli/step_session.h"

#include "base/io.h"
#include "base/mem.h"
#include "cli/step_signals.h"
#include "cli/step_words.h"
#include "fake_berth.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char directory[] = "/tmp/berth-test-session-XXXXXX";
static struct job_args args;
static struct berth_steps *steps;
static int signal_fd;

static int group_setup(void **state)
{
    (void)state;
    signal_fd = step_signals_open(false);
    return signal_fd >= 0 && mkdtemp(directory) ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    close(signal_fd);
    return io_remove_tree(directory, NULL);
}

static int setup(void **state)
{
    (void)state;
    job_args_init(&args, 0);
    spec_take_string(&args.spec->input, xstrdup("none"));
    spec_take_string(&args.spec->output, xasprintf("%s/out", directory));
    steps = fake_steps_create();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    berth_steps_close(steps);
    job_args_fini(&args);
    return 0;
}

static void push_started(uint32_t tasks)
{
    Berth__StepStarted started = BERTH__STEP_STARTED__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    started.tasks = tasks;
    env.id = 1;
    env.reply = 1;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_STARTED;
    env.step_started = &started;
    fake_steps_push(steps, &env);
}

static void push_output(uint32_t rank, const char *text)
{
    Berth__TaskOutput output = BERTH__TASK_OUTPUT__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(freep) char *copy = xstrdup(text);

    output.rank = rank;
    output.stream = 1;
    output.data.data = (uint8_t *)copy;
    output.data.len = strlen(text);
    env.body_case = BERTH__ENVELOPE__BODY_OUTPUT;
    env.output = &output;
    fake_steps_push(steps, &env);
}

static void push_ended(int code, int signo, const char *words)
{
    Berth__StepEnded ended = BERTH__STEP_ENDED__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(freep) char *copy = xstrdup(words);

    ended.exit_code = code;
    ended.exit_signal = signo;
    ended.words = copy;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_ENDED;
    env.step_ended = &ended;
    fake_steps_push(steps, &env);
}

static int run(void)
{
    Berth__StepSpec spec = BERTH__STEP_SPEC__INIT;
    struct step_options options = {.args = &args, .job = 17, .signal_fd = signal_fd};

    return step_session_run(steps, &spec, &options);
}

static void assert_output(const char *expected)
{
    cleanup(freep) char *path = xasprintf("%s/out", directory);
    cleanup(freep) char *text = NULL;

    assert_int_equal(io_read_file(path, 1 << 20, &text, NULL, NULL), 0);
    assert_string_equal(text, expected);
}

static void output_arrives_in_order_and_the_exit_code_is_the_steps(void **state)
{
    (void)state;
    push_started(2);
    push_output(0, "one\n");
    push_output(1, "two\n");
    push_ended(5, 0, "");
    assert_int_equal(run(), 5);
    assert_output("one\ntwo\n");
    assert_int_equal(fake_steps_sent(steps), 1);
    assert_true(fake_steps_get(steps, 0)->step_request->spec->no_stdin);
}

static void a_signal_becomes_128_and_its_number(void **state)
{
    (void)state;
    push_started(1);
    push_ended(0, SIGSEGV, "");
    assert_int_equal(run(), 128 + SIGSEGV);
}

static void a_refused_request_fails(void **state)
{
    Berth__Status status = BERTH__STATUS__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    char text[] = "too many tasks";

    (void)state;
    status.code = 22;
    status.text = text;
    env.id = 1;
    env.reply = 1;
    env.status = &status;
    fake_steps_push(steps, &env);
    assert_int_equal(run(), 1);
}

static void a_lost_connection_fails(void **state)
{
    (void)state;
    push_started(1);
    push_output(0, "before\n");
    assert_int_equal(run(), 1);
    assert_output("before\n");
}

static void input_goes_to_the_step_and_ends(void **state)
{
    cleanup(freep) char *path = xasprintf("%s/in", directory);

    (void)state;
    assert_int_equal(io_write_file_atomic(path, "hello", 5, 0600, NULL), 0);
    spec_take_string(&args.spec->input, xstrdup(path));
    push_started(1);
    push_ended(0, 0, "");
    fake_steps_after_sent(steps, 3); /* request, bytes, end */
    assert_int_equal(run(), 0);
    assert_int_equal(fake_steps_get(steps, 1)->input->data.len, 5);
    assert_memory_equal(fake_steps_get(steps, 1)->input->data.data, "hello", 5);
    assert_int_equal(fake_steps_get(steps, 2)->input->data.len, 0);
}

static void a_signal_is_forwarded(void **state)
{
    (void)state;
    push_started(1);
    push_ended(0, SIGTERM, "");
    fake_steps_after_sent(steps, 2);
    raise(SIGTERM);
    assert_int_equal(run(), 128 + SIGTERM);
    assert_int_equal(fake_steps_get(steps, 1)->step_signal->signal, SIGTERM);
    assert_false(fake_steps_get(steps, 1)->step_signal->abort);
}

static void a_second_interrupt_within_a_second_kills(void **state)
{
    struct interrupts history = {0};

    (void)state;
    assert_int_equal(interrupts_answer(&history, SIGINT, 5000), SIGNAL_FORWARD);
    assert_int_equal(interrupts_answer(&history, SIGINT, 6500), SIGNAL_FORWARD);
    assert_int_equal(interrupts_answer(&history, SIGTERM, 6600), SIGNAL_FORWARD);
    assert_int_equal(interrupts_answer(&history, SIGINT, 7400), SIGNAL_KILL);
    assert_int_equal(interrupts_answer(&history, SIGINT, 9900), SIGNAL_LEAVE);
}

static void tasks_with_the_same_end_share_a_line(void **state)
{
    static const uint32_t ranks[] = {0, 1, 2, 7};
    cleanup(freep) char *exited = step_ended_words(ranks, 4, 5 << 8, "n2");
    cleanup(freep) char *killed = step_ended_words(ranks, 1, SIGKILL, "n2");

    (void)state;
    assert_string_equal(exited, "tasks 0-2,7 on n2: exited with code 5");
    assert_string_equal(killed, "task 0 on n2: killed by SIGKILL");
    assert_null(step_ended_words(ranks, 4, 0, "n2"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(output_arrives_in_order_and_the_exit_code_is_the_steps),
        TEST(a_signal_becomes_128_and_its_number),
        TEST(a_refused_request_fails),
        TEST(a_lost_connection_fails),
        TEST(input_goes_to_the_step_and_ends),
        TEST(a_signal_is_forwarded),
        cmocka_unit_test(a_second_interrupt_within_a_second_kills),
        cmocka_unit_test(tasks_with_the_same_end_share_a_line),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
