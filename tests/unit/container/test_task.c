/* SPDX-License-Identifier: Apache-2.0
 *
 * test_task.c - how tasks start and end, and what they are not given
 */
#include "fixture.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define with(name, spec) \
    cleanup(container_destroyp) struct container *name = start(spec)

static void a_task_keeps_its_users_ids(void **state)
{
    char want[64];
    with(c, &fixture()->spec);

    (void)state;
    (void)snprintf(want, sizeof(want), "%u %u", geteuid(), getegid());
    assert_string_equal(probe(c, A("ids")), want);
}

static void a_task_may_be_mapped_to_root(void **state)
{
    struct container_spec spec = fixture()->spec;

    (void)state;
    spec.as_root = true;
    with(c, &spec);
    assert_string_equal(probe(c, A("ids")), "0 0");
    assert_memory_equal(probe(c, A("cat"), A("/etc/passwd")), "root:x:0:0:", 11);
}

/* The value of a line of /proc/self/status inside. */
static const char *status_line(struct container *c, const char *key)
{
    const char *line = strstr(probe(c, A("cat"), A("/proc/self/status")), key);

    return line ? line + strlen(key) : "";
}

static void a_task_has_no_capability_and_gains_none(void **state)
{
    with(c, &fixture()->spec);

    (void)state;
    assert_memory_equal(status_line(c, "NoNewPrivs:\t"), "1\n", 2);
    assert_memory_equal(status_line(c, "CapEff:\t"), "0000000000000000\n", 17);
    assert_memory_equal(status_line(c, "CapPrm:\t"), "0000000000000000\n", 17);
    assert_memory_equal(status_line(c, "CapInh:\t"), "0000000000000000\n", 17);
    assert_memory_equal(status_line(c, "CapBnd:\t"), "0000000000000000\n", 17);
    assert_memory_equal(status_line(c, "CapAmb:\t"), "0000000000000000\n", 17);
}

static void a_task_has_three_descriptors(void **state)
{
    int extra = dup2(0, 77);
    with(c, &fixture()->spec);

    (void)state;
    assert_int_equal(extra, 77);
    assert_string_equal(probe(c, A("fds")), "0 1 2 ");
    (void)close(extra);
}

static void a_task_may_have_a_fourth_one(void **state)
{
    char *argv[] = {A("probe"), A("fds"), NULL};
    struct task_spec task = {.argv = argv, .cwd = "/", .has_wire = true};
    struct outcome o;
    int wire[2];
    with(c, &fixture()->spec);

    (void)state;
    assert_int_equal(pipe(wire), 0);
    task.fds[3] = wire[0];
    run_spec(c, task, &o);
    assert_string_equal(o.out, "0 1 2 3 \n");
    (void)close(wire[0]);
    (void)close(wire[1]);
}

static void a_task_has_default_signals(void **state)
{
    sigset_t blocked, old;

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &blocked, &old);
    with(c, &fixture()->spec);
    assert_string_equal(probe(c, A("signals")), "0");
    assert_memory_equal(status_line(c, "SigBlk:\t"), "0000000000000000\n", 17);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
}

static void exit_codes_and_signals_come_back(void **state)
{
    struct outcome o;
    with(c, &fixture()->spec);

    (void)state;
    run(c, &o, A("probe"), A("exit"), A("0"));
    assert_true(WIFEXITED(o.status) && WEXITSTATUS(o.status) == 0);
    assert_true(o.started);
    assert_true(o.max_rss_kib > 0);
    run(c, &o, A("probe"), A("exit"), A("42"));
    assert_int_equal(WEXITSTATUS(o.status), 42);
    run(c, &o, A("probe"), A("die"), A("15"));
    assert_true(WIFSIGNALED(o.status) && WTERMSIG(o.status) == SIGTERM);
}

static void a_program_that_cannot_run_ends_with_words(void **state)
{
    static const struct {
        const char *program;
        int status;
        const char *words;
    } rows[] = {
        {"hpcc", 127, "exec hpcc: not found in PATH inside the image"},
        {"/opt/hpcc", 127, "exec /opt/hpcc: not found inside the image"},
        {"/data/both", 126, "exec /data/both: Permission denied"},
        {"/bin/text", 126,
         "exec /bin/text: not a program of this machine's kind, and no script that "
         "starts "
         "with #!"},
        {"/bin/orphan-script", 126,
         "exec /bin/orphan-script: its interpreter or dynamic loader is missing inside "
         "the "
         "image"},
    };
    with(c, &fixture()->spec);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(freep) char *program = xstrdup(rows[i].program);
        struct outcome o;

        run(c, &o, program);
        assert_string_equal(o.words, rows[i].words);
        assert_int_equal(WEXITSTATUS(o.status), rows[i].status);
        assert_false(o.started);
    }
}

static void the_working_directory_falls_back_to_the_root(void **state)
{
    char *argv[] = {A("probe"), A("pwd"), NULL};
    struct outcome o;
    with(c, &fixture()->spec);

    (void)state;
    run_spec(c, (struct task_spec){.argv = argv, .cwd = "/data"}, &o);
    assert_string_equal(o.out, "/data\n");
    run_spec(c, (struct task_spec){.argv = argv, .cwd = "/home/alice/gone"}, &o);
    assert_string_equal(o.out, "/\n");
}

static void the_working_directory_falls_back_to_the_containers(void **state)
{
    char *argv[] = {A("probe"), A("pwd"), NULL};
    struct container_spec spec = fixture()->spec;
    struct outcome o;

    (void)state;
    spec.workdir = "/data";
    with(c, &spec);
    run_spec(c, (struct task_spec){.argv = argv, .cwd = "/etc"}, &o);
    assert_string_equal(o.out, "/etc\n");
    run_spec(c, (struct task_spec){.argv = argv, .cwd = "/nowhere"}, &o);
    assert_string_equal(o.out, "/data\n");
    spec.workdir = "/nowhere/either";
    with(other, &spec);
    run_spec(other, (struct task_spec){.argv = argv, .cwd = "/nowhere"}, &o);
    assert_string_equal(o.out, "/\n");
}

static void a_task_is_bound_to_the_cpus_it_is_given(void **state)
{
    char *argv[] = {A("probe"), A("cpus"), NULL};
    struct outcome o;
    char want[32], cpus[16];
    cpu_set_t set;
    int last = 0;
    with(c, &fixture()->spec);

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
    for (int i = 0; i < CPU_SETSIZE; i++)
        last = CPU_ISSET(i, &set) ? i : last;
    (void)snprintf(cpus, sizeof(cpus), "%d", last);
    (void)snprintf(want, sizeof(want), "%d \n", last);
    run_spec(c, (struct task_spec){.argv = argv, .cwd = "/", .cpus = cpus}, &o);
    assert_string_equal(o.out, want);
    run_spec(c, (struct task_spec){.argv = argv, .cwd = "/", .cpus = "8191"}, &o);
    assert_string_equal(o.words,
                        "bind probe to CPUs 8191: not all of them may be used here");
    assert_int_equal(WEXITSTATUS(o.status), 126);
    run_spec(c, (struct task_spec){.argv = argv, .cwd = "/", .cpus = "0-"}, &o);
    assert_string_not_equal(o.words, "");
}

static void an_environment_of_a_megabyte_arrives(void **state)
{
    char *argv[] = {A("probe"), A("env-bytes"), NULL};
    static char values[10][105 * 1024];
    char *env[12] = {A("PATH=/bin")};
    struct outcome o;
    size_t bytes = strlen(env[0]) + 1;
    char want[32];
    with(c, &fixture()->spec);

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        memset(values[i], 'v', sizeof(values[i]) - 1);
        values[i][1] = '=';
        env[i + 1] = values[i];
        bytes += sizeof(values[i]);
    }
    assert_true(bytes > 1 << 20);
    (void)snprintf(want, sizeof(want), "%zu\n", bytes);
    run_spec(c, (struct task_spec){.argv = argv, .env = env, .cwd = "/"}, &o);
    assert_string_equal(o.out, want);
}

static void an_environment_without_end_is_refused(void **state)
{
    char *argv[] = {A("probe"), NULL};
    char *env[80];
    cleanup(freep) char *value = xmalloc(128 * 1024);
    struct err err;
    with(c, &fixture()->spec);

    (void)state;
    memset(value, 'v', 128 * 1024);
    value[128 * 1024 - 1] = 0;
    for (size_t i = 0; i < 79; i++)
        env[i] = value;
    env[79] = NULL;
    assert_int_not_equal(
        container_spawn(c, &(struct task_spec){.argv = argv, .env = env, .cwd = "/"},
                        &err),
        0);
    assert_non_null(strstr(err.text, "over the limit of 8388608"));
}

static void the_pid_is_the_one_the_caller_sees(void **state)
{
    char *argv[] = {A("probe"), A("sleep"), NULL};
    cleanup(closep) int out = -1;
    struct container_event e;
    cleanup(freep) char *path = NULL;
    with(c, &fixture()->spec);

    (void)state;
    begin(c, 3, (struct task_spec){.argv = argv, .cwd = "/"}, &out);
    next_event(c, &e);
    assert_int_equal(e.kind, CONTAINER_TASK_STARTED);
    assert_int_equal(e.task, 3);
    assert_int_equal(kill(e.pid, SIGKILL), 0);
    next_event(c, &e);
    assert_int_equal(e.kind, CONTAINER_TASK_ENDED);
    assert_int_equal(WTERMSIG(e.status), SIGKILL);
}

static void two_tasks_can_read_each_others_memory(void **state)
{
    char *argv[] = {A("probe"), A("secret"), NULL};
    cleanup(closep) int out = -1;
    char line[64] = "", pid[32], address[32];
    struct outcome o;
    struct err err;
    struct container_event e;
    with(c, &fixture()->spec);

    (void)state;
    begin(c, 1, (struct task_spec){.argv = argv, .cwd = "/"}, &out);
    next_event(c, &e);
    assert_true(read(out, line, sizeof(line) - 1) > 0);
    assert_int_equal(sscanf(line, "%31s %31s", pid, address), 2);
    run(c, &o, A("probe"), A("peek"), pid, address);
    assert_string_equal(o.out, "only in this task's memory\n");
    assert_int_equal(container_signal(c, 1, SIGKILL, &err), 0);
    next_event(c, &e);
    assert_int_equal(WTERMSIG(e.status), SIGKILL);
}

static void standard_input_is_the_tasks(void **state)
{
    char *argv[] = {A("probe"), A("echo"), NULL};
    struct task_spec task = {.argv = argv, .cwd = "/"};
    struct outcome o;
    int in[2];
    with(c, &fixture()->spec);

    (void)state;
    assert_int_equal(pipe(in), 0);
    assert_int_equal(write(in[1], "hello", 5), 5);
    task.fds[0] = in[0];
    run_spec(c, task, &o);
    assert_string_equal(o.out, "hello");
    (void)close(in[0]);
    (void)close(in[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_keeps_its_users_ids),
        cmocka_unit_test(a_task_may_be_mapped_to_root),
        cmocka_unit_test(a_task_has_no_capability_and_gains_none),
        cmocka_unit_test(a_task_has_three_descriptors),
        cmocka_unit_test(a_task_may_have_a_fourth_one),
        cmocka_unit_test(a_task_has_default_signals),
        cmocka_unit_test(exit_codes_and_signals_come_back),
        cmocka_unit_test(a_program_that_cannot_run_ends_with_words),
        cmocka_unit_test(the_working_directory_falls_back_to_the_root),
        cmocka_unit_test(the_working_directory_falls_back_to_the_containers),
        cmocka_unit_test(a_task_is_bound_to_the_cpus_it_is_given),
        cmocka_unit_test(an_environment_of_a_megabyte_arrives),
        cmocka_unit_test(an_environment_without_end_is_refused),
        cmocka_unit_test(the_pid_is_the_one_the_caller_sees),
        cmocka_unit_test(two_tasks_can_read_each_others_memory),
        cmocka_unit_test(standard_input_is_the_tasks),
    };

    return run_as_each("tasks", tests, ARRAY_SIZE(tests));
}
