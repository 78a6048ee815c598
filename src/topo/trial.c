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

#include "base/io.h"
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

/* What the child sends; short enough to arrive whole. */
struct report {
    int rc;
    struct err err;
};

static void __attribute__((noreturn))
run_child(int (*fn)(const void *arg, struct err *err), const void *arg, int pipe_end)
{
    struct report report = {0};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    reset_fatal_signals();
    prctl(PR_SET_DUMPABLE, 0);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    alarm(TRIAL_SECONDS);
    report.rc = fn(arg, &report.err);
    _exit(write(pipe_end, &report, sizeof(report)) == sizeof(report) ? 0 : 1);
}

static int read_report(int fd, struct err *err)
{
    struct report report;
    if (io_read_full(fd, &report, sizeof(report)) < 0)
        return err_set(err, ECHILD, "it crashes the program that reads it");
    if (report.rc < 0 && err)
        *err = report.err;
    return report.rc;
}

/* The report tells, not the exit status, which someone else may have collected. */
static int run_once(int (*fn)(const void *arg, struct err *err), const void *arg,
                    struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "cannot make a pipe");
    pid_t child = fork();
    if (child == 0)
        run_child(fn, arg, ends[1]);
    int rc = child < 0 ? err_sys(err, errno, "cannot fork") : 0;
    close(ends[1]);
    if (child > 0)
        rc = read_report(ends[0], err);
    close(ends[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    return rc;
}

/* A child of a process with threads may inherit a lock that nobody is there to give
 * back: what kills it twice is the text. */
int trial_run(int (*fn)(const void *arg, struct err *err), const void *arg,
              struct err *err)
{
    int rc = run_once(fn, arg, err);

    return rc == -ECHILD ? run_once(fn, arg, err) : rc;
}
