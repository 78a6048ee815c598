/* SPDX-License-Identifier: Apache-2.0
 *
 * node_marks.c - set and clear marks, on disk before it is told
 */
#include "controller/node_marks.h"

#include "base/log.h"
#include "base/mem.h"
#include "controller/dispatch.h"
#include "controller/handlers.h"
#include "controller/node_taints.h"
#include "controller/pods/pod_evict.h"
#include "controller/query.h"
#include "controller/reconcile.h"
#include "controller/users.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REASON_MAX 200

void node_marks_restore(struct controller *ctl, Berth__NodeMark *mark)
{
    struct ctl_node *node = nodes_find(ctl, mark->name);

    if (!node) {
        free_message(mark);
        return;
    }
    node->mark = mark;
    nodes_tell_sched(ctl, node);
}

static void save(struct controller *ctl, const struct ctl_node *node)
{
    cleanup(freep) char *key = xasprintf("mark/%s", node->config->name);
    cleanup(freep) uint8_t *bytes = NULL;
    size_t len;

    if (!node->mark) {
        store_delete(ctl->store, key);
        return;
    }
    bytes = pack_message(&node->mark->base, &len);
    store_put(ctl->store, key, bytes, len);
}

void node_marks_trouble(struct controller *ctl, struct ctl_node *node,
                        const char *words)
{
    Berth__NodeMark *mark;

    if (node->mark)
        return;
    mark = xmalloc(sizeof(*mark));
    berth__node_mark__init(mark);
    mark->name = xstrdup(node->config->name);
    mark->op = BERTH__NODE_CONTROL__OP__DRAIN;
    mark->reason = xasprintf("%.*s", REASON_MAX, words);
    mark->by = xstrdup("berthd");
    mark->since = controller_now();
    node->mark = mark;
    save(ctl, node);
    nodes_tell_sched(ctl, node);
    log_warn("node %s: drained: %s", node->config->name, mark->reason);
    dispatch_want_pass(ctl);
}

static Berth__NodeMark *make_mark(struct conn *conn, const Berth__NodeControl *control,
                                  const char *name)
{
    Berth__NodeMark *mark = xmalloc(sizeof(*mark));
    const char *by = users_name(conn->ctl, conn_uid(conn));

    berth__node_mark__init(mark);
    mark->name = xstrdup(name);
    mark->op = control->op;
    mark->reason = xstrdup(control->reason);
    mark->by = xstrdup(by ? by : "root");
    mark->since = controller_now();
    return mark;
}

static void mark_node(struct conn *conn, const Berth__NodeControl *control,
                      struct ctl_node *node)
{
    struct controller *ctl = conn->ctl;
    bool is_resume = control->op == BERTH__NODE_CONTROL__OP__RESUME;

    if (is_resume && !node->mark)
        return;
    free_message(node->mark);
    node->mark = is_resume ? NULL : make_mark(conn, control, node->config->name);
    save(ctl, node);
    nodes_tell_sched(ctl, node);
    if (is_resume)
        log_info("node %s: may work again", node->config->name);
    else
        log_info("node %s: %s by %s: %s", node->config->name,
                 control->op == BERTH__NODE_CONTROL__OP__DRAIN ? "drained" : "set down",
                 node->mark->by, node->mark->reason);
    if (control->op == BERTH__NODE_CONTROL__OP__DOWN)
        reconcile_lost_node(ctl, node, "set down", false);
    if (control->op == BERTH__NODE_CONTROL__OP__DRAIN && control->evict)
        pod_evict_all(ctl, node, node->mark->reason);
}

static int check(const struct conn *conn, const Berth__NodeControl *control,
                 struct err *err)
{
    bool is_resume = control->op == BERTH__NODE_CONTROL__OP__RESUME;

    bool is_taint = control->op == BERTH__NODE_CONTROL__OP__TAINT;

    if (!is_resume && !is_taint && control->op != BERTH__NODE_CONTROL__OP__DRAIN &&
        control->op != BERTH__NODE_CONTROL__OP__DOWN)
        return err_set(err, EINVAL, "the controller does not know the order %d",
                       (int)control->op);
    if (control->n_names == 0)
        return err_set(err, EINVAL, "no node was named");
    if (!is_resume && !is_taint && !control->reason[0])
        return err_set(err, EINVAL, "--reason: say why, for those who will ask");
    if (strlen(control->reason) > REASON_MAX)
        return err_set(err, EINVAL, "--reason: longer than %d characters", REASON_MAX);
    for (size_t i = 0; i < control->n_names; i++)
        if (!nodes_find(conn->ctl, control->names[i]))
            return err_set(err, ENOENT, "Invalid node name specified: '%.80s'",
                           control->names[i]);
    return is_taint ? node_taints_check(conn->ctl, control, err) : 0;
}

void handle_node_control(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__NodeControl *control = env->node_control;
    struct err err;

    if (check(conn, control, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    if (control->op == BERTH__NODE_CONTROL__OP__TAINT)
        node_taints_change(conn, control);
    for (size_t i = 0; control->n_taints == 0 && i < control->n_names; i++)
        mark_node(conn, control, nodes_find(conn->ctl, control->names[i]));
    dispatch_want_pass(conn->ctl);
    conn_ok_committed(conn, env->id);
}
