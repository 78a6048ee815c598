/* SPDX-License-Identifier: Apache-2.0
 *
 * words.c - times, durations and sizes as Slurm's commands write them
 */
#include "slurm/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/units.h"

#define TIME_MAX 256
#define MINUTE 60
#define HOUR 3600
#define DAY 86400
#define USEC 1000000

/* Days from one moment to another, by the calendar: noon to noon, whatever the clock
 * did in between. */
static int64_t days_apart(const struct tm *then, const struct tm *now)
{
    struct tm a = *then, b = *now;
    int64_t seconds;

    a.tm_hour = b.tm_hour = 12;
    a.tm_min = b.tm_min = a.tm_sec = b.tm_sec = 0;
    a.tm_isdst = b.tm_isdst = -1;
    seconds = (int64_t)mktime(&a) - (int64_t)mktime(&b);
    return (seconds + (seconds < 0 ? -DAY / 2 : DAY / 2)) / DAY;
}

/* The shortest form that still says which day is meant. */
static const char *relative_form(const struct tm *tm)
{
    time_t now = time(NULL);
    struct tm today;
    int64_t days;

    localtime_r(&now, &today);
    days = days_apart(tm, &today);
    if (days == 0)
        return "%H:%M:%S";
    if (days == 1)
        return "Tomorr %H:%M";
    if (days == -1)
        return "Ystday %H:%M";
    if (days > -7 && days < 7)
        return "%a %H:%M";
    if (tm->tm_year == today.tm_year)
        return "%d %b %H:%M";
    return "%d %b %Y";
}

static const char *time_form(const struct tm *tm)
{
    const char *form = getenv("SLURM_TIME_FORMAT");

    if (!form || !form[0] || strcmp(form, "standard") == 0)
        return "%Y-%m-%dT%H:%M:%S";
    return strcmp(form, "relative") == 0 ? relative_form(tm) : form;
}

/* A form of the user's own: what it makes must fit, and is their business. */
static size_t format_time(char *text, size_t max, const char *form, const struct tm *tm)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return strftime(text, max, form, tm);
#pragma GCC diagnostic pop
}

void put_time(struct strbuf *out, int64_t when, const char *none)
{
    char text[TIME_MAX];
    time_t t = (time_t)when;
    struct tm tm;

    if (when == 0 || !localtime_r(&t, &tm)) {
        strbuf_puts(out, none);
        return;
    }
    strbuf_add(out, text, format_time(text, sizeof(text), time_form(&tm), &tm));
}

/* ------------------------------------------------------------------ durations */

static void put_days(struct strbuf *out, int64_t seconds)
{
    strbuf_printf(out, "%" PRId64 "-", seconds / DAY);
}

void put_elapsed(struct strbuf *out, int64_t seconds)
{
    int hours = (int)(seconds % DAY / HOUR), minutes = (int)(seconds % HOUR / MINUTE);
    int rest = (int)(seconds % MINUTE);

    if (seconds < 0) {
        strbuf_puts(out, "INVALID");
    } else if (seconds >= DAY) {
        put_days(out, seconds);
        strbuf_printf(out, "%02d:%02d:%02d", hours, minutes, rest);
    } else if (hours) {
        strbuf_printf(out, "%d:%02d:%02d", hours, minutes, rest);
    } else {
        strbuf_printf(out, "%d:%02d", minutes, rest);
    }
}

void put_clock(struct strbuf *out, int64_t seconds)
{
    if (seconds < 0) {
        strbuf_puts(out, "INVALID");
        return;
    }
    if (seconds >= DAY)
        put_days(out, seconds);
    strbuf_printf(out, "%02d:%02d:%02d", (int)(seconds % DAY / HOUR),
                  (int)(seconds % HOUR / MINUTE), (int)(seconds % MINUTE));
}

void put_limit(struct strbuf *out, int64_t seconds, const char *unlimited)
{
    if (seconds == TIME_UNLIMITED)
        strbuf_puts(out, unlimited);
    else if (seconds == 0)
        strbuf_puts(out, "NOT_SET");
    else
        put_elapsed(out, seconds);
}

void put_cpu_time(struct strbuf *out, uint64_t usec)
{
    int64_t seconds = (int64_t)(usec / USEC);

    if (seconds >= HOUR)
        put_clock(out, seconds);
    else
        strbuf_printf(out, "%02d:%02d.%03d", (int)(seconds / MINUTE),
                      (int)(seconds % MINUTE), (int)(usec % USEC / 1000));
}

/* ------------------------------------------------------------------ sizes */

static const char units[] = "KMGTPE";

/* The place of 'unit' among the units; bytes come before them. */
static int rank_of(char unit)
{
    const char *at = unit ? strchr(units, unit) : NULL;

    return at ? (int)(at - units) + 1 : 0;
}

static void put_unit(struct strbuf *out, int rank)
{
    if (rank > 0)
        strbuf_putc(out, units[rank - 1]);
}

void put_size(struct strbuf *out, uint64_t n, char unit, enum size_form form)
{
    int rank = rank_of(unit);

    while (form == SIZE_EXACT && n && n % 1024 == 0 && units[rank]) {
        n /= 1024;
        rank++;
    }
    strbuf_printf(out, "%" PRIu64, n);
    if (n)
        put_unit(out, rank);
}

void put_size_in(struct strbuf *out, uint64_t n, char unit, char to)
{
    int rank = rank_of(unit), want = rank_of(to);
    double value = (double)n;

    for (; rank < want; rank++)
        value /= 1024;
    for (; rank > want; rank--)
        value *= 1024;
    strbuf_printf(out, value == (double)(uint64_t)value ? "%.0f" : "%.2f", value);
    put_unit(out, want);
}

void put_or_null(struct strbuf *out, const char *text)
{
    strbuf_puts(out, text && text[0] ? text : "(null)");
}

void put_number(struct strbuf *out, int64_t n)
{
    char text[24];
    char *p = text + sizeof(text);
    uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;

    do
        *--p = (char)('0' + left % 10);
    while (left /= 10);
    if (n < 0)
        *--p = '-';
    strbuf_add(out, p, (size_t)(text + sizeof(text) - p));
}
