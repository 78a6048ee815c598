/* SPDX-License-Identifier: Apache-2.0
 *
 * trial.c - find out whether a topology crashes hwloc, in a process that may
 *
 * A program of its own, not a child by fork(): callers have threads, and whatever
 * lock one of these holds at that moment nobody would give back in the child.
 */
#include "topo/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

static const char *trial_program(void)
{
    const char *path = getenv("BERTH_TOPOLOGY_TRIAL");

    return path ? path : BERTH_LIBEXECDIR "/berth-topology-trial";
}

/* A file, so that a program that reads nothing does not stop us. */
static int put_in_memory(const char *text, int *ret_fd)
{
    cleanup(closep) int fd = memfd_create("topology", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = io_write_full(fd, text, strlen(text));
    if (rc == 0 && lseek(fd, 0, SEEK_SET) < 0)
        rc = -errno;
    if (rc == 0)
        *ret_fd = take_fd(fd);
    return rc;
}

/* Neither our mask of signals nor what we ignore. */
static void clear_signals(posix_spawnattr_t *attr)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(attr);
    posix_spawnattr_setsigmask(attr, &none);
    posix_spawnattr_setsigdefault(attr, &all);
    posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int start(int in, int out, pid_t *ret_pid)
{
    cleanup(freep) char *program = xstrdup(trial_program());
    char *argv[] = {program, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    clear_signals(&attr);
    int rc = -posix_spawn(ret_pid, program, &actions, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return rc;
}

/* The report tells, not the exit status, which someone else may have collected. */
static int read_report(int fd, struct err *err)
{
    cleanup(freep) char *report = NULL;
    int rc = io_read_fd(fd, ERR_TEXT_MAX, &report, NULL, err);
    if (rc < 0)
        return rc;
    if (report[0] == TRIAL_FINE)
        return 0;
    if (report[0] == TRIAL_REFUSED)
        return err_set(err, EINVAL, "%s", report + 1);
    return err_set(err, ECHILD, "it crashes the program that reads it");
}

int trial_run(const char *xml, struct err *err)
{
    cleanup(closep) int in = -1;
    int ends[2];
    pid_t pid;
    int rc = put_in_memory(xml, &in);
    if (rc < 0)
        return err_sys(err, -rc, "cannot keep the topology in memory");
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "cannot make a pipe");
    rc = start(in, ends[1], &pid);
    close(ends[1]);
    if (rc == 0) {
        rc = read_report(ends[0], err);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    } else {
        err_sys(err, -rc, "cannot run %s", trial_program());
    }
    close(ends[0]);
    return rc;
}
