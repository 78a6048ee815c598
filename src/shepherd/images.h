/* SPDX-License-Identifier: Apache-2.0
 *
 * images.h - find a job's images here, and get them to its nodes
 */
#ifndef BERTH_SHEPHERD_IMAGES_H
#define BERTH_SHEPHERD_IMAGES_H

#include "image/store.h"
#include "shepherd/lead.h"

/* The image that 'spec' means, held until it is freed: in the store where the
 * submitter found it, else in the user's own here, else in the site's. It is looked
 * up by its digest, so all of them would do. */
int images_find(const struct shepherd *sh, const Berth__ContainerSpec *spec,
                struct image **ret, struct err *err);

/* The image is there, or 'err' says on which nodes it is not and why. */
typedef void images_ready_fn(const struct err *err, void *ctx);

/* Get the image to these nodes of the allocation, and our own. True when it is there
 * already, as far as we know: 'fn' is not called then. Else false, and 'fn' is called
 * later, once. While the node's daemon is away it waits. */
bool images_need(struct lead *lead, const Berth__ContainerSpec *spec,
                 char *const *nodes, size_t n_nodes, images_ready_fn *fn, void *ctx);

/* The node's daemon is there again: ask again what it has not answered. */
void images_node_is_back(struct lead *lead);

/* What was brought to where, for the report of the job's end; stays ours. */
size_t images_brought(const struct lead *lead, Berth__ImageHeld ***ret);

#endif
