/* SPDX-License-Identifier: Apache-2.0
 *
 * container_state.c - the tables that container_state.def makes, and their look-ups
 */
#include "pod/container_state.h"

#define STATE(name, word, runs) [C_##name] = {word, runs},
#define EVENT(name, words)
#define EDGE(from, event, to)
static const struct {
    const char *word;
    bool runs;
} states[] = {
#include "pod/container_state.def"
};
#undef STATE
#undef EVENT

#define STATE(name, word, runs)
#define EVENT(name, words) [CE_##name] = words,
static const char *const event_words[] = {
#include "pod/container_state.def"
};
#undef EVENT
#undef EDGE

/* Target state + 1, so that the holes of the table are 0. */
#define EVENT(name, words)
#define EDGE(from, event, to) [C_##from][CE_##event] = C_##to + 1,
static const unsigned char edges[C_STATES][CE_EVENTS] = {
#include "pod/container_state.def"
};
#undef STATE
#undef EVENT
#undef EDGE

bool container_state_next(enum container_state state, enum container_event event,
                          enum container_state *ret_next)
{
    unsigned int target = edges[state][event];

    if (target)
        *ret_next = (enum container_state)(target - 1);
    return target;
}

bool container_state_runs(enum container_state state)
{
    return states[state].runs;
}

const char *container_state_word(enum container_state state)
{
    return states[state].word;
}

const char *container_event_words(enum container_event event)
{
    return event_words[event];
}
