/* SPDX-License-Identifier: Apache-2.0
 *
 * rules.c - how rules speak; names and annotations, which all objects have
 */
#include "objects/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/units.h"
#include "objects/find.h"

#define ANNOTATIONS_MAX (256u << 10)

struct rule_path below(const char *prefix, const char *fmt, ...)
{
    struct rule_path path;
    int len = snprintf(path.s, sizeof(path.s), "%s", prefix);
    va_list args;

    if (len < (int)sizeof(path.s)) {
        va_start(args, fmt);
        vsnprintf(path.s + len, sizeof(path.s) - (size_t)len, fmt, args);
        va_end(args);
    }
    return path;
}

void rule_broken(const struct rules *r, const char *path, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    report_error(r->report, node_at(r->root, path), path, "%s", text);
}

void rule_doubtful(const struct rules *r, const char *path, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    report_warning(r->report, node_at(r->root, path), path, "%s", text);
}

void rule_one_of(const struct rules *r, const char *path, unsigned int n,
                 const char *names)
{
    if (n == 0)
        rule_broken(r, path, "one of %s is required", names);
    else if (n > 1)
        rule_broken(r, path, "only one of %s can be said", names);
}

static int check_count(const char *text, struct err *err)
{
    int64_t count;

    return number_parse(text, 1, 1000000, &count, err);
}

static int check_time(const char *text, struct err *err)
{
    int64_t seconds;

    return duration_parse(text, &seconds, err);
}

/* Annotations that mean something to Berth. */
static const struct {
    const char *name;
    int (*check)(const char *text, struct err *err);
} ours[] = {
    {"berth/account", NULL},
    {"berth/partition", NULL},
    {"berth/qos", NULL},
    {"berth/gang", NULL},
    {"berth/gang-size", check_count},
    {"berth/time", check_time},
    {"berth/reservation", NULL},
};

static void judge_ours(const struct rules *r, const char *prefix,
                       const struct mf_pair *pair)
{
    struct rule_path path = below(prefix, ".annotations[%s]", pair->key);
    const char *names[ARRAY_SIZE(ours)], *near;
    struct err err;

    for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
        names[i] = ours[i].name;
        if (strcmp(pair->key, ours[i].name) != 0)
            continue;
        if (!pair->value[0])
            rule_broken(r, path.s, "this is empty");
        else if (ours[i].check && ours[i].check(pair->value, &err) < 0)
            rule_broken(r, path.s, "%s", err.text);
        return;
    }
    near = nearest_name(pair->key, names, ARRAY_SIZE(names));
    rule_broken(r, path.s, "unknown annotation of Berth%s%s", near ? "; nearest: " : "",
                near ? near : "");
}

static void judge_annotations(const struct rules *r, const struct mf_meta *meta)
{
    size_t total = 0;

    for (size_t i = 0; i < meta->annotations.n; i++) {
        const struct mf_pair *pair = &meta->annotations.items[i];

        total += strlen(pair->key) + strlen(pair->value);
        if (strncmp(pair->key, "berth/", 6) == 0)
            judge_ours(r, "metadata", pair);
    }
    if (total > ANNOTATIONS_MAX)
        rule_broken(r, "metadata.annotations", "more than 256 KiB in all");
    if (!annotation_find(meta, "berth/gang") !=
        !annotation_find(meta, "berth/gang-size"))
        rule_broken(r, "metadata.annotations",
                    "berth/gang and berth/gang-size belong together");
}

void judge_template_meta(const struct rules *r, const char *path,
                         const struct mf_meta *meta)
{
    if (!meta)
        return;
    for (size_t i = 0; i < meta->annotations.n; i++)
        if (strncmp(meta->annotations.items[i].key, "berth/", 6) == 0)
            judge_ours(r, path, &meta->annotations.items[i]);
    judge_foreign(r, path, meta);
}

void judge_meta(const struct rules *r, const struct mf_meta *meta, size_t name_max)
{
    if (!meta->name && !meta->generate_name)
        rule_broken(r, "metadata.name", "a name, or generateName, is required");
    if (meta->name && strlen(meta->name) > name_max)
        rule_broken(r, "metadata.name",
                    "'%.64s...' is longer than %zu, which leaves no "
                    "room for the names that are made of it",
                    meta->name, name_max);
    judge_annotations(r, meta);
    judge_foreign(r, "metadata", meta);
}
