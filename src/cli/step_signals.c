/* SPDX-License-Identifier: Apache-2.0
 *
 * step_signals.c - signals to berth run, and what they mean for the step
 */
#include "cli/step_signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/mem.h"

static const int forwarded[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};

int step_signals_open(bool with_window)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
        sigaddset(&set, forwarded[i]);
    if (with_window)
        sigaddset(&set, SIGWINCH);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int step_signals_next(int fd)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return 0;
    return (int)info.ssi_signo;
}

enum signal_answer interrupts_answer(struct interrupts *history, int signo,
                                     int64_t now_ms)
{
    bool is_soon =
        history->last_ms != 0 && now_ms - history->last_ms <= STEP_KILL_WITHIN_MS;

    if (signo != SIGINT)
        return SIGNAL_FORWARD;
    history->last_ms = now_ms;
    if (history->has_killed)
        return SIGNAL_LEAVE;
    if (!is_soon)
        return SIGNAL_FORWARD;
    history->has_killed = true;
    return SIGNAL_KILL;
}
