/* SPDX-License-Identifier: Apache-2.0
 *
 * strbuf.h - a growing string
 *
 * 's' is always a valid C string of 'len' bytes (it may hold NULs in between
 * when bytes were appended). Start with STRBUF_INIT.
 */
#ifndef BERTH_BASE_STRBUF_H
#define BERTH_BASE_STRBUF_H

#include <stddef.h>

struct strbuf {
    char *s;
    size_t len;
    size_t cap;
};

#define STRBUF_INIT                   \
    {                                 \
        .s = NULL, .len = 0, .cap = 0 \
    }

void strbuf_fini(struct strbuf *sb);
void strbuf_add(struct strbuf *sb, const void *bytes, size_t len);
void strbuf_puts(struct strbuf *sb, const char *s);
void strbuf_putc(struct strbuf *sb, char c);
void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Cut to 'len' bytes, which must not be more than there are. */
void strbuf_cut(struct strbuf *sb, size_t len);

/* The string, now the caller's to free; 'sb' is empty again. Never NULL. */
char *strbuf_take(struct strbuf *sb);

#endif
