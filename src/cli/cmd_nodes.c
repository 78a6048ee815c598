/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_nodes.c - berth nodes: what the nodes have, and what is in use
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/node_query.h"
#include "cli/table.h"

/* More nodes than this are told in groups. */
#define EACH_MAX 50

struct nodes_args {
    struct common common;
    bool each, group;
};

static const struct usage usage = {
    .synopsis = "berth nodes [options] [node...]",
    .about = "List the nodes, their state and what is in use. Host lists like n[1-4]\n"
             "are understood. More than 50 nodes are told in groups that are alike.",
    .examples = "  berth nodes\n"
                "  berth nodes --each\n"
                "  berth nodes --json n[1-4]\n",
};

static const struct opt opts[] = {
    {"each", 'e', OPT_NONE, NULL, opt_flag, offsetof(struct nodes_args, each), 0,
     "a line for each node", 0},
    {"group", 'g', OPT_NONE, NULL, opt_flag, offsetof(struct nodes_args, group), 0,
     "a line for all nodes that are alike", 0},
    OPTS_COMMON(struct nodes_args, common),
    OPTS_END,
};

static const struct column each_columns[] = {
    {"NODE", false, false},    {"STATE", false, false}, {"CORES", true, false},
    {"MEMORY", true, false},   {"LOAD", true, false},   {"PARTITIONS", false, true},
    {"TOPOLOGY", false, true}, {"SWITCH", false, true}, {"REASON", false, true},
};

static char *used_of(uint64_t used, uint64_t all)
{
    cleanup(freep) char *a = size_format(used << 20), *b = size_format(all << 20);

    return xasprintf("%s/%s", a, b);
}

static char *partitions_of(const Berth__NodeInfo *node)
{
    cleanup(strv_freep) char **names = NULL;

    for (size_t i = 0; i < node->n_partitions; i++)
        strv_add(&names, node->partitions[i]);
    return strv_join(names, ",");
}

static void print_each(const Berth__NodeList *list)
{
    cleanup(table_destroyp) struct table *table =
        table_create(each_columns, ARRAY_SIZE(each_columns));

    for (size_t i = 0; i < list->n_nodes; i++) {
        const Berth__NodeInfo *node = list->nodes[i];
        cleanup(freep) char *partitions = partitions_of(node);

        table_add(table, node->name);
        table_add(table, node->state);
        table_take(table, xasprintf("%u/%u", node->cores_used, node->cores));
        table_take(table, used_of(node->memory_used, node->memory));
        table_take(table, xasprintf("%.2f", node->load));
        table_add(table, partitions);
        table_add(table, node->topology_words);
        table_add(table, node->switch_path);
        table_add(table, node->reason);
    }
    table_print(table, true, table_terminal_width(stdout), stdout);
}

/* ------------------------------------------------------------------ groups */

static const struct column group_columns[] = {
    {"NODES", false, true},    {"COUNT", true, false},  {"STATE", false, false},
    {"CORES", true, false},    {"MEMORY", true, false}, {"PARTITIONS", false, true},
    {"TOPOLOGY", false, true}, {"REASON", false, true},
};

/* A node, and what it has in common with those of its group. */
struct member {
    const Berth__NodeInfo *node;
    char *key;
    size_t order;
};

static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    if (order)
        return order;
    return x->order < y->order ? -1 : x->order > y->order;
}

static struct member *members_of(const Berth__NodeList *list)
{
    struct member *members = xcalloc(list->n_nodes, sizeof(*members));

    for (size_t i = 0; i < list->n_nodes; i++) {
        const Berth__NodeInfo *node = list->nodes[i];
        cleanup(freep) char *partitions = partitions_of(node);

        members[i].node = node;
        members[i].order = i;
        members[i].key = xasprintf("%s\n%s\n%s\n%s", partitions, node->state,
                                   node->topology_words, node->reason);
    }
    qsort(members, list->n_nodes, sizeof(*members), by_key);
    return members;
}

static void add_group(struct table *table, const struct member *members, size_t n)
{
    const Berth__NodeInfo *first = members->node;
    cleanup(freep) char **names = xcalloc(n + 1, sizeof(*names));
    cleanup(freep) char *partitions = partitions_of(first);
    uint64_t cores_used = 0, cores = 0, memory_used = 0, memory = 0;

    for (size_t i = 0; i < n; i++) {
        names[i] = members[i].node->name;
        cores_used += members[i].node->cores_used;
        cores += members[i].node->cores;
        memory_used += members[i].node->memory_used;
        memory += members[i].node->memory;
    }
    table_take(table, hostlist_compress(names));
    table_take(table, xasprintf("%zu", n));
    table_add(table, first->state);
    table_take(table, xasprintf("%llu/%llu", (unsigned long long)cores_used,
                                (unsigned long long)cores));
    table_take(table, used_of(memory_used, memory));
    table_add(table, partitions);
    table_add(table, first->topology_words);
    table_add(table, first->reason);
}

static void print_groups(const Berth__NodeList *list)
{
    cleanup(table_destroyp) struct table *table =
        table_create(group_columns, ARRAY_SIZE(group_columns));
    cleanup(freep) struct member *members = members_of(list);
    size_t n;

    for (size_t i = 0; i < list->n_nodes; i += n) {
        for (n = 1; i + n < list->n_nodes; n++)
            if (strcmp(members[i].key, members[i + n].key) != 0)
                break;
        add_group(table, &members[i], n);
    }
    for (size_t i = 0; i < list->n_nodes; i++)
        free(members[i].key);
    table_print(table, true, table_terminal_width(stdout), stdout);
}

int cmd_nodes(int argc, char **argv)
{
    struct nodes_args args = {.common = {0}};
    cleanup(reply_freep) Berth__NodeList *list = NULL;
    int next, rc, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    rc = node_query_send(args.common.config, argc - next, argv + next, &list);
    if (rc < 0)
        return rc == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
    if (args.common.json)
        document_print_json(document_of(&list->base, false), stdout);
    else if (args.group || (!args.each && list->n_nodes > EACH_MAX))
        print_groups(list);
    else
        print_each(list);
    return STATUS_OK;
}
