/* SPDX-License-Identifier: Apache-2.0
 *
 * plain.h - envelopes in clear frames, for two processes of ours with a pipe between
 */
#ifndef BERTH_WIRE_PLAIN_H
#define BERTH_WIRE_PLAIN_H

#include "base/err.h"
#include "wire/buf.h"
#include "wire/messages.pb-c.h"

/* Append an envelope. */
void plain_put(struct buf *out, const Berth__Envelope *env);
/* The next envelope of 'in', taken from it and freed with free_message: 1; 0 when it is
 * not all there yet; -EMSGSIZE or -EPROTO for what is none. */
int plain_next(struct buf *in, Berth__Envelope **ret_env, struct err *err);

#endif
