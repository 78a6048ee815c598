/* SPDX-License-Identifier: Apache-2.0
 *
 * scan.c - a text read from left to right, its mistakes named by column
 */
#include "spec/scan.h"

#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool scan_char(struct scan *s, char c)
{
    if (*s->at != c)
        return false;
    s->at++;
    return true;
}

void scan_blanks(struct scan *s)
{
    while (*s->at == ' ' || *s->at == '\t')
        s->at++;
}

int scan_number(struct scan *s, uint64_t max, uint64_t *ret, struct err *err)
{
    const struct scan start = *s;
    uint64_t value = 0;

    if (!isdigit((unsigned char)*s->at))
        return scan_fail(s, err, "a number is missing");
    for (; isdigit((unsigned char)*s->at); s->at++) {
        uint64_t digit = (uint64_t)(*s->at - '0');

        if (digit > max || value > (max - digit) / 10) {
            (void)scan_fail(&start, err, "more than %" PRIu64, max);
            return -ERANGE;
        }
        value = value * 10 + digit;
    }
    *ret = value;
    return 0;
}

int scan_word(struct scan *s, bool (*is_part)(char c), const char *what, char **ret,
              struct err *err)
{
    const char *start = s->at;

    while (*s->at && is_part(*s->at))
        s->at++;
    if (s->at == start)
        return scan_fail(s, err, "%s is missing", what);
    *ret = xstrndup(start, (size_t)(s->at - start));
    return 0;
}

bool scan_is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

int scan_fail(const struct scan *s, struct err *err, const char *fmt, ...)
{
    char words[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    return err_set(err, EINVAL, "%s at column %zu of '%.100s'", words,
                   (size_t)(s->at - s->text) + 1, s->text);
}
