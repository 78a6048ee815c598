/* SPDX-License-Identifier: Apache-2.0
 *
 * register.c - nodes present themselves, with their hardware
 */
#include "base/log.h"
#include "base/mem.h"
#include "controller/dispatch.h"
#include "controller/pods/gang_hosts.h"
#include "controller/handlers.h"
#include "controller/node_marks.h"
#include "controller/nodes.h"
#include "controller/pods/pod_data.h"
#include "controller/pods/pod_network.h"
#include "controller/reconcile.h"
#include "wire/pack.h"

#include <errno.h>
#include <string.h>

#define TOPOLOGY_MAX (16u << 20)

static void go_up(struct controller *ctl, struct ctl_node *node)
{
    if (node->state != NODE_UP)
        log_info("node %s: up, %s", node->config->name, node->topo->words);
    node->state = NODE_UP;
    nodes_tell_sched(ctl, node);
    dispatch_want_pass(ctl);
}

/* Its hardware is new to us: nothing runs there before the topology is here. */
static void go_unknown(struct controller *ctl, struct ctl_node *node)
{
    node->state = NODE_UNKNOWN;
    nodes_tell_sched(ctl, node);
}

/* A connection that died without a word is replaced by the node's new one. */
static void take_connection(struct conn *conn, struct ctl_node *node)
{
    struct conn *old = node->conn;

    if (old && old != conn) {
        old->node = NULL;
        if (old->ch)
            channel_abort(old->ch, "the node has connected again");
        nodes_forget_calls(node);
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
    reply->want_topology = !nodes_find_topo(ctl, request->topology_hash);
    reply->grant_key.data = xmemdup(ctl->grant_public, GRANT_PUBLIC_KEY_BYTES);
    reply->grant_key.len = GRANT_PUBLIC_KEY_BYTES;
    reply->heartbeat_seconds = ctl->config->node.heartbeat;
    reply->fanout = ctl->config->node.fanout;
    reply->cluster = xstrdup(ctl->config->cluster);
    reply->pod_network = pod_network_of(ctl, conn->node);
    reconcile_stop_list(ctl, request, reply);
    reconcile_over_list(ctl, request, reply);
    env->body_case = BERTH__ENVELOPE__BODY_REGISTERED;
    env->registered = reply;
    conn_reply_committed(conn, id, env);
}

static void save_node(struct controller *ctl, const struct ctl_node *node)
{
    cleanup(freep) char *key = xasprintf("node/%s", node->config->name);
    size_t len;
    cleanup(freep) uint8_t *bytes = pack_message(&node->registered->base, &len);

    store_put(ctl->store, key, bytes, len);
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
    nodes_set_registered(node, stored);
    save_node(ctl, node);
    /* In this order: orders to the node follow the answer, which brings the key
     * of their grants; what a reboot has ended is gone before other hardware
     * takes its place. */
    reply_registered(conn, env->id, request);
    reconcile_node(ctl, node, request, has_rebooted);
    pod_data_tell_node(ctl, node);
    gang_hosts_note_node(ctl, node);
    nodes_settle_hardware(ctl, node);
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
    nodes_settle_hardware(ctl, node);
    if (!node->topo)
        return err_set(err, EINVAL, "the topology is not the one with hash %s",
                       node->registered->topology_hash);
    key = xasprintf("topo/%s", node->registered->topology_hash);
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
    node->memory_free = env->heartbeat->memory_free;
    if (!env->heartbeat->trouble[0]) {
        conn_reply_err(conn, env->id, &success);
        return;
    }
    node_marks_trouble(conn->ctl, node, env->heartbeat->trouble);
    conn_ok_committed(conn, env->id);
}
