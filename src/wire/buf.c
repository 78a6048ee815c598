/* SPDX-License-Identifier: Apache-2.0
 *
 * buf.c - bytes on their way in or out
 */
#include "wire/buf.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

/* What a quiet connection may keep. */
#define KEEP_MAX ((size_t)256 << 10)
#define FIRST_ROOM ((size_t)4 << 10)

void buf_fini(struct buf *b)
{
    free(b->bytes);
    *b = (struct buf)BUF_INIT;
}

static void make_room(struct buf *b, size_t n)
{
    size_t len = buf_len(b);
    size_t cap = b->cap ? b->cap : FIRST_ROOM;

    if (b->start > 0) {
        memmove(b->bytes, b->bytes + b->start, len);
        b->start = 0;
        b->end = len;
    }
    while (cap - len < n)
        cap *= 2;
    if (cap != b->cap) {
        b->bytes = xrealloc(b->bytes, cap, 1);
        b->cap = cap;
    }
}

uint8_t *buf_room(struct buf *b, size_t n)
{
    if (b->start == b->end)
        b->start = b->end = 0;
    if (b->cap - b->end < n)
        make_room(b, n);
    return b->bytes + b->end;
}

void buf_added(struct buf *b, size_t n)
{
    BUG_ON(n > b->cap - b->end);
    b->end += n;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    memcpy(buf_room(b, n), bytes, n);
    b->end += n;
}

void buf_taken(struct buf *b, size_t n)
{
    BUG_ON(n > buf_len(b));
    b->start += n;
}

void buf_trim(struct buf *b)
{
    if (buf_len(b) == 0 && b->cap > KEEP_MAX)
        buf_fini(b);
}
