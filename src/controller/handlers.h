/* SPDX-License-Identifier: Apache-2.0
 *
 * handlers.h - what each message is answered by, and who may send it
 */
#ifndef BERTH_CONTROLLER_HANDLERS_H
#define BERTH_CONTROLLER_HANDLERS_H

#include "controller/conn.h"

/* Route one message of a peer: a reply of a node, or a request through the
 * table of handlers.c, which also holds the permission. */
void handlers_dispatch(struct conn *conn, const Berth__Envelope *env);

/* The handlers. Each decodes, does one thing, and replies (perhaps later). */
void handle_ping(struct conn *conn, const Berth__Envelope *env);
void handle_submit(struct conn *conn, const Berth__Envelope *env);
void handle_job_query(struct conn *conn, const Berth__Envelope *env);
void handle_job_control(struct conn *conn, const Berth__Envelope *env);
void handle_job_update(struct conn *conn, const Berth__Envelope *env);
void handle_diag(struct conn *conn, const Berth__Envelope *env);
void handle_wait(struct conn *conn, const Berth__Envelope *env);
void handle_watch(struct conn *conn, const Berth__Envelope *env);
void handle_node_query(struct conn *conn, const Berth__Envelope *env);
void handle_account_query(struct conn *conn, const Berth__Envelope *env);
void handle_account_change(struct conn *conn, const Berth__Envelope *env);
void handle_qos_query(struct conn *conn, const Berth__Envelope *env);
void handle_qos_change(struct conn *conn, const Berth__Envelope *env);
void handle_history_query(struct conn *conn, const Berth__Envelope *env);
void handle_report_query(struct conn *conn, const Berth__Envelope *env);
void handle_history_order(struct conn *conn, const Berth__Envelope *env);
void handle_explain(struct conn *conn, const Berth__Envelope *env);
void handle_start_query(struct conn *conn, const Berth__Envelope *env);
void handle_priority_query(struct conn *conn, const Berth__Envelope *env);
void handle_reservation_query(struct conn *conn, const Berth__Envelope *env);
void handle_reservation_change(struct conn *conn, const Berth__Envelope *env);
void handle_node_control(struct conn *conn, const Berth__Envelope *env);
void handle_register(struct conn *conn, const Berth__Envelope *env);
void handle_topology(struct conn *conn, const Berth__Envelope *env);
void handle_heartbeat(struct conn *conn, const Berth__Envelope *env);
void handle_job_started(struct conn *conn, const Berth__Envelope *env);
void handle_pod_changed(struct conn *conn, const Berth__Envelope *env);
void handle_object_apply(struct conn *conn, const Berth__Envelope *env);
void handle_object_query(struct conn *conn, const Berth__Envelope *env);
void handle_object_delete(struct conn *conn, const Berth__Envelope *env);
void handle_object_event_query(struct conn *conn, const Berth__Envelope *env);
void handle_step_report(struct conn *conn, const Berth__Envelope *env);
void handle_job_ended(struct conn *conn, const Berth__Envelope *env);

#endif
