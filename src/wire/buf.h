/* SPDX-License-Identifier: Apache-2.0
 *
 * buf.h - bytes on their way in or out: added at the end, taken at the start
 */
#ifndef BERTH_WIRE_BUF_H
#define BERTH_WIRE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *bytes;
    size_t start, end, cap;
};

#define BUF_INIT                                      \
    {                                                 \
        .bytes = NULL, .start = 0, .end = 0, .cap = 0 \
    }

void buf_fini(struct buf *b);

static inline size_t buf_len(const struct buf *b)
{
    return b->end - b->start;
}

static inline const uint8_t *buf_head(const struct buf *b)
{
    return b->bytes + b->start;
}

/* Room for at least 'n' bytes at the end; buf_added tells how many came. What
 * was taken before may be overwritten. */
uint8_t *buf_room(struct buf *b, size_t n);
void buf_added(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *bytes, size_t n);

/* Take 'n' bytes from the start. They stay where they are until buf_room. */
void buf_taken(struct buf *b, size_t n);

/* Give memory back that only a large message needed. */
void buf_trim(struct buf *b);

#endif
