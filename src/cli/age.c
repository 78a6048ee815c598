/* SPDX-License-Identifier: Apache-2.0
 *
 * age.c - how long ago, in as few characters as kubectl takes; times of documents
 */
#include "cli/age.h"

#include <inttypes.h>
#include <time.h>

#include "base/mem.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)

/* "3m20s"; the smaller part is left out when it is none. */
static char *two(int64_t seconds, int64_t large, char large_unit, int64_t small,
                 char small_unit)
{
    int64_t rest = seconds % large / small;

    return rest ? xasprintf("%" PRId64 "%c%" PRId64 "%c", seconds / large, large_unit,
                            rest, small_unit)
                : xasprintf("%" PRId64 "%c", seconds / large, large_unit);
}

static char *one(int64_t seconds, int64_t size, char unit)
{
    return xasprintf("%" PRId64 "%c", seconds / size, unit);
}

char *age_format(int64_t seconds)
{
    if (seconds < 2 * MINUTE)
        return one(seconds < 0 ? 0 : seconds, 1, 's');
    if (seconds < 10 * MINUTE)
        return two(seconds, MINUTE, 'm', 1, 's');
    if (seconds < 3 * HOUR)
        return one(seconds, MINUTE, 'm');
    if (seconds < 8 * HOUR)
        return two(seconds, HOUR, 'h', MINUTE, 'm');
    if (seconds < 2 * DAY)
        return one(seconds, HOUR, 'h');
    if (seconds < 8 * DAY)
        return two(seconds, DAY, 'd', HOUR, 'h');
    if (seconds < 2 * YEAR)
        return one(seconds, DAY, 'd');
    if (seconds < 8 * YEAR)
        return two(seconds, YEAR, 'y', DAY, 'd');
    return one(seconds, YEAR, 'y');
}

char *age_stamp(int64_t seconds)
{
    char text[32];
    time_t when = (time_t)seconds;
    struct tm tm;

    if (!seconds || !gmtime_r(&when, &tm) ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return xstrdup("");
    return xstrdup(text);
}

char *age_stamp_usec(int64_t usec)
{
    return age_stamp(usec / 1000000);
}
