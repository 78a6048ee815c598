/* SPDX-License-Identifier: Apache-2.0
 *
 * claim_bind.h - which volume a claim gets
 *
 * Pure. A volume fits when it is as large, has the claim's access modes, its class and
 * the labels that it selects. Of those that fit: the one that names the claim, else the
 * smallest, else the first by name. A claim that names a volume gets that one or none.
 * A volume names a claim by its namespace and name, and its uid if it has one; users'
 * own namespaces are "default:USER", and "default" is that of who made the volume.
 */
#ifndef BERTH_CONTROLLER_CLAIM_BIND_H
#define BERTH_CONTROLLER_CLAIM_BIND_H

#include <stdbool.h>

#include "objects/objects.h"
#include "spec/label_spec.h"

#define CLAIM_NONE SIZE_MAX

struct claim_wish {
    const struct mf_claim *claim;
    const char *name_space, *name;
    const char *uid, *user; /* of the claim; whose it is */
    uint32_t owner;         /* the same user's number */
};

struct claim_volume {
    const struct mf_persistent_volume *volume;
    const char *name;
    const char *maker; /* the user who made it */
    bool is_free;      /* nobody's, nor was it */
};

/* The place of the volume in 'volumes', or CLAIM_NONE. */
size_t claim_choose(const struct claim_wish *wish, const struct claim_volume *volumes,
                    size_t n);

/* All of these access modes are that of one node / of one pod. */
bool claim_is_of_one_node(const mf_choices *access);
bool claim_is_of_one_pod(const mf_choices *access);

#endif
