/* SPDX-License-Identifier: Apache-2.0
 *
 * field.h - the candidates of a request, in classes, counted by switch as needed
 */
#ifndef BERTH_PLACE_FIELD_H
#define BERTH_PLACE_FIELD_H

#include "place/pick.h"

/* Usable nodes of one make with the same number of free cores. */
struct field_bucket {
    const struct hardware *hw;
    const struct bitset *nodes;
    uint32_t n_free;
    uint16_t class;  /* theirs, unless something else holds them back */
    uint64_t memory; /* MiB that is enough for it */
};

/* Candidates that hang from one switch itself: counts[first_count ...]. */
struct field_home {
    bool counted, has_required;
    uint32_t first_count, n_counts;
    uint32_t n;     /* all of them */
    uint32_t first; /* the lowest, or UINT32_MAX */
};
struct field_count {
    uint16_t class;
    uint32_t n;
};

struct field {
    struct place_cluster *cluster;
    struct place_want want; /* a range of nodes without tasks has been narrowed */
    bool alike;             /* nodes of one bucket are of one class, */
    bool alike_but_memory;  /* as far as they have memory for it */
    struct pick_class *classes;
    uint32_t n_classes, room;
    struct field_bucket *buckets;
    uint32_t n_buckets;
    struct field_home *homes; /* by switch */
    struct field_count *counts;
    uint32_t n_counts, counts_room;
};

void field_init(struct field *field, struct place_cluster *cluster,
                const struct place_request *req);
void field_fini(struct field *field);

/* The candidates at one switch, counted when they are first asked for. */
const struct field_home *field_home(struct field *field, uint32_t sw);
static inline const struct field_count *field_counts(const struct field *field,
                                                     const struct field_home *home)
{
    return &field->counts[home->first_count];
}

/* The class of a node; NO_CLASS: it is no candidate. */
uint16_t field_class(struct field *field, uint32_t node);
/* All candidates, and the tasks that they have room for. */
uint32_t field_total(struct field *field, uint64_t *ret_room);

#endif
