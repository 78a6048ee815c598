/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_slot.h - one command of a bag at a time, on the cores of one slot
 *
 * For the dispatcher, inside of containers (bag_inside.c).
 */
#ifndef BERTH_CLI_BAG_SLOT_H
#define BERTH_CLI_BAG_SLOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bitset.h"
#include "base/err.h"
#include "wire/messages.pb-c.h"

struct bag_slot {
    struct bitset *cpus; /* NULL: unbound */
    char **env;          /* its strings are borrowed, but for the last two */
    char index_text[48], attempt_text[48];
    pid_t pid;  /* 0: it is idle */
    int fds[2]; /* what the command writes to 1 and 2; -1: closed */
    uint64_t index;
    uint32_t attempt;
    int64_t start_usec;      /* since the epoch */
    int64_t began, deadline; /* by the monotonic clock, usec; no deadline: 0 */
    bool timed_out;
};

/* As 'from' says it, over the environment 'base'; both are borrowed for good. */
int bag_slot_init(struct bag_slot *slot, const Berth__BagSlot *from, char *const *base,
                  struct err *err);

/* Entries before argv[0] that bag_slot_start may write to. */
#define BAG_SLOT_SPARE 3

/* Run 'argv' (NULL-terminated, after BAG_SLOT_SPARE entries of no meaning) with stdin
 * from 'null_fd', in a session of its own. 0, or why it could not be executed: -ENOENT,
 * or another error, with words. */
int bag_slot_start(struct bag_slot *slot, uint64_t index, uint32_t attempt, char **argv,
                   int null_fd, struct err *err);
/* To the command and all it has started. */
void bag_slot_signal(const struct bag_slot *slot, int signo);
/* Its command has been reaped: kill what that left behind. What it wrote can still be
 * read from 'fds'. */
void bag_slot_sweep(const struct bag_slot *slot);
/* Close what is open; it is idle again. */
void bag_slot_clear(struct bag_slot *slot);

int64_t bag_now_usec(void);

#endif
