/* SPDX-License-Identifier: Apache-2.0
 *
 * processes.h - what /proc tells of processes
 */
#ifndef BERTH_NODE_PROCESSES_H
#define BERTH_NODE_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_COMMAND_MAX 64

struct process_stat {
    pid_t pid, parent;
    char state;
    uint64_t user_usec, system_usec;
    uint64_t memory;                   /* resident, bytes */
    char command[PROCESS_COMMAND_MAX]; /* its arguments, as many as there is room for */
};

/* Read the text of /proc/PID/stat (pure). False: it is not understood. */
bool process_stat_parse(const char *text, long ticks, long page,
                        struct process_stat *ret);
/* False: it has ended. */
bool process_stat_read(pid_t pid, struct process_stat *ret);
/* The processes that descend from 'ancestor': a heap array, the caller's. For where
 * nothing better is known: who lost its parent on the way is not found. */
size_t processes_below(pid_t ancestor, pid_t **ret);

#endif
