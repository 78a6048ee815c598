/* SPDX-License-Identifier: Apache-2.0
 *
 * limits.c - the table of limits, grown from limits.def
 */
#include "assoc/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/units.h"

_Static_assert(LIMIT_N <= 64, "a set of limits is one word");

enum unit { UNIT_COUNT, UNIT_MEM, UNIT_WALL, UNIT_MINS };
enum scope { SCOPE_GRP, SCOPE_MAX, SCOPE_JOB, SCOPE_USER, SCOPE_ACCOUNT };

static const struct {
    const char *name;
    enum unit unit;
    enum scope scope;
    const char *reason[2];
} table[LIMIT_N] = {
#define LIMIT(id, option, u, s, reason, qos_reason, help) \
    [LIMIT_##id] = {option, UNIT_##u, SCOPE_##s, {reason, qos_reason}},
#include "assoc/limits.def"
#undef LIMIT
};

const char *tres_words(enum tres_kind kind)
{
    static const char *const words[TRES_N] = {"cores", "MiB of memory", "nodes",
                                              "GPUs"};

    return words[kind];
}

void limits_set(struct limits *l, enum limit limit, uint64_t value)
{
    l->set |= LIMIT_BIT(limit);
    l->value[limit] = value;
}

void limits_clear(struct limits *l, enum limit limit)
{
    l->set &= ~LIMIT_BIT(limit);
    l->value[limit] = 0;
}

const char *limit_name(enum limit limit)
{
    return table[limit].name;
}

bool limit_is_qos_only(enum limit limit)
{
    return table[limit].scope == SCOPE_USER || table[limit].scope == SCOPE_ACCOUNT;
}

int limit_find(const char *name, enum limit *ret_limit, struct err *err)
{
    const char *names[LIMIT_N];

    for (int i = 0; i < LIMIT_N; i++) {
        if (strcmp(name, table[i].name) == 0) {
            *ret_limit = (enum limit)i;
            return 0;
        }
        names[i] = table[i].name;
    }
    const char *near = nearest_name(name, names, LIMIT_N);
    return err_set(err, EINVAL, "%s: there is no such limit%s%s%s", name,
                   near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static int parse_minutes(const char *text, uint64_t *ret, struct err *err)
{
    int64_t value;

    if (number_parse(text, 0, INT64_MAX / 61440, &value, NULL) == 0) {
        *ret = (uint64_t)value;
        return 0;
    }
    int rc = duration_parse(text, &value, err);
    if (rc == 0)
        *ret = (uint64_t)value / 60;
    return rc;
}

static int parse_value(enum unit unit, const char *text, uint64_t *ret, struct err *err)
{
    int64_t number = 0;
    int rc = 0;

    switch (unit) {
    case UNIT_COUNT:
        rc = number_parse(text, 0, INT64_MAX / 2, &number, err);
        *ret = (uint64_t)number;
        break;
    case UNIT_WALL:
        rc = duration_parse(text, &number, err);
        *ret = (uint64_t)number;
        break;
    case UNIT_MEM:
        rc = size_parse(text, 1 << 20, ret, err);
        *ret >>= 20;
        break;
    case UNIT_MINS:
        rc = parse_minutes(text, ret, err);
        break;
    }
    return rc;
}

static bool means_none(const char *text)
{
    return strcmp(text, "none") == 0 || strcmp(text, "-1") == 0 ||
           strcasecmp(text, "unlimited") == 0 || strcasecmp(text, "infinite") == 0;
}

int limits_parse(struct limits *l, enum limit limit, const char *text, struct err *err)
{
    uint64_t value = 0;

    if (means_none(text)) {
        limits_clear(l, limit);
        return 0;
    }
    int rc = parse_value(table[limit].unit, text, &value, err);
    if (rc < 0) {
        err_wrap(err, "%s", table[limit].name);
        return rc;
    }
    limits_set(l, limit, value);
    return 0;
}

char *limits_format(const struct limits *l, enum limit limit)
{
    uint64_t value = l->value[limit];

    if (!limits_has(l, limit))
        return xstrdup("none");
    switch (table[limit].unit) {
    case UNIT_WALL:
        return duration_format((int64_t)value);
    case UNIT_MEM:
        if (value > 0 && value % 1024 == 0)
            return xasprintf("%" PRIu64 "G", value / 1024);
        return xasprintf("%" PRIu64 "M", value);
    case UNIT_COUNT:
    case UNIT_MINS:
        break;
    }
    return xasprintf("%" PRIu64, value);
}

char *limits_format_all(const struct limits *l)
{
    struct strbuf sb = STRBUF_INIT;

    for (int i = 0; i < LIMIT_N; i++) {
        if (!limits_has(l, (enum limit)i))
            continue;
        cleanup(freep) char *value = limits_format(l, (enum limit)i);
        strbuf_printf(&sb, "%s%s=%s", sb.len ? "," : "", table[i].name, value);
    }
    return strbuf_take(&sb);
}

const char *limit_reason_name(limit_reason reason)
{
    if (reason == 0 || reason > 2 * LIMIT_N)
        return "None";
    return table[(reason - 1) / 2].reason[(reason - 1) % 2];
}
