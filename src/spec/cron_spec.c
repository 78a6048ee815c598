/* SPDX-License-Identifier: Apache-2.0
 *
 * cron_spec.c - read schedules, and find the next time of one
 */
#include "spec/cron_spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"

#define DAY INT64_C(86400)
#define DAYS_AHEAD 3660

struct range {
    const char *what;
    unsigned int min, max;
    const char *const *names; /* the first stands for 'min' */
};

static const char *const months[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                     "AUG", "SEP", "OCT", "NOV", "DEC", NULL};
static const char *const weekdays[] = {"SUN", "MON", "TUE", "WED",
                                       "THU", "FRI", "SAT", NULL};
static const struct range ranges[] = {
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day of the month", 1, 31, NULL},
    {"month", 1, 12, months},
    {"day of the week", 0, 6, weekdays},
};

static int refuse(const struct range *range, const char *part, struct err *err)
{
    return err_set(err, EINVAL, "%s '%.32s': %u to %u is expected%s%s", range->what,
                   part, range->min, range->max,
                   range->names ? ", or a name such as " : "",
                   range->names ? range->names[1] : "");
}

/* A number or name at '*at'; steps over it. */
static bool read_value(const struct range *range, const char **at, unsigned int *ret)
{
    unsigned int value = 0;

    for (unsigned int i = 0; range->names && range->names[i]; i++)
        if (strncasecmp(*at, range->names[i], 3) == 0) {
            *at += 3;
            *ret = range->min + i;
            return true;
        }
    if (!isdigit((unsigned char)**at))
        return false;
    for (; isdigit((unsigned char)**at) && value < 1000; (*at)++)
        value = value * 10 + (unsigned int)(**at - '0');
    *ret = value;
    return true;
}

/* One of the parts of a list: "*", "3", "1-5", each with "/2". */
static int read_part(const struct range *range, const char *part, uint64_t *set,
                     bool *is_any, struct err *err)
{
    unsigned int first = range->min, last = range->max, step = 1;
    const char *at = part;
    bool is_one = false;

    if (*at == '*' || *at == '?')
        at++;
    else {
        if (!read_value(range, &at, &first))
            return refuse(range, part, err);
        last = first;
        is_one = *at != '-';
        if (!is_one) {
            at++;
            if (!read_value(range, &at, &last))
                return refuse(range, part, err);
        }
    }
    if (*at == '/') {
        const struct range steps = {.what = "step", .min = 1, .max = range->max};

        at++;
        if (!read_value(&steps, &at, &step) || !step)
            return err_set(err, EINVAL, "%s '%.32s': a step of 1 or more is expected",
                           range->what, part);
        if (is_one)
            last = range->max;
    }
    if (*at || first < range->min || last > range->max || first > last)
        return refuse(range, part, err);
    *is_any |= (*part == '*' || *part == '?') && step == 1;
    for (unsigned int i = first; i <= last; i += step)
        *set |= UINT64_C(1) << i;
    return 0;
}

static void free_words(char ***words)
{
    strv_free(*words);
}

static int read_field(const struct range *range, const char *text, uint64_t *set,
                      bool *is_any, struct err *err)
{
    cleanup(free_words) char **parts = strv_split(text, ",");

    *set = 0;
    *is_any = false;
    if (!parts)
        return refuse(range, text, err);
    strv_foreach (part, parts) {
        int rc = read_part(range, *part, set, is_any, err);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static const struct {
    const char *name, *means;
} nicknames[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

static int read_nickname(const char *text, struct cron_spec *ret, struct err *err)
{
    struct err why;

    for (size_t i = 0; i < ARRAY_SIZE(nicknames); i++)
        if (strcmp(text, nicknames[i].name) == 0)
            return cron_spec_parse(nicknames[i].means, ret, err);
    if (strncmp(text, "@every ", 7) != 0)
        return err_set(err, EINVAL,
                       "'%.32s' is not one of @yearly @monthly @weekly @daily @hourly, "
                       "@every TIME",
                       text);
    *ret = (struct cron_spec){.every = 0};
    if (duration_parse(text + 7, &ret->every, &why) < 0 || ret->every <= 0 ||
        isdigit((unsigned char)text[strlen(text) - 1]))
        return err_set(err, EINVAL, "'%.32s': a time such as 1h30m is expected", text);
    return 0;
}

int cron_spec_parse(const char *text, struct cron_spec *ret, struct err *err)
{
    cleanup(free_words) char **words = strv_split(text, " \t");
    uint64_t sets[ARRAY_SIZE(ranges)];
    bool is_any[ARRAY_SIZE(ranges)];

    if (text[0] == '@')
        return read_nickname(text, ret, err);
    if (strv_len(words) != ARRAY_SIZE(ranges))
        return err_set(
            err, EINVAL,
            "'%.64s' has %zu fields, not five: minute, hour, day of the month, "
            "month, day of the week",
            text, strv_len(words));
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        int rc = read_field(&ranges[i], words[i], &sets[i], &is_any[i], err);

        if (rc < 0)
            return rc;
    }
    *ret = (struct cron_spec){
        .minutes = sets[0],
        .hours = (uint32_t)sets[1],
        .days = (uint32_t)sets[2],
        .months = (uint32_t)sets[3],
        .weekdays = (uint32_t)sets[4],
        .any_day = is_any[2],
        .any_weekday = is_any[4],
    };
    return 0;
}

/* Year, month and day of a day since 1970 (Howard Hinnant, "chrono-compatible
 * low-level date algorithms"). */
static void civil_of(int64_t day, unsigned int *month, unsigned int *mday)
{
    int64_t shifted = day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    unsigned int doe = (unsigned int)(shifted - era * 146097);
    unsigned int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned int mp = (5 * doy + 2) / 153;

    *mday = doy - (153 * mp + 2) / 5 + 1;
    *month = mp < 10 ? mp + 3 : mp - 9;
}

static bool day_matches(const struct cron_spec *spec, int64_t day)
{
    unsigned int month, mday, weekday = (unsigned int)(((day + 4) % 7 + 7) % 7);
    bool by_date, by_week;

    civil_of(day, &month, &mday);
    if (!(spec->months >> month & 1))
        return false;
    by_date = spec->days >> mday & 1;
    by_week = spec->weekdays >> weekday & 1;
    return spec->any_day || spec->any_weekday ? by_date && by_week : by_date || by_week;
}

static int64_t offset_at(int64_t utc, cron_offset_fn *offset, const void *zone)
{
    return offset ? offset(utc, zone) : 0;
}

/* The first matching time of 'day' while clocks are 'ahead' of UTC. */
static int64_t first_while(const struct cron_spec *spec, int64_t day, int64_t after,
                           int64_t ahead, cron_offset_fn *offset, const void *zone)
{
    for (unsigned int h = 0; h < 24; h++) {
        int64_t hour = day * DAY + h * 3600 - ahead;

        if (!(spec->hours >> h & 1) || hour + 3600 <= after)
            continue;
        for (unsigned int m = 0; m < 60; m++) {
            int64_t utc = hour + m * 60;

            if (utc > after && spec->minutes >> m & 1 &&
                offset_at(utc, offset, zone) == ahead)
                return utc;
        }
    }
    return -1;
}

/* Clocks may be set on 'day': then a time comes twice, or not at all. */
static int64_t first_of_day(const struct cron_spec *spec, int64_t day, int64_t after,
                            cron_offset_fn *offset, const void *zone)
{
    int64_t before, behind, first, other;

    if (!day_matches(spec, day))
        return -1;
    before = offset_at((day - 1) * DAY, offset, zone);
    behind = offset_at((day + 2) * DAY, offset, zone);
    first = first_while(spec, day, after, before, offset, zone);
    if (before == behind)
        return first;
    other = first_while(spec, day, after, behind, offset, zone);
    return first < 0 || (other >= 0 && other < first) ? other : first;
}

int64_t cron_spec_next(const struct cron_spec *spec, int64_t after,
                       cron_offset_fn *offset, const void *zone)
{
    int64_t local = after + offset_at(after, offset, zone);
    int64_t today = local / DAY - (local % DAY < 0);

    if (spec->every)
        return after + spec->every;
    for (int64_t day = today - 1; day < today + DAYS_AHEAD; day++) {
        int64_t utc = first_of_day(spec, day, after, offset, zone), next;

        if (utc < 0)
            continue;
        /* Clocks that are set back over midnight show the day before once more. */
        next = first_of_day(spec, day + 1, after, offset, zone);
        return next >= 0 && next < utc ? next : utc;
    }
    return -1;
}
