/* SPDX-License-Identifier: Apache-2.0
 *
 * identity.c - as whom the containers of a pod appear
 */
#include "objects/identity.h"

#include "objects/find.h"

int64_t pod_container_user(const struct mf_pod_spec *spec, const struct mf_container *c)
{
    if (c->security && c->security->user != MF_UNSET)
        return c->security->user;
    return spec->security ? spec->security->user : MF_UNSET;
}

int64_t pod_container_group(const struct mf_pod_spec *spec,
                            const struct mf_container *c)
{
    if (c->security && c->security->group != MF_UNSET)
        return c->security->group;
    return spec->security ? spec->security->group : MF_UNSET;
}

/* Another number than 0 is the stronger wish: a program may refuse to be root, and what
 * root is wanted for, the files of volumes, belong to the user anyway. */
static void prefer(int64_t wish, int64_t *ret)
{
    if (wish != MF_UNSET && (*ret == MF_UNSET || *ret == 0))
        *ret = wish;
}

struct pod_identity pod_identity_of(const struct mf_pod_spec *spec)
{
    struct pod_identity found = {.user = MF_UNSET, .group = MF_UNSET};

    for (size_t i = 0; i < pod_n_containers(spec); i++) {
        const struct mf_container *c = pod_container_at(spec, i);

        prefer(pod_container_user(spec, c), &found.user);
        prefer(pod_container_group(spec, c), &found.group);
    }
    return found;
}
