/* SPDX-License-Identifier: Apache-2.0
 *
 * patience.c - how long a step waits for nodes whose daemons are away
 */
#include "shepherd/patience.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 2000
#define TELL_AFTER_MS 3000

bool patience_forgives(int code)
{
    return code == EHOSTDOWN || code == EPIPE;
}

static void begin(struct patience *p, uint64_t now)
{
    p->is_on = true;
    p->since = now;
    p->pause_ms = PAUSE_FIRST_MS;
    p->ask_at = now + p->pause_ms;
}

/* The first of several at a time makes the pause longer. */
static void plan_next(struct patience *p, uint64_t now)
{
    if (p->ask_at > now)
        return;
    p->pause_ms = p->pause_ms * 2 < PAUSE_MAX_MS ? p->pause_ms * 2 : PAUSE_MAX_MS;
    p->ask_at = now + p->pause_ms;
}

void patience_miss(struct patience *p, uint32_t index, const char *node,
                   const char *why, uint64_t now)
{
    if (p->is_on)
        plan_next(p, now);
    else
        begin(p, now);
    free(p->words);
    p->words = xasprintf("node %s: its daemon does not answer: %s", node, why);
    if (index == PATIENCE_NO_INDEX || patience_misses(p, index))
        return;
    p->indexes = xrealloc(p->indexes, p->n_indexes + 1, sizeof(*p->indexes));
    p->indexes[p->n_indexes++] = index;
}

void patience_clear(struct patience *p)
{
    free(p->indexes);
    free(p->words);
    *p = (struct patience){.limit_ms = p->limit_ms};
}

bool patience_misses(const struct patience *p, uint32_t index)
{
    for (size_t i = 0; i < p->n_indexes; i++)
        if (p->indexes[i] == index)
            return true;
    return false;
}

bool patience_is_over(const struct patience *p, uint64_t now)
{
    return p->is_on && now >= p->since + p->limit_ms;
}

bool patience_ask(struct patience *p, uint64_t now, uint32_t **ret, size_t *ret_n)
{
    if (!p->is_on || now < p->ask_at)
        return false;
    *ret = p->indexes;
    *ret_n = p->n_indexes;
    p->indexes = NULL;
    p->n_indexes = 0;
    return true;
}

void patience_hurry(struct patience *p, uint64_t now)
{
    if (p->ask_at > now)
        p->ask_at = now;
}

char *patience_tell(struct patience *p, uint64_t now)
{
    if (!p->is_on || p->has_told || now < p->since + TELL_AFTER_MS)
        return NULL;
    p->has_told = true;
    return xasprintf("%s; waiting for it, for %llu s at most", p->words,
                     (unsigned long long)(p->limit_ms / 1000));
}

static uint64_t sooner(uint64_t left, uint64_t at, uint64_t now)
{
    uint64_t other = at > now ? at - now : 0;

    return other < left ? other : left;
}

uint64_t patience_left(const struct patience *p, uint64_t now, bool is_asking)
{
    uint64_t left = sooner(UINT64_MAX, p->since + p->limit_ms, now);

    if (!p->has_told)
        left = sooner(left, p->since + TELL_AFTER_MS, now);
    return is_asking ? left : sooner(left, p->ask_at, now);
}
