/* SPDX-License-Identifier: Apache-2.0
 *
 * sink.h - a descriptor that takes bytes when it can
 */
#ifndef BERTH_CLI_SINK_H
#define BERTH_CLI_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

#define SINK_FULL (1u << 20) /* bytes queued before a sink counts as full */

struct sink {
    char *name;     /* of the file; NULL for fd 1 and 2 */
    int fd;         /* -1: everything is dropped */
    bool may_block; /* a pipe or terminal: write only what poll(2) lets through */
    bool is_own;    /* it never blocks: write as much as it takes */
    struct strbuf queue;
    size_t sent; /* of the queue */
    int failure; /* -Exxx of the first write that failed; later bytes are dropped */
};

/* Takes over 'name' and, when it is not NULL, 'fd'. */
struct sink *sink_create(char *name, int fd);
void sink_destroy(struct sink *sink);

/* Take 'len' bytes: written at once to a file, queued otherwise. */
void sink_take(struct sink *sink, const void *bytes, size_t len);
/* poll(2) said there is room: write some of the queue. */
void sink_flush(struct sink *sink);
size_t sink_queued(const struct sink *sink);

#endif
