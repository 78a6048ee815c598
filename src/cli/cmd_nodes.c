/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_nodes.c - berth nodes: what the nodes have, and what is in use
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/node_query.h"
#include "cli/table.h"

struct nodes_args {
    struct common common;
};

static const struct usage usage = {
    .synopsis = "berth nodes [options] [node...]",
    .about = "List the nodes, their state and what is in use. Host lists like n[1-4]\n"
             "are understood.",
    .examples = "  berth nodes\n"
                "  berth nodes --json n[1-4]\n",
};

static const struct opt opts[] = {
    OPTS_COMMON(struct nodes_args, common),
    OPTS_END,
};

static const struct column columns[] = {
    {"NODE", false, false},    {"STATE", false, false}, {"CORES", true, false},
    {"MEMORY", true, false},   {"LOAD", true, false},   {"PARTITIONS", false, true},
    {"TOPOLOGY", false, true}, {"SWITCH", false, true}, {"REASON", false, true},
};

static char *used_of(uint64_t used, uint64_t all)
{
    cleanup(freep) char *a = size_format(used << 20), *b = size_format(all << 20);

    return xasprintf("%s/%s", a, b);
}

static void print_table(const Berth__NodeList *list)
{
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));

    for (size_t i = 0; i < list->n_nodes; i++) {
        const Berth__NodeInfo *node = list->nodes[i];
        cleanup(freep) char *partitions = NULL;
        cleanup(strv_freep) char **names = NULL;

        for (size_t j = 0; j < node->n_partitions; j++)
            strv_add(&names, node->partitions[j]);
        partitions = strv_join(names, ",");
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
    else
        print_table(list);
    return STATUS_OK;
}
