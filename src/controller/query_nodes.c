/* SPDX-License-Identifier: Apache-2.0
 *
 * query_nodes.c - answer what nodes there are and what they do
 */
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "controller/handlers.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "controller/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static const char *state_word(const struct ctl_node *node, const Berth__NodeInfo *info)
{
    switch (node->state) {
    case NODE_UNKNOWN:
        return "UNKNOWN";
    case NODE_SILENT:
    case NODE_DOWN:
        return "DOWN";
    case NODE_UP:
        break;
    }
    if (info->cores_used == 0)
        return "IDLE";
    return info->cores_used < info->cores ? "MIXED" : "ALLOCATED";
}

static const char *reason_words(const struct ctl_node *node)
{
    switch (node->state) {
    case NODE_UNKNOWN:
        return node->conn ? "its topology is awaited" : "has not registered yet";
    case NODE_SILENT:
        return "connection lost, waiting for it to come back";
    case NODE_DOWN:
        return "lost: no word from it";
    case NODE_UP:
        break;
    }
    return NULL;
}

/* A host list, or ALL. */
static bool list_has(const char *list, const char *name)
{
    cleanup(strv_freep) char **names = NULL;

    if (strcmp(list, "ALL") == 0)
        return true;
    if (hostlist_expand(list, &names, NULL))
        return false;
    strv_foreach (entry, names)
        if (strcmp(*entry, name) == 0)
            return true;
    return false;
}

static void fill_partitions(const struct config *config, const struct ctl_node *node,
                            Berth__NodeInfo *info)
{
    info->partitions = xcalloc(config->n_partitions, sizeof(*info->partitions));
    for (size_t i = 0; i < config->n_partitions; i++)
        if (list_has(config->partitions[i].nodes, node->config->name))
            info->partitions[info->n_partitions++] = config->partitions[i].name;
}

static bool takes_part(const struct ctl_job *cj, const char *name)
{
    const Berth__Placement *placement = cj->job.record->placement;

    for (size_t i = 0; placement && i < placement->n_shares; i++)
        if (strcmp(placement->shares[i]->node, name) == 0)
            return true;
    return false;
}

static void fill_jobs(const struct controller *ctl, const struct ctl_node *node,
                      Berth__NodeInfo *info)
{
    struct ctl_job *cj;
    size_t n = 0;

    DL_FOREACH(ctl->active, cj)
    n += takes_part(cj, node->config->name);
    info->jobs = xcalloc(n, sizeof(*info->jobs));
    DL_FOREACH(ctl->active, cj)
    if (takes_part(cj, node->config->name))
        info->jobs[info->n_jobs++] = cj->id;
}

static void fill(const struct controller *ctl, const struct ctl_node *node,
                 Berth__NodeInfo *info)
{
    const char *version = node->registered ? node->registered->version : NULL;

    berth__node_info__init(info);
    info->name = node->config->name;
    info->address = node->config->address;
    info->port = nodes_port(node);
    info->cores = node->topo ? node->topo->n_cores : 0;
    info->memory = nodes_memory(node);
    sched_node_usage(ctl->sched, node->index, &info->cores_used, &info->memory_used);
    info->state = query_field(state_word(node, info));
    info->reason = query_field(reason_words(node));
    info->last_seen = node->registered ? node->last_seen : 0;
    info->topology = query_field(node->topo ? node->topo->hash : NULL);
    info->topology_words = query_field(node->topo ? node->topo->words : NULL);
    info->load = node->load;
    info->version = query_field(version);
    info->switch_path = switch_tree_path(ctl->tree, node->index);
    fill_partitions(ctl->config, node, info);
    fill_jobs(ctl, node, info);
}

static void reply_nodes(struct conn *conn, uint64_t id,
                        const struct ctl_node *const *nodes, size_t n)
{
    cleanup(freep) Berth__NodeInfo *infos = xcalloc(n, sizeof(*infos));
    cleanup(freep) Berth__NodeInfo **pointers = xcalloc(n, sizeof(*pointers));
    Berth__NodeList list = BERTH__NODE_LIST__INIT;
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;

    for (size_t i = 0; i < n; i++) {
        fill(conn->ctl, nodes[i], &infos[i]);
        pointers[i] = &infos[i];
    }
    list.nodes = pointers;
    list.n_nodes = n;
    reply.body_case = BERTH__ENVELOPE__BODY_NODE_LIST;
    reply.node_list = &list;
    conn_reply(conn, id, &reply);
    for (size_t i = 0; i < n; i++) {
        free(infos[i].switch_path);
        free(infos[i].partitions);
        free(infos[i].jobs);
    }
}

static int select_nodes(const struct controller *ctl, const Berth__NodeQuery *query,
                        const struct ctl_node **ret_nodes, size_t *ret_n,
                        struct err *err)
{
    size_t n = 0;

    for (size_t i = 0; i < query->n_names; i++) {
        ret_nodes[n] = nodes_find(ctl, query->names[i]);
        if (!ret_nodes[n++])
            return err_set(err, ENOENT, "Invalid node name specified: '%.80s'",
                           query->names[i]);
    }
    for (size_t i = 0; query->n_names == 0 && i < ctl->config->n_nodes; i++)
        ret_nodes[n++] = &ctl->nodes[i];
    *ret_n = n;
    return 0;
}

void handle_node_query(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__NodeQuery *query = env->node_query;
    size_t n = query->n_names ? query->n_names : conn->ctl->config->n_nodes;
    cleanup(freep) const struct ctl_node **nodes = xcalloc(n, sizeof(*nodes));
    struct err err;

    if (select_nodes(conn->ctl, query, nodes, &n, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    reply_nodes(conn, env->id, nodes, n);
}
