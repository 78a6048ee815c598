/* SPDX-License-Identifier: Apache-2.0
 *
 * handlers.c - the one table of requests: body, handler, permission
 */
#include "controller/handlers.h"

#include "base/mem.h"
#include "controller/diag.h"
#include "controller/nodes.h"
#include "controller/pods/reclaim.h"

#include <errno.h>

enum permission {
    ANY_USER,   /* each handler looks at who owns what */
    ADMIN,      /* root, or the account of the controller */
    NODE,       /* root, or the account of the controller */
    REGISTERED, /* a NODE that has said which one it is */
};

struct handler {
    Berth__Envelope__BodyCase body;
    void (*handle)(struct conn *conn, const Berth__Envelope *env);
    enum permission permission;
};

static const struct handler handlers[] = {
    {BERTH__ENVELOPE__BODY_PING, handle_ping, ANY_USER},
    {BERTH__ENVELOPE__BODY_SUBMIT, handle_submit, ANY_USER},
    {BERTH__ENVELOPE__BODY_JOB_QUERY, handle_job_query, ANY_USER},
    {BERTH__ENVELOPE__BODY_JOB_CONTROL, handle_job_control, ANY_USER},
    {BERTH__ENVELOPE__BODY_JOB_UPDATE, handle_job_update, ANY_USER},
    {BERTH__ENVELOPE__BODY_DIAG_QUERY, handle_diag, ANY_USER},
    {BERTH__ENVELOPE__BODY_WAIT, handle_wait, ANY_USER},
    {BERTH__ENVELOPE__BODY_WATCH, handle_watch, ANY_USER},
    {BERTH__ENVELOPE__BODY_NODE_QUERY, handle_node_query, ANY_USER},
    {BERTH__ENVELOPE__BODY_NODE_CONTROL, handle_node_control, ADMIN},
    {BERTH__ENVELOPE__BODY_ACCOUNT_QUERY, handle_account_query, ANY_USER},
    {BERTH__ENVELOPE__BODY_ACCOUNT_CHANGE, handle_account_change, ADMIN},
    {BERTH__ENVELOPE__BODY_QOS_QUERY, handle_qos_query, ANY_USER},
    {BERTH__ENVELOPE__BODY_QOS_CHANGE, handle_qos_change, ADMIN},
    {BERTH__ENVELOPE__BODY_HISTORY_QUERY, handle_history_query, ANY_USER},
    {BERTH__ENVELOPE__BODY_REPORT_QUERY, handle_report_query, ANY_USER},
    {BERTH__ENVELOPE__BODY_HISTORY_ORDER, handle_history_order, ADMIN},
    {BERTH__ENVELOPE__BODY_EXPLAIN, handle_explain, ANY_USER},
    {BERTH__ENVELOPE__BODY_START_QUERY, handle_start_query, ANY_USER},
    {BERTH__ENVELOPE__BODY_PRIORITY_QUERY, handle_priority_query, ANY_USER},
    {BERTH__ENVELOPE__BODY_RESERVATION_QUERY, handle_reservation_query, ANY_USER},
    {BERTH__ENVELOPE__BODY_RESERVATION_CHANGE, handle_reservation_change, ADMIN},
    {BERTH__ENVELOPE__BODY_OBJECT_APPLY, handle_object_apply, ANY_USER},
    {BERTH__ENVELOPE__BODY_OBJECT_QUERY, handle_object_query, ANY_USER},
    {BERTH__ENVELOPE__BODY_OBJECT_DELETE, handle_object_delete, ANY_USER},
    {BERTH__ENVELOPE__BODY_OBJECT_EVENT_QUERY, handle_object_event_query, ANY_USER},
    {BERTH__ENVELOPE__BODY_REGISTER, handle_register, NODE},
    {BERTH__ENVELOPE__BODY_TOPOLOGY, handle_topology, REGISTERED},
    {BERTH__ENVELOPE__BODY_HEARTBEAT, handle_heartbeat, REGISTERED},
    {BERTH__ENVELOPE__BODY_JOB_STARTED, handle_job_started, REGISTERED},
    {BERTH__ENVELOPE__BODY_STEP_REPORT, handle_step_report, REGISTERED},
    {BERTH__ENVELOPE__BODY_POD_CHANGED, handle_pod_changed, REGISTERED},
    {BERTH__ENVELOPE__BODY_VOLUME_RECLAIMED, handle_volume_reclaimed, REGISTERED},
    {BERTH__ENVELOPE__BODY_JOB_ENDED, handle_job_ended, REGISTERED},
};

static const struct handler *find_handler(Berth__Envelope__BodyCase body)
{
    for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
        if (handlers[i].body == body)
            return &handlers[i];
    return NULL;
}

static int check_permission(const struct conn *conn, enum permission permission,
                            struct err *err)
{
    if (permission == ANY_USER)
        return 0;
    if (permission == ADMIN && !controller_is_admin(conn_uid(conn)))
        return err_set(err, EPERM,
                       "Access/permission denied: only root and the account of the "
                       "controller may change this");
    if (!controller_is_admin(conn_uid(conn)))
        return err_set(err, EPERM,
                       "Access/permission denied: uid %u may not speak for a node",
                       conn_uid(conn));
    if (permission == REGISTERED && !conn->node)
        return err_set(err, EPERM, "a node registers before it says anything else");
    return 0;
}

void handlers_dispatch(struct conn *conn, const Berth__Envelope *env)
{
    struct controller *ctl = conn->ctl;
    const struct handler *handler;
    uint64_t began;
    uid_t uid;
    struct err err;

    if (ctl->is_closing)
        return;
    if (env->reply) {
        if (conn->node)
            nodes_on_reply(conn, env);
        return;
    }
    handler = find_handler(env->body_case);
    if (!handler)
        (void)err_set(&err, ENOSYS, "the controller does not know message %d",
                      (int)env->body_case);
    if (!handler || check_permission(conn, handler->permission, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    began = uv_hrtime();
    uid = conn_uid(conn);
    handler->handle(conn, env);
    diag_request(ctl->diag, env->body_case, uid, (uv_hrtime() - began) / 1000);
}
