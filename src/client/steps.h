/* SPDX-License-Identifier: Apache-2.0
 *
 * steps.h - inside of libberth: a connection to the lead shepherd of a job
 *
 * Made apart from its users: libberth knows local and remote leads, the static
 * berth of containers only the local one.
 */
#ifndef BERTH_CLIENT_STEPS_H
#define BERTH_CLIENT_STEPS_H

#include "base/err.h"
#include "client/berth.h"
#include "wire/call.h"

/* Takes over 'caller'. */
struct berth_steps *steps_create(struct caller *caller);

/* Connect to the socket at 'path'. */
int steps_connect_local(const char *path, struct berth_steps **ret, struct err *err);

/* What $BERTH_LEAD may be for who is on the machine of a job's first node: "unix:PATH",
 * the caller's; NULL elsewhere. Steps then need neither the network nor MUNGE. */
char *steps_lead_here(const struct berth *berth, const char *node, uint32_t job,
                      uint32_t epoch);

/* Words from the layers below into the caller's. Returns -from->code. */
int berth_err_take(struct berth_err *to, const struct err *from);

#endif
