/* SPDX-License-Identifier: Apache-2.0
 *
 * pick.h - which nodes of a set, and how many tasks on each
 */
#ifndef BERTH_PLACE_PICK_H
#define BERTH_PLACE_PICK_H

#include "place/want.h"

/* A node that has room for at least place_want.per_node tasks now. */
struct candidate {
    uint32_t node;
    uint32_t capacity; /* tasks it has room for */
    uint32_t n_cores, free;
    bool required;
    uint32_t tasks; /* given by place_pick */
};

/* Reorder 'set' so that its first *ret_n candidates are the nodes to use, with
 * their tasks: as few as hold the request, filled one after the other; when
 * more nodes are asked for than that, tasks in equal numbers. The nodes left
 * over fullest are preferred (with PLACE_SPREAD the emptiest), and nodes in use
 * to ones that would be split. false: they do not hold it. */
bool place_pick(const struct place_want *want, struct candidate *set, size_t n,
                size_t *ret_n);

/* Would the tasks leave a free node free in part? How many cores stay free? */
bool candidate_is_split(const struct place_want *want, const struct candidate *c,
                        uint32_t tasks);
uint32_t candidate_leftover(const struct place_want *want, const struct candidate *c,
                            uint32_t tasks);

#endif
