/* SPDX-License-Identifier: Apache-2.0
 *
 * strbuf.c - a growing string
 */
#include "base/strbuf.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct strbuf *sb, size_t more)
{
    size_t need = sb->len + more + 1;

    if (need <= sb->cap)
        return;
    sb->cap = need < 64 ? 64 : need + need / 2;
    sb->s = xrealloc(sb->s, sb->cap, 1);
}

void strbuf_fini(struct strbuf *sb)
{
    free(sb->s);
    *sb = (struct strbuf)STRBUF_INIT;
}

void strbuf_add(struct strbuf *sb, const void *bytes, size_t len)
{
    reserve(sb, len);
    if (len)
        memcpy(sb->s + sb->len, bytes, len);
    sb->len += len;
    sb->s[sb->len] = '\0';
}

void strbuf_puts(struct strbuf *sb, const char *s)
{
    strbuf_add(sb, s, strlen(s));
}

void strbuf_putc(struct strbuf *sb, char c)
{
    strbuf_add(sb, &c, 1);
}

void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
{
    va_list ap, again;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    BUG_ON(n < 0);
    reserve(sb, (size_t)n);
    (void)vsnprintf(sb->s + sb->len, (size_t)n + 1, fmt, again);
    va_end(again);
    sb->len += (size_t)n;
}

void strbuf_cut(struct strbuf *sb, size_t len)
{
    BUG_ON(len > sb->len);
    sb->len = len;
    if (sb->s)
        sb->s[len] = '\0';
}

char *strbuf_take(struct strbuf *sb)
{
    char *s;

    reserve(sb, 0);
    sb->s[sb->len] = '\0';
    s = sb->s;
    *sb = (struct strbuf)STRBUF_INIT;
    return s;
}
