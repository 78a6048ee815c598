/* SPDX-License-Identifier: Apache-2.0
 *
 * agenda.h - what ends when: the earliest first
 */
#ifndef BERTH_SIM_AGENDA_H
#define BERTH_SIM_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agenda_entry {
    int64_t time;
    unsigned int rank; /* of equal times, lower ranks come first */
    uint64_t turn;     /* of equal ranks, the one that was added first */
    size_t job;
};

struct agenda {
    struct agenda_entry *heap;
    size_t n, cap;
    uint64_t turns;
};

void agenda_fini(struct agenda *agenda);
void agenda_add(struct agenda *agenda, int64_t time, unsigned int rank, size_t job);
/* The earliest; NULL when there is none. */
const struct agenda_entry *agenda_first(const struct agenda *agenda);
/* Take the earliest out and return its job. There must be one. */
size_t agenda_pop(struct agenda *agenda);

#endif
