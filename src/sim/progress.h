/* SPDX-License-Identifier: Apache-2.0
 *
 * progress.h - how far a simulation is, on a terminal
 */
#ifndef BERTH_SIM_PROGRESS_H
#define BERTH_SIM_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    bool shown; /* stderr is a terminal, and something was drawn */
    bool wanted;
    double drawn_at, began_at; /* seconds of the monotonic clock */
    size_t before;             /* jobs of earlier windows */
    size_t jobs;               /* of all windows */
};

/* A bar when stderr is a terminal and 'wanted', else nothing. */
void progress_begin(struct progress *progress, size_t jobs, bool wanted);
/* For struct replay_options: 'ctx' is the progress. Draws ten times a second. */
void progress_show(void *ctx, size_t ended, size_t jobs);
/* Wipe the bar. */
void progress_end(struct progress *progress);

/* Seconds of the monotonic clock. */
double progress_clock(void);

#endif
