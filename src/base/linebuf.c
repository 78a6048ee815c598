/* SPDX-License-Identifier: Apache-2.0
 *
 * linebuf.c - whole lines out of bytes that come in pieces
 */
#include "base/linebuf.h"

#include <string.h>

static void hand_on(struct strbuf *part, const char *bytes, size_t len, linebuf_fn *fn,
                    void *ctx)
{
    /* A line that came in one piece is not copied. */
    if (part->len == 0) {
        fn(bytes, len, ctx);
        return;
    }
    strbuf_add(part, bytes, len);
    fn(part->s, part->len, ctx);
    strbuf_cut(part, 0);
}

void linebuf_take(struct strbuf *part, const char *bytes, size_t len, linebuf_fn *fn,
                  void *ctx)
{
    while (len > 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t n = newline ? (size_t)(newline - bytes) + 1 : len;

        if (newline || part->len + n > LINEBUF_MAX)
            hand_on(part, bytes, n, fn, ctx);
        else
            strbuf_add(part, bytes, n);
        bytes += n;
        len -= n;
    }
}

void linebuf_end(struct strbuf *part, linebuf_fn *fn, void *ctx)
{
    if (part->len)
        fn(part->s, part->len, ctx);
    strbuf_fini(part);
}
