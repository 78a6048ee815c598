/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_berth.h - a libberth whose step connection plays a prepared list of
 * envelopes and keeps what it is sent
 */
#ifndef BERTH_TEST_FAKE_BERTH_H
#define BERTH_TEST_FAKE_BERTH_H

#include "client/berth.h"

#define FAKE_MAX 64

struct berth_steps *fake_steps_create(void);
/* The next envelope to be received; takes a packed copy. */
void fake_steps_push(struct berth_steps *steps, const Berth__Envelope *env);
/* Hold the last pushed envelope back until this many have been sent. */
void fake_steps_after_sent(struct berth_steps *steps, size_t n_sent);
/* What was sent, in order. */
size_t fake_steps_sent(const struct berth_steps *steps);
const Berth__Envelope *fake_steps_get(const struct berth_steps *steps, size_t i);

#endif
