/* SPDX-License-Identifier: Apache-2.0
 *
 * units.c - sizes, counts and signals; times are in units_time.c
 */
#include "base/units.h"

#include "base/mem.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Digits of at most 'max'; -ERANGE beyond it, -EINVAL when there are none. */
static int read_digits(const char **p, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;

    if (!isdigit((unsigned char)**p))
        return -EINVAL;
    for (; isdigit((unsigned char)**p); ++*p) {
        uint64_t digit = (uint64_t)(**p - '0');

        if (digit > max || n > (max - digit) / 10)
            return -ERANGE;
        n = n * 10 + digit;
    }
    *ret = n;
    return 0;
}

int number_parse(const char *text, int64_t min, int64_t max, int64_t *ret_number,
                 struct err *err)
{
    const char *p = text;
    bool negative = min < 0 && *p == '-';
    uint64_t magnitude = 0;
    int64_t n;
    int rc;

    p += negative;
    rc = read_digits(&p, INT64_MAX, &magnitude);
    if (rc == -EINVAL || (rc == 0 && *p))
        return err_set(err, EINVAL, "'%.100s' is not a whole number", text);
    n = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    if (rc < 0 || n < min || n > max)
        return err_set(err, ERANGE, "%.100s is not between %" PRId64 " and %" PRId64,
                       text, min, max);
    *ret_number = n;
    return 0;
}

static int read_count(const char **p, uint32_t *ret)
{
    uint64_t n = 0;
    int rc = read_digits(p, UINT32_MAX - 1, &n);

    if (rc == 0)
        *ret = (uint32_t)n;
    return rc;
}

int count_range_parse(const char *text, uint32_t *ret_min, uint32_t *ret_max,
                      struct err *err)
{
    const char *p = text;
    uint32_t min = 0, max = 0;
    int rc = read_count(&p, &min);

    max = min;
    if (rc == 0 && *p == '-') {
        p++;
        if (*p)
            rc = read_count(&p, &max);
        else
            max = UINT32_MAX;
    }
    if (rc == -ERANGE)
        return err_set(err, ERANGE, "'%.100s' is too large a count", text);
    if (rc < 0 || *p)
        return err_set(err, EINVAL,
                       "'%.100s' is not a count or a range of counts like 2-4", text);
    if (min == 0)
        return err_set(err, EINVAL, "'%.100s': the least count is 1", text);
    if (max < min)
        return err_set(err, EINVAL, "'%.100s' runs backwards", text);
    *ret_min = min;
    *ret_max = max;
    return 0;
}

char *counts_format(const uint32_t *counts, size_t n)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t first = 0, end; first < n; first = end) {
        end = first + 1;
        while (end < n && counts[end] == counts[first])
            end++;
        strbuf_printf(&sb, first ? ",%" PRIu32 : "%" PRIu32, counts[first]);
        if (end - first > 1)
            strbuf_printf(&sb, "(x%zu)", end - first);
    }
    return strbuf_take(&sb);
}

static const char size_letters[] = "KMGT";

/* The multiplier that the suffix at 'p' (all of it) stands for; 0 for none
 * that is known. */
static uint64_t read_suffix(const char *p, uint64_t bare)
{
    const char *letter;

    if (!*p)
        return bare;
    if (strcasecmp(p, "B") == 0)
        return 1;
    letter = strchr(size_letters, toupper((unsigned char)*p));
    if (!letter)
        return 0;
    p++;
    if (*p && strcasecmp(p, "B") != 0 && strcasecmp(p, "iB") != 0)
        return 0;
    return (uint64_t)1 << (10 * (letter - size_letters + 1));
}

/* Thousandths behind the point, rounded down; '*p' moves past the digits. */
static int read_fraction(const char **p, uint64_t *ret)
{
    uint64_t thousandths = 0, unit = 100;

    if (!isdigit((unsigned char)**p))
        return -EINVAL;
    for (; isdigit((unsigned char)**p); ++*p) {
        thousandths += unit * (uint64_t)(**p - '0');
        unit /= 10;
    }
    *ret = thousandths;
    return 0;
}

int size_parse(const char *text, uint64_t unit, uint64_t *ret_bytes, struct err *err)
{
    const char *p = text;
    uint64_t whole = 0, fraction = 0, factor = 0, bytes;
    int rc = read_digits(&p, UINT64_MAX, &whole);

    if (rc == 0 && *p == '.') {
        p++;
        rc = read_fraction(&p, &fraction);
    }
    if (rc == 0)
        factor = read_suffix(p, unit);
    if (rc == -EINVAL || (rc == 0 && factor == 0))
        return err_set(err, EINVAL, "'%.100s' is not a size like 512M or 1.5G", text);
    if (rc < 0 || __builtin_mul_overflow(whole, factor, &bytes) ||
        __builtin_add_overflow(
            bytes, fraction * (factor / 1000) + fraction * (factor % 1000) / 1000,
            &bytes))
        return err_set(err, ERANGE, "size '%.100s' is too large", text);
    *ret_bytes = bytes;
    return 0;
}

char *size_format(uint64_t bytes)
{
    double value = (double)bytes;
    const char *letter = size_letters;

    if (bytes < 1000)
        return xasprintf("%" PRIu64 "B", bytes);
    value /= 1024;
    while (value >= 999.5 && letter[1]) {
        value /= 1024;
        letter++;
    }
    return value < 999.5 ? xasprintf("%.3g%c", value, *letter)
                         : xasprintf("%.0f%c", value, *letter);
}

#define SIGNAL(name) [SIG##name] = "SIG" #name

static const char *const signal_names[] = {
    SIGNAL(HUP),  SIGNAL(INT),    SIGNAL(QUIT), SIGNAL(ILL),    SIGNAL(TRAP),
    SIGNAL(ABRT), SIGNAL(BUS),    SIGNAL(FPE),  SIGNAL(KILL),   SIGNAL(USR1),
    SIGNAL(SEGV), SIGNAL(USR2),   SIGNAL(PIPE), SIGNAL(ALRM),   SIGNAL(TERM),
    SIGNAL(CHLD), SIGNAL(STKFLT), SIGNAL(CONT), SIGNAL(STOP),   SIGNAL(TSTP),
    SIGNAL(TTIN), SIGNAL(TTOU),   SIGNAL(URG),  SIGNAL(XCPU),   SIGNAL(XFSZ),
    SIGNAL(PROF), SIGNAL(WINCH),  SIGNAL(IO),   SIGNAL(VTALRM), SIGNAL(PWR),
    SIGNAL(SYS),
};

int signal_parse(const char *text, int *ret_signal, struct err *err)
{
    const char *word = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    int64_t number;

    if (isdigit((unsigned char)*text)) {
        if (number_parse(text, 1, 64, &number, NULL) < 0)
            return err_set(err, EINVAL, "'%.100s' is not a signal number (1 to 64)",
                           text);
        *ret_signal = (int)number;
        return 0;
    }
    for (size_t i = 1; i < ARRAY_SIZE(signal_names); i++)
        if (signal_names[i] && strcasecmp(word, signal_names[i] + 3) == 0) {
            *ret_signal = (int)i;
            return 0;
        }
    return err_set(err, EINVAL, "'%.100s' is not the name of a signal", text);
}

const char *signal_name(int signo)
{
    static _Thread_local char number[24];

    if (signo > 0 && (size_t)signo < ARRAY_SIZE(signal_names) && signal_names[signo])
        return signal_names[signo];
    (void)snprintf(number, sizeof(number), "signal %d", signo);
    return number;
}
