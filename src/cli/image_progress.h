/* SPDX-License-Identifier: Apache-2.0
 *
 * image_progress.h - how far an import is
 */
#ifndef BERTH_CLI_IMAGE_PROGRESS_H
#define BERTH_CLI_IMAGE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define IMAGE_PROGRESS_LINES 8

/* A bar for each part that is under way, drawn over themselves on a terminal; a line
 * now and then elsewhere. Start with all zero. */
struct image_progress {
    struct image_progress_part {
        char what[64]; /* "": free */
        uint64_t done, total;
        int64_t said; /* when, for lines: ms of the monotonic clock */
    } parts[IMAGE_PROGRESS_LINES];
    int64_t shown; /* the same, for bars */
    int drawn;     /* lines that the bars take now */
};

/* An image_progress_fn; 'ctx' is the struct above. A part is over when all of it is
 * done, or, where nobody knows how much that is, when another begins. */
void image_progress_tell(const char *what, uint64_t done, uint64_t total, void *ctx);

/* Take the bars off the terminal. */
void image_progress_end(struct image_progress *progress);

#endif
