/* SPDX-License-Identifier: Apache-2.0
 *
 * names.c - what tasks publish for others to look up
 */
#include "shepherd/names.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX ((size_t)64 << 20) /* of all values and keys */

/* A published value, or a lookup that waits for one. */
struct name {
    struct name *next;
    char *key, *plugin, *node;
    uint32_t step, index, rank;
    enum berth_mpi_range range;
    enum berth_mpi_lifetime lifetime;
    uint64_t cookie; /* of a lookup */
    void *data;
    size_t len;
};

struct names {
    struct names_actions actions;
    struct name *values, *waiting;
    void *last; /* read, and lent to the caller */
    size_t bytes;
};

struct names *names_create(const struct names_actions *actions)
{
    struct names *names = xcalloc(1, sizeof(*names));

    names->actions = *actions;
    return names;
}

static void name_free(struct name *name)
{
    free(name->key);
    free(name->plugin);
    free(name->node);
    free(name->data);
    free(name);
}

static void list_free(struct name *list)
{
    struct name *next;

    for (; list; list = next) {
        next = list->next;
        name_free(list);
    }
}

void names_destroy(struct names *names)
{
    if (!names)
        return;
    list_free(names->values);
    list_free(names->waiting);
    free(names->last);
    free(names);
}

static size_t weight(const struct name *name)
{
    return sizeof(*name) + strlen(name->key) + name->len;
}

static struct name *name_create(const struct names_who *who, const char *key)
{
    struct name *name = xcalloc(1, sizeof(*name));

    name->key = xstrdup(key);
    name->plugin = xstrdup(who->plugin);
    name->node = xstrdup(who->node);
    name->step = who->step;
    name->index = who->index;
    name->rank = who->rank;
    return name;
}

/* Take a value out of the list. */
static void drop(struct names *names, struct name **slot)
{
    struct name *name = *slot;

    *slot = name->next;
    names->bytes -= weight(name);
    name_free(name);
}

static bool is_seen_by(const struct name *name, const struct names_who *who)
{
    switch (name->range) {
    case BERTH_MPI_RANGE_JOB:
        return true;
    case BERTH_MPI_RANGE_STEP:
        return name->step == who->step;
    case BERTH_MPI_RANGE_NODE:
        return strcmp(name->node, who->node) == 0;
    case BERTH_MPI_RANGE_TASK:
        return name->step == who->step && name->rank == who->rank;
    }
    return false;
}

static bool is_called(const struct name *name, const struct names_who *who,
                      const char *key)
{
    return strcmp(name->key, key) == 0 && strcmp(name->plugin, who->plugin) == 0;
}

/* A value that 'who' sees: the link to it. */
static struct name **find(struct names *names, const struct names_who *who,
                          const char *key)
{
    struct name **slot = &names->values;

    while (*slot && !(is_called(*slot, who, key) && is_seen_by(*slot, who)))
        slot = &(*slot)->next;
    return slot;
}

/* Give the value to those who wait for it; the first reader may be the last. */
static void serve_waiting(struct names *names, struct name **value)
{
    struct name **slot = &names->waiting;

    while (*slot && *value) {
        struct name *waiting = *slot;
        struct names_who who = {waiting->plugin, waiting->node, waiting->step,
                                waiting->index, waiting->rank};

        if (!is_called(*value, &who, waiting->key) || !is_seen_by(*value, &who)) {
            slot = &waiting->next;
            continue;
        }
        *slot = waiting->next;
        names->actions.found(names->actions.ctx, waiting->step, waiting->index,
                             waiting->cookie, (*value)->data, (*value)->len);
        name_free(waiting);
        if ((*value)->lifetime == BERTH_MPI_UNTIL_READ) {
            drop(names, value);
            return;
        }
    }
}

int names_publish(struct names *names, const struct names_who *who, const char *key,
                  enum berth_mpi_range range, enum berth_mpi_lifetime lifetime,
                  const void *data, size_t len)
{
    struct name *name, **slot = find(names, who, key);

    if (*slot && (*slot)->range == range)
        return -EEXIST;
    if (len > BYTES_MAX || names->bytes + strlen(key) + len > BYTES_MAX)
        return -ENOSPC;
    name = name_create(who, key);
    name->range = range;
    name->lifetime = lifetime;
    name->data = len ? xmemdup(data, len) : NULL;
    name->len = len;
    names->bytes += weight(name);
    name->next = names->values;
    names->values = name;
    serve_waiting(names, &names->values);
    return 0;
}

int names_lookup(struct names *names, const struct names_who *who, const char *key,
                 bool wait, uint64_t cookie, const void **ret_data, size_t *ret_len)
{
    struct name **slot = find(names, who, key);
    struct name *name = *slot;

    if (!name && !wait)
        return -ENOENT;
    if (!name) {
        name = name_create(who, key);
        name->cookie = cookie;
        name->next = names->waiting;
        names->waiting = name;
        return -EAGAIN;
    }
    *ret_data = name->data;
    *ret_len = name->len;
    if (name->lifetime == BERTH_MPI_UNTIL_READ) {
        names->bytes -= weight(name);
        free(names->last);
        names->last = take(name->data);
        *slot = name->next;
        name_free(name);
    }
    return 0;
}

void names_cancel(struct names *names, uint32_t step, uint32_t index, uint64_t cookie)
{
    for (struct name **slot = &names->waiting; *slot; slot = &(*slot)->next) {
        struct name *name = *slot;

        if (name->step != step || name->index != index || name->cookie != cookie)
            continue;
        *slot = name->next;
        name_free(name);
        return;
    }
}

int names_unpublish(struct names *names, const struct names_who *who, const char *key)
{
    struct name **slot = &names->values;
    int n = 0;

    while (*slot) {
        struct name *name = *slot;

        if (name->step == who->step && name->rank == who->rank &&
            is_called(name, who, key ? key : name->key)) {
            drop(names, slot);
            n++;
        } else {
            slot = &name->next;
        }
    }
    return n || !key ? 0 : -ENOENT;
}

void names_task_ended(struct names *names, uint32_t step, uint32_t rank)
{
    struct name **slot = &names->values;

    while (*slot) {
        if ((*slot)->lifetime == BERTH_MPI_UNTIL_TASK_ENDS && (*slot)->step == step &&
            (*slot)->rank == rank)
            drop(names, slot);
        else
            slot = &(*slot)->next;
    }
}

void names_step_ended(struct names *names, uint32_t step)
{
    struct name **slot = &names->values;

    while (*slot) {
        if ((*slot)->lifetime != BERTH_MPI_UNTIL_JOB_ENDS && (*slot)->step == step &&
            (*slot)->lifetime != BERTH_MPI_UNTIL_READ)
            drop(names, slot);
        else
            slot = &(*slot)->next;
    }
    for (slot = &names->waiting; *slot;) {
        struct name *name = *slot;

        if (name->step != step) {
            slot = &name->next;
            continue;
        }
        *slot = name->next;
        name_free(name);
    }
}
