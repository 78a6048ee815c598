/* SPDX-License-Identifier: Apache-2.0
 *
 * schema_value.c - values of each type, read and printed
 */
#include "config/schema.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "base/units.h"
#include "config/gres.h"

static void *field(const struct schema_key *key, void *object)
{
    return (char *)object + key->offset;
}

/* Controls, and the few characters that YAML does not take unescaped either. */
static bool is_control(const char *p)
{
    /* U+2028, U+2029, U+FEFF, U+FFFE, U+FFFF */
    static const char *const others[] = {"\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf",
                                         "\xef\xbf\xbe", "\xef\xbf\xbf"};
    const unsigned char *u = (const unsigned char *)p;

    if (u[0] < 0x80)
        return iscntrl(u[0]);
    if (u[0] == 0xc2 && u[1] <= 0x9f) /* U+0080 to U+009F */
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (strncmp(p, others[i], 3) == 0)
            return true;
    return false;
}

static int check_characters(const char *text, struct err *err)
{
    for (const char *p = text; *p; p++)
        if (is_control(p))
            return err_set(err, EINVAL, "has a control character in it");
    return 0;
}

int schema_check_name(const char *text, int64_t max, struct err *err)
{
    size_t good = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "0123456789_.-");

    if (!*text)
        return err_set(err, EINVAL, "must not be empty");
    if (text[good] || !isalnum((unsigned char)*text))
        return err_set(err, EINVAL,
                       "'%.64s' is no name: letters, digits, '_', '.' and '-', "
                       "beginning with a letter or digit",
                       text);
    if ((int64_t)strlen(text) > max)
        return err_set(err, ERANGE, "is longer than %" PRId64 " characters", max);
    return 0;
}

static int check_path(const char *text, struct err *err)
{
    if (!*text || *text == '/' || strncmp(text, "%h/", 3) == 0)
        return check_characters(text, err);
    return err_set(err, EINVAL, "'%.200s' must be an absolute path", text);
}

static int check_text(const struct schema_key *key, const char *text, struct err *err)
{
    size_t len = strlen(text);

    if (!len && key->min > 0)
        return err_set(err, EINVAL, "must not be empty");
    if ((int64_t)len > key->max)
        return err_set(err, ERANGE, "is longer than %" PRId64 " characters", key->max);
    return check_characters(text, err);
}

static int check_hosts(const char *text, struct err *err)
{
    cleanup(strv_freep) char **names = NULL;

    return *text ? hostlist_expand(text, &names, err) : 0;
}

static int check_level(const char *text, struct err *err)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    const char *near = nearest_name(text, levels, ARRAY_SIZE(levels));

    if (log_level_parse(text) >= 0)
        return 0;
    return err_set(err, EINVAL, "'%.64s' is not error, warn, info or debug%s%s%s", text,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int check_gres(const struct schema_key *key, const char *text, struct err *err)
{
    struct config_gres *list;
    size_t n;
    int r = check_text(key, text, err);

    if (r == 0)
        r = config_gres_parse(text, &list, &n, err);
    if (r == 0)
        config_gres_free(list, n);
    return r;
}

static int check_string(const struct schema_key *key, const char *text, struct err *err)
{
    if (key->type == SCHEMA_NAME)
        return schema_check_name(text, key->max, err);
    if (key->type == SCHEMA_PATH)
        return check_path(text, err);
    if (key->type == SCHEMA_HOSTS)
        return check_hosts(text, err);
    if (key->type == SCHEMA_NAMES)
        return schema_check_names(key, text, err);
    if (key->type == SCHEMA_PATHS || key->type == SCHEMA_WORDS)
        return schema_check_words(key, text, key->type == SCHEMA_PATHS, err);
    if (key->type == SCHEMA_GRES)
        return check_gres(key, text, err);
    if (key->type == SCHEMA_COUNTS)
        return schema_check_counts(key, text, err);
    if (key->type == SCHEMA_LEVEL)
        return check_level(text, err);
    return check_text(key, text, err);
}

static int set_string(const struct schema_key *key, const char *text, char **slot,
                      struct err *err)
{
    int r = check_string(key, text, err);

    if (r < 0)
        return r;
    str_replace(slot, *text ? text : NULL);
    return 0;
}

static int parse_bool(const char *text, bool *ret, struct err *err)
{
    if (!strcasecmp(text, "true") || !strcasecmp(text, "yes") ||
        !strcasecmp(text, "on"))
        *ret = true;
    else if (!strcasecmp(text, "false") || !strcasecmp(text, "no") ||
             !strcasecmp(text, "off"))
        *ret = false;
    else
        return err_set(err, EINVAL, "'%.64s' is neither true nor false", text);
    return 0;
}

static int parse_weight(const struct schema_key *key, const char *text, double *ret,
                        struct err *err)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !isfinite(value) || isspace((unsigned char)*text))
        return err_set(err, EINVAL, "'%.64s' is not a number", text);
    if (value < (double)key->min || value > (double)key->max)
        return err_set(err, ERANGE, "%.64s is not between %" PRId64 " and %" PRId64,
                       text, key->min, key->max);
    *ret = value;
    return 0;
}

/* Seconds as "7d", "90s", "unlimited". */
static char *format_time(int64_t seconds)
{
    static const struct {
        int64_t seconds;
        char letter;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;

    if (seconds == TIME_UNLIMITED)
        return xstrdup("unlimited");
    while (seconds % units[i].seconds || (seconds == 0 && units[i].letter != 's'))
        i++;
    return xasprintf("%" PRId64 "%c", seconds / units[i].seconds, units[i].letter);
}

/* A bare number is refused: it would be minutes to Slurm's users, and seconds
 * to everyone else. */
static int parse_time(const struct schema_key *key, const char *text, int64_t *ret,
                      struct err *err)
{
    cleanup(freep) char *min = NULL, *max = NULL;
    int64_t value;
    int r;

    if (*text && !text[strspn(text, "0123456789")])
        return err_set(err, EINVAL,
                       "'%.64s' has no unit, write %.20ss, %.20sm or %.20sh", text,
                       text, text, text);
    r = duration_parse(text, &value, err);
    if (r < 0)
        return r;
    if (value == TIME_UNLIMITED && key->max == INT64_MAX) {
        *ret = value;
        return 0;
    }
    if (value >= key->min && value <= key->max) {
        *ret = value;
        return 0;
    }
    min = format_time(key->min);
    if (key->max == INT64_MAX)
        return err_set(err, ERANGE, "%.64s is less than %s", text, min);
    max = format_time(key->max);
    return err_set(err, ERANGE, "%.64s is not between %s and %s", text, min, max);
}

static int parse_memory(const struct schema_key *key, const char *text, uint64_t *ret,
                        struct err *err)
{
    uint64_t bytes, mib;
    int r = size_parse(text, 1 << 20, &bytes, err);

    if (r < 0)
        return r;
    mib = bytes >> 20;
    if (mib < (uint64_t)key->min || mib > (uint64_t)key->max)
        return err_set(err, ERANGE,
                       "%.64s is not between %" PRId64 "M and %" PRId64 "M", text,
                       key->min, key->max);
    *ret = mib;
    return 0;
}

static char *format_memory(uint64_t mib)
{
    return mib && mib % 1024 == 0 ? xasprintf("%" PRIu64 "G", mib / 1024)
                                  : xasprintf("%" PRIu64 "M", mib);
}

static int set_number(const struct schema_key *key, const char *text, void *slot,
                      struct err *err)
{
    int64_t value;
    int r = key->type == SCHEMA_SECONDS
                ? parse_time(key, text, &value, err)
                : number_parse(text, key->min, key->max, &value, err);

    if (r < 0)
        return r;
    if (key->type == SCHEMA_PORT)
        *(uint16_t *)slot = (uint16_t)value;
    else
        *(uint32_t *)slot = (uint32_t)value;
    return 0;
}

int schema_set(const struct schema_key *key, const char *text, void *object,
               struct err *err)
{
    void *slot = field(key, object);

    switch (key->type) {
    case SCHEMA_NAME:
    case SCHEMA_TEXT:
    case SCHEMA_PATH:
    case SCHEMA_HOSTS:
    case SCHEMA_NAMES:
    case SCHEMA_PATHS:
    case SCHEMA_WORDS:
    case SCHEMA_GRES:
    case SCHEMA_COUNTS:
    case SCHEMA_LEVEL:
        return set_string(key, text, slot, err);
    case SCHEMA_CHOICE:
        return schema_set_choice(key, text, slot, err);
    case SCHEMA_BOOL:
        return parse_bool(text, slot, err);
    case SCHEMA_PORT:
    case SCHEMA_COUNT:
    case SCHEMA_SECONDS:
        return set_number(key, text, slot, err);
    case SCHEMA_DURATION:
        return parse_time(key, text, slot, err);
    case SCHEMA_MEMORY:
        return parse_memory(key, text, slot, err);
    case SCHEMA_WEIGHT:
        return parse_weight(key, text, slot, err);
    }
    return -EINVAL;
}

char *schema_get(const struct schema_key *key, const void *object)
{
    const void *slot = (const char *)object + key->offset;
    const char *text;

    switch (key->type) {
    case SCHEMA_NAME:
    case SCHEMA_TEXT:
    case SCHEMA_PATH:
    case SCHEMA_HOSTS:
    case SCHEMA_NAMES:
    case SCHEMA_PATHS:
    case SCHEMA_WORDS:
    case SCHEMA_GRES:
    case SCHEMA_COUNTS:
    case SCHEMA_LEVEL:
        text = *(const char *const *)slot;
        return xstrdup(text ? text : "");
    case SCHEMA_CHOICE:
        return xstrdup(key->words[*(const unsigned int *)slot]);
    case SCHEMA_BOOL:
        return xstrdup(*(const bool *)slot ? "true" : "false");
    case SCHEMA_PORT:
        return xasprintf("%" PRIu16, *(const uint16_t *)slot);
    case SCHEMA_COUNT:
        return xasprintf("%" PRIu32, *(const uint32_t *)slot);
    case SCHEMA_SECONDS:
        return format_time(*(const uint32_t *)slot);
    case SCHEMA_DURATION:
        return format_time(*(const int64_t *)slot);
    case SCHEMA_MEMORY:
        return format_memory(*(const uint64_t *)slot);
    case SCHEMA_WEIGHT:
        return xasprintf("%.10g", *(const double *)slot);
    }
    return xstrdup("");
}
