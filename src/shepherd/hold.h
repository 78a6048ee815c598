/* SPDX-License-Identifier: Apache-2.0
 *
 * hold.h - a container with a name, found by the other steps of its job on a node
 *
 * A socket in the job's directory has the name. Who binds it first makes the
 * container and answers there, once it is ready, with the descriptors that are needed
 * to join; who finds it bound waits for them.
 */
#ifndef BERTH_SHEPHERD_HOLD_H
#define BERTH_SHEPHERD_HOLD_H

#include <uv.h>

#include "container/container.h"

struct hold;

/* Claim 'name' in 'dir', the job's. Either *ret_hold is set, and the container is ours
 * to make; or 'ret_namespaces', which the caller closes, are those of the one that is
 * there. Waits while that is being made. */
int hold_claim(const char *dir, const char *name, struct hold **ret_hold,
               int ret_namespaces[CONTAINER_NAMESPACES], struct err *err);

/* From now on, tell whoever asks how to join 'container', which is ready and lives
 * longer. */
int hold_serve(struct hold *hold, uv_loop_t *loop, struct container *container,
               struct err *err);

/* The name is free again. */
void hold_destroy(struct hold *hold);

#endif
