/* SPDX-License-Identifier: Apache-2.0
 *
 * field.h - all candidates of a request, in classes, counted by switch
 */
#ifndef BERTH_PLACE_FIELD_H
#define BERTH_PLACE_FIELD_H

#include "place/pick.h"

struct field {
    struct place_cluster *cluster;
    struct place_want want; /* a range of nodes without tasks has been narrowed */
    struct pick_class *classes;
    uint32_t n_classes, room;
    struct pick_node *nodes; /* candidates, class by class */
    size_t n_nodes, n_required;
    uint16_t *class_of; /* by node; NO_CLASS: no candidate */
    uint32_t *home;     /* [switch * n_classes + class]: those that hang from it */
    uint32_t *first;    /* by switch: the lowest of these, or UINT32_MAX */
};

void field_init(struct field *field, struct place_cluster *cluster,
                const struct place_request *req);
void field_fini(struct field *field);

/* Is a node in the allowed set, usable, and with room for at least per_node tasks
 * now? Returns how many, or 0. */
uint32_t field_capacity(const struct place_cluster *cluster,
                        const struct place_want *want, uint32_t node);

#endif
