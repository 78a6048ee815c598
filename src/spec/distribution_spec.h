/* SPDX-License-Identifier: Apache-2.0
 *
 * distribution_spec.h - how tasks are dealt out: --distribution
 *
 *     {*|block|cyclic|plane=N|arbitrary}[:{*|block|cyclic|fcyclic}[:...]][,Pack|NoPack]
 *
 * over nodes, over the sockets of a node, over the cores of a socket.
 */
#ifndef BERTH_SPEC_DISTRIBUTION_SPEC_H
#define BERTH_SPEC_DISTRIBUTION_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define PLANE_MAX 65536u

enum deal_kind {
    DEAL_DEFAULT,
    DEAL_BLOCK,
    DEAL_CYCLIC,
    DEAL_FCYCLIC,   /* each processor of a task from the next one */
    DEAL_PLANE,     /* nodes only: blocks of 'plane' tasks in turn */
    DEAL_ARBITRARY, /* nodes only: as the file $SLURM_HOSTFILE has it */
};

struct distribution_spec {
    enum deal_kind nodes, sockets, cores;
    uint32_t plane;
    bool pack, no_pack;
};

/* "" is the default of each level. -EINVAL with words. */
int distribution_parse(const char *text, struct distribution_spec *ret,
                       struct err *err);

#endif
