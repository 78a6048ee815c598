/* SPDX-License-Identifier: Apache-2.0
 *
 * nodes.c - register nodes, keep their hardware, notice when they are gone
 */
#include "controller/nodes.h"

#include "base/log.h"
#include "base/mem.h"
#include "controller/dispatch.h"
#include "controller/handlers.h"
#include "controller/jobs.h"
#include "controller/reconcile.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOPOLOGY_MAX (16u << 20)

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

static void forget_calls(struct ctl_node *node);

void nodes_fini(struct controller *ctl)
{
    struct ctl_topo *topo, *next;

    HASH_CLEAR(hh, ctl->nodes_by_name);
    for (size_t i = 0; ctl->nodes && i < ctl->config->n_nodes; i++) {
        forget_calls(&ctl->nodes[i]);
        free_message(ctl->nodes[i].registered);
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

bool nodes_is_up(const struct ctl_node *node)
{
    return node->state == NODE_UP;
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

static const struct node_topo *find_topo(const struct controller *ctl, const char *hash)
{
    struct ctl_topo *topo;

    HASH_FIND(hh, ctl->topos, hash, strlen(hash), topo);
    return topo ? topo->topo : NULL;
}

int nodes_restore_topo(struct controller *ctl, const void *xml, size_t len,
                       struct err *err)
{
    struct ctl_topo *entry;
    struct node_topo *topo;
    int rc = node_topo_from_xml(xml, len, &topo, err);

    if (rc)
        return rc;
    if (find_topo(ctl, topo->hash)) {
        node_topo_destroy(topo);
        return 0;
    }
    entry = xcalloc(1, sizeof(*entry));
    entry->topo = topo;
    HASH_ADD_KEYPTR(hh, ctl->topos, topo->hash, strlen(topo->hash), entry);
    return 0;
}

/* What is known of the node's hardware goes to the scheduler. */
static void settle_hardware(struct controller *ctl, struct ctl_node *node)
{
    node->topo = find_topo(ctl, node->registered->topology_hash);
    if (node->topo)
        sched_node_set(ctl->sched, node->index, node->topo, nodes_memory(node));
}

static void save_node(struct controller *ctl, const struct ctl_node *node)
{
    cleanup(freep) char *key = xasprintf("node/%s", node->config->name);
    size_t len;
    cleanup(freep) uint8_t *bytes = pack_message(&node->registered->base, &len);

    store_put(ctl->store, key, bytes, len);
}

/* Owns 'registered'. */
static void set_registered(struct ctl_node *node, Berth__Register *registered)
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
    set_registered(node, registered);
    settle_hardware(ctl, node);
}

/* ------------------------------------------------------------------ calls */

struct node_call {
    uint64_t id;
    enum call_kind kind;
    uint32_t job, epoch;
    UT_hash_handle hh;
};

static void forget_calls(struct ctl_node *node)
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

/* ------------------------------------------------------------------ registration */

static void go_up(struct controller *ctl, struct ctl_node *node)
{
    if (node->state != NODE_UP)
        log_info("node %s: up, %s", node->config->name, node->topo->words);
    node->state = NODE_UP;
    sched_node_up(ctl->sched, node->index, true);
    dispatch_want_pass(ctl);
}

/* Its hardware is new to us: nothing runs there before the topology is here. */
static void go_unknown(struct controller *ctl, struct ctl_node *node)
{
    node->state = NODE_UNKNOWN;
    sched_node_up(ctl->sched, node->index, false);
}

/* A connection that died without a word is replaced by the node's new one. */
static void take_connection(struct conn *conn, struct ctl_node *node)
{
    struct conn *old = node->conn;

    if (old && old != conn) {
        old->node = NULL;
        if (old->ch)
            channel_abort(old->ch, "the node has connected again");
        forget_calls(node);
    }
    node->conn = conn;
    conn->node = node;
    node->last_seen = controller_now();
}

static int check_register(const struct conn *conn, const Berth__Register *request,
                          struct ctl_node **ret, struct err *err)
{
    struct ctl_node *node = nodes_find(conn->ctl, request->name);

    if (!node)
        return err_set(err, ENOENT, "node '%.80s' is not part of cluster '%s'",
                       request->name, conn->ctl->config->cluster);
    if (conn->node && conn->node != node)
        return err_set(err, EINVAL, "this connection belongs to node %s",
                       conn->node->config->name);
    if (request->port > UINT16_MAX || strlen(request->topology_hash) != 64)
        return err_set(err, EINVAL, "node %s: the registration makes no sense",
                       request->name);
    *ret = node;
    return 0;
}

static void reply_registered(struct conn *conn, uint64_t id,
                             const Berth__Register *request)
{
    struct controller *ctl = conn->ctl;
    Berth__Envelope *env = xmalloc(sizeof(*env));
    Berth__Registered *reply = xmalloc(sizeof(*reply));

    berth__envelope__init(env);
    berth__registered__init(reply);
    reply->want_topology = !find_topo(ctl, request->topology_hash);
    reply->grant_key.data = xmemdup(ctl->grant_public, GRANT_PUBLIC_KEY_BYTES);
    reply->grant_key.len = GRANT_PUBLIC_KEY_BYTES;
    reply->heartbeat_seconds = ctl->config->node.heartbeat;
    reply->fanout = ctl->config->node.fanout;
    reply->cluster = xstrdup(ctl->config->cluster);
    reconcile_stop_list(ctl, request, reply);
    env->body_case = BERTH__ENVELOPE__BODY_REGISTERED;
    env->registered = reply;
    conn_reply_committed(conn, id, env);
}

void handle_register(struct conn *conn, const Berth__Envelope *env)
{
    struct controller *ctl = conn->ctl;
    const Berth__Register *request = env->register_;
    Berth__Register *stored;
    struct ctl_node *node = NULL;
    bool has_rebooted;
    struct err err;

    if (check_register(conn, request, &node, &err)) {
        log_warn("registration refused: %s", err.text);
        conn_reply_err(conn, env->id, &err);
        return;
    }
    take_connection(conn, node);
    has_rebooted =
        node->registered && strcmp(node->registered->boot_id, request->boot_id) != 0;
    stored = copy_message(&request->base);
    set_registered(node, stored);
    save_node(ctl, node);
    /* In this order: orders to the node follow the answer, which brings the key
     * of their grants; what a reboot has ended is gone before other hardware
     * takes its place. */
    reply_registered(conn, env->id, request);
    reconcile_node(ctl, node, request, has_rebooted);
    settle_hardware(ctl, node);
    if (node->topo)
        go_up(ctl, node);
    else
        go_unknown(ctl, node);
}

static int accept_topology(struct conn *conn, const Berth__TopologyUpload *upload,
                           struct err *err)
{
    struct controller *ctl = conn->ctl;
    struct ctl_node *node = conn->node;
    cleanup(freep) char *key = NULL;
    int rc;

    if (upload->xml.len > TOPOLOGY_MAX)
        return err_set(err, E2BIG, "the topology has %zu bytes", upload->xml.len);
    rc = nodes_restore_topo(ctl, upload->xml.data, upload->xml.len, err);
    if (rc)
        return rc;
    settle_hardware(ctl, node);
    if (!node->topo)
        return err_set(err, EINVAL, "the topology is not the one with hash %s",
                       node->registered->topology_hash);
    key = xasprintf("topo/%s", node->topo->hash);
    store_put(ctl->store, key, upload->xml.data, upload->xml.len);
    return 0;
}

void handle_topology(struct conn *conn, const Berth__Envelope *env)
{
    struct err err;

    if (accept_topology(conn, env->topology, &err)) {
        log_warn("node %s: topology refused: %s", conn->node->config->name, err.text);
        conn_reply_err(conn, env->id, &err);
        return;
    }
    conn_ok_committed(conn, env->id);
    go_up(conn->ctl, conn->node);
}

void handle_heartbeat(struct conn *conn, const Berth__Envelope *env)
{
    static const struct err success = {0};
    struct ctl_node *node = conn->node;

    node->last_seen = controller_now();
    node->load = env->heartbeat->load;
    conn_reply_err(conn, env->id, &success);
}

/* ------------------------------------------------------------------ silence */

void nodes_disconnected(struct controller *ctl, struct ctl_node *node,
                        const struct err *why)
{
    node->conn = NULL;
    forget_calls(node);
    if (ctl->is_closing || node->state != NODE_UP)
        return;
    log_warn("node %s: connection lost%s%s", node->config->name,
             why->text[0] ? ": " : "", why->text);
    node->state = NODE_SILENT;
    sched_node_up(ctl->sched, node->index, false);
}

static void go_down(struct controller *ctl, struct ctl_node *node)
{
    log_warn("node %s: lost after %u s without a word", node->config->name,
             ctl->config->node.lost_after);
    node->state = NODE_DOWN;
    sched_node_up(ctl->sched, node->index, false);
    if (node->conn)
        channel_abort(node->conn->ch, "no heartbeat");
    reconcile_lost_node(ctl, node);
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
