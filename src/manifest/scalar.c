/* SPDX-License-Identifier: Apache-2.0
 *
 * scalar.c - tell texts, numbers and truth values apart
 */
#include "manifest/scalar.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                    "True", "TRUE", "on",  "On",  "ON",  NULL};
static const char *const falses[] = {"n",     "N",     "no",  "No",  "NO",  "false",
                                     "False", "FALSE", "off", "Off", "OFF", NULL};
static const char *const endless[] = {".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf",
                                      "+.INF", "-.inf", "-.Inf", "-.INF", ".nan",
                                      ".NaN",  ".NAN",  NULL};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Step over "0x", "0b", "0o" or a leading "0". */
static int base_of(const char **at)
{
    if ((*at)[0] != '0' || !(*at)[1])
        return 10;
    switch ((*at)[1]) {
    case 'x':
    case 'X':
        *at += 2;
        return 16;
    case 'b':
    case 'B':
        *at += 2;
        return 2;
    case 'o':
    case 'O':
        *at += 2;
        return 8;
    }
    *at += 1;
    return 8;
}

static bool read_int(const char *text, int64_t *ret)
{
    bool is_negative = *text == '-', has_digit = false;
    const char *at = text + (*text == '-' || *text == '+');
    uint64_t value = 0, most = (uint64_t)INT64_MAX + is_negative;
    int base;

    if (!isdigit((unsigned char)*at))
        return false;
    base = base_of(&at);
    for (; *at; at++) {
        int digit = digit_of(*at);

        if (*at == '_')
            continue;
        if (digit >= base || value > (most - (uint64_t)digit) / (uint64_t)base)
            return false;
        value = value * (uint64_t)base + (uint64_t)digit;
        has_digit = true;
    }
    *ret = is_negative ? (int64_t)-value : (int64_t)value;
    return has_digit;
}

/* [-+]? (.digits | digits [.digits]) [e[-+]digits] */
static bool is_float(const char *at)
{
    size_t before, after = 0;

    at += *at == '-' || *at == '+';
    before = strspn(at, "0123456789_");
    if (before && *at == '_')
        return false;
    at += before;
    if (*at == '.') {
        after = strspn(at + 1, "0123456789_");
        at += 1 + after;
    }
    if (!before && !after)
        return false;
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '-' || *at == '+';
        if (!isdigit((unsigned char)*at))
            return false;
        at += strspn(at, "0123456789");
    }
    return !*at;
}

struct scalar scalar_resolve(const char *text)
{
    struct scalar scalar = {.kind = NODE_STRING};

    if (is_one_of(text, nulls)) {
        scalar.kind = NODE_NULL;
    } else if (is_one_of(text, trues) || is_one_of(text, falses)) {
        scalar.kind = NODE_BOOL;
        scalar.truth = is_one_of(text, trues);
    } else if (is_one_of(text, endless)) {
        scalar.kind = NODE_FLOAT;
        scalar.is_endless = true;
    } else if (read_int(text, &scalar.number)) {
        scalar.kind = NODE_INT;
    } else if (is_float(text)) {
        scalar.kind = NODE_FLOAT;
    }
    return scalar;
}
