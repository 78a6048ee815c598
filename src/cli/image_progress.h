/* SPDX-License-Identifier: Apache-2.0
 *
 * image_progress.h - how far an import is
 */
#ifndef BERTH_CLI_IMAGE_PROGRESS_H
#define BERTH_CLI_IMAGE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* A bar that is drawn over itself on a terminal, a line now and then elsewhere.
 * Start with all zero. */
struct image_progress {
    char what[64];
    int64_t shown; /* ms of the monotonic clock */
    bool has_bar;
};

/* An image_progress_fn; 'ctx' is the struct above. */
void image_progress_tell(const char *what, uint64_t done, uint64_t total, void *ctx);

/* Take the bar off the terminal. */
void image_progress_end(struct image_progress *progress);

#endif
