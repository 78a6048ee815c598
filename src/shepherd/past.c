/* SPDX-License-Identifier: Apache-2.0
 *
 * past.c - what is kept of steps that have ended
 */
#include "shepherd/past.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void step_fini(struct past_step *step)
{
    free(step->name);
    free(step->nodelist);
    free(step->words);
}

/* While it grows it is no ring yet: the oldest is at 0. */
static void grow(struct past *past)
{
    size_t cap = past->cap ? 2 * past->cap : 16;

    past->cap = cap < PAST_MAX ? cap : PAST_MAX;
    past->steps = xrealloc(past->steps, past->cap, sizeof(*past->steps));
}

void past_add(struct past *past, const struct past_step *step)
{
    if (past->n == past->cap && past->cap < PAST_MAX)
        grow(past);
    if (past->n < past->cap) {
        past->steps[past->n++] = *step;
        return;
    }
    step_fini(&past->steps[past->first]);
    past->steps[past->first] = *step;
    past->first = (past->first + 1) % past->cap;
}

const struct past_step *past_at(const struct past *past, size_t i)
{
    return &past->steps[(past->first + i) % past->cap];
}

/* Who asks does so soon, for the most part. */
const struct past_step *past_find(const struct past *past, uint32_t id)
{
    for (size_t i = past->n; i-- > 0;)
        if (past_at(past, i)->id == id)
            return past_at(past, i);
    return NULL;
}

void past_fini(struct past *past)
{
    for (size_t i = 0; i < past->n; i++)
        step_fini(&past->steps[i]);
    free(past->steps);
    *past = (struct past){0};
}
