/* SPDX-License-Identifier: Apache-2.0
 *
 * job_state.c - the tables that job_state.def makes, and their look-ups
 */
#include "state/job_state.h"

#include "base/mem.h"
#include "base/nearest.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

struct state_row {
    const char *word, *letters;
    bool is_final;
};

#define STATE(name, word, letters, final) [JOB_##name] = {word, letters, final},
#define EVENT(name, words)
#define EDGE(from, event, to)
static const struct state_row states[] = {
#include "state/job_state.def"
};
#undef STATE
#undef EVENT
#undef EDGE

#define STATE(name, word, letters, final)
#define EVENT(name, words) [EV_##name] = words,
#define EDGE(from, event, to)
static const char *const event_words[] = {
#include "state/job_state.def"
};
#undef STATE
#undef EVENT
#undef EDGE

/* Target state + 1, so that the holes of the table are 0. */
#define STATE(name, word, letters, final)
#define EVENT(name, words)
#define EDGE(from, event, to) [JOB_##from][EV_##event] = JOB_##to + 1,
static const unsigned char edges[JOB_STATE_COUNT][JOB_EVENT_COUNT] = {
#include "state/job_state.def"
};
#undef STATE
#undef EVENT
#undef EDGE

int job_state_next(enum job_state state, enum job_event event, enum job_state *ret_next,
                   struct err *err)
{
    unsigned int target;

    BUG_ON((int)state >= JOB_STATE_COUNT || (int)event >= JOB_EVENT_COUNT);
    target = edges[state][event];
    if (!target)
        return err_set(err, EINVAL, "a job that is %s cannot take the event '%s'",
                       states[state].word, event_words[event]);
    *ret_next = (enum job_state)(target - 1);
    return 0;
}

bool job_state_is_final(enum job_state state)
{
    return states[state].is_final;
}

bool job_state_is_active(enum job_state state)
{
    return state == JOB_STARTING || state == JOB_RUNNING || state == JOB_COMPLETING ||
           state == JOB_SUSPENDED;
}

const char *job_state_name(enum job_state state)
{
    return states[state].word;
}

const char *job_state_short(enum job_state state)
{
    return states[state].letters;
}

const char *job_event_words(enum job_event event)
{
    return event_words[event];
}

/* Names are written in capitals, people often do not. */
static const char *nearest_state(const char *word)
{
    const char *names[JOB_STATE_COUNT];
    char capitals[41] = "";

    for (size_t i = 0; word[i] && i < sizeof(capitals) - 1; i++)
        capitals[i] = (char)toupper((unsigned char)word[i]);
    for (size_t i = 0; i < JOB_STATE_COUNT; i++)
        names[i] = states[i].word;
    return nearest_name(capitals, names, JOB_STATE_COUNT);
}

int job_state_parse(const char *word, enum job_state *ret_state, struct err *err)
{
    const char *near;

    for (unsigned int i = 0; i < JOB_STATE_COUNT; i++) {
        if (strcasecmp(word, states[i].word) && strcasecmp(word, states[i].letters))
            continue;
        *ret_state = (enum job_state)i;
        return 0;
    }
    near = nearest_state(word);
    return err_set(err, EINVAL, "'%.40s' is not a job state%s%s%s", word,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}
