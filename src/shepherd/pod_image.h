/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_image.h - the image of a pod's container: here, or pulled
 *
 * It is looked for on this node alone, where the pod runs: in the user's own store,
 * then in the site's. What is not there is pulled by 'berth image pull', which runs
 * as the user.
 */
#ifndef BERTH_SHEPHERD_POD_IMAGE_H
#define BERTH_SHEPHERD_POD_IMAGE_H

#include "image/store.h"
#include "shepherd/pod_lead.h"

/* Get it, as the container's policy says; IMAGE_* events say how that goes. */
void pod_image_get(struct pod_member *member);
/* What was found, held until it is freed. */
int pod_image_open(const struct pod_member *member, struct image **ret,
                   struct err *err);
/* Whatever is under way is not waited for. */
void pod_image_free(struct pod_member *member);

#endif
