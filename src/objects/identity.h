/* SPDX-License-Identifier: Apache-2.0
 *
 * identity.h - as whom the containers of a pod appear
 *
 * Outside all of them are the pod's owner. Inside, that one user can have any number,
 * but the same in all containers, as they share a user namespace.
 */
#ifndef BERTH_OBJECTS_IDENTITY_H
#define BERTH_OBJECTS_IDENTITY_H

#include "objects/pod.h"

struct pod_identity {
    int64_t user, group; /* MF_UNSET: the owner's own numbers */
};

/* What the container asks for, or its pod for all; MF_UNSET: nothing. */
int64_t pod_container_user(const struct mf_pod_spec *spec,
                           const struct mf_container *c);
int64_t pod_container_group(const struct mf_pod_spec *spec,
                            const struct mf_container *c);

/* What all of them get: the number that is asked for. Who asks for 0 where others ask
 * for another gets that one. Of two others the first is taken: rules refuse such. */
struct pod_identity pod_identity_of(const struct mf_pod_spec *spec);

#endif
