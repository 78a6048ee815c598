/* SPDX-License-Identifier: Apache-2.0
 *
 * text.c - bytes that grow at the end and are taken from the front
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_add(struct text *text, const void *data, size_t len)
{
    if (len >= text->size - text->len) {
        size_t size = (text->len + len + 1) * 2;
        char *s = realloc(text->s, size);

        if (!s)
            abort();
        text->s = s;
        text->size = size;
    }
    if (len)
        memcpy(text->s + text->len, data, len);
    text->len += len;
    text->s[text->len] = '\0';
}

void text_addf(struct text *text, const char *fmt, ...)
{
    char *s;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0)
        abort();
    text_add(text, s, (size_t)n);
    free(s);
}

void text_drop(struct text *text, size_t n)
{
    memmove(text->s, text->s + n, text->len - n);
    text->len -= n;
    text->s[text->len] = '\0';
}

void text_fini(struct text *text)
{
    free(text->s);
    *text = (struct text){0};
}
