/* SPDX-License-Identifier: Apache-2.0
 *
 * sayings.h - what srun and salloc say on the way to an allocation
 */
#ifndef BERTH_SLURM_SAYINGS_H
#define BERTH_SLURM_SAYINGS_H

#include "cli/allocation.h"

extern const struct allocation_sayings srun_says, salloc_says;

#endif
