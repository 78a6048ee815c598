/* SPDX-License-Identifier: Apache-2.0
 *
 * nodes.c - the table of nodes, their hardware, and when they are gone
 */
#include "controller/nodes.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/gres.h"
#include "controller/changes.h"
#include "controller/dispatch.h"
#include "controller/jobs.h"
#include "controller/reconcile.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ the table */

void nodes_init(struct controller *ctl)
{
    size_t n = ctl->config->n_nodes;

    ctl->nodes = xcalloc(n, sizeof(*ctl->nodes));
    for (size_t i = 0; i < n; i++) {
        struct ctl_node *node = &ctl->nodes[i];
        const char *name = ctl->config->nodes[i].name;

        node->index = (uint32_t)i;
        node->config = &ctl->config->nodes[i];
        node->last_seen = ctl->started_at;
        HASH_ADD_KEYPTR(hh, ctl->nodes_by_name, name, strlen(name), node);
    }
}

void nodes_fini(struct controller *ctl)
{
    struct ctl_topo *topo, *next;

    HASH_CLEAR(hh, ctl->nodes_by_name);
    for (size_t i = 0; ctl->nodes && i < ctl->config->n_nodes; i++) {
        nodes_forget_calls(&ctl->nodes[i]);
        free_message(ctl->nodes[i].registered);
        free(ctl->nodes[i].jobs);
        free_message(ctl->nodes[i].mark);
        free_message(ctl->nodes[i].taints);
    }
    free(ctl->nodes);
    HASH_ITER(hh, ctl->topos, topo, next)
    {
        HASH_DELETE(hh, ctl->topos, topo);
        node_topo_destroy(topo->topo);
        free(topo);
    }
}

struct ctl_node *nodes_find(const struct controller *ctl, const char *name)
{
    struct ctl_node *node;

    HASH_FIND(hh, ctl->nodes_by_name, name, strlen(name), node);
    return node;
}

struct ctl_node *nodes_lead(const struct controller *ctl, const struct ctl_job *cj)
{
    const Berth__NodeShare *lead = job_lead(&cj->job);

    return lead ? nodes_find(ctl, lead->node) : NULL;
}

void nodes_add_job(struct controller *ctl, struct ctl_job *cj)
{
    const Berth__Placement *placement = cj->job.record->placement;

    if (!placement)
        return;
    cj->on = xcalloc(placement->n_shares, sizeof(struct ctl_node *));
    for (size_t i = 0; i < placement->n_shares; i++) {
        struct ctl_node *node = nodes_find(ctl, placement->shares[i]->node);

        if (!node)
            continue;
        if (node->n_jobs == node->cap_jobs) {
            node->cap_jobs = node->cap_jobs ? node->cap_jobs * 2 : 4;
            node->jobs = xrealloc(node->jobs, node->cap_jobs, sizeof(*node->jobs));
        }
        node->jobs[node->n_jobs++] = cj;
        node->evict_at = 0;
        cj->on[cj->n_on++] = node;
    }
}

void nodes_remove_job(struct ctl_job *cj)
{
    for (size_t i = 0; i < cj->n_on; i++) {
        struct ctl_node *node = cj->on[i];
        size_t at = 0;

        while (node->jobs[at] != cj)
            at++;
        node->n_jobs--;
        memmove(&node->jobs[at], &node->jobs[at + 1],
                (node->n_jobs - at) * sizeof(*node->jobs));
    }
    free(cj->on);
    cj->on = NULL;
    cj->n_on = 0;
}

void nodes_tell_gone(const struct controller *ctl, const struct ctl_job *cj)
{
    Berth__JobGone gone = BERTH__JOB_GONE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    if (!ctl->config->hooks.prolog && !ctl->config->hooks.epilog)
        return;
    gone.job_id = cj->id;
    gone.epoch = cj->job.record->epoch;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_GONE;
    env.job_gone = &gone;
    /* One that is away hears it when it registers. */
    for (size_t i = 0; i < cj->n_on; i++)
        if (cj->on[i]->conn)
            channel_send(cj->on[i]->conn->ch, &env);
}

bool nodes_is_up(const struct ctl_node *node)
{
    return node->state == NODE_UP;
}

void nodes_tell_sched(struct controller *ctl, struct ctl_node *node)
{
    sched_node_up(ctl->sched, node->index, node->state == NODE_UP && !node->mark);
    changes_node(ctl, node);
}

uint16_t nodes_port(const struct ctl_node *node)
{
    if (node->registered && node->registered->port)
        return (uint16_t)node->registered->port;
    return node->config->port;
}

uint64_t nodes_memory(const struct ctl_node *node)
{
    if (node->config->memory)
        return node->config->memory;
    if (node->registered && node->registered->memory)
        return node->registered->memory;
    return node->topo ? node->topo->memory : 0;
}

/* ------------------------------------------------------------------ hardware */

const struct node_topo *nodes_find_topo(const struct controller *ctl, const char *hash)
{
    struct ctl_topo *topo;

    HASH_FIND(hh, ctl->topos, hash, strlen(hash), topo);
    return topo ? topo->topo : NULL;
}

static const struct node_topo *keep_topo(struct controller *ctl, struct node_topo *topo)
{
    const struct node_topo *known = nodes_find_topo(ctl, topo->hash);
    struct ctl_topo *entry;

    if (known) {
        node_topo_destroy(topo);
        return known;
    }
    entry = xcalloc(1, sizeof(*entry));
    entry->topo = topo;
    HASH_ADD_KEYPTR(hh, ctl->topos, topo->hash, strlen(topo->hash), entry);
    return topo;
}

int nodes_restore_topo(struct controller *ctl, const void *xml, size_t len,
                       struct err *err)
{
    struct node_topo *topo;
    int rc = node_topo_from_xml(xml, len, &topo, err);

    if (rc == 0)
        keep_topo(ctl, topo);
    return rc;
}

/* With the devices that the configuration gives it. What cannot be costs the
 * devices, not the node. */
static const struct node_topo *equip(struct controller *ctl,
                                     const struct ctl_node *node,
                                     const struct node_topo *base)
{
    struct config_gres *list = NULL;
    struct topo_gres *gres;
    struct node_topo *topo = NULL;
    struct err err;
    size_t n = 0;
    int rc = config_gres_parse(node->config->gres, &list, &n, &err);

    gres = xcalloc(n, sizeof(*gres));
    for (size_t i = 0; i < n; i++)
        gres[i] = (struct topo_gres){.name = list[i].name,
                                     .type = list[i].type,
                                     .count = list[i].count,
                                     .cores = list[i].cores};
    if (rc == 0)
        rc = node_topo_equip(base, gres, n, &topo, &err);
    free(gres);
    config_gres_free(list, n);
    if (rc == 0)
        return keep_topo(ctl, topo);
    log_warn("node %s: without its devices: %s", node->config->name, err.text);
    return base;
}

void nodes_settle_hardware(struct controller *ctl, struct ctl_node *node)
{
    node->topo = nodes_find_topo(ctl, node->registered->topology_hash);
    if (node->topo && node->config->gres)
        node->topo = equip(ctl, node, node->topo);
    if (node->topo)
        sched_node_set(ctl->sched, node->index, node->topo, nodes_memory(node));
}

void nodes_set_registered(struct ctl_node *node, Berth__Register *registered)
{
    free_message(node->registered);
    node->registered = registered;
}

void nodes_restore(struct controller *ctl, Berth__Register *registered)
{
    struct ctl_node *node = nodes_find(ctl, registered->name);

    if (!node) {
        free_message(registered);
        return;
    }
    nodes_set_registered(node, registered);
    nodes_settle_hardware(ctl, node);
}

/* ------------------------------------------------------------------ calls */

struct node_call {
    uint64_t id;
    enum call_kind kind;
    uint32_t job, epoch;
    UT_hash_handle hh;
};

void nodes_forget_calls(struct ctl_node *node)
{
    struct node_call *call, *next;

    HASH_ITER(hh, node->calls, call, next)
    {
        HASH_DELETE(hh, node->calls, call);
        free(call);
    }
}

void nodes_call(struct ctl_node *node, enum call_kind kind, const struct ctl_job *cj,
                Berth__Envelope *env)
{
    struct node_call *call = xcalloc(1, sizeof(*call));

    call->id = channel_next_id(node->conn->ch);
    call->kind = kind;
    call->job = cj->id;
    call->epoch = cj->job.record->epoch;
    HASH_ADD(hh, node->calls, id, sizeof(call->id), call);
    env->id = call->id;
    channel_send(node->conn->ch, env);
}

void nodes_on_reply(struct conn *conn, const Berth__Envelope *env)
{
    struct ctl_node *node = conn->node;
    struct node_call *call;
    struct ctl_job *cj;

    node->last_seen = controller_now();
    HASH_FIND(hh, node->calls, &env->id, sizeof(env->id), call);
    if (!call)
        return;
    HASH_DELETE(hh, node->calls, call);
    cj = jobs_find(conn->ctl, call->job);
    if (cj && cj->job.record->epoch == call->epoch) {
        if (call->kind == CALL_LAUNCH)
            dispatch_launched(conn->ctl, cj, env->status);
        else
            dispatch_signalled(conn->ctl, cj, env->status);
    }
    free(call);
}

/* ------------------------------------------------------------------ silence */

void nodes_disconnected(struct controller *ctl, struct ctl_node *node,
                        const struct err *why)
{
    node->conn = NULL;
    nodes_forget_calls(node);
    if (ctl->is_closing || node->state != NODE_UP)
        return;
    log_warn("node %s: connection lost%s%s", node->config->name,
             why->text[0] ? ": " : "", why->text);
    node->state = NODE_SILENT;
    nodes_tell_sched(ctl, node);
}

static void go_down(struct controller *ctl, struct ctl_node *node)
{
    log_warn("node %s: lost after %u s without a word", node->config->name,
             ctl->config->node.lost_after);
    node->state = NODE_DOWN;
    node->lost_at = controller_now();
    nodes_tell_sched(ctl, node);
    if (node->conn)
        channel_abort(node->conn->ch, "no heartbeat");
    reconcile_lost_node(ctl, node, "lost", true);
}

void nodes_check_silence(struct controller *ctl, int64_t now)
{
    for (size_t i = 0; i < ctl->config->n_nodes; i++) {
        struct ctl_node *node = &ctl->nodes[i];

        if (node->state != NODE_DOWN &&
            now - node->last_seen > (int64_t)ctl->config->node.lost_after)
            go_down(ctl, node);
    }
}
