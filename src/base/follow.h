/* SPDX-License-Identifier: Apache-2.0
 *
 * follow.h - show a file that may still grow
 */
#ifndef BERTH_BASE_FOLLOW_H
#define BERTH_BASE_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct follow {
    int64_t tail;    /* so many of the last lines; -1: all */
    int64_t offset;  /* begin here, unless 'tail' says otherwise */
    bool wants_more; /* go on until the end of 'until' */
    int until;       /* a descriptor that ends when the file grows no more */
};

/* Copy 'path' to 'out' as 'how' says. A file that has shrunk is begun anew. Blocks.
 * 0; -EPIPE without words when nobody reads 'out'; -Exxx. */
int follow_file(const char *path, const struct follow *how, int out, struct err *err);

/* Where the last 'lines' lines of the open file 'fd' begin. */
int64_t follow_tail(int fd, int64_t lines);

#endif
