/* SPDX-License-Identifier: Apache-2.0
 *
 * usage.h - how much a directory holds, counted a little at a time
 *
 * Bytes on disk, as du counts them; a file with several names in it counts once. What
 * the caller cannot open, and what is on other file systems, is not counted.
 */
#ifndef BERTH_VOLUME_USAGE_H
#define BERTH_VOLUME_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct usage;

/* Begin to walk the directory that is open at 'dir' (copied). NULL when it cannot be.
 */
struct usage *usage_create(int dir);
void usage_destroy(struct usage *usage);

/* Walk on for at most 'usec' of this thread's CPU time (at least one directory entry).
 * True when the walk has ended. */
bool usage_step(struct usage *usage, uint64_t usec);

/* So far. */
uint64_t usage_bytes(const struct usage *usage);

#endif
