/* SPDX-License-Identifier: Apache-2.0
 *
 * job_state.h - what state a job is in, and what may happen to it there
 *
 * Everything here grows from job_state.def.
 */
#ifndef BERTH_STATE_JOB_STATE_H
#define BERTH_STATE_JOB_STATE_H

#include <stdbool.h>

#include "base/err.h"

#define STATE(name, word, letters, final) JOB_##name,
#define EVENT(name, words)
#define EDGE(from, event, to)
enum job_state {
#include "state/job_state.def"
};
#undef STATE
#undef EVENT

#define STATE(name, word, letters, final)
#define EVENT(name, words) EV_##name,
enum job_event {
#include "state/job_state.def"
};
#undef STATE
#undef EVENT
#undef EDGE

#define STATE(name, word, letters, final) +1
#define EVENT(name, words)
#define EDGE(from, event, to)
enum {
    JOB_STATE_COUNT =
#include "state/job_state.def"
};
#undef STATE
#undef EVENT

#define STATE(name, word, letters, final)
#define EVENT(name, words) +1
enum {
    JOB_EVENT_COUNT =
#include "state/job_state.def"
};
#undef STATE
#undef EVENT
#undef EDGE

/* Where 'event' leads from 'state'. -EINVAL with words when it leads nowhere. */
int job_state_next(enum job_state state, enum job_event event, enum job_state *ret_next,
                   struct err *err);

/* No event leads out of a final state. */
bool job_state_is_final(enum job_state state);
/* The job holds nodes: STARTING, RUNNING, SUSPENDED, COMPLETING. */
bool job_state_is_active(enum job_state state);

const char *job_state_name(enum job_state state);  /* "PENDING" */
const char *job_state_short(enum job_state state); /* "PD" */
const char *job_event_words(enum job_event event);

/* Long or short name, any case. -EINVAL with words that name the nearest one. */
int job_state_parse(const char *word, enum job_state *ret_state, struct err *err);

#endif
