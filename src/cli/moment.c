/* SPDX-License-Identifier: Apache-2.0
 *
 * moment.c - points in time as people say them
 */
#include "cli/moment.h"

#include <time.h>

#include "base/mem.h"

#define MINUTE 60
#define HOUR 3600
#define DAY 86400
/* From here on hours say nothing. */
#define MANY_DAYS 10

char *span_words(int64_t seconds)
{
    long long s = seconds;

    if (s < MINUTE)
        return xasprintf("%llds", s);
    if (s < HOUR)
        return xasprintf("%lldm", s / MINUTE);
    if (s < DAY)
        return xasprintf("%lldh %02lldm", s / HOUR, s % HOUR / MINUTE);
    if (s < MANY_DAYS * DAY)
        return xasprintf("%lldd %lldh", s / DAY, s % DAY / HOUR);
    return xasprintf("%lldd", s / DAY);
}

char *clock_words(int64_t when, int64_t now)
{
    time_t at = when, today = now;
    struct tm a, b;
    char text[64];
    size_t len;

    if (!localtime_r(&at, &a) || !localtime_r(&today, &b))
        return xstrdup("unknown");
    if (a.tm_year != b.tm_year)
        len = strftime(text, sizeof(text), "%a %d %b %Y %H:%M", &a);
    else if (a.tm_yday != b.tm_yday)
        len = strftime(text, sizeof(text), "%a %d %b %H:%M", &a);
    else
        len = strftime(text, sizeof(text), "%H:%M", &a);
    return xstrdup(len ? text : "unknown");
}

char *moment_words(int64_t when, int64_t now)
{
    cleanup(freep) char *clock = clock_words(when, now);
    cleanup(freep) char *span = span_words(when > now ? when - now : now - when);

    if (when > now)
        return xasprintf("%s (in %s)", clock, span);
    return xasprintf("%s (%s ago)", clock, span);
}

char *future_words(int64_t when, int64_t now)
{
    return when <= now ? xstrdup("now") : moment_words(when, now);
}
