/* SPDX-License-Identifier: Apache-2.0
 *
 * receive.h - a file that comes in whole, or not at all
 */
#ifndef BERTH_CLI_RECEIVE_H
#define BERTH_CLI_RECEIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct receive_order {
    const char *path;
    int64_t size;      /* bytes that must come */
    uint64_t sum;      /* and their sum (receive_sum) */
    unsigned int mode; /* permissions of the file */
    int64_t mtime;     /* seconds since the epoch; 0: now */
    bool is_forced;    /* a file that is there is replaced */
};

/* The sum of what 'sum' (RECEIVE_SUM at first) stands for and these bytes: FNV-1a
 * with 64 bits, which finds what is cut off or broken, not what is forged. */
#define RECEIVE_SUM 0xcbf29ce484222325u
uint64_t receive_sum(uint64_t sum, const void *bytes, size_t len);

/* Read 'fd' to its end into a new file beside order->path, and give it that name when
 * size and sum are right. -EEXIST when the name is taken by another file and the order
 * is not forced; one that is the same already is fine: nodes may share directories. */
int receive_file(int fd, const struct receive_order *order, struct err *err);

#endif
