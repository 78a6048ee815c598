/* SPDX-License-Identifier: Apache-2.0
 *
 * handle.h - inside of libberth: the handle and its connection
 */
#ifndef BERTH_CLIENT_HANDLE_H
#define BERTH_CLIENT_HANDLE_H

#include "client/steps.h"
#include "config/config.h"
#include "wire/call.h"

struct berth {
    struct config *config;
    struct wire_auth auth;
    struct caller *caller; /* NULL until first use, and after it is lost */
    bool was_connected;    /* so the controller exists; it may be away for a while */
    int patience_ms;       /* of requests, when it is */
    uint64_t last_id;
    uint64_t wait_id;    /* of a wait that is still to be answered; 0: none */
    uint64_t wait_print; /* what it asked, hashed */
};

/* Connect to the controller unless it is connected. Who answers must be root,
 * the configured account or our own. */
int handle_connect(struct berth *berth, struct err *err);
/* A connection of its own to the controller, with the same care. */
int handle_connect_controller(const struct berth *berth, struct caller **ret,
                              struct err *err);
/* Connect to the daemon of a node. Who answers must be root or we ourselves. */
int handle_connect_node(const struct berth *berth, const char *host, uint16_t port,
                        struct caller **ret, struct err *err);
/* Drop the connection, which is lost or no longer in step. */
void handle_drop(struct berth *berth);
/* Tell a failure of the connection from where the user stands: no munged, nobody
 * there, refused. Returns -err->code. */
int handle_explain(const struct berth *berth, struct err *err);
/* Send a request, once more when the connection turns out to be lost, and take the
 * reply's body, which must be of case 'want'. */
int call_for(struct berth *berth, Berth__Envelope *request,
             Berth__Envelope__BodyCase want, void **ret_body, struct berth_err *err);
/* A key that no other request has; there is room for a number behind it. */
#define KEY_TEXT 48
void random_key(char key[KEY_TEXT]);
/* True for failures that a new connection may cure. */
bool handle_is_lost(int rc);

#endif
