/* SPDX-License-Identifier: Apache-2.0
 *
 * units_time.c - durations and points in time
 */
#include "base/units.h"

#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)

/* No limit or delay is longer than a hundred years. */
#define DURATION_MAX ((int64_t)36525 * DAY)

static int bad_duration(const char *text, int rc, struct err *err)
{
    if (rc == -ERANGE)
        return err_set(err, ERANGE, "time '%.100s' is too long", text);
    return err_set(err, EINVAL,
                   "'%.100s' is not a time like 90 (minutes), 1:30:00, 2-12 or 1h30m",
                   text);
}

static int read_amount(const char **p, int64_t *ret)
{
    int64_t n = 0;

    if (!isdigit((unsigned char)**p))
        return -EINVAL;
    for (; isdigit((unsigned char)**p); ++*p) {
        n = n * 10 + (**p - '0');
        if (n > DURATION_MAX)
            return -ERANGE;
    }
    *ret = n;
    return 0;
}

/* Read "M", "M:S" or "H:M:S" ('field' of the first number: minutes or hours)
 * or, after days, "H", "H:M", "H:M:S". */
static int read_clock(const char **p, bool after_days, int64_t *ret_seconds)
{
    int64_t fields[3] = {0, 0, 0};
    int n = 0;

    for (;;) {
        int rc = read_amount(p, &fields[n++]);

        if (rc < 0)
            return rc;
        if (**p != ':')
            break;
        if (n == 3)
            return -EINVAL;
        ++*p;
    }
    if (after_days || n == 3)
        *ret_seconds = fields[0] * HOUR + fields[1] * MINUTE + fields[2];
    else
        *ret_seconds = fields[0] * MINUTE + fields[1];
    return 0;
}

/* Seconds of the unit word of 'len' letters; 0 for another word. */
static int64_t unit_seconds(const char *word, size_t len)
{
    static const struct {
        const char *words[5];
        int64_t seconds;
    } units[] = {
        {{"s", "sec", "secs", "second", "seconds"}, 1},
        {{"m", "min", "mins", "minute", "minutes"}, MINUTE},
        {{"h", "hr", "hrs", "hour", "hours"}, HOUR},
        {{"d", "day", "days"}, DAY},
        {{"w", "week", "weeks"}, WEEK},
    };

    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        for (size_t j = 0; j < ARRAY_SIZE(units[i].words); j++) {
            const char *known = units[i].words[j];

            if (known && strlen(known) == len && strncasecmp(known, word, len) == 0)
                return units[i].seconds;
        }
    return 0;
}

/* "1h30m": numbers with units, summed up. */
static int parse_sum(const char *p, int64_t *ret_seconds)
{
    int64_t sum = 0;

    while (*p) {
        int64_t amount = 0, unit;
        size_t len = 0;
        int rc = read_amount(&p, &amount);

        if (rc < 0)
            return rc;
        while (isalpha((unsigned char)p[len]))
            len++;
        unit = unit_seconds(p, len);
        if (unit == 0)
            return -EINVAL;
        if (amount > (DURATION_MAX - sum) / unit)
            return -ERANGE;
        sum += amount * unit;
        p += len;
    }
    *ret_seconds = sum;
    return 0;
}

/* "M", "M:S", "H:M:S", "D-H[:M[:S]]". */
static int parse_clock(const char *p, int64_t *ret_seconds)
{
    int64_t days = 0, rest = 0;
    const char *dash = strchr(p, '-');
    int rc = 0;

    if (dash) {
        rc = read_amount(&p, &days);
        if (rc == 0 && p != dash)
            rc = -EINVAL;
        p = dash + 1;
    }
    if (rc == 0)
        rc = read_clock(&p, dash != NULL, &rest);
    if (rc < 0)
        return rc;
    if (*p)
        return -EINVAL;
    if (days > DURATION_MAX / DAY || rest > DURATION_MAX - days * DAY)
        return -ERANGE;
    *ret_seconds = days * DAY + rest;
    return 0;
}

static bool has_letter(const char *s)
{
    while (*s && !isalpha((unsigned char)*s))
        s++;
    return *s != '\0';
}

int duration_parse(const char *text, int64_t *ret_seconds, struct err *err)
{
    int rc;

    if (strcasecmp(text, "UNLIMITED") == 0 || strcasecmp(text, "INFINITE") == 0) {
        *ret_seconds = TIME_UNLIMITED;
        return 0;
    }
    rc = has_letter(text) ? parse_sum(text, ret_seconds)
                          : parse_clock(text, ret_seconds);
    return rc < 0 ? bad_duration(text, rc, err) : 0;
}

char *duration_format(int64_t seconds)
{
    int64_t days = seconds / DAY;
    int clock = (int)(seconds % DAY);

    if (seconds < 0)
        return xstrdup("UNLIMITED");
    if (days)
        return xasprintf("%" PRId64 "-%02d:%02d:%02d", days, clock / HOUR,
                         clock % HOUR / MINUTE, clock % MINUTE);
    return xasprintf("%02d:%02d:%02d", clock / HOUR, clock % HOUR / MINUTE,
                     clock % MINUTE);
}

static int bad_when(const char *text, struct err *err)
{
    return err_set(err, EINVAL,
                   "'%.100s' is not a point in time like now+1hour, 18:30 or "
                   "2026-01-31T12:00",
                   text);
}

/* "now+60" counts seconds, as in sbatch(1). */
static int parse_delay(const char *text, int64_t now, int64_t *ret_when,
                       struct err *err)
{
    const char *p = text;
    int64_t delay = 0;
    int rc = read_amount(&p, &delay);

    if (rc == 0 && *p == '\0') {
        *ret_when = now + delay;
        return 0;
    }
    rc = duration_parse(text, &delay, err);
    if (rc < 0)
        return rc;
    if (delay == TIME_UNLIMITED)
        return bad_when(text, err);
    *ret_when = now + delay;
    return 0;
}

static int64_t at_clock(int64_t day_of, int days_on, int h, int m, int s)
{
    time_t t = (time_t)day_of;
    struct tm tm;

    (void)localtime_r(&t, &tm);
    tm.tm_mday += days_on;
    tm.tm_hour = h;
    tm.tm_min = m;
    tm.tm_sec = s;
    tm.tm_isdst = -1;
    return mktime(&tm);
}

static int64_t next_clock(int64_t now, int h, int m, int s)
{
    int64_t when = at_clock(now, 0, h, m, s);

    return when >= now ? when : at_clock(now, 1, h, m, s);
}

/* Exactly 'n' digits, with a value in [min, max]. */
static bool eat_number(const char **p, int n, int min, int max, int *ret)
{
    int value = 0;

    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)(*p)[i]))
            return false;
        value = value * 10 + ((*p)[i] - '0');
    }
    *p += n;
    *ret = value;
    return value >= min && value <= max;
}

static bool eat_char(const char **p, char c)
{
    if (**p != c)
        return false;
    ++*p;
    return true;
}

/* All of 'p' is "HH:MM[:SS]". */
static bool parse_hms(const char *p, int *h, int *m, int *s)
{
    *s = 0;
    if (!eat_number(&p, 2, 0, 23, h) || !eat_char(&p, ':') ||
        !eat_number(&p, 2, 0, 59, m))
        return false;
    if (eat_char(&p, ':') && !eat_number(&p, 2, 0, 59, s))
        return false;
    return *p == '\0';
}

/* "YYYY-MM-DD[THH:MM[:SS]]". A day that the month does not have is refused. */
static bool parse_date(const char *p, int64_t *ret_when)
{
    int year, month, day, h = 0, m = 0, s = 0;
    struct tm tm = {.tm_isdst = -1};
    time_t t;

    if (!eat_number(&p, 4, 1970, 9999, &year) || !eat_char(&p, '-') ||
        !eat_number(&p, 2, 1, 12, &month) || !eat_char(&p, '-') ||
        !eat_number(&p, 2, 1, 31, &day))
        return false;
    if (*p && (!eat_char(&p, 'T') || !parse_hms(p, &h, &m, &s)))
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = day;
    tm.tm_hour = h;
    tm.tm_min = m;
    tm.tm_sec = s;
    t = mktime(&tm);
    if (tm.tm_mday != day)
        return false;
    *ret_when = t;
    return true;
}

int when_parse(const char *text, int64_t now, int64_t *ret_when, struct err *err)
{
    int h, m, s;

    if (strncasecmp(text, "now", 3) == 0 && text[3] == '+')
        return parse_delay(text + 4, now, ret_when, err);
    if (strcasecmp(text, "now") == 0)
        *ret_when = now;
    else if (strcasecmp(text, "today") == 0)
        *ret_when = at_clock(now, 0, 0, 0, 0);
    else if (strcasecmp(text, "tomorrow") == 0)
        *ret_when = at_clock(now, 1, 0, 0, 0);
    else if (strcasecmp(text, "midnight") == 0)
        *ret_when = next_clock(now, 0, 0, 0);
    else if (strcasecmp(text, "noon") == 0)
        *ret_when = next_clock(now, 12, 0, 0);
    else if (parse_hms(text, &h, &m, &s))
        *ret_when = next_clock(now, h, m, s);
    else if (!parse_date(text, ret_when))
        return bad_when(text, err);
    return 0;
}

static int64_t last_clock(int64_t now, int h, int m, int s)
{
    int64_t when = at_clock(now, 0, h, m, s);

    return when <= now ? when : at_clock(now, -1, h, m, s);
}

int past_parse(const char *text, int64_t now, int64_t *ret_when, struct err *err)
{
    int h, m, s, rc;
    int64_t ago;

    if (strncasecmp(text, "now", 3) == 0 && text[3] == '-') {
        rc = parse_delay(text + 4, 0, &ago, err);
        if (rc == 0)
            *ret_when = now - ago;
        return rc;
    }
    if (strcasecmp(text, "yesterday") == 0)
        *ret_when = at_clock(now, -1, 0, 0, 0);
    else if (strcasecmp(text, "midnight") == 0)
        *ret_when = last_clock(now, 0, 0, 0);
    else if (strcasecmp(text, "noon") == 0)
        *ret_when = last_clock(now, 12, 0, 0);
    else if (parse_hms(text, &h, &m, &s))
        *ret_when = last_clock(now, h, m, s);
    else
        return when_parse(text, now, ret_when, err);
    return 0;
}

char *when_format(int64_t when)
{
    time_t t = (time_t)when;
    struct tm tm;
    char text[64];

    if (when == 0 || !localtime_r(&t, &tm))
        return xstrdup("Unknown");
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    return xstrdup(text);
}
