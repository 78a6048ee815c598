/* SPDX-License-Identifier: Apache-2.0
 *
 * timeline.c - what will be free of one node (or of one licence), and when
 *
 * A sorted array: a node has few steps, and the single node of a flat machine
 * some hundreds, where an array still beats any tree.
 */
#include "sched/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

void timeline_init(struct timeline *line, const struct amount *free)
{
    *line = (struct timeline){.n = 1, .cap = 4};
    line->steps = xcalloc(line->cap, sizeof(*line->steps));
    line->steps[0] = (struct timeline_step){.time = INT64_MIN, .free = *free};
}

void timeline_fini(struct timeline *line)
{
    free(line->steps);
    *line = (struct timeline){0};
}

/* The step that holds at 'when'; the first one holds before its time too. */
static uint32_t step_at(const struct timeline *line, int64_t when)
{
    const struct timeline_step *steps = line->steps + line->head;
    uint32_t low = 0, high = line->n;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (steps[middle].time <= when)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void timeline_trim(struct timeline *line, int64_t now)
{
    while (line->n > 1 && line->steps[line->head + 1].time <= now) {
        line->head++;
        line->n--;
    }
}

static void make_room(struct timeline *line)
{
    if (line->head + line->n < line->cap)
        return;
    if (line->head >= line->cap / 2 && line->head > 0) {
        memmove(line->steps, line->steps + line->head, line->n * sizeof(*line->steps));
        line->head = 0;
        return;
    }
    line->cap *= 2;
    line->steps = xrealloc(line->steps, line->cap, sizeof(*line->steps));
}

/* The index of a step that begins exactly at 'when'; splits one if need be. */
static uint32_t split_at(struct timeline *line, int64_t when)
{
    uint32_t i = step_at(line, when);
    if (line->steps[line->head + i].time >= when)
        return i;
    make_room(line);
    struct timeline_step *steps = line->steps + line->head;
    memmove(steps + i + 1, steps + i, (line->n - i) * sizeof(*steps));
    steps[i + 1].time = when;
    line->n++;
    return i + 1;
}

/* Make one step of 'i' and the one before it when they are alike. */
static void merge_at(struct timeline *line, uint32_t i)
{
    struct timeline_step *steps = line->steps + line->head;
    if (i == 0 || i >= line->n || !amount_equals(&steps[i - 1].free, &steps[i].free))
        return;
    memmove(steps + i, steps + i + 1, (line->n - i - 1) * sizeof(*steps));
    line->n--;
}

void timeline_take(struct timeline *line, int64_t from, int64_t to,
                   const struct amount *what)
{
    if (from >= to)
        return;
    uint32_t first = split_at(line, from);
    uint32_t end = to == TIME_NEVER ? line->n : split_at(line, to);
    for (uint32_t i = first; i < end; i++)
        amount_sub(&line->steps[line->head + i].free, what);
    merge_at(line, end);
    merge_at(line, first);
}

void timeline_give(struct timeline *line, int64_t from, int64_t to,
                   const struct amount *what)
{
    struct amount negative = {0};
    amount_sub(&negative, what);
    timeline_take(line, from, to, &negative);
}

void timeline_shift(struct timeline *line, const struct amount *by)
{
    for (uint32_t i = 0; i < line->n; i++)
        amount_add(&line->steps[line->head + i].free, by);
}

struct amount timeline_least(const struct timeline *line, int64_t from, int64_t to)
{
    const struct timeline_step *steps = line->steps + line->head;
    uint32_t i = step_at(line, from);
    struct amount least = steps[i].free;
    for (i++; i < line->n && steps[i].time < to; i++)
        amount_lower(&least, &steps[i].free);
    return least;
}

int64_t timeline_earliest(const struct timeline *line, int64_t from, int64_t before,
                          int64_t length, const struct amount *need)
{
    const struct timeline_step *steps = line->steps + line->head;
    int64_t start = from;
    bool open = false;
    if (from >= before)
        return TIME_NEVER;
    for (uint32_t i = step_at(line, from); i < line->n; i++) {
        if (open && steps[i].time >= time_after(start, length))
            return start;
        bool enough = amount_covers(&steps[i].free, need);
        if (!open && steps[i].time >= before)
            return TIME_NEVER;
        if (enough && !open)
            start = steps[i].time > from ? steps[i].time : from;
        open = enough;
    }
    return open ? start : TIME_NEVER;
}

void timeline_check_invariants(const struct timeline *line)
{
    const struct timeline_step *steps = line->steps + line->head;
    BUG_ON(line->n == 0 || line->head + line->n > line->cap);
    for (uint32_t i = 1; i < line->n; i++) {
        BUG_ON(steps[i].time <= steps[i - 1].time);
        BUG_ON(amount_equals(&steps[i].free, &steps[i - 1].free));
    }
}
