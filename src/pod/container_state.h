/* SPDX-License-Identifier: Apache-2.0
 *
 * container_state.h - where a container of a pod stands, and what may happen there
 *
 * Everything here grows from container_state.def.
 */
#ifndef BERTH_POD_CONTAINER_STATE_H
#define BERTH_POD_CONTAINER_STATE_H

#include <stdbool.h>

#define STATE(name, word, runs) C_##name,
#define EVENT(name, words)
#define EDGE(from, event, to)
enum container_state {
#include "pod/container_state.def"
    C_STATES
};
#undef STATE
#undef EVENT

#define STATE(name, word, runs)
#define EVENT(name, words) CE_##name,
enum container_event {
#include "pod/container_state.def"
    CE_EVENTS
};
#undef STATE
#undef EVENT
#undef EDGE

/* Whether 'event' can be in 'state', and where it leads. */
bool container_state_next(enum container_state state, enum container_event event,
                          enum container_state *ret_next);

/* It has, or may have, a process. */
bool container_state_runs(enum container_state state);
const char *container_state_word(enum container_state state);
const char *container_event_words(enum container_event event);

#endif
