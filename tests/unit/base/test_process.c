/* SPDX-License-Identifier: Apache-2.0
 *
 * test_process.c - processes that cannot be mixed up
 */
#include "base/process.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static pid_t start_child(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        (void)prctl(PR_SET_NAME, "a) R 1 (b");
        for (;;)
            (void)pause();
    }
    assert_true(pid > 0);
    return pid;
}

static void end_child(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_running_process_is_found(void **state)
{
    pid_t pid = start_child();
    struct process process;

    (void)state;
    assert_int_equal(process_find(pid, &process), 0);
    assert_int_equal(process.pid, pid);
    assert_true(process.start > 0);
    assert_true(process_is_alive(&process));
    end_child(pid);
    assert_false(process_is_alive(&process));
}

static void a_zombie_has_ended(void **state)
{
    pid_t pid = fork();
    struct process process;
    siginfo_t info;

    (void)state;
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(process_find(pid, &process), -ESRCH);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void *wait_for_ever(void *arg)
{
    (void)arg;
    for (;;)
        (void)pause();
    return NULL;
}

static void become_a_second_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
        _exit(1);
    pthread_exit(NULL);
}

/* As /proc says it: R, S, Z ... */
static char state_of(pid_t pid)
{
    cleanup(freep) char *path = xasprintf("/proc/%d/stat", (int)pid);
    cleanup(freep) char *text = NULL;

    assert_int_equal(io_read_file(path, 4096, &text, NULL, NULL), 0);
    return strrchr(text, ')')[2];
}

static void a_process_lives_while_one_of_its_threads_does(void **state)
{
    const struct timespec step = {.tv_nsec = 1000000};
    pid_t pid = fork();
    struct process process;

    (void)state;
    if (pid == 0)
        become_a_second_thread();
    while (state_of(pid) != 'Z')
        (void)nanosleep(&step, NULL);
    assert_int_equal(process_find(pid, &process), 0);
    assert_true(process_is_alive(&process));
    assert_int_equal(process_signal(&process, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(process_is_alive(&process));
}

static void nobody_is_not_found(void **state)
{
    const struct process none = {.pid = 0};
    struct process process;

    (void)state;
    assert_int_equal(process_find(0, &process), -ESRCH);
    assert_int_equal(process_find(-1, &process), -ESRCH);
    assert_false(process_is_alive(&none));
    assert_int_equal(process_open(&none), -ESRCH);
    assert_int_equal(process_signal(&none, SIGKILL), -ESRCH);
}

static void another_process_with_the_pid_gets_no_signal(void **state)
{
    pid_t pid = start_child();
    struct process process, other;
    int status;

    (void)state;
    assert_int_equal(process_find(pid, &process), 0);
    other = process;
    other.start++;
    assert_false(process_is_alive(&other));
    assert_int_equal(process_signal(&other, SIGKILL), -ESRCH);
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    assert_int_equal(process_signal(&process, SIGTERM), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void a_descriptor_names_the_process(void **state)
{
    pid_t pid = start_child();
    struct process process;
    int fd;

    (void)state;
    assert_int_equal(process_find(pid, &process), 0);
    fd = process_open(&process);
    assert_true(fd >= 0);
    closep(&fd);
    end_child(pid);
    assert_int_equal(process_open(&process), -ESRCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_process_is_found),
        cmocka_unit_test(a_zombie_has_ended),
        cmocka_unit_test(a_process_lives_while_one_of_its_threads_does),
        cmocka_unit_test(nobody_is_not_found),
        cmocka_unit_test(another_process_with_the_pid_gets_no_signal),
        cmocka_unit_test(a_descriptor_names_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
