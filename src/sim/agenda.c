/* SPDX-License-Identifier: Apache-2.0
 *
 * agenda.c - a binary heap
 */
#include "sim/agenda.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>

void agenda_fini(struct agenda *agenda)
{
    free(agenda->heap);
    *agenda = (struct agenda){0};
}

static bool is_before(const struct agenda_entry *a, const struct agenda_entry *b)
{
    if (a->time != b->time)
        return a->time < b->time;
    return a->rank != b->rank ? a->rank < b->rank : a->turn < b->turn;
}

void agenda_add(struct agenda *agenda, int64_t time, unsigned int rank, size_t job)
{
    const struct agenda_entry entry = {time, rank, agenda->turns++, job};
    size_t at = agenda->n++;

    if (agenda->n > agenda->cap) {
        agenda->cap = agenda->cap ? 2 * agenda->cap : 64;
        agenda->heap = xrealloc(agenda->heap, agenda->cap, sizeof(entry));
    }
    for (; at > 0 && is_before(&entry, &agenda->heap[(at - 1) / 2]); at = (at - 1) / 2)
        agenda->heap[at] = agenda->heap[(at - 1) / 2];
    agenda->heap[at] = entry;
}

const struct agenda_entry *agenda_first(const struct agenda *agenda)
{
    return agenda->n > 0 ? &agenda->heap[0] : NULL;
}

size_t agenda_pop(struct agenda *agenda)
{
    struct agenda_entry *heap = agenda->heap, last;
    size_t at = 0, child, job;

    BUG_ON(agenda->n == 0);
    job = heap[0].job;
    last = heap[--agenda->n];
    while ((child = 2 * at + 1) < agenda->n) {
        if (child + 1 < agenda->n && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return job;
}
