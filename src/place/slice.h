/* SPDX-License-Identifier: Apache-2.0
 *
 * slice.h - parts of cores: which core gets one more, and what is left of it
 *
 * A core that holds slices is shared: it is taken out of its node's free cores when
 * the first comes, and goes back with the last. So whoever wants whole cores never
 * meets it, and pays nothing for it.
 */
#ifndef BERTH_PLACE_SLICE_H
#define BERTH_PLACE_SLICE_H

#include "place/want.h"

/* A slice of 'core' is held, or given back. */
void slices_change(struct place_node *node, uint32_t core, uint32_t milli,
                   bool is_free);
/* Property tests: aborts when the numbers do not agree. */
void slices_check(const struct place_node *node);

/* Will the request be given slices at all (else it gets whole cores)? */
bool slice_is_asked(const struct place_cluster *cluster,
                    const struct place_request *req);
/* Add the usable nodes where a core with slices has room for one more, beside what
 * else the request asks for. */
void slice_candidates(const struct place_cluster *cluster,
                      const struct place_want *want, struct bitset *set);

/* For a request without whole cores: the core with slices that it fills best, of all
 * candidates. NULL: none has room. */
struct place_result *slice_join(const struct place_cluster *cluster,
                                const struct place_want *want,
                                const struct place_weights *weights,
                                unsigned int flags);
/* Whole cores were found where a core has room: add the slice. */
void slice_add(const struct place_cluster *cluster, const struct place_request *req,
               struct place_result *result);
/* One whole core more than asked for was found: that is shared from now on. */
void slice_open(const struct place_request *req, struct place_result *result);

#endif
