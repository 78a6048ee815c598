/* SPDX-License-Identifier: Apache-2.0
 *
 * memo.h - what was chosen on a node in the same state for the same shape
 *
 * Nodes of one make with the same cores and devices free get the same choice, so
 * it is made once. The table has a fixed size; a new choice takes the place of an
 * old one.
 */
#ifndef BERTH_PLACE_MEMO_H
#define BERTH_PLACE_MEMO_H

#include "place/fit.h"

struct memo;
struct memo *memo_create(void);
void memo_destroy(struct memo *memo);
/* Makes of nodes have new numbers. */
void memo_clear(struct memo *memo);

/* The choice on 'node', which has its own cores; NULL: it does not hold it after
 * all. Borrowed until the next call. */
const struct fit *memo_find(struct place_cluster *cluster, uint32_t node,
                            const struct fit_shape *shape,
                            const struct place_weights *weights);

#endif
