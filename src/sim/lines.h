/* SPDX-License-Identifier: Apache-2.0
 *
 * lines.h - the lines of a file, plain or gzip, one after the other
 *
 * Memory is bounded by the longest line, whatever the size of the file.
 */
#ifndef BERTH_SIM_LINES_H
#define BERTH_SIM_LINES_H

#include <stddef.h>

#include "base/err.h"

#define LINES_LENGTH_MAX 65536

struct lines;

/* "-" is standard input. Whether it is compressed is seen from its first bytes. */
int lines_open(const char *path, struct lines **ret, struct err *err);
/* The same for a descriptor, which is taken over, also on failure. */
int lines_open_fd(int fd, const char *name, struct lines **ret, struct err *err);
void lines_close(struct lines *lines);

/* The next line without its end ("\n" or "\r\n"), NUL-terminated and writable,
 * good until the next call; NULL at the end of the file. Returns 0, or -EINVAL
 * (a line that is too long, broken compression) or -EIO with words that begin
 * with "FILE:LINE: ". */
int lines_next(struct lines *lines, char **ret_line, struct err *err);

/* Of the line that came last, from 1. */
size_t lines_number(const struct lines *lines);
/* The path, as words should call it. */
const char *lines_name(const struct lines *lines);

#endif
