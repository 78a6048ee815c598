/* SPDX-License-Identifier: Apache-2.0
 *
 * search.h - where to look for offers
 */
#ifndef BERTH_PLACE_SEARCH_H
#define BERTH_PLACE_SEARCH_H

#include "place/offer.h"

/* Single nodes that hold all of it, for a request that may have one. */
void search_single_nodes(struct place_cluster *cluster, const struct place_want *want,
                         struct offers *offers);
/* Nodes under the lowest switches that hold it, leaves first. */
void search_switches(struct field *field, struct picker *picker, struct offers *offers);
/* Nodes whose indexes follow each other. */
void search_rows(struct field *field, struct picker *picker, struct offers *offers);

#endif
