/* SPDX-License-Identifier: Apache-2.0
 *
 * diag.h - what the controller has done, counted
 */
#ifndef BERTH_CONTROLLER_DIAG_H
#define BERTH_CONTROLLER_DIAG_H

#include <stdint.h>

#include "state/job_state.h"
#include "wire/messages.pb-c.h"

struct diag;

struct diag *diag_create(void);
void diag_destroy(struct diag *diag);

/* A request was answered, or at least begun, in 'usec'. */
void diag_request(struct diag *diag, Berth__Envelope__BodyCase body, uint32_t uid,
                  uint64_t usec);
void diag_submitted(struct diag *diag, uint64_t n);
void diag_event(struct diag *diag, enum job_event event);
/* A slice of a pass took 'usec'; with 'is_last' the pass is over. */
void diag_slice(struct diag *diag, uint64_t usec, bool is_last);

#endif
