/* SPDX-License-Identifier: Apache-2.0
 *
 * claims.h - claims and volumes: which belong together, and who uses them where
 *
 *     volume: Available --> Bound --> (reclaim.h)    claim: Pending --> Bound
 *
 * A claim of one node (ReadWriteOnce) is on the node of the first pod that uses it
 * until the last has left; before a node is known one pod goes ahead and the others
 * wait. A claim of one pod (ReadWriteOncePod) is for one at a time. What is used, or
 * bound, goes when that is over.
 */
#ifndef BERTH_CONTROLLER_CLAIMS_H
#define BERTH_CONTROLLER_CLAIMS_H

#include "controller/objects/objects.h"

struct bitset;

extern const struct object_kind claims_volume_kind, claims_claim_kind;

/* Behind objects_load: who is bound to whom. */
void claims_attach(struct controller *ctl);

/* Why 'pod' may not begin to use 'claim', heap; NULL: it may. */
char *claims_why_not(struct ctl_object *claim, const struct ctl_object *pod);
/* It may: others wait for it where only one can be first. */
void claims_hold(struct ctl_object *claim, struct ctl_object *pod);

/* A pod that names it has been placed, has left its node, is over. */
void claims_enter(struct controller *ctl, struct ctl_object *claim,
                  struct ctl_object *pod);
void claims_leave(struct controller *ctl, struct ctl_object *claim,
                  struct ctl_object *pod);

/* One that was to go goes, if nobody uses it any more. It may be gone then. */
void claims_settle_deleted(struct controller *ctl, struct ctl_object *claim);

/* Add the nodes that have no access to 'claim' to '*excluded' (made when it is NULL).
 */
void claims_exclude(struct controller *ctl, struct ctl_object *claim,
                    struct bitset **excluded);

void claims_exclude_volume(struct controller *ctl, struct ctl_object *volume,
                           struct bitset **excluded);

/* All volumes are '*ret_n' objects of the table, from this one on. */
size_t claims_volumes(const struct controller *ctl, size_t *ret_n);

/* The claim's volume; NULL: it has none. */
struct ctl_object *claims_volume(const struct ctl_object *claim);
/* The claim as a node is told of it, with its volume's name in it: JSON, heap. */
char *claims_print(struct ctl_object *claim, size_t *ret_len);

#endif
