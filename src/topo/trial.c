/* SPDX-License-Identifier: Apache-2.0
 *
 * trial.c - find out whether something crashes, in a child that may
 */
#include "topo/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

/* Die of what is fatal at once, without a handler's report. */
static void reset_fatal_signals(void)
{
    static const int fatal[] = {SIGSEGV, SIGBUS,  SIGABRT, SIGFPE,
                                SIGILL,  SIGTRAP, SIGALRM};
    sigset_t none;
    for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
        signal(fatal[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn))
run_child(void (*fn)(const void *arg), const void *arg, int report)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    reset_fatal_signals();
    prctl(PR_SET_DUMPABLE, 0);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    alarm(TRIAL_SECONDS);
    fn(arg);
    _exit(write(report, "", 1) == 1 ? 0 : 1);
}

/* The byte tells, not the exit status, which someone else may have collected. */
bool trial_survives(void (*fn)(const void *arg), const void *arg)
{
    int report[2];
    char byte;
    ssize_t n;
    if (pipe2(report, O_CLOEXEC) < 0)
        return false;
    pid_t child = fork();
    if (child == 0)
        run_child(fn, arg, report[1]);
    close(report[1]);
    do
        n = child > 0 ? read(report[0], &byte, 1) : 0;
    while (n < 0 && errno == EINTR);
    close(report[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    return n == 1;
}
