/* SPDX-License-Identifier: Apache-2.0
 *
 * berth_priv.h - what the files of libberth share
 */
#ifndef BERTH_CLIENT_BERTH_PRIV_H
#define BERTH_CLIENT_BERTH_PRIV_H

#include "base/err.h"
#include "client/berth.h"
#include "config/config.h"
#include "wire/call.h"

struct berth {
    struct config *config;
    struct wire_auth auth;
    struct caller *caller; /* to the controller; NULL when there is none now */
    bool was_connected;    /* so it exists, and an absence may be a restart */
    uint64_t last_id;
};

/* Copy the words to a caller who may not want them; returns 'rc'. */
int give_err(int rc, const struct err *err, struct berth_err *ret_err);

/* True when the code says that nobody was there or the line went dead, so that
 * asking again may help. */
bool is_lost_connection(int rc);

/* Be connected to the controller, checking who answers. */
int controller_connect(struct berth *berth, struct err *err);

/* Connect if need be, send and wait for the reply, which must hold 'body'. A
 * failed reply becomes an error; -EAGAIN past 'timeout_ms' (< 0: for ever). */
int controller_call(struct berth *berth, Berth__Envelope *request, int timeout_ms,
                    Berth__Envelope__BodyCase body, Berth__Envelope **ret_reply,
                    struct err *err);

#endif
