/* SPDX-License-Identifier: Apache-2.0
 *
 * offer.h - selections of nodes, the best of which gets the job
 */
#ifndef BERTH_PLACE_OFFER_H
#define BERTH_PLACE_OFFER_H

#include "place/field.h"

#define OFFERS_MAX 8

/* Nodes with their tasks, by index, and what is known of the score so far. */
struct offer {
    struct pick_node *nodes;
    uint32_t n;
    struct place_parts parts; /* those that the nodes alone tell */
    double cost;
    uint64_t leftover;
};

struct offers {
    const struct place_cluster *cluster;
    const struct place_want *want;
    struct place_weights weights;
    struct offer at[OFFERS_MAX]; /* best first */
    size_t n;
};

/* Take 'nodes' over (heap, in the order of their indexes), and keep them if they
 * are among the best so far, and hang from no more switches than the request
 * allows. 'class_of' tells what their classes[] are. */
void offers_add(struct offers *offers, const struct pick_class *classes,
                struct pick_node *nodes, uint32_t n);
void offers_fini(struct offers *offers);

/* The best of them, worked out in full; NULL: none. */
struct place_result *offers_best(const struct offers *offers,
                                 struct place_cluster *cluster, unsigned int flags);

#endif
