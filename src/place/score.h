/* SPDX-License-Identifier: Apache-2.0
 *
 * score.h - what a placement costs, in parts
 */
#ifndef BERTH_PLACE_SCORE_H
#define BERTH_PLACE_SCORE_H

#include "place/want.h"

/* Levels and switches of a set of nodes, which is not empty. */
void place_score_switches(const struct switch_tree *tree, const uint32_t *nodes,
                          size_t n_nodes, struct place_parts *parts);

/* The part of the score that the choice of nodes alone decides, and all of it. */
double place_score_nodes(const struct place_parts *parts,
                         const struct place_weights *weights);
double place_score(const struct place_parts *parts,
                   const struct place_weights *weights);

#endif
