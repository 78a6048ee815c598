/* SPDX-License-Identifier: Apache-2.0
 *
 * zone_rule.c - what clocks show by a rule: "EST5EDT,M3.2.0,M11.1.0"
 *
 * tzset(3), with what RFC 8536 adds: times of change from -167 to 167 hours.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "workload/zone.h"

#define DAY INT64_C(86400)
#define HOUR INT64_C(3600)

/* Three letters or more, or anything in <>. */
static bool skip_name(const char **at)
{
    size_t n = 0;

    if (**at == '<') {
        while ((*at)[n] && (*at)[n] != '>')
            n++;
        if (!(*at)[n])
            return false;
        *at += n + 1;
        return true;
    }
    while (isalpha((unsigned char)(*at)[n]))
        n++;
    *at += n;
    return n >= 3;
}

static bool read_number(const char **at, int max, int *ret)
{
    int value = 0;

    if (!isdigit((unsigned char)**at))
        return false;
    for (; isdigit((unsigned char)**at); (*at)++) {
        value = value * 10 + (**at - '0');
        if (value > max)
            return false;
    }
    *ret = value;
    return true;
}

/* "-1", "5:30", "+2:00:00", in seconds. */
static bool read_time(const char **at, int max_hours, int64_t *ret)
{
    int64_t sign = **at == '-' ? -1 : 1, unit = HOUR, sum = 0;
    int value;

    if (**at == '-' || **at == '+')
        (*at)++;
    if (!read_number(at, max_hours, &value))
        return false;
    sum = value * unit;
    while (**at == ':' && unit > 1) {
        (*at)++;
        unit /= 60;
        if (!read_number(at, 59, &value))
            return false;
        sum += value * unit;
    }
    *ret = sign * sum;
    return true;
}

static bool read_weekday(const char **at, struct zone_day *ret)
{
    ret->kind = ZONE_WEEKDAY;
    (*at)++;
    if (!read_number(at, 12, &ret->month) || ret->month < 1 || *(*at)++ != '.')
        return false;
    if (!read_number(at, 5, &ret->week) || ret->week < 1 || *(*at)++ != '.')
        return false;
    return read_number(at, 6, &ret->day);
}

/* ",M3.2.0/2" */
static bool read_day(const char **at, struct zone_day *ret)
{
    bool is_good;

    *ret = (struct zone_day){.time = 2 * HOUR};
    if (**at != ',')
        return false;
    (*at)++;
    if (**at == 'M') {
        is_good = read_weekday(at, ret);
    } else if (**at == 'J') {
        (*at)++;
        ret->kind = ZONE_JULIAN;
        is_good = read_number(at, 365, &ret->day) && ret->day >= 1;
    } else {
        ret->kind = ZONE_NTH;
        is_good = read_number(at, 365, &ret->day);
    }
    if (is_good && **at == '/') {
        (*at)++;
        is_good = read_time(at, 167, &ret->time);
    }
    return is_good;
}

static bool read_summer(const char **at, struct zone_rule *rule)
{
    if (!skip_name(at))
        return false;
    rule->summer = rule->standard + HOUR;
    if (**at && **at != ',') {
        if (!read_time(at, 24, &rule->summer))
            return false;
        rule->summer = -rule->summer;
    }
    return read_day(at, &rule->begin) && read_day(at, &rule->end);
}

int zone_rule_parse(const char *text, struct zone_rule *ret, struct err *err)
{
    struct zone_rule rule = {.standard = 0};
    const char *at = text;
    bool is_good = skip_name(&at) && read_time(&at, 24, &rule.standard);

    /* The text counts west of Greenwich. */
    rule.standard = -rule.standard;
    if (is_good && *at)
        is_good = read_summer(&at, &rule);
    if (!is_good || *at)
        return err_set(err, EINVAL,
                       "'%.64s' is no rule of a time zone, such as CET-1CEST,M3.5.0,"
                       "M10.5.0/3",
                       text);
    *ret = rule;
    return 0;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days from 1970 to the first of January. */
static int64_t year_begins(int64_t year)
{
    int64_t y = year - 1;

    return (year - 1970) * 365 + (floor_div(y, 4) - 492) - (floor_div(y, 100) - 19) +
           (floor_div(y, 400) - 4);
}

static int64_t year_of(int64_t day)
{
    int64_t year = 1970 + floor_div(day, 366);

    while (year_begins(year + 1) <= day)
        year++;
    while (year_begins(year) > day)
        year--;
    return year;
}

static int month_begins(int month, int64_t year)
{
    static const int before[] = {0,   31,  59,  90,  120, 151, 181,
                                 212, 243, 273, 304, 334, 365};

    return before[month - 1] + (month > 2 && is_leap(year));
}

/* Day of the year, from 0. */
static int64_t day_of_year(const struct zone_day *day, int64_t year)
{
    int64_t first, last;
    int ahead;

    if (day->kind == ZONE_NTH)
        return day->day;
    if (day->kind == ZONE_JULIAN)
        return day->day - 1 + (is_leap(year) && day->day >= 60);
    first = month_begins(day->month, year);
    last = day->month == 12 ? 365 + is_leap(year) : month_begins(day->month + 1, year);
    /* 1 January 1970 was a Thursday. */
    ahead = (int)(((day->day - 4 - (year_begins(year) + first)) % 7 + 7) % 7);
    first += ahead + (day->week - 1) * INT64_C(7);
    return first < last ? first : first - 7;
}

static int64_t change_of(const struct zone_day *day, int64_t year, int64_t offset)
{
    return (year_begins(year) + day_of_year(day, year)) * DAY + day->time - offset;
}

int64_t zone_rule_offset(const struct zone_rule *rule, int64_t utc)
{
    int64_t year, begin, end;

    if (rule->begin.kind == ZONE_NO_DAY)
        return rule->standard;
    year = year_of(floor_div(utc + rule->standard, DAY));
    begin = change_of(&rule->begin, year, rule->standard);
    end = change_of(&rule->end, year, rule->summer);
    if (begin < end)
        return utc >= begin && utc < end ? rule->summer : rule->standard;
    return utc >= end && utc < begin ? rule->standard : rule->summer;
}
