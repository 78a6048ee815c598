/* SPDX-License-Identifier: Apache-2.0
 *
 * blocks.c - neighbouring blocks, grouped as their sizes say
 *
 *     sizes 4,8,32:   b1 b2 b3 b4 b5 b6 b7 b8     four nodes each
 *                     b1.x8  b3.x8  b5.x8 ...     eight
 *                     b1.x32                      thirty-two
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "config/topology_conf.h"

#define SIZE_MAX_NODES 100000UL

/* The size at '*p', moved past it and a comma. */
static int next_size(const char **p, unsigned long *ret, struct err *err)
{
    char *end;
    unsigned long n = strtoul(*p, &end, 10);
    if (end == *p || n == 0 || n > SIZE_MAX_NODES || (*end && *end != ','))
        return err_set(err, EINVAL, "'%.32s' is no size", *p);
    *p = end + (*end == ',');
    *ret = n;
    return 0;
}

/* Switches of one level, and the blocks below them. */
struct level {
    size_t first, n; /* in the list */
    unsigned long size;
};

/* A switch over 'n' of a level from 'from' on, called after its first block. */
static void add_group(struct switch_list *list, size_t from, size_t n,
                      size_t first_block, unsigned long size)
{
    struct strbuf names = STRBUF_INIT;
    for (size_t i = from; i < from + n; i++)
        strbuf_printf(&names, "%s%s", i > from ? "," : "", list->at[i].name);
    struct config_switch *group = switch_list_add(list);
    group->line = list->at[first_block].line;
    group->name = xasprintf("%.40s.x%lu", list->at[first_block].name, size);
    group->switches = strbuf_take(&names);
}

/* 'blocks' is the lowest level, 'below' the one that is grouped now. */
static struct level add_level(struct switch_list *list, const struct level *blocks,
                              const struct level *below, unsigned long size)
{
    struct level level = {.first = list->n, .size = size};
    size_t each = size / below->size, of_blocks = size / blocks->size;
    for (size_t i = 0; i < below->n; i += each) {
        size_t n = each < below->n - i ? each : below->n - i;
        add_group(list, below->first + i, n, blocks->first + level.n * of_blocks, size);
        level.n++;
    }
    return level;
}

int switch_list_add_blocks(struct switch_list *list, size_t first, size_t n,
                           const char *sizes, struct err *err)
{
    struct level blocks = {.first = first, .n = n};
    int rc = next_size(&sizes, &blocks.size, err);
    struct level below = blocks;
    while (rc == 0 && *sizes) {
        unsigned long size;
        rc = next_size(&sizes, &size, err);
        if (rc == 0 && (size <= below.size || size % below.size != 0))
            rc = err_set(err, EINVAL, "%lu is not a multiple of %lu", size, below.size);
        if (rc == 0)
            below = add_level(list, &blocks, &below, size);
    }
    return rc;
}
