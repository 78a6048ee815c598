/* SPDX-License-Identifier: Apache-2.0
 *
 * test_join.c - entering a personal cluster
 */
#include "client/join.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char path[] = "/tmp/berth-test-join-XXXXXX";

static int make_file(void **state)
{
    cleanup(closep) int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_pid_file(const struct process *process)
{
    cleanup(freep) char *text =
        xasprintf("%d %llu\n", (int)process->pid, (unsigned long long)process->start);

    assert_int_equal(io_write_file_atomic(path, text, strlen(text), 0600, NULL), 0);
}

static ino_t own_namespace(const char *kind)
{
    cleanup(freep) char *link = xasprintf("/proc/self/ns/%s", kind);
    struct stat st;

    return stat(link, &st) == 0 ? st.st_ino : 0;
}

/* The head of a cluster has none. */
static void drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

    memset(none, 0, sizeof(none));
    (void)syscall(SYS_capset, &head, none);
}

/* A process in new namespaces, or an invalid one when they are not allowed. */
static struct process start_head(void)
{
    struct process head = {.pid = 0};
    int fds[2];
    char answer = 0;
    pid_t pid;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        answer = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
        drop_capabilities();
        (void)io_write_full(fds[1], &answer, 1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(io_read_full(fds[0], &answer, 1), 0);
    (void)close(fds[0]);
    (void)close(fds[1]);
    if (answer)
        assert_int_equal(process_find(pid, &head), 0);
    else
        (void)kill(pid, SIGKILL);
    return head;
}

static int capabilities(void)
{
    cleanup(freep) char *text = NULL;
    unsigned long long effective = 1;

    if (io_read_file("/proc/self/status", 65536, &text, NULL, NULL) == 0)
        (void)sscanf(strstr(text, "CapEff:"), "CapEff: %llx", &effective);
    return effective != 0;
}

static int join_and_look(const struct config *config)
{
    ino_t user = own_namespace("user"), net = own_namespace("net");

    if (join_cluster(config, NULL) < 0)
        return 1;
    if (own_namespace("user") == user || own_namespace("net") == net)
        return 2;
    if (capabilities())
        return 3;
    /* The second time there is nothing to do. */
    return join_cluster(config, NULL) == 0 ? 0 : 4;
}

static void a_command_enters_and_keeps_no_capability(void **state)
{
    struct config config = {.cluster = path, .join_pid_file = path};
    struct process head = start_head();
    int status;
    pid_t pid;

    (void)state;
    if (head.pid == 0) {
        print_message("user namespaces are not allowed here\n");
        skip();
    }
    write_pid_file(&head);
    pid = fork();
    if (pid == 0)
        _exit(join_and_look(&config));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)process_signal(&head, SIGKILL);
    assert_int_equal(waitpid(head.pid, NULL, 0), head.pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_cluster_of_the_site_is_not_entered(void **state)
{
    struct config config = {.cluster = path};

    (void)state;
    assert_int_equal(join_cluster(&config, NULL), 0);
}

static void a_process_that_only_has_the_pid_is_not_entered(void **state)
{
    struct config config = {.cluster = path, .join_pid_file = path};
    struct process other;
    struct err err = {.code = 0};

    (void)state;
    assert_int_equal(process_find(getpid(), &other), 0);
    other.start++;
    write_pid_file(&other);
    if (join_cluster(&config, &err) < 0)
        assert_non_null(strstr(err.text, "is not up any more"));
    assert_int_equal(join_process(&other, &err), -ESRCH);
}

static void a_damaged_pid_file_is_refused(void **state)
{
    struct config config = {.cluster = path, .join_pid_file = path};
    struct err err;

    (void)state;
    assert_int_equal(io_write_file_atomic(path, "x", 1, 0600, NULL), 0);
    assert_int_equal(join_cluster(&config, &err), -EINVAL);
    assert_non_null(strstr(err.text, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_enters_and_keeps_no_capability),
        cmocka_unit_test(a_cluster_of_the_site_is_not_entered),
        cmocka_unit_test(a_process_that_only_has_the_pid_is_not_entered),
        cmocka_unit_test(a_damaged_pid_file_is_refused),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
