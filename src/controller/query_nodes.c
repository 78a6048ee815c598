/* SPDX-License-Identifier: Apache-2.0
 *
 * query_nodes.c - answer what nodes there are and what they do
 */
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "controller/handlers.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "controller/node_taints.h"
#include "controller/pods/pod_nodes.h"
#include "controller/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Nodes in one answer, for the sake of those who wait meanwhile. */
#define PAGE 1000

static bool is_set_down(const struct ctl_node *node)
{
    return node->mark && node->mark->op == BERTH__NODE_CONTROL__OP__DOWN;
}

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
    if (is_set_down(node))
        return "DOWN";
    if (node->mark)
        return node->n_jobs ? "DRAINING" : "DRAINED";
    if (info->cores_used == 0)
        return "IDLE";
    return info->cores_used < info->cores ? "MIXED" : "ALLOCATED";
}

static const char *state_reason(const struct ctl_node *node)
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
    return "";
}

/* What is the matter with it, and what an administrator said. */
static char *reason_words(const struct ctl_node *node)
{
    const char *words = state_reason(node);
    const Berth__NodeMark *mark = node->mark;
    cleanup(freep) char *since = mark ? when_format(mark->since) : NULL;

    if (!mark)
        return xstrdup(words);
    return xasprintf("%s%s%s (%s, %s)", words, words[0] ? "; " : "", mark->reason,
                     mark->by, since);
}

static void fill_partitions(const struct controller *ctl, const struct ctl_node *node,
                            Berth__NodeInfo *info)
{
    const struct config *config = ctl->config;

    info->partitions = xcalloc(config->n_partitions, sizeof(*info->partitions));
    for (size_t i = 0; i < config->n_partitions; i++)
        if (bitset_test(ctl->partition_nodes[i], node->index))
            info->partitions[info->n_partitions++] = config->partitions[i].name;
}

static void fill_jobs(const struct ctl_node *node, Berth__NodeInfo *info)
{
    info->jobs = xcalloc(node->n_jobs, sizeof(*info->jobs));
    for (size_t i = 0; i < node->n_jobs; i++)
        info->jobs[info->n_jobs++] = node->jobs[i]->id;
}

static void fill_mark(const struct ctl_node *node, Berth__NodeInfo *info)
{
    if (!node->mark)
        return;
    info->mark_reason = node->mark->reason;
    info->marked_by = node->mark->by;
    info->marked_at = node->mark->since;
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
    info->reason = reason_words(node);
    info->last_seen = node->registered ? node->last_seen : 0;
    info->topology = query_field(node->topo ? node->topo->hash : NULL);
    info->topology_words = query_field(node->topo ? node->topo->words : NULL);
    info->load = node->load;
    info->version = query_field(version);
    info->features = query_field(node->config->features);
    info->gres = query_field(node->config->gres);
    info->packages = node->topo ? node->topo->n_packages : 0;
    info->threads = node->topo ? node->topo->n_pus : 0;
    info->is_silent = node->state != NODE_UP;
    info->memory_free = node->memory_free;
    info->labels = pod_nodes_labels(ctl, node->index);
    info->n_labels = strv_len(info->labels);
    info->taints = node_taints_list_all(ctl, node);
    info->n_taints = strv_len(info->taints);
    info->passing_taints = node->taints ? node->taints->taints : NULL;
    info->n_passing_taints = node->taints ? node->taints->n_taints : 0;
    fill_mark(node, info);
    info->switch_path = switch_tree_path(ctl->tree, node->index);
    fill_partitions(ctl, node, info);
    fill_jobs(node, info);
}

static void reply_nodes(struct conn *conn, uint64_t id,
                        const struct ctl_node *const *nodes, size_t n, bool more)
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
    list.more = more;
    reply.body_case = BERTH__ENVELOPE__BODY_NODE_LIST;
    reply.node_list = &list;
    conn_reply(conn, id, &reply);
    for (size_t i = 0; i < n; i++) {
        free(infos[i].switch_path);
        free(infos[i].reason);
        free(infos[i].partitions);
        free(infos[i].jobs);
        strv_free(infos[i].labels);
        strv_free(infos[i].taints);
    }
}

/* Nodes number 'first' to 'first' + n of those that are meant. */
static int select_nodes(const struct controller *ctl, const Berth__NodeQuery *query,
                        size_t first, size_t n, const struct ctl_node **ret_nodes,
                        struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        ret_nodes[i] = query->n_names ? nodes_find(ctl, query->names[first + i])
                                      : &ctl->nodes[first + i];
        if (!ret_nodes[i])
            return err_set(err, ENOENT, "Invalid node name specified: '%.80s'",
                           query->names[first + i]);
    }
    return 0;
}

void handle_node_query(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__NodeQuery *query = env->node_query;
    size_t all = query->n_names ? query->n_names : conn->ctl->config->n_nodes;
    size_t first = query->skip < all ? query->skip : all;
    size_t n = all - first < PAGE ? all - first : PAGE;
    const struct ctl_node *nodes[PAGE];
    struct err err;

    if (select_nodes(conn->ctl, query, first, n, nodes, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    reply_nodes(conn, env->id, nodes, n, first + n < all);
}
