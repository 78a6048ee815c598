/* SPDX-License-Identifier: Apache-2.0
 *
 * process.h - a process that cannot be taken for another
 *
 * A pid is used again sooner or later; a pid and the time its process started
 * are not.
 */
#ifndef BERTH_BASE_PROCESS_H
#define BERTH_BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid;      /* 0: none */
    uint64_t start; /* clock ticks after the machine's boot */
};

/* The process that 'pid' is now; -ESRCH when there is none, or a zombie. It lives as
 * long as one of its threads does. */
int process_find(pid_t pid, struct process *ret_process);

bool process_is_alive(const struct process *process);

/* A pidfd of that very process, or -ESRCH. */
int process_open(const struct process *process);

/* -ESRCH when it has ended. */
int process_signal(const struct process *process, int signo);

#endif
