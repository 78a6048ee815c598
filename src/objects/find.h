/* SPDX-License-Identifier: Apache-2.0
 *
 * find.h - the parts of an object, found by place or by name
 *
 * What is found is the object's own.
 */
#ifndef BERTH_OBJECTS_FIND_H
#define BERTH_OBJECTS_FIND_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/pod.h"

/* Init containers, then the others, in their order. */
size_t pod_n_containers(const struct mf_pod_spec *spec);
const struct mf_container *pod_container_at(const struct mf_pod_spec *spec, size_t i);
bool pod_has_container(const struct mf_pod_spec *spec, const char *name);

/* How much of 'resource'; NULL when it is not named. */
const struct quantity *amount_find(const mf_amounts *amounts, const char *resource);
/* The same of what a container asks for, and of its limits. */
const struct quantity *amount_requested(const struct mf_container *container,
                                        const char *resource);
const struct quantity *amount_limit(const struct mf_container *container,
                                    const char *resource);

/* The annotation, or NULL. */
const char *annotation_find(const struct mf_meta *meta, const char *key);

#endif
