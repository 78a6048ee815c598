/* SPDX-License-Identifier: Apache-2.0
 *
 * licences.c - licences that jobs hold: counts of the cluster, planned like cores
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "sched/internal.h"

static struct licence *find(const struct sched *sched, const char *name)
{
    for (struct licence *l = sched->licences; l; l = l->next)
        if (strcmp(l->name, name) == 0)
            return l;
    return NULL;
}

void sched_licence_set(struct sched *sched, const char *name, uint32_t count)
{
    struct licence *licence = find(sched, name);
    if (!licence) {
        licence = xcalloc(1, sizeof(*licence));
        licence->name = xstrdup(name);
        timeline_init(&licence->line, &(struct amount){0});
        LL_APPEND(sched->licences, licence);
    }
    struct amount by = {.cores = (int32_t)count - (int32_t)licence->count};
    timeline_shift(&licence->line, &by);
    licence->count = count;
    sched->gain.other = true;
}

static int unknown(const struct sched *sched, const char *name, struct err *err)
{
    const char *names[64];
    size_t n = 0;
    for (const struct licence *l = sched->licences; l && n < ARRAY_SIZE(names);
         l = l->next)
        if (l->count > 0)
            names[n++] = l->name;
    const char *near = nearest_name(name, names, n);
    return err_set(err, EINVAL, "--licenses=%.60s: there is no such licence%s%s%s",
                   name, near ? " (did you mean " : "", near ? near : "",
                   near ? "?)" : "");
}

int licences_check(const struct sched *sched, const struct licence_spec *spec,
                   struct err *err)
{
    for (size_t i = 0; i < spec->n; i++) {
        const struct licence *l = find(sched, spec->items[i].name);
        if (!l || l->count == 0)
            return unknown(sched, spec->items[i].name, err);
        if (spec->items[i].count > l->count)
            return err_set(err, EINVAL, "--licenses=%.60s:%u: there are %u", l->name,
                           spec->items[i].count, l->count);
    }
    return 0;
}

static struct amount amount_of(const struct licence_item *item)
{
    return (struct amount){.cores = (int32_t)item->count};
}

static bool is_free(const struct sched *sched, const struct licence_item *item,
                    int64_t from, int64_t length, struct err *err)
{
    const struct licence *l = find(sched, item->name);
    struct amount need = amount_of(item), least = {0};
    if (l)
        least = timeline_least(&l->line, from, time_after(from, length ? length : 1));
    if (amount_covers(&least, &need))
        return true;
    err_set(err, EAGAIN, "licence %.60s: %u %s needed, %d of %u %s free", item->name,
            item->count, item->count == 1 ? "is" : "are", least.cores, l ? l->count : 0,
            least.cores == 1 ? "is" : "are");
    return false;
}

bool licences_free(const struct sched *sched, const struct licence_spec *spec,
                   int64_t from, int64_t length, uint32_t *ret_item, struct err *err)
{
    if (ret_item)
        *ret_item = 0;
    for (uint32_t i = 0; i < spec->n; i++) {
        bool free = is_free(sched, &spec->items[i], from, length, err);
        if (free && spec->any) {
            if (ret_item)
                *ret_item = i;
            return true;
        }
        if (!free && !spec->any)
            return false;
    }
    return spec->n == 0 || !spec->any;
}

/* The first time for the one that is there first, and for the one that is last. */
static void earliest(const struct sched *sched, const struct licence_spec *spec,
                     int64_t from, int64_t length, int64_t *ret_first,
                     int64_t *ret_last)
{
    int64_t first = TIME_NEVER, all = from;
    for (size_t i = 0; i < spec->n; i++) {
        const struct licence *l = find(sched, spec->items[i].name);
        struct amount need = amount_of(&spec->items[i]);
        int64_t when = l ? timeline_earliest(&l->line, from, TIME_NEVER, length, &need)
                         : TIME_NEVER;
        first = when < first ? when : first;
        all = when > all ? when : all;
    }
    *ret_first = first;
    *ret_last = all;
}

int64_t licences_earliest(const struct sched *sched, const struct licence_spec *spec,
                          int64_t from, int64_t length)
{
    int64_t first, last = from;
    do {
        from = last;
        earliest(sched, spec, from, length, &first, &last);
    } while (!spec->any && last > from && last != TIME_NEVER);
    return spec->n > 0 && spec->any ? first : last;
}

void licences_plan(struct sched *sched, const struct licence_spec *spec, uint32_t item,
                   int64_t from, int64_t to, bool take)
{
    for (uint32_t i = 0; i < spec->n; i++) {
        struct licence *l = find(sched, spec->items[i].name);
        struct amount amount = amount_of(&spec->items[i]);
        if (!l || (spec->any && i != item))
            continue;
        if (take)
            timeline_take(&l->line, from, to, &amount);
        else
            timeline_give(&l->line, from, to, &amount);
    }
}

void licences_fini(struct sched *sched)
{
    struct licence *l, *next;
    LL_FOREACH_SAFE(sched->licences, l, next)
    {
        timeline_fini(&l->line);
        free(l->name);
        free(l);
    }
}
