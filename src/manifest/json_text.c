/* SPDX-License-Identifier: Apache-2.0
 *
 * json_text.c - JSON made such that a reader of YAML takes it for what it is
 *
 * Two things differ. "\ud83d\ude00" is one character in JSON and two that are none in
 * YAML: it becomes "\U0001F600". And values may follow each other without "---".
 *
 * YAML may begin with '{' as well (KYAML does): its comments are passed over.
 */
#include "manifest/reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

bool json_text_is_meant(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && isspace((unsigned char)text[i]))
        i++;
    return i < len && (text[i] == '{' || text[i] == '[');
}

/* The value of "\uXXXX" at 'at', or -1. */
static long escape_at(const char *at, const char *end)
{
    long value = 0;

    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        if (!isxdigit((unsigned char)at[i]))
            return -1;
        value = value * 16 + (isdigit((unsigned char)at[i])
                                  ? at[i] - '0'
                                  : tolower((unsigned char)at[i]) - 'a' + 10);
    }
    return value;
}

/* Copy an escape; returns how many bytes of the text it took. */
static size_t copy_escape(const char *at, const char *end, struct strbuf *out)
{
    long high = escape_at(at, end), low;

    if (high >= 0xD800 && high < 0xDC00) {
        low = escape_at(at + 6, end);
        if (low >= 0xDC00 && low < 0xE000) {
            strbuf_printf(out, "\\U%08lX",
                          0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            return 12;
        }
    }
    strbuf_add(out, at, end - at < 2 ? 1 : 2);
    return end - at < 2 ? 1 : 2;
}

/* How much of the text is a comment, which JSON has not. */
static size_t comment_at(const char *text, const char *at, const char *end)
{
    const char *newline;

    if (*at != '#' || (at > text && !isspace((unsigned char)at[-1])))
        return 0;
    newline = memchr(at, '\n', (size_t)(end - at));
    return (size_t)((newline ? newline : end) - at);
}

char *json_text_as_yaml(const char *text, size_t len, size_t *ret_len)
{
    struct strbuf out = STRBUF_INIT;
    const char *end = text + len;
    bool in_string = false, has_value = false;
    int depth = 0;

    for (const char *at = text; at < end;) {
        size_t passed = in_string ? 0 : comment_at(text, at, end);

        if (passed) {
            strbuf_add(&out, at, passed);
            at += passed;
            continue;
        }
        if (in_string && *at == '\\') {
            at += copy_escape(at, end, &out);
            continue;
        }
        if (*at == '"')
            in_string = !in_string;
        else if (!in_string && (*at == '{' || *at == '[')) {
            if (depth++ == 0 && has_value)
                strbuf_puts(&out, out.s[out.len - 1] == '\n' ? "--- " : "\n--- ");
            has_value = true;
        } else if (!in_string && (*at == '}' || *at == ']'))
            depth--;
        strbuf_putc(&out, *at++);
    }
    *ret_len = out.len;
    return strbuf_take(&out);
}
