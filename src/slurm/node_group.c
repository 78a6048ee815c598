/* SPDX-License-Identifier: Apache-2.0
 *
 * node_group.c - nodes that a list shows on one line, as they look the same in it
 *
 * Fields that sum up (counts, host lists, ranges) do not tell nodes apart; all others
 * of the format do. A node that is in several partitions counts once on a line that
 * stands for all of them.
 */
#include "slurm/node_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "slurm/node_fields.h"

#define TITLE_WIDTH 8 /* "NODELIST" */

static char *key_of(const struct node_grouping *how, const struct node_group *one)
{
    struct strbuf key = STRBUF_INIT;

    for (size_t i = 0; i < how->format->n; i++) {
        const struct field *field = how->format->items[i].field;

        if (!field || (field->needs & GROUP_SUMS) ||
            (!how->exact && (field->needs & GROUP_HARDWARE)))
            continue;
        field->put(one, &key);
        strbuf_putc(&key, '\n');
    }
    if (how->by_node)
        strbuf_printf(&key, "%s %s", one->nodes[0]->name, one->partition->name);
    return strbuf_take(&key);
}

static struct node_group *find(struct node_groups *groups, const char *key)
{
    for (size_t i = 0; i < groups->n; i++)
        if (strcmp(groups->groups[i].key, key) == 0)
            return &groups->groups[i];
    return NULL;
}

static struct node_group *add_group(struct node_groups *groups,
                                    const struct node_group *one, char *key)
{
    struct node_group *group;

    groups->groups = xrealloc(groups->groups, groups->n + 1, sizeof(*groups->groups));
    group = &groups->groups[groups->n++];
    *group =
        (struct node_group){.site = one->site, .partition = one->partition, .key = key};
    group->nodes = xcalloc(one->site->nodes->n_nodes + 1, sizeof(*group->nodes));
    return group;
}

static void add(struct node_groups *groups, const struct node_grouping *how,
                const struct config_partition *partition, const Berth__NodeInfo *node)
{
    struct node_group one = {.site = groups->site,
                             .partition = partition,
                             .nodes = &node,
                             .n = node ? 1 : 0};
    cleanup(freep) char *key = key_of(how, &one);
    struct node_group *group = find(groups, key);

    if (!group)
        group = add_group(groups, &one, xstrdup(key));
    for (size_t i = 0; i < group->n; i++)
        if (group->nodes[i] == node)
            return;
    if (node)
        group->nodes[group->n++] = node;
}

static bool is_partition_wanted(const struct node_grouping *how, const char *name)
{
    return !how->partitions || strv_has(how->partitions, name);
}

/* What comes first in a partition: what needs attention, then what works most. */
static int rank_of(const struct node_group *group)
{
    const char *const bases[] = {"unknown", "down", "idle", "allocated", "mixed"};
    const Berth__NodeInfo *node;
    int rank = 0;

    if (group->n == 0)
        return -1;
    node = group->nodes[0];
    for (int i = 0; i < (int)ARRAY_SIZE(bases); i++)
        if (strcmp(bases[i], node_base(node)) == 0)
            rank = i;
    return rank + (strncmp(node->state, "DRAIN", 5) == 0 ? 10 : 0) +
           (node->is_silent ? 20 : 0);
}

static int by_rank(const void *a, const void *b)
{
    const struct node_group *x = a, *y = b;

    if (x->partition != y->partition)
        return x->partition < y->partition ? -1 : 1;
    return rank_of(y) - rank_of(x);
}

static void add_partition(struct node_groups *groups, const struct node_grouping *how,
                          const struct config_partition *p)
{
    const Berth__NodeList *list = groups->site->nodes;
    size_t n = 0;

    for (size_t i = 0; i < list->n_nodes; i++) {
        const Berth__NodeInfo *node = list->nodes[i];

        if (!node_is_of(node, p->name) || !how->is_wanted(node, how->ctx))
            continue;
        add(groups, how, p, node);
        n++;
    }
    if (n == 0 && how->with_empty)
        add(groups, how, p, NULL);
}

static int by_name(const void *a, const void *b)
{
    const struct node_group *x = a, *y = b;
    int order = strverscmp(x->nodes[0]->name, y->nodes[0]->name);

    if (order)
        return order;
    return x->partition < y->partition ? -1 : x->partition > y->partition;
}

void node_groups_make(struct node_groups *groups, const struct node_grouping *how)
{
    const struct config *config = groups->site->config;

    for (size_t i = 0; i < config->n_partitions; i++)
        if (is_partition_wanted(how, config->partitions[i].name))
            add_partition(groups, how, &config->partitions[i]);
    if (groups->n)
        qsort(groups->groups, groups->n, sizeof(*groups->groups),
              how->by_node ? by_name : by_rank);
}

void node_groups_fini(struct node_groups *groups)
{
    for (size_t i = 0; i < groups->n; i++) {
        free(groups->groups[i].nodes);
        free(groups->groups[i].key);
    }
    free(groups->groups);
}

void node_groups_print(const struct node_groups *groups, const struct format *format)
{
    struct strbuf out = STRBUF_INIT;

    for (size_t i = 0; i < groups->n; i++) {
        format_row(format, &groups->groups[i], &out);
        strbuf_putc(&out, '\n');
    }
    if (out.len)
        (void)fwrite(out.s, 1, out.len, stdout);
    strbuf_fini(&out);
}

size_t node_groups_width(const struct node_groups *groups)
{
    size_t width = TITLE_WIDTH;

    for (size_t i = 0; i < groups->n; i++)
        for (size_t j = 0; j < groups->groups[i].n; j++)
            if (strlen(groups->groups[i].nodes[j]->name) > width)
                width = strlen(groups->groups[i].nodes[j]->name);
    return width;
}
