/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_lines.h - lines out of bytes that come in pieces
 *
 * Pure. Memory is bounded by the longest line and what is fed at once.
 */
#ifndef BERTH_CLI_BAG_LINES_H
#define BERTH_CLI_BAG_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

struct bag_lines {
    struct strbuf bytes;
    size_t start;    /* of what was not handed out yet */
    size_t searched; /* so far there is no newline from there on */
    uint64_t number; /* of the last line, from 1 */
    bool has_ended;
};

void bag_lines_feed(struct bag_lines *lines, const void *bytes, size_t len);
/* No more comes: a last line needs no newline. */
void bag_lines_end(struct bag_lines *lines);
/* The next line that is a command, without newline or carriage return; it stays until
 * the next call. 1; 0 when none is complete yet, or at the end; -E2BIG or -EINVAL with
 * the line's number for one that is too long or holds a NUL. */
int bag_lines_next(struct bag_lines *lines, const char **ret_line, struct err *err);
void bag_lines_fini(struct bag_lines *lines);

#endif
