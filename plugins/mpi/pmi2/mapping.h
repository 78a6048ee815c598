/* SPDX-License-Identifier: Apache-2.0
 *
 * mapping.h - which rank is on which node, in the words of PMI
 *
 *     (vector,(0,4,16))           ranks 0-15 on node 0, 16-31 on node 1, ... node 3
 *     (vector,(0,2,1))            in turn: what is listed is gone through again
 *     (vector,(0,2,3),(2,1,2))    3 on nodes 0 and 1 each, 2 on node 2
 */
#ifndef PMI2_MAPPING_H
#define PMI2_MAPPING_H

#include <stdint.h>

#include "text.h"

/* Add the mapping of ranks 0 to n - 1, which are on 'rank_node'[rank], to 'to'. */
void mapping_of(const uint32_t *rank_node, uint32_t n, struct text *to);

#endif
