/* SPDX-License-Identifier: Apache-2.0
 *
 * log_bounds.h - which of what pods wrote is to go
 *
 * Pure. What pods that run have is counted, and stays. Of those that have ended go:
 * what is older than a day, all but the last 500, and then the oldest of a user who has
 * more than he may, and the oldest of all while they have more than they may together.
 */
#ifndef BERTH_NODE_LOG_BOUNDS_H
#define BERTH_NODE_LOG_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kept_log {
    uint32_t job, epoch, uid;
    int64_t time; /* of its end */
    uint64_t bytes;
    bool runs;
    bool goes; /* set by log_bounds_choose */
};

/* Puts them in order, the youngest first. Bounds in bytes. */
void log_bounds_choose(struct kept_log *logs, size_t n, int64_t now, uint64_t of_user,
                       uint64_t of_node);

#endif
