/* SPDX-License-Identifier: Apache-2.0
 *
 * box.h - from what a job says about its container to one that stands
 */
#ifndef BERTH_SHEPHERD_BOX_H
#define BERTH_SHEPHERD_BOX_H

#include "container/container.h"
#include "shepherd/shepherd.h"

/* A container with what was found out for it. */
struct box {
    struct container *container;
    struct image *image; /* keeps its layers on disk meanwhile; NULL without one */
    char **image_env;    /* of the image; NULL without one */
    char *image_digest;  /* NULL without one */
    char **device_env;   /* what its devices' specifications say */
};

/* Begin to build; container_wait_ready(box->container) tells how it went.
 * 'name' tells apart the boxes of one job and node ("batch", "step.0"). */
int box_create(struct shepherd *sh, const Berth__ContainerSpec *spec, const char *cwd,
               const char *name, struct box **ret, struct err *err);
void box_destroy(struct box *box);

/* Where the node keeps the programs that containers find in /run/berth/bin. */
const char *box_tools_dir(void);

#endif
