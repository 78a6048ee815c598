/* SPDX-License-Identifier: Apache-2.0
 *
 * task_hooks.c - programs that are run before and after a task, around it
 */
#include "cli/task_hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "cli/say.h"

#define WORDS_MAX 1048576 /* that a program before the task may say */

static void take_line(char *line)
{
    static const char export[] = "export ", unset[] = "unset ", print[] = "print ";
    char *equals;

    if (strncmp(line, print, sizeof(print) - 1) == 0) {
        (void)printf("%s\n", line + sizeof(print) - 1);
        return;
    }
    if (strncmp(line, unset, sizeof(unset) - 1) == 0) {
        (void)unsetenv(line + sizeof(unset) - 1);
        return;
    }
    if (strncmp(line, export, sizeof(export) - 1) != 0)
        return;
    line += sizeof(export) - 1;
    equals = strchr(line, '=');
    if (!equals)
        return;
    *equals = '\0';
    (void)setenv(line, equals + 1, 1);
}

static void take_words(char *words)
{
    char *save = NULL;

    for (char *line = strtok_r(words, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save))
        take_line(line);
    (void)fflush(stdout);
}

/* In the child; its stdout is 'out', or stays what it is (-1). */
static void execute(char *const *argv, int out)
{
    if (out >= 0)
        (void)dup2(out, STDOUT_FILENO);
    execvp(argv[0], argv);
    say_error("%s: %s", argv[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

static int run_before(const char *program)
{
    char *const argv[] = {(char *)(uintptr_t)program, NULL};
    cleanup(freep) char *words = NULL;
    int fds[2], rc, status;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) || (pid = fork()) < 0) {
        say_error("%s: %s", program, strerror(errno));
        return -1;
    }
    if (pid == 0)
        execute(argv, fds[1]);
    (void)close(fds[1]);
    rc = io_read_fd(fds[0], WORDS_MAX, &words, NULL, NULL);
    (void)close(fds[0]);
    status = wait_for(pid);
    if (rc == 0 && status == 0) {
        take_words(words);
        return 0;
    }
    say_error("%s: %s: the task is not run", program,
              rc ? "it says too much" : "it failed");
    return -1;
}

static void run_after(const char *program)
{
    char *const argv[] = {(char *)(uintptr_t)program, NULL};
    pid_t pid = fork();

    if (pid == 0)
        execute(argv, -1);
    if (pid < 0 || wait_for(pid) != 0)
        say_error("%s: it failed", program);
}

/* The task's own end, when what comes after it has been done. */
static int end_as(int status)
{
    const struct rlimit none = {0, 0};
    sigset_t all;

    if (!WIFSIGNALED(status))
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    /* Its core has been dumped. */
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)signal(WTERMSIG(status), SIG_DFL);
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    (void)raise(WTERMSIG(status));
    return 128 + WTERMSIG(status);
}

/* Signals are for the task; we have to outlive it. */
static int run_around(char *const *task, char *const *after)
{
    sigset_t all, before;
    int status;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        execute(task, -1);
    }
    if (pid < 0) {
        say_error("fork: %s", strerror(errno));
        return 1;
    }
    status = wait_for(pid);
    sigprocmask(SIG_SETMASK, &before, NULL);
    (void)signal(SIGTERM, SIG_IGN);
    for (size_t i = 0; i < 2; i++)
        if (after[i][0])
            run_after(after[i]);
    return end_as(status);
}

int task_hooks_main(char **argv)
{
    char **task = argv + 4;

    (void)signal(SIGPIPE, SIG_DFL);
    for (size_t i = 0; i < 2; i++)
        if (argv[i][0] && run_before(argv[i]))
            return 1;
    if (argv[2][0] || argv[3][0])
        return run_around(task, argv + 2);
    execute(task, -1);
    return 126;
}
